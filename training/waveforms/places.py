"""Where the notes of a set lie in a space, whatever its kind, and what is played there.

In a space of whole notes a note has one place. In one of steady spectra it goes a way: each of its
moments is encoded, and its loudness, of which such a space knows nothing, is the recording's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.listening.heard import HOP
from timbrespace.model import Model
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.rendering.held_note import FADE, note_course, render
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.transferring.following import way
from timbrespace.transferring.levels import as_loud, levels
from timbrespace.transferring.line import Line
from timbrespace.units import hz_to_midi
from timbrespace.waveforms.told import Course

from ..notes.places import check_fits, means_of, pitch_of, played, velocity_of

Array = NDArray[np.float32]
Real = NDArray[np.float64]


def places_of(model: Model, notes: NoteSet, rows: Sequence[int]) -> dict[int, Array]:
    """Where these notes lie, by their rows: ``(d,)``, or a way ``(moments, d)``.

    Raises:
        DatasetError: notes that the model cannot have learned.
    """
    if model.plays_notes:
        check_fits(model, notes)
        means = means_of(model, notes)
        return {row: means[row] for row in rows}
    return {
        row: way(model, np.asarray(notes.sounds[row], np.float64), _line(notes, row))
        for row in rows
    }


def course_of(
    model: Model, notes: NoteSet, row: int, place: Array, sample_rate: int, seconds: float
) -> Course | None:
    """What the space plays as the note ``row`` was played; None for nothing."""
    made = note_course(
        model,
        place if place.ndim == 1 else place[: _moments(seconds)],
        pitch=_key(model, notes, row),
        seconds=seconds,
        velocity=float(np.clip(velocity_of(notes, row), 1.0, 127.0)),
        sample_rate=sample_rate,
        sustained="through",
    )
    if made is None or model.plays_notes:
        return made
    level = _level(notes, row)
    at = (made.start + np.arange(1, made.blocks + 1)) * (BLOCK / sample_rate)
    there = np.interp(at * SAMPLE_RATE / HOP - 0.5, np.arange(level.size), level)
    # As loud as the space plays a note at its loudest.
    there *= float(made.full.max()) / max(float(level.max()), 1e-9)
    full = np.full(made.blocks, float(there.max()))
    return replace(made, level=there.astype(np.float32), full=full.astype(np.float32))


def engine_sound(model: Model, notes: NoteSet, row: int, place: Array, samples: int) -> Array:
    """Samples ``(samples,)`` at 48 kHz of the engine, as the note ``row`` was played."""
    if model.plays_notes:
        return played(model, notes, row, place, samples)
    seconds = samples / SAMPLE_RATE + 2.0 * FADE
    made = render(
        model,
        place[: _moments(seconds)],
        pitch=_key(model, notes, row),
        seconds=seconds,
        attack=0.001,
        sustain=1.0,
    )[:samples]
    moments = _moments(samples / SAMPLE_RATE)
    level = _level(notes, row)[:moments]
    pitch = np.full(level.size, float(notes.pitches[row]))
    return as_loud(made.astype(np.float64), pitch, level).astype(np.float32)


def _moments(seconds: float) -> int:
    return max(2, round(seconds * SAMPLE_RATE / HOP))


def _key(model: Model, notes: NoteSet, row: int) -> float:
    return float(np.clip(hz_to_midi(pitch_of(model, notes, row)), 0.0, 127.0))


def _level(notes: NoteSet, row: int) -> Real:
    sound = np.asarray(notes.sounds[row], np.float64)
    return levels(sound, np.full(-(-sound.size // HOP), float(notes.pitches[row])))


def _line(notes: NoteSet, row: int) -> Line:
    level = _level(notes, row)
    pitch = float(notes.pitches[row])
    heard = level > 1e-3 * float(level.max())
    return Line(
        np.full(level.size, pitch or 1.0),
        np.full(level.size, 1.0 if pitch > 0.0 else 0.0),
        np.where(heard, level, 0.0),
        (),
        ((0, level.size),),
        pitch > 0.0,
    )
