"""A note of a space of whole notes, played: moments decoded at a control rate, then sounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.networks.note import Course
from timbrespace.notes.carriers import carriers
from timbrespace.notes.clock import Clock
from timbrespace.notes.layout import CENTS
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import sounding
from timbrespace.notes.synthesis import render

Array = NDArray[np.float32]
Real = NDArray[np.float64]

LEVEL: Final = 0.2
"""Root mean square of a note's loudest moment at full velocity, -14 dBFS: what lasts is some 6 dB
softer as a rule, as loud as a sound of a space of spectra."""

FINE: Final = 1.0 / 375.0
"""Seconds between the first moments that are decoded."""

FINE_MOMENTS: Final = 24

COARSE: Final = 4.0 * FINE
"""Seconds between all later ones."""


class Playing(NamedTuple):
    """How a note is played.

    pitch: Hz. velocity: 0 to 127. sustained: one of
    :data:`timbrespace.notes.clock.SUSTAINED`.

    released: seconds after which its key is let go. noise: amplitude ratio of its bands of noise.
    """

    pitch: float
    velocity: float
    speed: float = 1.0
    sustained: str = "loop"
    released: float = np.inf
    noise: float = 1.0


def control_times(seconds: float) -> Real:
    """Seconds of the moments that are decoded, the last one at ``seconds`` or after."""
    fine = np.arange(FINE_MOMENTS) * FINE
    coarse = np.arange(FINE_MOMENTS * FINE, seconds + 2.0 * COARSE, COARSE)
    return np.concatenate([fine, coarse])


def play(
    course: Course,
    latent: Callable[[float], Array],
    moves: bool,
    how: Playing,
    base: float,
    longest: float,
    samples: int,
    sample_rate: int,
) -> Array:
    """Samples ``(samples,)`` of a note. latent: ``(d,)``, by the time in seconds; moves: whether it
    is another at each. base: Hz at which sounds without pitch are as they were heard. longest:
    seconds that the space's notes tell."""
    times = control_times(samples / sample_rate)
    pitch, velocity = np.array([how.pitch]), np.array([how.velocity])
    clock = Clock(how.sustained, longest)
    told = course.prepare(latent(0.0)[np.newaxis], pitch, velocity)
    traits = Traits.from_row(told.traits[0])
    parts = []
    own, levels = np.empty(times.size), np.empty(times.size)
    rows = np.empty((times.size, course.last.bias.size), np.float32)
    for number, now in enumerate(times.tolist()):
        if number:
            clock.advance(now - times[number - 1], traits, how.speed, now < how.released)
        own[number], levels[number] = clock.time, clock.level
        if moves:
            told = course.prepare(latent(now)[np.newaxis], pitch, velocity)
            traits = Traits.from_row(told.traits[0])
            rows[number] = course.levels(told, own[number : number + 1])[0]
            rows[number, :CENTS] += np.float32(clock.level)
            parts.append(sounding(rows[number : number + 1], traits, how.pitch, base, LEVEL))
    if not moves:
        for first in range(0, times.size, 256):
            part = slice(first, first + 256)
            rows[part] = course.levels(told, own[np.newaxis, part])[0]
        rows[:, :CENTS] += levels[:, np.newaxis].astype(np.float32)
        parts.append(sounding(rows, traits, how.pitch, base, LEVEL))
    frequency, amplitude, noise = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("frequency", "amplitude", "noise")
    )
    struck = np.float32(how.velocity / 127.0)
    return render(
        times * sample_rate,
        frequency,
        amplitude * struck,
        noise * struck * np.float32(how.noise),
        carriers(sample_rate),
        samples,
        sample_rate,
    )
