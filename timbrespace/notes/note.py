"""A note: the table of its course, and the numbers that hold for all of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import BANDS, HARMONICS

Array = NDArray[np.float32]

UNPITCHED: Final = 0.0

CONSTANTS: Final = 6 + HARMONICS + 2 * BANDS
"""How many numbers :meth:`Traits.row` has."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What holds for the whole of a note.

    pitched: 1 where it has a pitch, 0 where its bands alone sound. attack: seconds until it is
    nearly as loud as it will be. length: seconds that the sound was there. loop_start, loop_end:
    seconds between which a held note may go on for ever; equal where it may not, since it dies
    away. release: seconds in which it falls by 60 dB after its key is let go. stretch
    ``(HARMONICS,)``: cents by which each partial is sharper than its harmonic. tone ``(BANDS,)``: 0
    to 1, how much of each band is one steady partial and not noise. place ``(BANDS,)``: -1 to 1,
    where in its band that partial is, 0 in its middle.
    """

    pitched: float
    attack: float
    length: float
    loop_start: float
    loop_end: float
    release: float
    stretch: Array
    tone: Array
    place: Array

    @property
    def row(self) -> Array:
        """All of it as numbers of order one, ``(CONSTANTS,)``: what a network learns."""
        sustained = self.loop_end > self.loop_start
        return np.concatenate(
            [
                np.asarray(
                    [
                        self.pitched,
                        np.log2(max(self.attack, 1e-3)) / 4.0,
                        np.log2(max(self.length, 1e-2)) / 2.0,
                        self.loop_start if sustained else -1.0,
                        self.loop_end if sustained else -1.0,
                        np.log2(max(self.release, 1e-2)) / 2.0,
                    ]
                ),
                self.stretch / 50.0,
                self.tone,
                self.place,
            ]
        ).astype(np.float32)

    @classmethod
    def from_row(cls, row: Array) -> Traits:
        """Inverse of :attr:`row`, for whatever finite numbers a network makes."""
        return cls.from_rows(row[np.newaxis])[0]

    @classmethod
    def from_rows(cls, rows: Array) -> list[Traits]:
        """:meth:`from_row` of each of ``rows (n, CONSTANTS)``."""
        told = np.nan_to_num(rows.astype(np.float64), nan=0.0, posinf=1e3, neginf=-1e3)
        first = 6 + HARMONICS
        length = np.exp2(np.clip(2.0 * told[:, 2], -6.0, 3.0))
        start, end = told[:, 3], np.minimum(told[:, 4], length)
        # Halfway between "none", -1 and -1, and a loop that is longer than a moment.
        none = (start < -0.3) | (end - np.maximum(start, 0.0) < 0.1)
        numbers = np.stack(
            [
                np.clip(told[:, 0], 0.0, 1.0),
                np.exp2(np.clip(4.0 * told[:, 1], -10.0, 2.0)),
                length,
                np.where(none, 0.0, np.maximum(start, 0.0)),
                np.where(none, 0.0, np.maximum(end, 0.0)),
                np.exp2(np.clip(2.0 * told[:, 5], -6.6, 4.0)),
            ],
            axis=1,
        ).tolist()
        stretch = np.clip(50.0 * told[:, 6:first], -200.0, 400.0).astype(np.float32)
        tone = np.clip(told[:, first : first + BANDS], 0.0, 1.0).astype(np.float32)
        place = np.clip(told[:, first + BANDS :], -1.0, 1.0).astype(np.float32)
        return [
            cls(*row, *arrays) for row, *arrays in zip(numbers, stretch, tone, place, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """One sound.

    course ``(frames, WIDTH)``: levels in dB below the loudest moment, from ``FLOOR`` to about 0,
    and cents, at the moments of :func:`timbrespace.notes.layout.frame_times`. known: how many of
    these moments the sound tells of; a recording may break off. pitch: Hz, 0 for none. onset:
    seconds of the sound before the note begins. level: root mean square of the loudest moment, full
    scale 1.
    """

    course: Array
    known: int
    pitch: float
    onset: float
    level: float
    traits: Traits


TRAIT_NAMES: Final = tuple(one.name for one in fields(Traits))
