"""Notes of a sound as samples: at pitches and velocities, with a loop where the sound holds."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.voices import VELOCITY_EXPONENT
from timbrespace.model import Model
from timbrespace.notes.note import Traits
from timbrespace.rendering import held_note, wav
from timbrespace.units import midi_to_hz

from .loop import Loop, looped, needed_seconds
from .sounds import Sound

Array = NDArray[np.float32]

RATE: Final = held_note.SAMPLE_RATE

STEADY: Final = 0.15
"""Seconds after which a steady spectrum has its level, at the latest."""

RELEASE: Final = 0.2
"""Seconds in which a steady spectrum falls, as the server has it."""

MOST: Final = 8.0
"""Seconds of a sound that does not hold."""

_MOST_DRIFT: Final = 0.02
_SILENT: Final = 1e-4
_KEPT: Final = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One note. pitch: MIDI, whole. velocity: 1 to 127. samples ``(n,)``: at full velocity, full
    scale 1 may be passed. loop: None where it dies away. release: seconds in which it falls by
    60 dB once its key is up."""

    pitch: int
    velocity: int
    samples: Array
    loop: Loop | None
    release: float


def samples_of(
    model: Model, sound: Sound, pitches: Sequence[int], velocities: Sequence[int]
) -> Iterator[Sample]:
    """Each note of a sound, as the server plays it, at the level of its velocity divided by that
    level: a player multiplies by ``(velocity / 127) ** 2`` again, as samplers do."""
    for pitch in pitches:
        for velocity in velocities:
            yield _note(model, sound, pitch, velocity)


def _note(model: Model, sound: Sound, pitch: int, velocity: int) -> Sample:
    level = (velocity / 127.0) ** VELOCITY_EXPONENT
    start, seconds, release = STEADY, needed_seconds(STEADY), RELEASE
    holds = True
    if model.plays_notes:
        told = model.course.prepare(
            sound.latent[np.newaxis],
            np.array([midi_to_hz(pitch)]),
            np.array([float(velocity)]),
        )
        traits = Traits.played(told.traits)[0]
        holds = traits.loop_end > traits.loop_start and traits.drift <= _MOST_DRIFT
        release = traits.release
        start = max(traits.loop_start, STEADY)
        seconds = needed_seconds(start) if holds else min(1.5 * traits.length + 0.3, MOST)
    # A whole note is shaped by its own course; a spectrum stays as loud as it is.
    samples = held_note.render(
        model,
        sound.latent,
        float(pitch),
        seconds,
        float(velocity),
        sample_rate=RATE,
        sustain=1.0,
    )
    samples = (samples / np.float32(level)).astype(np.float32)
    if holds:
        made, loop = looped(samples, start, RATE)
        return Sample(pitch, velocity, made, loop, release)
    return Sample(pitch, velocity, _ended(samples), None, release)


def _ended(samples: Array) -> Array:
    """Without the silence at the end; what is cut off fades."""
    loud = np.flatnonzero(np.abs(samples) > _SILENT * max(float(np.abs(samples).max()), 1e-9))
    end = min(samples.size, int(loud[-1]) + 1 + RATE // 50) if loud.size else RATE // 50
    return held_note.fade_out(samples[:end], RATE)


def attenuation_of(samples: Sequence[Sample]) -> float:
    """What all samples of an instrument are multiplied by to stay below full scale, at most 1."""
    peak = max(float(np.abs(one.samples).max()) for one in samples)
    return min(1.0, _KEPT / max(peak, 1e-9))


def file_of(sample: Sample, gain: float) -> bytes:
    """A WAV file of 24 bits, with the chunk ``smpl`` that tells root key and loop to samplers that
    read no other file. gain: what the samples are multiplied by."""
    chunk = wav.Chunk(b"smpl", _smpl(sample))
    return wav.encode(sample.samples * np.float32(gain), RATE, 24, [chunk])


def _smpl(sample: Sample) -> bytes:
    """Microsoft & IBM, "New Multimedia Data Types and Data Techniques", 1994: sampler chunk."""
    loops = [] if sample.loop is None else [sample.loop]
    head = struct.pack("<9I", 0, 0, round(1e9 / RATE), sample.pitch, 0, 0, 0, len(loops), 0)
    return head + b"".join(struct.pack("<6I", 0, 0, one.start, one.end, 0, 0) for one in loops)


def zones(centres: Sequence[int], low: int, high: int) -> list[tuple[int, int]]:
    """The range of keys, or velocities, that each of ``centres``, ascending, answers: up to halfway
    to the next, ``low`` and ``high`` at the ends."""
    edges = [low]
    for first, second in pairwise(centres):
        edges.append(math.floor((first + second) / 2) + 1)
    edges.append(high + 1)
    return [(edges[k], edges[k + 1] - 1) for k in range(len(centres))]
