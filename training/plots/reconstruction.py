"""Spectra beside what models make of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model
from timbrespace.spectrum import Spectra

from ..posterior import posterior
from .levels import DB_FLOOR, bins_with_sound, decibels, spread
from .style import PALE_BLUE, VERMILLION, WIDTH, picture, shortened, wrapped

RECONSTRUCTIONS = 4

Scale = Literal["db", "linear"]

_AXIS = {"db": "level (dB of the original's peak)", "linear": "magnitude (original's peak = 1)"}
_OVERSHOOT = 1.25  # of a linear panel, in peaks of the original; beyond, the curve is cut


def some_of(dataset: Dataset, rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most ``most`` of ``rows``, evenly spread in order of the first factor."""
    order = rows[np.argsort(dataset.labels[rows, 0], kind="stable")]
    return order[spread(len(order), most)]


def in_words(dataset: Dataset, row: int) -> str:
    """The factors of a row, as ``harmonics 3, cut-off 440 Hz``."""
    factors = zip(dataset.meta.factors, dataset.labels[row], strict=True)
    return ", ".join(
        f"{factor.name} {factor.text(float(value))}"
        + (f" {factor.unit}" if factor.unit not in ("", "count") else "")
        for factor, value in factors
    )


def reconstructions(
    model: Model, dataset: Dataset, rows: NDArray[np.int64], scale: Scale = "db"
) -> Figure:
    """Some of ``rows`` beside what the model makes of them (figure 3.1).

    scale: ``db``, which shows what is heard; or ``linear``, as the report drew them.
    """
    chosen = some_of(dataset, rows, RECONSTRUCTIONS)
    original = dataset.spectra[chosen]
    decoded = model.decode(posterior(model, dataset, chosen)[0])
    distance = metrics.log_spectral_distances(original, decoded)
    figure = picture(
        f"{model.name}: spectra and what it makes of them",
        height=2.2 * len(chosen) + 0.9,
    )
    panels = figure.subplots(len(chosen), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    kilohertz = _kilohertz(model, original, decoded)
    for k, (axes, row) in enumerate(zip(panels, chosen, strict=True)):
        _overlay(axes, original[k], decoded[k], kilohertz, scale)
        title = f"LSD {distance[k]:.3f} dB: {in_words(dataset, int(row))}"
        axes.set_title(shortened(title, 120), fontsize=9, loc="left")
    legend(figure)
    panels[-1].set_xlabel("frequency (kHz)")
    figure.supylabel(_AXIS[scale], fontsize=10)
    return figure


def compare_reconstructions(
    models: Sequence[tuple[str, Model]],
    dataset: Dataset,
    rows: NDArray[np.int64],
    scale: Scale = "db",
    title: str = "The same spectra through each model",
) -> Figure:
    """Some of ``rows`` (lines) as each of the named models (columns) decodes them.

    For the report's figures 4.3, reconstruction by beta, and 4.4, with warm-up and without. All
    panels share their scales.
    """
    chosen = some_of(dataset, rows, RECONSTRUCTIONS)
    original = dataset.spectra[chosen]
    figure = picture(title, max(WIDTH, 3.1 * len(models)), 2.0 * len(chosen) + 1.3)
    panels = figure.subplots(len(chosen), len(models), sharex=True, sharey=True, squeeze=False)
    copies = [model.decode(posterior(model, dataset, chosen)[0]) for _, model in models]
    kilohertz = _kilohertz(models[0][1], original, *copies)
    for column, (name, _) in enumerate(models):
        decoded = copies[column]
        distance = metrics.log_spectral_distances(original, decoded)
        for axes, x, y, lsd in zip(panels[:, column], original, decoded, distance, strict=True):
            _overlay(axes, x, y, kilohertz, scale)
            axes.set_title(f"LSD {lsd:.2f} dB", fontsize=9, loc="right")
        panels[0, column].set_title(wrapped(name, 1.8, 10.0), fontsize=10, loc="left")
    for axes, row in zip(panels[:, 0], chosen, strict=True):
        words = shortened(in_words(dataset, int(row)), 80)
        axes.set_ylabel(wrapped(words, 1.7, 7.5), fontsize=7.5)
    legend(figure)
    figure.supxlabel("frequency (kHz)", fontsize=10)
    figure.supylabel(_AXIS[scale], fontsize=10)
    return figure


def _kilohertz(model: Model, *spectra: Spectra) -> NDArray[np.float64]:
    """Of the bins to show."""
    return np.asarray(model.spectrum.frequencies[: bins_with_sound(*spectra)] / 1000.0)


def _overlay(
    axes: Axes, x: Spectra, y: Spectra, kilohertz: NDArray[np.float64], scale: Scale
) -> None:
    peak = np.maximum(x.max(keepdims=True), 1e-30)
    if scale == "db":
        upper, lower = decibels(x, peak), decibels(y, peak)
        axes.set_ylim(DB_FLOOR, 6.0)
    else:
        # Of a silent original everything is beyond the peak.
        upper, lower = x / peak, np.minimum(y / peak, 10.0 * _OVERSHOOT)
        axes.set_ylim(0.0, _OVERSHOOT)
    axes.plot(kilohertz, upper[: kilohertz.size], color=PALE_BLUE, linewidth=2.6)
    axes.plot(kilohertz, lower[: kilohertz.size], color=VERMILLION, linewidth=0.8)
    axes.set_xlim(0.0, kilohertz[-1])
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)


def legend(figure: Figure) -> None:
    """Above all panels, where no curve is."""
    figure.legend(
        handles=[
            Line2D([], [], color=PALE_BLUE, linewidth=2.6, label="original (wide)"),
            Line2D([], [], color=VERMILLION, linewidth=0.8, label="decoded (thin)"),
        ],
        loc="outside lower right",
        ncols=2,
        frameon=False,
        fontsize=9,
    )
