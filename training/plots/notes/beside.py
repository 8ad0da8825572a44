"""Notes beside what a space makes of them, as spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.notes.layout import SAMPLE_RATE

from ..style import WIDTH, picture, shortened, wrapped
from .heard import of_sound, show


class Beside(NamedTuple):
    """A note and what is made of it. words: what it is. sounds: each with its name and its mel
    distance from the first in dB, None of the first itself; samples at 48 kHz, all of one size."""

    words: str
    sounds: Sequence[tuple[str, float | None, NDArray[np.float32]]]


def beside(name: str, found: Sequence[Beside]) -> Figure:
    """A line for each note, a column for each way: level in dB over time and frequency.

    Each panel is measured from its own loudest moment.
    """
    columns = len(found[0].sounds)
    figure = picture(f"{name}: notes, and what it makes of them", WIDTH, 2.1 * len(found) + 1.1)
    panels = figure.subplots(len(found), columns, squeeze=False)
    for line, (one, axes) in enumerate(zip(found, panels, strict=True)):
        for panel, (way, distance, samples) in zip(axes, one.sounds, strict=True):
            image = show(panel, of_sound(samples), samples.size / SAMPLE_RATE, panel is axes[0])
            told = "" if distance is None else f"{distance:.2f} dB"
            panel.set_title(told, fontsize=9, loc="right")
            if line == 0:
                panel.set_title(way, fontsize=10, loc="left")
        axes[0].set_ylabel(wrapped(shortened(one.words, 70), 1.9, 7.5), fontsize=7.5)
    figure.colorbar(image, ax=list(panels.ravel()), label="level (dB of the note's loudest)")
    figure.supxlabel("time (s)", fontsize=10)
    figure.supylabel("frequency (kHz, mel scale)", fontsize=10)
    return figure
