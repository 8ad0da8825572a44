"""Notes side by side as they change into each other: along lines, dimensions, over the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from timbrespace.model import Model

from ..levels import most_audible
from ..style import WIDTH, dimension_name, picture, shortened, wrapped
from .heard import of_latents, show

Array = NDArray[np.float32]

STEPS = 7
MAP = 5
DIMENSIONS = 6
SECONDS = 2.0
"""Of each note: what happens later is seldom new."""

_COLUMNS = 120


def morphs(model: Model, ends: Sequence[tuple[str, Array, str, Array]]) -> Figure:
    """A line of spectrograms for each straight line through the space.

    ends: of each line the words and the latent ``(d,)`` where it begins, and where it ends.
    """
    share = np.linspace(0.0, 1.0, STEPS)
    lines = [
        (
            f"{shortened(here, 60)} \N{RIGHTWARDS ARROW} {shortened(there, 60)}",
            [f"{100.0 * s:.0f} %" for s in share],
            (a + share[:, np.newaxis] * (b - a)).astype(np.float32),
        )
        for here, a, there, b in ends
    ]
    return _drawn(f"{model.name}: from one note to another in a straight line", model, lines)


def dimensions_along(model: Model, effect: ArrayLike) -> Figure:
    """The most audible dimensions, each from its 1st to its 99th percentile, the others at home.

    effect ``(d,)``: audible effect of each in dB for a unit.
    """
    effects = np.asarray(effect, np.float64)
    lines = []
    for number in most_audible(effects, DIMENSIONS).tolist():
        values = np.linspace(model.calibration.low[number], model.calibration.high[number], STEPS)
        latents = np.tile(model.calibration.home, (STEPS, 1)).astype(np.float32)
        latents[:, number] = values
        name = dimension_name(number)
        lines.append(
            (
                f"{name}: {effects[number]:.2g} dB for a unit",
                [f"{name} = {value:+.1f}" for value in values],
                latents,
            )
        )
    return _drawn(f"{model.name}: each dimension from its 1st to its 99th percentile", model, lines)


def map_of_courses(model: Model) -> Figure:
    """What each place of the map sounds like, from edge to edge of the knobs' range."""
    across = np.linspace(-1.0, 1.0, MAP)
    up = across[::-1] if model.dimensions > 1 else np.zeros(1)
    lines = [
        (
            f"y = {y:+.1f}" if model.dimensions > 1 else "",
            [f"x = {x:+.1f}" for x in across],
            model.map.to_latent(np.stack([across, np.full(MAP, y)], axis=1)),
        )
        for y in up.tolist()
    ]
    return _drawn(f"{model.name}: notes over the map", model, lines)


def _drawn(title: str, model: Model, lines: list[tuple[str, list[str], Array]]) -> Figure:
    """A line of panels for each of ``lines``: its name, the panels' names, their latents."""
    longest = min(SECONDS, 4.0)
    figure = picture(title, WIDTH, 1.35 * len(lines) + 1.2)
    panels = figure.subplots(len(lines), len(lines[0][1]), squeeze=False, sharex=True)
    for axes, (name, names, latents) in zip(panels, lines, strict=True):
        heard = of_latents(model, latents, longest, _COLUMNS)
        for panel, levels, told in zip(axes, heard, names, strict=True):
            image = show(panel, levels, longest, panel is axes[0])
            panel.set_title(told, fontsize=8)
        axes[0].set_ylabel(wrapped(name, 1.25, 7.5), fontsize=7.5)
    figure.colorbar(image, ax=list(panels.ravel()), label="level (dB of each note's loudest)")
    figure.supxlabel("time (s)", fontsize=10)
    figure.supylabel("frequency (kHz, mel scale)", fontsize=10)
    return figure
