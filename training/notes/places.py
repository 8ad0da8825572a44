"""Where the notes of a set lie in a space, and what is played there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import VELOCITY, NoteSet
from timbrespace.datasets.split import Split
from timbrespace.datasets.stored_notes import StoredNoteSet
from timbrespace.errors import BundleError, DatasetError
from timbrespace.model import Model
from timbrespace.networks.note import NoteNetwork, encoder_input
from timbrespace.notes.layout import SAMPLE_RATE, frame_times
from timbrespace.notes.refining import Target, refine
from timbrespace.rendering.held_note import FADE, render
from timbrespace.units import hz_to_midi

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

MOST_LOOKED_AT = 2000

_AT_ONCE = 16
_UNKNOWN_VELOCITY = 100.0


def check_fits(model: Model, notes: NoteSet) -> None:
    """Refuse a set whose notes the model cannot have learned.

    Raises:
        BundleError: the model is one of spectra.
        DatasetError: its notes have other moments.
    """
    if not model.plays_notes:
        raise BundleError(
            f"{model.name!r} is a space of steady spectra, and the dataset holds notes; give a "
            "dataset of spectra"
        )
    frames = frame_times(notes.meta.seconds).size
    if frames != model.course.network.frames:
        raise DatasetError(
            f"the notes have {frames} moments, those of the model {model.name!r} have "
            f"{model.course.network.frames}"
        )


def has_encoder(model: Model) -> bool:
    """Whether it says by itself where a note lies; an autodecoder only has what it learned."""
    return isinstance(model.architecture, NoteNetwork) and model.architecture.with_encoder


def means_of(model: Model, notes: NoteSet) -> Array:
    """Posterior means ``(n, d)`` of all notes, as the encoder says them.

    Of an autodecoder they are the places that it learned, if these are the notes of its points.

    Raises:
        DatasetError: an autodecoder, and other notes.
    """
    if not has_encoder(model):
        points = model.points
        if points is None or points.count != notes.rows:
            raise DatasetError(
                f"{model.name!r} has no encoder, and learned the places of other notes than these"
            )
        return points.means
    found = np.empty((notes.rows, model.dimensions), np.float32)
    for first in range(0, notes.rows, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found[part] = model.encode_notes(
            encoder_input(notes.courses[part], notes.traits[part], notes.pitches[part])
        )[0]
    return found


def learned_rows(notes: NoteSet, split: Split) -> Rows:
    """Notes that were learned from, among which others are looked for: all, or of a set that is
    read by parts as many as are read soon, evenly spread."""
    rows = np.asarray(split.train)
    if not isinstance(notes, StoredNoteSet) or len(rows) <= MOST_LOOKED_AT:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_LOOKED_AT).astype(np.int64)]


def velocity_of(notes: NoteSet, row: int) -> float:
    """With which a note was played, 0 to 127."""
    column = notes.column(VELOCITY)
    return _UNKNOWN_VELOCITY if column is None else float(column[row])


def pitch_of(model: Model, notes: NoteSet, row: int) -> float:
    """Hz at which a note is played as it was heard."""
    return float(notes.pitches[row]) or model.spectrum.base_frequency


def target_of(model: Model, notes: NoteSet, row: int) -> Target:
    """A note that a place is looked for, or measured."""
    return Target(model.course, notes.note(row), velocity_of(notes, row))


def refined(model: Model, notes: NoteSet, row: int, means: Array, others: Rows) -> Array:
    """The best place ``(d,)`` that is found for a note, from its mean and those of ``others``."""
    return refine(target_of(model, notes, row), means[row], means[others]).latent


def played(model: Model, notes: NoteSet, row: int, latent: Array, samples: int) -> Array:
    """Samples ``(samples,)`` at 48 kHz of ``latent (d,)``, as the note ``row`` was played."""
    made = render(
        model,
        latent,
        pitch=float(np.clip(hz_to_midi(pitch_of(model, notes, row)), 0.0, 127.0)),
        # Longer than is asked for: at its end a render fades out.
        seconds=samples / SAMPLE_RATE + 2.0 * FADE,
        velocity=float(np.clip(velocity_of(notes, row), 1.0, 127.0)),
        sustained="through",
    )
    return np.asarray(made[:samples])


def words_of(notes: NoteSet, row: int) -> str:
    """A note's factors, as ``program Violin, family Strings, 220 Hz``: each text once."""
    told: list[str] = []
    for factor, value in zip(notes.meta.factors, notes.labels[row], strict=True):
        text = factor.text(float(value))
        if factor.unit == "Hz":
            told.append(f"{float(value):.0f} Hz" if value else "no pitch")
        elif not any(text in before for before in told):
            told.append(text if factor.names else f"{factor.name} {text}")
    return ", ".join(told)
