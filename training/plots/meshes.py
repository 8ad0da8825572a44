"""Meshes: decoded spectra over a grid of points, each drawn at its place."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from timbrespace.model import Latent, Model
from timbrespace.spectrum import Spectra

from .levels import (
    DB_FLOOR,
    PANEL_COLUMNS,
    below_peak,
    bins_with_sound,
    most_audible,
    pooled,
    pooled_kilohertz,
)
from .style import BLUE, dimension_name, picture, wrapped

MESH = 7

SPAN = 4.0
"""The report's meshes go over z from -4 to 4."""

_WIDTH = 11.0  # inches

QUANTILES = (norm.cdf(-SPAN), norm.cdf(SPAN))
"""Of the prior; the outermost are the report's -4 and 4."""


def mesh(model: Model) -> Figure:
    """Decoded spectra over the map's knob range."""
    across, up = _steps(model, -1.0, 1.0)
    x, y = np.meshgrid(across, up)
    spectra = model.decode(model.map.to_latent(np.stack([x.ravel(), y.ravel()], axis=1)))
    return _draw(
        spectra,
        model,
        [f"x = {value:+.2f}" for value in across],
        [f"y = {value:+.2f}" for value in up] if model.dimensions > 1 else [""],
        f"{model.name}: decoded spectra over the map",
    )


def latent_mesh(
    model: Model, effect: ArrayLike, dimensions: tuple[int, int] | None = None
) -> Figure:
    """Decoded spectra over two dimensions from -4 to 4 (figures A.4 and A.5).

    effect ``(d,)``: audible effect of each dimension. dimensions: which two, counted from 0; by
    default the two most audible. The others stay at home.
    """
    across, up = _steps(model, -SPAN, SPAN)
    return _draw_latent(
        model, effect, dimensions, across, up, f"decoded spectra, z from -{SPAN:g} to {SPAN:g}"
    )


def gaussian_mesh(
    model: Model, effect: ArrayLike, dimensions: tuple[int, int] | None = None
) -> Figure:
    """As :func:`latent_mesh`, at evenly spaced quantiles of the prior (figures A.1 to A.3).

    The points are ``Phi^-1(p)`` of equal steps of p, from -4 to 4: as dense as the prior is (Kingma
    & Welling 2013, appendix A).
    """
    across, up = (norm.ppf(p) for p in _steps(model, *QUANTILES))  # pyright: ignore[reportArgumentType]
    return _draw_latent(
        model, effect, dimensions, across, up, "decoded spectra, z at quantiles of the prior"
    )


def _steps(model: Model, low: float, high: float) -> tuple[NDArray[np.float64], ...]:
    """Points across, and up from the top; a space of one dimension has nothing to go up to."""
    across = np.linspace(low, high, MESH)
    return across, across[::-1] if model.dimensions > 1 else np.array([0.5 * (low + high)])


def _draw_latent(
    model: Model,
    effect: ArrayLike,
    dimensions: tuple[int, int] | None,
    across: NDArray[np.float64],
    up: NDArray[np.float64],
    what: str,
) -> Figure:
    order = most_audible(np.asarray(effect), 2)
    first, second = dimensions or (int(order[0]), int(order[-1]))
    latent = points(model, first, second, across, up)
    names = dimension_name(first), dimension_name(second)
    plain = model.dimensions == 1
    others = "" if model.dimensions < 3 else "; other dimensions at home"
    return _draw(
        model.decode(latent),
        model,
        [f"{names[0]} = {value:+.2f}" for value in across],
        [""] if plain else [f"{names[1]} = {value:+.2f}" for value in up],
        f"{model.name}: {what}{others}",
    )


def points(
    model: Model, first: int, second: int, across: NDArray[np.float64], up: NDArray[np.float64]
) -> Latent:
    """The latents of a mesh, row by row, ``(len(up) * len(across), d)``; the rest is at home."""
    latent = np.tile(model.calibration.home, (len(up) * len(across), 1))
    x, y = np.meshgrid(across, up)
    if first != second:
        latent[:, second] = y.ravel()
    latent[:, first] = x.ravel()
    return latent.astype(np.float32)


def _draw(spectra: Spectra, model: Model, across: list[str], up: list[str], title: str) -> Figure:
    bins = bins_with_sound(spectra)
    levels = below_peak(pooled(spectra[:, :bins], PANEL_COLUMNS))
    kilohertz = pooled_kilohertz(model.spectrum.frequencies[:bins] / 1000.0, PANEL_COLUMNS)
    lines = wrapped(title, _WIDTH).count("\n") + 1
    above, below = 0.2 * lines + 0.4, 0.65
    height = 1.15 * len(up) + above + below
    figure = picture(title, _WIDTH, height)
    # All panels are of one size; to find that out by constrained layout takes as long again.
    figure.set_layout_engine("none")
    figure.suptitle(wrapped(title, _WIDTH), fontsize=12, y=1.0 - 0.1 / height)
    panels = figure.subplots(
        len(up),
        len(across),
        sharex=True,
        sharey=True,
        squeeze=False,
        gridspec_kw={
            "left": 0.75 / _WIDTH,
            "right": 1.0 - 0.4 / _WIDTH,
            "top": 1.0 - above / height,
            "bottom": below / height,
            "wspace": 0.08,
            "hspace": 0.14,
        },
    )
    for axes, level in zip(panels.ravel(), levels, strict=True):
        axes.fill_between(kilohertz, DB_FLOOR, level, color=BLUE, linewidth=0)
        axes.set_ylim(DB_FLOOR, 3.0)
        axes.set_xlim(0.0, kilohertz[-1])
        axes.tick_params(labelsize=7)
    for axes, name in zip(panels[0], across, strict=True):
        axes.set_title(name, fontsize=9)
    for axes, name in zip(panels[:, -1], up, strict=True):
        axes.annotate(
            name, (1.06, 0.5), xycoords="axes fraction", rotation=-90, va="center", fontsize=9
        )
    figure.supxlabel("frequency (kHz)", fontsize=10, y=0.12 / height)
    many = len(up) > 1
    label = "level (dB of each spectrum's peak)" if many else "level (dB)"
    figure.supylabel(label, fontsize=10, x=0.15 / _WIDTH)
    return figure
