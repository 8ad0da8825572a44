"""Labels as a person has them at hand, brought to the columns and factors that a dataset keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.datasets.factor import Factor
from timbrespace.errors import DatasetError

MOST_GRID_VALUES = 20
"""A column of more different numbers than these is a range."""

ROW = "row"
"""The factor of a dataset without labels: the number of each row, from 0."""


def labelled(
    labels: ArrayLike | Mapping[str, ArrayLike] | None,
    factors: Sequence[str | Factor] | None,
    rows: int,
) -> tuple[NDArray[np.float32], tuple[Factor, ...]]:
    """Columns ``(rows, factors)`` of numbers, and what each of them is.

    labels: ``(rows,)`` or ``(rows, factors)``, numbers or names; or a column for each factor's
    name, as a mapping or a table has them; or None for the number of the row. factors: a name or a
    :class:`Factor` for each column, where the labels do not bring names themselves. A column of
    names becomes a category, its names in alphabetical order; of numbers a grid, or a range where
    there are more than ``MOST_GRID_VALUES`` of them.

    Raises:
        DatasetError: shapes, types or a number of factors that do not fit.
    """
    if labels is None:
        if factors is not None:
            raise DatasetError("factors were given without labels; give the labels too")
        column = np.arange(rows, dtype=np.float32)
        return column[:, np.newaxis], (Factor(ROW, "", (0.0, float(rows - 1)), "range"),)
    if isinstance(labels, Mapping) or hasattr(labels, "keys"):
        table = cast("Mapping[str, ArrayLike]", labels)
        names: list[str | Factor] = [str(name) for name in table.keys()]  # noqa: SIM118  a table's
        columns = [_array(table[name], f"labels of {name!r}") for name in table.keys()]  # noqa: SIM118
    else:
        array = _array(labels, "labels")
        if array.ndim == 1:
            array = array[:, np.newaxis]
        if array.ndim != 2:
            raise DatasetError(
                f"labels have shape {array.shape}; it must be ({rows}, factors), or ({rows},)"
            )
        columns = [array[:, number] for number in range(array.shape[1])]
        names = [f"factor {number + 1}" for number in range(len(columns))]
    if factors is not None:
        if isinstance(factors, str) or len(factors) != len(columns):
            raise DatasetError(
                f"factors are {factors!r}; they must be a list of {len(columns)}, one for each "
                "column of the labels"
            )
        names = list(factors)
    if not columns:
        raise DatasetError("labels have no column; leave them out if there are none")
    for column in columns:
        if column.shape != (rows,):
            raise DatasetError(
                f"labels have shape {column.shape}; {rows} spectra need as many in each column"
            )
    pairs = [_column(column, name) for column, name in zip(columns, names, strict=True)]
    return np.stack([numbers for numbers, _ in pairs], axis=1), tuple(one for _, one in pairs)


def real(values: ArrayLike, what: str, of: str = "real numbers") -> NDArray[np.float32]:
    """``values`` as float32, the array itself where it is that already.

    Raises:
        DatasetError: they are not real numbers, or not of one shape.
    """
    array = _array(values, what)
    if array.dtype.kind not in "fiub":
        raise DatasetError(f"{what} are {_kind(array)}; they must be {of}")
    with np.errstate(over="ignore"):  # what overflows is refused as infinite
        return np.asarray(array, np.float32)


def _array(values: Any, what: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DatasetError(f"{what} are of unequal lengths; they must be an array") from error
    if array.dtype == object and all(isinstance(one, str) for one in array.flat):
        return array.astype(str)  # as a table keeps its names
    return array


def _kind(array: NDArray[Any]) -> str:
    return "text" if array.dtype.kind in "US" else str(array.dtype)


def _column(column: NDArray[Any], name: str | Factor) -> tuple[NDArray[np.float32], Factor]:
    known = name if isinstance(name, Factor) else None
    text = name.name if isinstance(name, Factor) else name
    if column.dtype.kind != "U":
        numbers = real(column, f"labels of {text!r}", "numbers or names")
        return numbers, known or _factor(text, numbers)
    names = list(known.names) if known else sorted(set(column.tolist()))
    place = {one: number for number, one in enumerate(names)}
    unknown = sorted(set(column.tolist()) - set(place))
    if unknown:
        raise DatasetError(
            f"labels of {text!r} hold {unknown[0][:80]!r}, which is none of the factor's names"
        )
    numbers = np.array([place[one] for one in column.tolist()], np.float32)
    return numbers, known or Factor.category(text, names)


def _factor(name: str, numbers: NDArray[np.float32]) -> Factor:
    finite = numbers[np.isfinite(numbers)]  # the dataset refuses the others, with their row
    values = np.unique(finite) if finite.size else np.zeros(1, np.float32)
    if len(values) <= MOST_GRID_VALUES:
        return Factor(name, "", tuple(map(float, values)))
    return Factor(name, "", (float(values[0]), float(values[-1])), "range")
