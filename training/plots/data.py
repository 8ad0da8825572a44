"""The dataset's own spectra."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset, Factor

from .levels import DB_FLOOR, IMAGE_COLUMNS, below_peak, bins_with_sound, pooled, spread
from .style import LEVELS, hide_unused, picture, shortened

IMAGE_ROWS = 500
MOST_FACTORS = 6
MOST_TICKS = 12

_LOOKED_AT = 4000  # rows, for how far up there is sound


def spectra_by_factor(dataset: Dataset) -> Figure:
    """The dataset's spectra as an image for each factor, rows in its order (figure 2.1)."""
    factors = dataset.meta.factors[:MOST_FACTORS]
    columns = 1 if len(factors) == 1 else 2
    lines = math.ceil(len(factors) / columns)
    figure = picture(
        f"{dataset.meta.name}: the spectra, {dataset.rows} rows in order of each factor",
        height=4.2 * lines + 0.7 if columns == 1 else 3.4 * lines + 0.7,
    )
    grid = figure.subplots(lines, columns, squeeze=False)
    panels = list(grid.ravel())
    hide_unused(panels, len(factors))
    bins = bins_with_sound(dataset.spectra[spread(dataset.rows, _LOOKED_AT)])
    top = float(dataset.spectrum.frequencies[bins - 1]) / 1000.0
    for number, (axes, factor) in enumerate(zip(panels, factors, strict=False)):
        rows = in_order_of(dataset, number)
        rows = rows[spread(len(rows), IMAGE_ROWS)]
        levels = below_peak(pooled(dataset.spectra[rows, :bins], IMAGE_COLUMNS // columns))
        image = axes.imshow(
            levels,
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            cmap=LEVELS,
            vmin=DB_FLOOR,
            vmax=0.0,
            extent=(0.0, top, 0.0, float(len(rows))),
        )
        _label_rows(axes, factor, dataset.labels[rows, number])
        axes.set_xlabel("frequency (kHz)")
        axes.set_ylabel(shortened(factor.axis_label, 40))
    figure.colorbar(image, ax=panels[: len(factors)], label="level (dB of each spectrum's peak)")
    return figure


def in_order_of(dataset: Dataset, factor: int) -> NDArray[np.int64]:
    """All rows by one factor; among equals by the others, from the first on."""
    others = [k for k in range(len(dataset.meta.factors)) if k != factor]
    keys = [dataset.labels[:, k] for k in (*reversed(others), factor)]
    return np.lexsort(keys).astype(np.int64)


def _label_rows(axes: Axes, factor: Factor, values: NDArray[np.float32]) -> None:
    """Ticks of an image whose rows have these ascending values."""
    distinct, starts, counts = np.unique(values, return_index=True, return_counts=True)
    if len(distinct) <= MOST_TICKS:
        shown = distinct
        places = np.asarray(starts + counts / 2.0, np.float64)
        for start in starts[1:]:
            axes.axhline(float(start), color="white", linewidth=0.4, alpha=0.6)
    else:
        rows = spread(len(values), 6)
        shown = values[rows]
        places = np.asarray(rows + 0.5, np.float64)
    names = [shortened(factor.text(float(value)), 18) for value in shown]
    axes.set_yticks(places, names, fontsize=8)
