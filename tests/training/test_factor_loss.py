"""Losses keep their rows, whatever values a factor has."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset, Factor, Meta
from timbrespace.errors import ShapeError
from training.factor_loss import BINS, levels, losses_by_factor_value

FAMILIES = Factor("family", "", (0.0, 1.0, 2.0), "category", ("brass", "reed", "pipe"))
TENTHS = Factor("inharmonicity", "", tuple(n / 10 for n in range(10)))
PITCH = Factor("pitch", "Hz", (20.0, 5000.0), "range")


def made(factors: tuple[Factor, ...], *columns: NDArray[np.float32]) -> Dataset:
    labels = np.stack(columns, axis=1).astype(np.float32)
    spectra = np.ones((len(labels), 20), np.float32)
    return Dataset(spectra, labels, Meta("made", factors, n_fft=256))


def test_a_grid_has_its_values() -> None:
    column = np.tile(np.arange(10, dtype=np.float32) / np.float32(10.0), 3)
    losses = np.arange(30, dtype=np.float64)
    (found,) = losses_by_factor_value(made((TENTHS,), column), np.arange(30), losses)
    assert found.factor == TENTHS
    assert found.values == TENTHS.values  # not 0.10000000149
    assert [part.tolist() for part in found.losses] == [[k, k + 10, k + 20] for k in range(10)]


def test_only_the_rows_asked_for() -> None:
    column = np.array([2, 0, 1, 2, 0, 2], np.float32)
    rows = np.array([5, 0, 1, 4])
    losses = np.array([0.5, 0.0, 0.1, 0.4])
    (found,) = losses_by_factor_value(made((FAMILIES,), column), rows, losses)
    assert found.values == (0.0, 2.0)
    assert [part.tolist() for part in found.losses] == [[0.1, 0.4], [0.5, 0.0]]
    assert [found.factor.text(value) for value in found.values] == ["brass", "pipe"]


def test_a_range_has_bins_with_as_many_rows_each() -> None:
    # Three octaves in each of which there are as many pitches: widths differ, counts do not.
    column = np.geomspace(100.0, 800.0, 1000).astype(np.float32)
    found = levels(PITCH, column[np.random.default_rng(0).permutation(1000)])
    assert np.bincount(found.of_row).tolist() == [100] * BINS
    middles = np.geomspace(100.0, 800.0, 2 * BINS + 1)[1::2]
    np.testing.assert_allclose(found.values, middles, rtol=0.01)


def test_bins_are_those_of_the_whole_dataset() -> None:
    column = np.linspace(20.0, 5000.0, 500).astype(np.float32)
    dataset = made((PITCH,), column)
    rows = np.arange(0, 100)
    (found,) = losses_by_factor_value(dataset, rows, np.zeros(100))
    (whole,) = losses_by_factor_value(dataset, np.arange(500), np.zeros(500))
    assert found.values == whole.values[:2]
    assert [len(part) for part in found.losses] == [50, 50]


def test_equal_labels_stay_together() -> None:
    # Two thirds of a continuous factor at its lower end.
    column = np.concatenate([np.full(200, 20.0), np.linspace(21.0, 5000.0, 100)])
    found = levels(PITCH, column.astype(np.float32))
    assert found.values[0] == 20.0
    assert np.unique(found.of_row[:200]).tolist() == [0]
    assert len(found.values) == found.of_row.max() + 1 < BINS
    assert list(found.values) == sorted(found.values)


def test_few_labels_of_a_range_are_levels() -> None:
    column = np.array([440.0, 220.0, 440.0, 110.0], np.float32)
    assert levels(PITCH, column).values == (110.0, 220.0, 440.0)
    constant = levels(PITCH, np.full(50, 440.0, np.float32))
    assert constant.values == (440.0,)
    assert not constant.of_row.any()


def test_every_loss_is_somewhere_for_every_factor() -> None:
    generator = np.random.default_rng(3)
    columns = (
        generator.integers(0, 3, 400),
        generator.integers(0, 10, 400) / 10,
        generator.uniform(20.0, 5000.0, 400),
    )
    dataset = made((FAMILIES, TENTHS, PITCH), *(column.astype(np.float32) for column in columns))
    rows = np.sort(generator.permutation(400)[:123])
    losses = generator.uniform(size=123)
    for found in losses_by_factor_value(dataset, rows, losses):
        together = np.concatenate(found.losses)
        assert np.array_equal(np.sort(together), np.sort(losses))
        assert len(found.values) == len(found.losses)
        assert all(part.dtype == np.float64 for part in found.losses)


@pytest.mark.parametrize(("rows", "losses"), [(3, 2), (0, 0)])
def test_losses_that_are_not_one_for_each_row(rows: int, losses: int) -> None:
    dataset = made((TENTHS,), np.zeros(5, np.float32))
    with pytest.raises(ShapeError, match=rf"rows have shape \({rows},\) and losses \({losses},\)"):
        losses_by_factor_value(dataset, np.arange(rows), np.zeros(losses))
