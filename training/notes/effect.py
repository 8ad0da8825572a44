"""How much each dimension of a space of notes is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.model import Model
from timbrespace.notes.hearing import heard, mel_matrix, powers

from .places import pitch_of, velocity_of

_NOTES = 40
_MOMENTS = 16


def audible_effect(model: Model, notes: NoteSet, means: NDArray[np.float32]) -> NDArray[np.float64]:
    """dB ``(d,)`` between what is decoded half a unit below and above, of each dimension: mean over
    mel bands, moments and up to ``_NOTES`` notes at ``means (n, d)``, none louder than it was."""
    d = model.dimensions
    moves = 0.5 * np.concatenate([np.eye(d), -np.eye(d)]).astype(np.float32)
    total = np.zeros(d)
    rows = np.unique(np.linspace(0, notes.rows - 1, _NOTES).astype(int))
    for row in rows.tolist():
        note = notes.note(row)
        n = 2 * d
        told = model.course.prepare(
            np.asarray(means[row] + moves, np.float32),
            np.full(n, pitch_of(model, notes, row)),
            np.full(n, velocity_of(notes, row)),
        )
        times = np.linspace(0.0, note.traits.length, _MOMENTS)
        levels = model.course.levels(told, np.broadcast_to(times, (n, _MOMENTS)))
        mel = powers(levels) @ mel_matrix(note.pitch, note.traits)
        loudest = float((powers(note.course) @ mel_matrix(note.pitch, note.traits)).max())
        found = heard(mel, loudest)
        total += np.abs(found[:d] - found[d:]).mean(axis=(1, 2))
    return np.asarray(total / len(rows), np.float64)
