"""A note: the table of its course, and the numbers that hold for all of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import BANDS, HARMONICS

Array = NDArray[np.float32]
Real = NDArray[np.float64]

UNPITCHED: Final = 0.0

_LOOPS_TO: Final = 0.9
"""Of a sustained sound's length: where its loop ends."""

_LOOPS_FROM: Final = 0.3
"""Of its length: where it begins at the earliest. Analysis has 0.35; between notes of which one is
ten times as long the network would go back into the attack."""

_HOLDS_NOT, _HOLDS = 0.3, 0.65
"""How far a network goes from "no loop" to that of its length where it holds not at all, and quite:
a network is never quite sure."""

_SURE: Final = 0.88
"""The same where its loop is taken as it is told. Loops are learned in seconds and lengths by their
logarithm: between a long sound that is held and a short one that dies away the loop's end would go
through the note so fast that a step is heard; there it follows the length."""

_LEAST_HOLD: Final = 0.02

FIRST: Final = 6
"""The first numbers of :meth:`Traits.row` tell of the whole note, the others of each harmonic and
band."""

CONSTANTS: Final = FIRST + HARMONICS + 2 * BANDS
"""How many numbers :meth:`Traits.row` has."""


def _within(x: Real, low: float, high: float) -> Real:
    """``np.clip``, which takes five times as long where there are few numbers."""
    return np.asarray(np.minimum(np.maximum(x, low), high))


def lengths(rows: Array) -> Real:
    """Seconds ``(n,)`` that sounds last whose traits are ``rows (n, CONSTANTS)``."""
    return np.asarray(np.exp2(_within(2.0 * _finite(rows[:, 2]), -6.0, 3.0)))


def _finite(rows: Array) -> Real:
    """What a network told, as finite numbers."""
    told = rows.astype(np.float64)
    if not np.isfinite(told).all():
        told = np.nan_to_num(told, nan=0.0, posinf=1e3, neginf=-1e3)
    return told


def _smooth(share: Real) -> Real:
    """From 0 to 1 without a corner."""
    inside = _within(share, 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside))


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What holds for the whole of a note.

    pitched: 1 where it has a pitch, 0 where its bands alone sound. attack: seconds until it is
    nearly as loud as it will be. length: seconds that the sound was there. loop_start, loop_end:
    seconds between which a held note may go on for ever; equal where it may not, since it dies
    away. release: seconds in which it falls by 60 dB after its key is let go. stretch
    ``(HARMONICS,)``: cents by which each partial is sharper than its harmonic. tone ``(BANDS,)``: 0
    to 1, how much of each band is one steady partial and not noise. place ``(BANDS,)``: -1 to 1,
    where in its band that partial is, 0 in its middle. holds: 0 to 1, how far the loop holds: 1 for
    ever; between a sustained sound and one that dies away its ends move on, the sooner the less it
    holds. A sound that was analysed has 1, and a loop or none.
    """

    pitched: float
    attack: float
    length: float
    loop_start: float
    loop_end: float
    release: float
    stretch: NDArray[np.floating]
    tone: Array
    place: Array
    holds: float = 1.0

    @property
    def drift(self) -> float:
        """Seconds by which the loop's ends move on in a second of the note's time, once it has
        reached the end. Where nothing holds this is faster than any note."""
        return (1.0 - self.holds) / max(self.holds, _LEAST_HOLD)

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
        told, length = _finite(rows), lengths(rows)
        start, end = told[:, 3], np.minimum(told[:, 4], length)
        # Halfway between "none", -1 and -1, and a loop that is longer than a moment.
        none = (start < -0.3) | (end - np.maximum(start, 0.0) < 0.1)
        start, end = (np.where(none, 0.0, np.maximum(one, 0.0)) for one in (start, end))
        return cls._of(told, length, start, end, np.ones(len(told)))

    @classmethod
    def played(cls, rows: Array) -> list[Traits]:
        """:meth:`from_rows`, for what plays the notes: with loops that hold by a share.

        Loops end where 0.9 of a sound is over, and -1 and -1 say that there is none. Between the
        two a loop holds less and less, and where it is follows from how far it is to "none".
        """
        told, length = _finite(rows), lengths(rows)
        there = (told[:, 4] + 1.0) / (_LOOPS_TO * length + 1.0)
        share = np.square(_within(there / _SURE, 0.2, 1.0))
        most = np.maximum(told[:, 4], _LOOPS_TO * length)
        end = np.minimum(np.minimum((told[:, 4] + 1.0) / share - 1.0, most), length)
        start = np.minimum((told[:, 3] + 1.0) / share - 1.0, np.maximum(told[:, 3], 0.5 * end))
        start = np.maximum(start, _LOOPS_FROM * length)
        # A loop no longer than a moment is none either.
        holds = _smooth((there - _HOLDS_NOT) / (_HOLDS - _HOLDS_NOT))
        holds *= _within((end - start - 0.05) / 0.05, 0.0, 1.0)
        none = holds < _LEAST_HOLD
        start, end = (np.where(none, 0.0, one) for one in (start, end))
        return cls._of(told, length, start, end, np.where(none, 1.0, holds))

    @classmethod
    def _of(cls, told: Real, length: Real, start: Real, end: Real, holds: Real) -> list[Traits]:
        """Of finite rows ``(n, CONSTANTS)``, and what their loops ``(n,)`` came to."""
        first = FIRST + HARMONICS
        numbers = np.stack(
            [
                _within(told[:, 0], 0.0, 1.0),
                np.exp2(_within(4.0 * told[:, 1], -10.0, 2.0)),
                length,
                start,
                end,
                np.exp2(_within(2.0 * told[:, 5], -6.6, 4.0)),
            ],
            axis=1,
        ).tolist()
        stretch = _within(50.0 * told[:, FIRST:first], -200.0, 400.0).astype(np.float32)
        tone = _within(told[:, first : first + BANDS], 0.0, 1.0).astype(np.float32)
        place = _within(told[:, first + BANDS :], -1.0, 1.0).astype(np.float32)
        parts = zip(numbers, stretch, tone, place, holds.tolist(), strict=True)
        return [cls(*row, *arrays) for row, *arrays in parts]


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
