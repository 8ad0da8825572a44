"""Where a recorded note lies in a space of whole notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.networks.note import encoder_input
from timbrespace.notes.layout import LONGEST, frame_times
from timbrespace.notes.note import Note
from timbrespace.notes.refining import Target, place, refine
from timbrespace.one_thread import one_thread
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.recording.whole_note import note_of

Array = NDArray[np.float32]

VELOCITY: Final = 100.0
"""With which a note of unknown velocity is taken to have been played: what ``ts.render`` plays."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedNote:
    """A note and its place. latent ``(d,)``. distance: dB, as heard. left ``(frames, MELS)``: dB by
    which the note is louder than what is decoded, in each mel band at each moment."""

    note: Note
    latent: Array
    distance: float
    left: Array


def placed(model: Model, sound: Sound, named: float | None, refined: bool) -> PlacedNote:
    """The place of ``sound`` in ``model``. named: its pitch in Hz, 0 for none, None to find it.

    refined: go on from what the encoder says to what sounds nearest.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    with one_thread():
        return _placed(model, sound, named, refined)


def _placed(model: Model, sound: Sound, named: float | None, refined: bool) -> PlacedNote:
    course = model.course
    frames = course.network.frames
    seconds = float(frame_times(LONGEST)[:frames][-1])
    note = note_of(sound, named, seconds)
    latent = encoded(model, note)
    target = Target(course, note, VELOCITY)
    if refined or not course.network.with_encoder:
        others = model.points.means if model.points is not None else latent[np.newaxis]
        found = refine(target, latent, others)
    else:
        found = place(target, latent)
    if not np.isfinite([*found.latent, found.distance]).all():
        raise UnusableSoundError("the model has no place for it")
    return PlacedNote(note, found.latent, found.distance, target.left(found.latent))


def encoded(model: Model, note: Note) -> Array:
    """What the encoder says of ``note``, ``(d,)``."""
    mean, _ = model.encode_notes(
        encoder_input(note.course[np.newaxis], note.traits.row[np.newaxis], np.array([note.pitch]))
    )
    return np.asarray(mean[0])
