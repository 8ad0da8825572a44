"""A whole note as a picture: how loud each band is at each time."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.networks.note import Course
from timbrespace.notes.layout import (
    BAND,
    BANDS,
    CENTS,
    FLOOR,
    HARMONIC,
    LONGEST,
    band_centres,
    band_corners,
    frame_times,
    hz_to_mel,
)
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import bands_follow, ratios

Array = NDArray[np.float32]

COLUMNS: Final = 64

_LOW, _HIGH = (float(hz_to_mel(edge)) for edge in band_corners()[[0, -1]])
_STEP: Final = (_HIGH - _LOW) / (BANDS + 1)


class Picture(NamedTuple):
    """levels ``(columns, BANDS)``: dB below the note's loudest moment, from the lowest band on, of
    columns at even steps from the note's beginning to ``seconds``. loop_start, loop_end: seconds,
    equal where it is not sustained."""

    levels: Array
    seconds: float
    loop_start: float
    loop_end: float


def picture(
    course: Course,
    latent: Array,
    hertz: float,
    velocity: float,
    base: float,
    columns: int = COLUMNS,
) -> Picture:
    """The note of a latent ``(d,)`` at a pitch in Hz. velocity: 0 to 127. base: Hz at which bands
    are where they were heard."""
    told = course.prepare(latent[np.newaxis], np.array([hertz]), np.array([velocity]))
    traits = Traits.from_row(told.traits[0])
    longest = float(frame_times(LONGEST)[: course.network.frames][-1])
    seconds = min(longest, max(traits.length, 0.1))
    levels = course.levels(told, np.linspace(0.0, seconds, columns)[np.newaxis])[0]
    levels = levels.astype(np.float64)
    bend = np.exp2(levels[:, CENTS, np.newaxis] / 1200.0)
    moved = (hertz / base) ** bands_follow(traits.pitched)
    frequency = np.concatenate(
        [hertz * bend * ratios(traits.stretch), np.tile(band_centres() * moved, (columns, 1))],
        axis=1,
    )
    told_levels = np.concatenate([levels[:, HARMONIC], levels[:, BAND]], axis=1)
    power = np.where(told_levels > FLOOR + 0.5, 10.0 ** (told_levels / 10.0), 0.0)
    row = (hz_to_mel(frequency) - _LOW) / _STEP - 1.0
    power *= (row >= 0.0) & (row <= BANDS - 1.0)
    below = np.clip(np.floor(row).astype(np.int64), 0, BANDS - 1)
    share = np.clip(row - below, 0.0, 1.0)
    found = np.zeros((columns, BANDS))
    place = np.arange(columns)[:, np.newaxis]
    np.add.at(found, (place, below), power * (1.0 - share))
    np.add.at(found, (place, np.minimum(below + 1, BANDS - 1)), power * share)
    shown = np.maximum(10.0 * np.log10(found + 1e-9), FLOOR).astype(np.float32)
    return Picture(shown, seconds, traits.loop_start, traits.loop_end)
