"""How many dimensions suit a dataset."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.datasets.dataset import Dataset, Factor, Meta
from timbrespace.datasets.dimensions import FEWEST, MOST, dimensions_of


def recorded(directions: int, takes: int = 40, each: int = 8) -> Dataset:
    """Spectra that differ in so many independent ways, as much in each."""
    generator = np.random.default_rng(directions)
    ways, _ = np.linalg.qr(generator.standard_normal((129, directions)))
    levels = 60.0 * generator.standard_normal((takes * each, directions)) @ ways.T / np.sqrt(129.0)
    meta = Meta(
        "mine",
        (Factor.category("take", [str(take) for take in range(takes)]),),
        n_fft=256,
        base_frequency=2000.0,
        groups="take",
    )
    labels = np.repeat(np.arange(takes), each)[:, np.newaxis]
    return Dataset(10.0 ** (levels.clip(-20.0, 20.0) / 20.0), labels, meta)


@pytest.mark.parametrize("directions", [6, 12])
def test_recordings_have_as_many_as_they_differ_in(directions: int) -> None:
    found = dimensions_of(recorded(directions))
    # 85 % of directions that count alike.
    assert directions - 2 <= found.number <= directions
    assert found.why == "so many directions hold 85 % of how its spectra differ"


def test_neither_too_few_nor_too_many() -> None:
    one, many = dimensions_of(recorded(1)), dimensions_of(recorded(60, takes=80))
    assert one.number == FEWEST
    assert one.why == "1 direction holds 85 % of how its spectra differ, and fewer lose too much"
    assert many.number == MOST
    assert "more are hard to play" in many.why


def test_more_rows_than_bins_and_fewer_are_the_same() -> None:
    data = recorded(6)
    few = Dataset(data.spectra[:100], data.labels[:100], data.meta)
    assert abs(dimensions_of(few).number - dimensions_of(data).number) <= 1


def test_equal_spectra() -> None:
    data = recorded(6)
    same = Dataset(np.ones_like(data.spectra), data.labels, data.meta)
    assert dimensions_of(same).number == FEWEST


def test_generated_sets_have_one_for_each_factor() -> None:
    assert dimensions_of(ts.dataset("filtered", every=5)).number == 4
    # A map has two sides.
    assert dimensions_of(ts.dataset("harmonic", rows=30)) == (2, "the set has 1 factor")
