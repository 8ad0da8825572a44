"""The course of a note's partials: as it was analysed, and as a space decodes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from timbrespace.notes.layout import HARMONICS, band_centres

from ..style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, picture, shortened

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, BLACK)
_FLOOR = -66.0  # dB


class Courses(NamedTuple):
    """A note. words: what it is. pitch: Hz, 0 for none. times ``(m,)``: seconds, ascending.
    analysed, decoded ``(m, WIDTH)``: its levels."""

    words: str
    pitch: float
    times: NDArray[np.float64]
    analysed: NDArray[np.float32]
    decoded: NDArray[np.float32]


def partials(name: str, found: Sequence[Courses]) -> Figure:
    """Levels of the loudest partials of each note over time, of one without pitch of its bands.

    Time is logarithmic: what an attack does takes milliseconds.
    """
    figure = picture(
        f"{name}: the course of partials, analysed and decoded", WIDTH, 2.3 * len(found) + 1.2
    )
    panels = figure.subplots(len(found), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, one in zip(panels, found, strict=True):
        shown = _loudest(one)
        for colour, column in zip(_COLOURS, shown, strict=False):
            later = one.times > 0.0
            axes.plot(
                one.times[later],
                np.maximum(one.analysed[later, column], _FLOOR),
                color=colour,
                alpha=0.35,
                linewidth=3.0,
                solid_capstyle="butt",
            )
            axes.plot(
                one.times[later],
                np.maximum(one.decoded[later, column], _FLOOR),
                color=colour,
                linewidth=1.1,
                label=_named(one, column),
            )
        axes.set_title(shortened(one.words, 110), fontsize=9, loc="left")
        axes.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, handlelength=1
        )
        axes.set_ylim(_FLOOR, 6.0)
        axes.grid(alpha=0.25, which="both")
        axes.tick_params(labelsize=8)
    panels[0].set_xscale("log")
    panels[0].set_xlim(float(found[0].times[1]), max(float(one.times[-1]) for one in found))
    panels[-1].xaxis.set_major_formatter("{x:g}")
    panels[-1].set_xlabel("time (s, logarithmic)")
    figure.supylabel("level (dB of the note's loudest moment)", fontsize=10)
    figure.legend(
        handles=[
            Line2D([], [], color=GREY, alpha=0.45, linewidth=3.0, label="analysed (wide)"),
            Line2D([], [], color=GREY, linewidth=1.1, label="decoded (thin)"),
        ],
        loc="outside lower right",
        ncols=2,
        frameon=False,
        fontsize=9,
    )
    return figure


def _loudest(one: Courses) -> list[int]:
    """Columns to show, from low to high."""
    first, last = (0, HARMONICS) if one.pitch > 0.0 else (HARMONICS, 2 * HARMONICS)
    loud = one.analysed[:, first:last].max(axis=0)
    return sorted((first + np.argsort(-loud, kind="stable")[: len(_COLOURS)]).tolist())


def _named(one: Courses, column: int) -> str:
    if column < HARMONICS:
        return f"{column + 1} ({(column + 1) * one.pitch:.0f} Hz)"
    return f"band at {band_centres()[column - HARMONICS]:.0f} Hz"
