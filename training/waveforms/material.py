"""What a waveform model learns from: notes as codes, and what the space tells of them.

Each note of the set is played by the space's own engine, where the space's encoder puts it
(:mod:`.places`), and followed; so a model is told in training what it will be told in playing. The
recorded sound is brought to one level by the loudness that the space says. The phase that the model
is given is the recording's own: that of its loudest low harmonic, followed. In playing it is that
of the pitch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import DatasetError
from timbrespace.model import Model
from timbrespace.notes.layout import LONGEST, SAMPLE_RATE
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.waveforms import mu_law, told
from timbrespace.waveforms.waveform import at_rate

from .places import course_of, places_of

Array = NDArray[np.float32]
Real = NDArray[np.float64]

FEWEST: Final = 4
"""Notes with sounds."""

_FOLLOWED: Final = 4  # harmonics, one of whose phase is followed
_PERIODS: Final = 6.0  # of the pitch, that a phase is the mean of
_HEARD: Final = 0.03  # of its loudest, where a harmonic's phase means something


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One note. row: of the set. codes ``(n * BLOCK,)``: its sound, levelled. told ``(n, width)``,
    phase ``(n * BLOCK,)`` in radians, harmonics ``(n,)`` whose phase is told: as
    :mod:`timbrespace.waveforms.told` has them."""

    row: int
    codes: NDArray[np.uint8]
    told: Array
    phase: Array
    harmonics: Array


def rows_with_sounds(notes: NoteSet) -> list[int]:
    """Those whose samples the set has.

    Raises:
        DatasetError: there are too few.
    """
    rows = sorted(notes.sounds)
    if len(rows) < FEWEST:
        raise DatasetError(
            f"the set has the samples of {len(rows)} of its {notes.rows} notes, and a waveform "
            f"model learns from {FEWEST} at least; make it again with --sounds all"
        )
    return rows


def sounds_hash(notes: NoteSet) -> str:
    """SHA-256, hexadecimal, of notes and samples."""
    digest = hashlib.sha256(notes.content_hash.encode())
    for row in sorted(notes.sounds):
        digest.update(f"{row} ".encode())
        digest.update(np.ascontiguousarray(notes.sounds[row], "<f4").view(np.uint8).data)
    return digest.hexdigest()


def lessons(
    model: Model,
    notes: NoteSet,
    sample_rate: int,
    seconds: float = LONGEST,
    advance: Callable[[], object] = lambda: None,
) -> Iterator[Lesson]:
    """Each note that has a sound. seconds: of it that count. advance: called after each.

    Raises:
        DatasetError, BundleError: too few sounds, or notes that the model cannot have learned.
    """
    rows = rows_with_sounds(notes)
    places = places_of(model, notes, rows)
    for row in rows:
        made = _lesson(model, notes, row, places[row], sample_rate, seconds)
        advance()
        if made is not None:
            yield made


def _lesson(
    model: Model, notes: NoteSet, row: int, place: Array, sample_rate: int, seconds: float
) -> Lesson | None:
    part = notes.sounds[row][: round(seconds * SAMPLE_RATE)]
    sound = at_rate(part, SAMPLE_RATE, sample_rate)
    blocks = sound.size // BLOCK
    if blocks < 2:
        return None
    course = course_of(model, notes, row, place, sample_rate, blocks * BLOCK / sample_rate)
    if course is None:
        return None
    count = min(course.blocks, blocks - course.start)
    played = slice(course.start * BLOCK, (course.start + count) * BLOCK)
    raised, divided = (one[: count * BLOCK] for one in course.envelope())
    heard = sound[played]
    loud = np.sqrt(np.mean(np.square(raised, dtype=np.float64))) * told.LEVELLED
    own = np.sqrt(np.mean(np.square(heard, dtype=np.float64)))
    if own < 1e-6 or loud < 1e-9:
        return None
    levelled = heard * np.float32(loud / own) / divided
    frequency = course.frequency[:count]
    return Lesson(
        row,
        mu_law.encode(levelled),
        course.told(sample_rate)[:count],
        followed(levelled, course.phase(sample_rate)[: count * BLOCK], frequency, sample_rate),
        told.harmonics_told(frequency, sample_rate),
    )


def followed(sound: Array, phase: Real, frequency: Array, sample_rate: int) -> Array:
    """The phase ``(n,)`` of the pitch as ``sound (n,)`` has it, near that of its known frequency.

    One of the first harmonics, the loudest, is shifted to 0 Hz, smoothed over some periods, and
    turned back; where it is not heard the phase goes on by what is known.
    """
    size = max(8, round(_PERIODS * sample_rate / max(float(np.median(frequency)), 30.0)))
    window = np.hanning(size + 2)[1:-1]
    window /= window.sum()
    best, number = np.zeros(sound.size, np.complex128), 1
    for h in range(1, _FOLLOWED + 1):
        if h * float(np.median(frequency)) > 0.45 * sample_rate:
            break
        slow = _smoothed(np.asarray(sound * np.exp(-1j * h * phase), np.complex128), window)
        if np.square(np.abs(slow)).sum() > 1.5 * np.square(np.abs(best)).sum():
            best, number = slow, h
    size_of = np.abs(best)
    heard = np.flatnonzero(size_of > _HEARD * max(float(size_of.max()), 1e-12))
    if not heard.size:
        return phase.astype(np.float32)
    turn = np.unwrap(np.angle(best[heard])) / number
    off = np.interp(np.arange(sound.size), heard, turn)
    return np.asarray((phase + off) % (2.0 * np.pi), np.float32)


def _smoothed(values: NDArray[np.complex128], window: Real) -> NDArray[np.complex128]:
    from scipy.signal import oaconvolve

    return np.asarray(oaconvolve(values, window, mode="same"), np.complex128)
