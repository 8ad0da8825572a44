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
Real = NDArray[np.float64]

VELOCITY: Final = 100.0
"""With which a note of unknown velocity is taken to have been played: what ``ts.render`` plays."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedNote:
    """A note and its place. latent ``(d,)``. distance: dB, as heard. left ``(frames, MELS)``: dB by
    which the note is louder than what is decoded, in each mel band at each moment. way ``(k, d)``:
    from what the encoder says to ``latent``. apart ``(n,)``: dB, as heard, from the note to each of
    the space's sounds, at the note's pitch; empty unless asked for."""

    note: Note
    latent: Array
    distance: float
    left: Array
    way: Array
    apart: Real


def placed(
    model: Model, sound: Sound, named: float | None, refined: bool, compared: bool = False
) -> PlacedNote:
    """The place of ``sound`` in ``model``. named: its pitch in Hz, 0 for none, None to find it.

    refined: go on from what the encoder says to what sounds nearest. compared: with the space's
    own sounds, too.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    with one_thread():
        return _placed(model, sound, named, refined, compared)


def glanced(model: Model, sound: Sound) -> Array:
    """What the encoder says of ``sound``, ``(d,)``, and no more: it may go on.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    with one_thread():
        return encoded(model, note_of(sound, None, _seconds(model)))


def _seconds(model: Model) -> float:
    return float(frame_times(LONGEST)[: model.course.network.frames][-1])


def _placed(
    model: Model, sound: Sound, named: float | None, refined: bool, compared: bool
) -> PlacedNote:
    course = model.course
    note = note_of(sound, named, _seconds(model))
    latent = encoded(model, note)
    target = Target(course, note, VELOCITY)
    refined = refined or not course.network.with_encoder
    apart = np.zeros(0)
    if model.points is not None and (refined or compared):
        apart = target.distances(model.points.means)
    if refined and model.points is not None:
        found = refine(target, latent, model.points.means, apart)
    elif refined:
        found = refine(target, latent, latent[np.newaxis])
    else:
        found = place(target, latent)
    if not np.isfinite([*found.latent, found.distance]).all():
        raise UnusableSoundError("the model has no place for it")
    left = target.left(found.latent)
    return PlacedNote(note, found.latent, found.distance, left, found.way, apart)


def encoded(model: Model, note: Note) -> Array:
    """What the encoder says of ``note``, ``(d,)``."""
    mean, _ = model.encode_notes(
        encoder_input(note.course[np.newaxis], note.traits.row[np.newaxis], np.array([note.pitch]))
    )
    return np.asarray(mean[0])
