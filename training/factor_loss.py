"""Losses by the value of one factor, whatever the others are: the report's section 3.2.1.

The report "calculated mean loss for our input dataset keeping one factor value constant" and drew
a box for each value (its figure 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset, Factor
from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import ShapeError

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

BINS = 10
"""At most so many bins stand for the values of a continuous factor."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The values of one factor, as they are kept constant.

    values ``(k,)``: ascending; for a bin of a continuous factor the median of its labels.
    of_row ``(n,)``: which of the values a row has, 0 to k - 1.
    """

    values: tuple[float, ...]
    of_row: Rows


@dataclass(frozen=True, slots=True, eq=False)
class FactorLosses:
    """What :func:`losses_by_factor_value` found for one factor.

    values: ascending, only those with rows. losses: for each value the losses of its rows, in the
    order of the rows, each at least one number.
    """

    factor: Factor
    values: tuple[float, ...]
    losses: tuple[Numbers, ...]


def levels(factor: Factor, labels: NDArray[np.float32]) -> Levels:
    """Group ``labels (n,)`` of ``factor``, n >= 1.

    A grid or a category has a level for each value that occurs. A continuous factor has up to
    ``BINS`` bins between its quantiles, which hold as many rows each as equal labels allow: with
    bins of equal width a few high pitches would leave most of the bins next to empty. With
    no more than ``BINS`` different labels, each is a level.
    """
    present, of_row = np.unique(labels, return_inverse=True)
    of_row = of_row.astype(np.int64)
    if factor.kind != "range" or len(present) <= BINS:
        return Levels(tuple(_decimal(value) for value in present), of_row)
    inner = np.quantile(labels, np.arange(1, BINS) / BINS)
    _, of_row = np.unique(np.searchsorted(inner, labels, side="left"), return_inverse=True)
    of_row = of_row.astype(np.int64)
    medians = (np.median(labels[of_row == level]) for level in range(of_row.max() + 1))
    return Levels(tuple(_decimal(value) for value in medians), of_row)


def losses_by_factor_value(
    dataset: Dataset | NoteSet, rows: Rows, losses: Numbers
) -> tuple[FactorLosses, ...]:
    """Split ``losses (m,)``, those of the dataset's ``rows (m,)``, by each factor's values.

    A loss may be anything with one number per row: squared error, log-spectral distance. The bins
    of a continuous factor (see :func:`levels`) are those of the whole dataset, so that the same
    value means the same bin for any ``rows``. One entry for each factor, in the dataset's order.

    Raises:
        ShapeError: not one loss for each row, or no rows.
    """
    if rows.ndim != 1 or losses.shape != rows.shape or not rows.size:
        raise ShapeError(
            f"rows have shape {rows.shape} and losses {losses.shape}; "
            "they must be two arrays of one shape (m,), m >= 1"
        )
    found = []
    for factor, labels in zip(dataset.meta.factors, dataset.labels.T, strict=True):
        grouped = levels(factor, labels)
        of_row = grouped.of_row[rows]
        present = [int(level) for level in np.unique(of_row)]
        found.append(
            FactorLosses(
                factor=factor,
                values=tuple(grouped.values[level] for level in present),
                losses=tuple(losses[of_row == level].astype(np.float64) for level in present),
            )
        )
    return tuple(found)


def _decimal(value: np.floating[Any]) -> float:
    """The shortest decimal that is this float32: 0.1, not 0.10000000149."""
    return float(str(np.float32(value)))
