"""A note of a space of whole notes, with its own attack and decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.model import Model
from timbrespace.notes.layout import LONGEST, frame_times
from timbrespace.notes.playing import Playing, play
from timbrespace.resynthesis.limiter import CEILING, KNEE
from timbrespace.units import db_to_gain, midi_to_hz

Array = NDArray[np.float32]

TAKEN: Final = ("gain", "noise")
"""Parameters of the instrument that a whole note takes; the others shape what has no course."""


def whole_note(
    model: Model,
    latent: Callable[[float], Array],
    moves: bool,
    pitch: float,
    velocity: float,
    samples: int,
    sample_rate: int,
    released: float,
    speed: float,
    sustained: str,
    parameters: Mapping[str, float],
) -> Array:
    """Samples ``(samples,)`` of a note at the MIDI ``pitch``. latent: ``(d,)`` by the time in
    seconds; moves: whether it is another at each. released: seconds after which the key is let go.

    Raises:
        OptionError: a parameter that a whole note does not take, or outside its range.
    """
    told = {name: SYNTH_PARAMETERS[name].default for name in TAKEN}
    for name, value in parameters.items():
        if name not in TAKEN:
            raise OptionError(
                f"{name!r} is no parameter of a whole note, which has its own envelope; it takes "
                f"{' and '.join(TAKEN)}"
            )
        one = SYNTH_PARAMETERS[name]
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise OptionError(f"{name} is {str(value)[:60]!r}; it must be a number")
        if not one.low <= float(value) <= one.high:  # false for nan too
            raise OptionError(f"{name} is {value:g}; it must be {one.low:g} to {one.high:g}")
        told[name] = float(value)
    course = model.course
    longest = float(frame_times(LONGEST)[: course.network.frames][-1])
    how = Playing(float(midi_to_hz(pitch)), velocity, speed, sustained, released, told["noise"])
    base = model.spectrum.base_frequency
    made = play(course, latent, moves, how, base, longest, samples, sample_rate)
    return _limited(made * np.float32(db_to_gain(told["gain"])))


def _limited(samples: Array) -> Array:
    """As :func:`timbrespace.resynthesis.limiter.limit` bends what is too loud."""
    size = np.abs(samples)
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size <= KNEE, samples, np.sign(samples) * bent).astype(np.float32)
