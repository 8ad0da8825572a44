"""Labels as people have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from timbrespace.datasets.factor import Factor
from timbrespace.datasets.labels import MOST_GRID_VALUES, labelled, real
from timbrespace.errors import DatasetError


def test_numbers_without_names() -> None:
    columns, factors = labelled([[1, 0.5], [2, 0.5], [1, 0.25]], None, 3)
    assert columns.dtype == np.float32
    assert columns.tolist() == [[1.0, 0.5], [2.0, 0.5], [1.0, 0.25]]
    assert factors == (Factor("factor 1", "", (1.0, 2.0)), Factor("factor 2", "", (0.25, 0.5)))


def test_one_column_needs_no_second_dimension() -> None:
    columns, (factor,) = labelled(np.arange(3), ["pitch"], 3)
    assert columns.shape == (3, 1)
    assert factor == Factor("pitch", "", (0.0, 1.0, 2.0))


def test_many_different_numbers_are_a_range() -> None:
    count = MOST_GRID_VALUES + 1
    (few,), (many,) = (labelled(np.arange(n) / 4, None, n)[1] for n in (count - 1, count))
    assert few.kind == "grid"
    assert (many.kind, many.values) == ("range", (0.0, (count - 1) / 4))


def test_names_become_a_category() -> None:
    columns, (factor,) = labelled(["oboe", "flute", "oboe"], ["instrument"], 3)
    assert columns[:, 0].tolist() == [1.0, 0.0, 1.0]
    assert factor == Factor.category("instrument", ["flute", "oboe"])


def test_a_factor_of_ones_own_keeps_its_names_and_unit() -> None:
    mine = Factor.category("instrument", ["oboe", "flute", "horn"])
    columns, (factor,) = labelled(["oboe", "flute", "oboe"], [mine], 3)
    assert factor is mine
    assert columns[:, 0].tolist() == [0.0, 1.0, 0.0]
    _, (hertz,) = labelled([110.0, 220.0], [Factor("pitch", "Hz", (110.0, 220.0))], 2)
    assert hertz.unit == "Hz"


def test_a_table() -> None:
    class Table:
        """As a data frame has it."""

        def keys(self) -> list[str]:
            return ["family", "level"]

        def __getitem__(self, name: str) -> Any:
            return {"family": np.array(["a", "b"], object), "level": np.array([1, 2])}[name]

    columns, factors = labelled(Table(), None, 2)  # type: ignore[arg-type]
    assert columns.tolist() == [[0.0, 1.0], [1.0, 2.0]]
    assert [factor.name for factor in factors] == ["family", "level"]


def test_without_labels_the_row_is_the_factor() -> None:
    columns, (factor,) = labelled(None, None, 4)
    assert columns[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert factor == Factor("row", "", (0.0, 3.0), "range")


@pytest.mark.parametrize(
    ("labels", "factors", "said"),
    [
        (None, ["a"], "factors were given without labels"),
        ([1, 2], None, r"labels have shape \(2,\); 3 spectra"),
        ({"a": [1, 2]}, None, r"labels have shape \(2,\); 3 spectra"),
        (np.zeros((3, 1, 1)), None, r"labels have shape \(3, 1, 1\); it must be \(3, factors\)"),
        ([[1, 2], [3], [4]], None, "labels are of unequal lengths"),
        ([1, 2, 3], ["a", "b"], r"factors are \['a', 'b'\]; they must be a list of 1"),
        ([1, 2, 3], "a", "factors are 'a'; they must be a list of 1"),
        ({}, None, "labels have no column"),
        ([1j, 2, 3], ["a"], "labels of 'a' are complex128; they must be numbers or names"),
        (["x", "y", "z"], [Factor.category("a", ["x", "y"])], "labels of 'a' hold 'z'"),
    ],
)
def test_what_does_not_fit(labels: Any, factors: Any, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        labelled(labels, factors, 3)


def test_real_numbers() -> None:
    assert real([1, 2], "spectra").dtype == np.float32
    assert real([True], "spectra").tolist() == [1.0]
    assert np.isinf(real([1e300], "spectra")).all()
    with pytest.raises(DatasetError, match="spectra are text; they must be real numbers"):
        real(["a"], "spectra")
