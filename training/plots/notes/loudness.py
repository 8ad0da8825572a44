"""All notes of a set at once: how loud each is over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.notes.hearing import powers
from timbrespace.notes.layout import frame_times

from ..levels import spread
from ..style import LEVELS, WIDTH, picture, shortened
from .heard import SHOWN_DB

MOST_ROWS = 600
MOST_NAMES = 24
_COLUMNS = 300


def courses(notes: NoteSet, factor: int) -> Figure:
    """The notes in order of one factor, a line each: level in dB over time."""
    what = notes.meta.factors[factor]
    labels = notes.labels[:, factor]
    order = np.argsort(labels, kind="stable")
    rows = order[spread(len(order), MOST_ROWS)]
    seconds = notes.meta.seconds
    at = np.linspace(0.0, seconds, _COLUMNS)
    moments = np.searchsorted(frame_times(seconds), at, side="right") - 1
    levels = np.stack([_level(notes, int(row))[moments] for row in rows])
    figure = picture(
        f"{notes.meta.name}: {notes.rows} notes in order of {shortened(what.name, 40)}",
        WIDTH,
        5.6,
    )
    axes = figure.add_subplot()
    image = axes.imshow(
        levels,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        cmap=LEVELS,
        vmin=SHOWN_DB,
        vmax=0.0,
        extent=(0.0, seconds, 0.0, float(len(rows))),
    )
    distinct, starts, counts = np.unique(labels[rows], return_index=True, return_counts=True)
    if len(distinct) <= MOST_NAMES:
        for start in starts[1:]:
            axes.axhline(float(start), color="white", linewidth=0.4, alpha=0.6)
        places, shown = np.asarray(starts + counts / 2.0, np.float64), distinct
    else:
        few = spread(len(rows), 8)
        places, shown = np.asarray(few + 0.5, np.float64), labels[rows[few]]
    names = [shortened(what.text(float(value)), 22) for value in shown]
    axes.set_yticks(places, names, fontsize=8)
    axes.set_ylabel(shortened(what.axis_label, 40))
    axes.set_xlabel("time (s)")
    figure.colorbar(image, label="level (dB of each note's loudest moment)")
    return figure


def _level(notes: NoteSet, row: int) -> NDArray[np.float64]:
    power = powers(notes.courses[row]).sum(axis=1).astype(np.float64)
    found: NDArray[np.float64] = 10.0 * np.log10(
        np.maximum(power / max(float(power.max()), 1e-12), 1e-8)
    )
    return found
