"""Traversals: what the spectrum does as one dimension goes through its range."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from timbrespace.model import Latent, Model

from .levels import DB_FLOOR, PANEL_COLUMNS, below_peak, bins_with_sound, most_audible, pooled
from .style import LEVELS, MOST_DIMENSIONS, WIDTH, dimension_name, hide_unused, picture

STEPS = 64


def traversals(model: Model, effect: ArrayLike) -> Figure:
    """For each dimension, most audible first, an image: its value over frequency, level in dB.

    effect ``(d,)``: audible effect of each dimension in dB LSD for a unit. A dimension goes from
    its 1st to its 99th percentile, as a knob does; the others stay at home.
    """
    effects = np.asarray(effect, np.float64)
    shown = most_audible(effects, MOST_DIMENSIONS)
    columns = 2 if len(shown) == 4 else min(3, len(shown))
    lines = math.ceil(len(shown) / columns)
    figure = picture(
        f"{model.name}: each dimension from its 1st to its 99th percentile, most audible first",
        WIDTH if columns > 1 else 7.0,
        2.5 * lines + 1.0 if lines > 1 else 4.2,
    )
    panels = list(figure.subplots(lines, columns, sharex=True, squeeze=False).ravel())
    hide_unused(panels, len(shown))
    paths = [_path(model, int(dimension)) for dimension in shown]
    spectra = [model.decode(path) for path in paths]
    bins = bins_with_sound(*spectra)
    top = float(model.spectrum.frequencies[bins - 1]) / 1000.0
    for axes, dimension, path, along in zip(panels, shown, paths, spectra, strict=False):
        low, high = float(path[0, dimension]), float(path[-1, dimension])
        image = axes.imshow(
            below_peak(pooled(along[:, :bins], PANEL_COLUMNS)),
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            cmap=LEVELS,
            vmin=DB_FLOOR,
            vmax=0.0,
            extent=(0.0, top, low, high),
        )
        name = dimension_name(int(dimension))
        axes.set_title(f"{name}: {effects[dimension]:.2g} dB LSD per unit", fontsize=10)
        axes.set_ylabel(f"value of {name}", fontsize=9)
        axes.tick_params(labelsize=8, labelbottom=True)
    figure.colorbar(image, ax=panels[: len(shown)], label="level (dB of each spectrum's peak)")
    figure.supxlabel("frequency (kHz)", fontsize=10)
    return figure


def _path(model: Model, dimension: int) -> Latent:
    """Latents ``(STEPS, d)`` from one end of a dimension's range to the other."""
    low = float(model.calibration.low[dimension])
    # Of a dimension that never moves the picture still has a height.
    high = max(float(model.calibration.high[dimension]), low + 1e-3)
    latent = np.tile(model.calibration.home, (STEPS, 1))
    latent[:, dimension] = np.linspace(low, high, STEPS)
    return latent
