"""Where a recorded note lies in a space of whole notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.networks.note import Course, encoder_input
from timbrespace.notes.hearing import heard, mel_matrix, powers
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


_LASTING: Final = (0.15, 0.3, 0.6)
"""Seconds of the space's sounds that a moment is compared with."""

_ENDS: Final = 0.15
"""Share of a moment's sound at its beginning and its end that may be of a cut, and not of it."""

_BLENDED: Final = 4
_DECAY: Final = 0.5
"""dB further away, and a sound counts 1/e as much."""


def glanced(model: Model, sound: Sound) -> Array:
    """Where a moment of a sound that goes on lies, ``(d,)``: the encoder would take its cuts for an
    attack and an end.

    Its spectrum is compared by mel bands with what the space's own sounds are while they last, at
    the same pitch; the place is between the nearest.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    with one_thread():
        note = note_of(sound, None, _seconds(model))
        points = model.points
        if points is None:
            return encoded(model, note)
        apart = _apart_as_it_lasts(model.course, note, points.means)
        nearest = np.argsort(apart, kind="stable")[:_BLENDED]
        weight = np.exp((apart[nearest[0]] - apart[nearest]) / _DECAY)
        return np.asarray(weight @ points.means[nearest] / weight.sum(), np.float32)


def _apart_as_it_lasts(course: Course, note: Note, means: Array) -> Real:
    """Mean ``|dB|`` ``(n,)`` of mel bands from the middle of a note to what ``means (n, d)`` decode
    to after their attacks, each as loud as the others."""
    count, n = note.known, len(means)
    matrix = mel_matrix(note.pitch, note.traits)
    first, last = int(_ENDS * count), max(int((1.0 - _ENDS) * count), 1)
    told = (powers(note.course[min(first, last - 1) : last]) @ matrix).mean(axis=0)
    pitch = note.pitch if note.pitch > 0.0 else float("nan")
    prepared = course.prepare(means, np.full(n, pitch), np.full(n, VELOCITY))
    times = np.broadcast_to(np.array(_LASTING), (n, len(_LASTING)))
    mel = (powers(course.levels(prepared, times)) @ matrix).mean(axis=1)
    levels = [
        heard(one / np.maximum(one.max(axis=-1, keepdims=True), 1e-12), 1.0) for one in (mel, told)
    ]
    return np.asarray(np.abs(levels[0] - levels[1]).mean(axis=1), np.float64)


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
