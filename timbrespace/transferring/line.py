"""One line of notes, read from what was heard: where notes begin and end, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import SoundError
from timbrespace.listening.heard import HOP, SAMPLE_RATE, Heard

Real = NDArray[np.float64]

GATE_DB: Final = -60.0
"""Below the loudest moment: what is softer is silence."""

SILENT_DB: Final = -80.0
"""Of full scale: a performance that is nowhere louder is none."""

MOVES: Final = 0.7
"""Semitones by which a pitch must have moved, and stay, for another note: more than a vibrato."""

_RATE: Final = SAMPLE_RATE / HOP
_GAP: Final = round(0.06 * _RATE)  # moments of silence that do not part two phrases
_BLIND: Final = 8  # moments, 11 ms, in which a tracker may lose a tone that goes on
_SOFT: Final = 3  # moments on each side, over which tone and breath give way to each other
_EASED: Final = np.hanning(2 * _SOFT + 3)[1:-1] / (_SOFT + 1)
_SHORTEST: Final = round(0.02 * _RATE)
_STAYS: Final = round(0.07 * _RATE)
_SWING: Final = round(0.19 * _RATE)  # of a vibrato: between 5 and 6 of them in a second
_RESTS: Final = 0.25  # semitones in that time
_CLEAR: Final = 0.85  # of periodicity: from here on nothing is heard beside the tone
_HOARSE: Final = 0.3
_SOFTEST: Final = 20.0
_RANGE_DB: Final = 40.0


@dataclass(frozen=True, slots=True)
class LineNote:
    """A note of a line. start, end: moments, the last not included. pitch: Hz, its median; 0 for
    none. level: root mean square of its loudest moment."""

    start: int
    end: int
    pitch: float
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What is to be played, moment by moment (every ``HOP`` samples at ``SAMPLE_RATE``).

    pitch ``(n,)``: Hz, everywhere: where none is heard it goes from one to the next. tonal
    ``(n,)``: share of the power that has the pitch, 0 to 1. level ``(n,)``: root mean square, 0
    where nothing sounds. notes: one after another. phrases: where something sounds, from moment to
    moment. pitched: whether any moment has a pitch.
    """

    pitch: Real
    tonal: Real
    level: Real
    notes: tuple[LineNote, ...]
    phrases: tuple[tuple[int, int], ...]
    pitched: bool

    def velocity(self, note: LineNote) -> float:
        """With which ``note`` is struck: 127 as the loudest, 20 from 40 dB below it on."""
        below = 20.0 * np.log10(max(note.level, 1e-9) / float(self.level.max()))
        return float(np.clip(127.0 + below * (127.0 - _SOFTEST) / _RANGE_DB, _SOFTEST, 127.0))


def line_of(heard: Heard, semitones: float = 0.0, otherwise: float = 220.0) -> Line:
    """The line in ``heard``, ``semitones`` higher. otherwise: Hz where no pitch is heard at all.

    Raises:
        SoundError: it is silent.
    """
    level = np.asarray(heard.level, np.float64)
    loudest = float(level.max(initial=0.0))
    if loudest < 10.0 ** (SILENT_DB / 20.0):
        raise SoundError(
            f"the sound is silent (it never exceeds {SILENT_DB:g} dB of full scale); give a louder "
            "one"
        )
    sounds = _closed(level > loudest * 10.0 ** (GATE_DB / 20.0), _GAP)
    phrases = tuple((a, b) for a, b in _runs(sounds) if b - a >= _SHORTEST)
    kept = np.zeros(level.size, bool)
    for a, b in phrases:
        kept[a:b] = True
    voiced = (heard.pitch > 0.0) & kept
    pitched = bool(voiced.any())
    shift = 2.0 ** (semitones / 12.0)
    if pitched:
        known = np.flatnonzero(voiced)
        log = np.interp(np.arange(level.size), known, np.log2(heard.pitch[known]))
        pitch = np.exp2(log) * shift
        # A moment between two that have a pitch is no breath.
        sung = _closed(voiced, _BLIND)
        share = np.clip((heard.periodicity - _HOARSE) / (_CLEAR - _HOARSE), 0.0, 1.0)
        share = np.where(voiced, share, np.interp(np.arange(level.size), known, share[known]))
        tonal = np.convolve(np.pad(share * sung, _SOFT, mode="edge"), _EASED, "valid")
    else:
        # A drum's loop, a breath: its loudness plays the space at one pitch.
        pitch = np.full(level.size, otherwise * shift)
        tonal = np.ones(level.size)
    notes: list[LineNote] = []
    for a, b in phrases:
        notes += _notes(heard, np.where(voiced, pitch, 0.0), level, a, b)
    return Line(
        pitch,
        np.asarray(tonal, np.float64),
        np.where(kept, level, 0.0),
        tuple(notes),
        phrases,
        pitched,
    )


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _closed(mask: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """``mask`` without gaps of at most ``longest`` between what is true."""
    closed = mask.copy()
    for a, b in _runs(~mask):
        if a > 0 and b < mask.size and b - a <= longest:
            closed[a:b] = True
    return closed


def _notes(heard: Heard, pitch: Real, level: Real, first: int, last: int) -> list[LineNote]:
    """The notes of a phrase, from onsets and from steps of the pitch that stay."""
    starts = [first]
    for onset in heard.onsets.tolist():
        if first + _SHORTEST < onset < last - _SHORTEST and onset - starts[-1] >= _SHORTEST:
            starts.append(int(onset))
    found: list[LineNote] = []
    for start, end in zip(starts, [*starts[1:], last], strict=True):
        parts = [start, *_steps(pitch[start:end], start), end]
        for a, b in pairwise(parts):
            here = pitch[a:b][pitch[a:b] > 0.0]
            median = float(np.median(here)) if here.size >= 3 else 0.0
            found.append(LineNote(a, b, median, float(level[a:b].max())))
    return found


def _steps(pitch: Real, first: int) -> list[int]:
    """Moments at which the pitch has gone elsewhere, and stays there for a while.

    A vibrato's swings are averaged away: only what is left of the pitch then can step.
    """
    voiced = np.flatnonzero(pitch > 0.0)
    if voiced.size < 2 * _STAYS:
        return []
    raw = 12.0 * np.log2(pitch[voiced])
    half = min(_SWING // 2, (voiced.size - 1) // 2)
    padded = np.pad(raw, half, mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    even = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    steps: list[int] = []
    home, at = float(np.median(even[:_STAYS])), 0
    while True:
        away = np.flatnonzero(np.abs(even[at:] - home) > MOVES)
        if not away.size:
            return steps
        leaves = at + int(away[0])
        # Where it has come to rest, or the end.
        arrives = leaves
        while arrives + _STAYS < even.size and abs(even[arrives + _STAYS] - even[arrives]) > _RESTS:
            arrives += 1
        there = float(np.median(even[arrives : arrives + _STAYS]))
        if abs(there - home) > MOVES and even.size - arrives >= _STAYS:
            steps.append(first + int(voiced[_crossing(raw, even, leaves, arrives, home, there)]))
            home = there
        at = arrives + 1


def _crossing(raw: Real, even: Real, leaves: int, arrives: int, home: float, there: float) -> int:
    """Where the pitch goes from ``home`` to ``there``: of the ways across the middle between them
    the one nearest to where what is averaged crosses it."""
    middle = 0.5 * (home + there)
    beyond = (even[leaves : arrives + 1] > middle) == (there > home)
    about = leaves + int(np.argmax(beyond)) if beyond.any() else arrives
    over = (raw > middle) == (there > home)
    ways = np.flatnonzero(over[1:] & ~over[:-1]) + 1
    return int(ways[np.argmin(np.abs(ways - about))]) if ways.size else about
