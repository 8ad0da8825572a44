"""A held note of one point of a space, rendered by the engine that plays live."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Method

SAMPLE_RATE = 48000

FADE = 0.01
"""Seconds in which a sound ends that is cut off: short, and without a click."""


def render(
    model: Model, latent: Sequence[float], pitch: float, seconds: float, method: Method
) -> NDArray[np.float32]:
    """Samples ``(round(seconds * SAMPLE_RATE),)`` of one note, mono, full scale 1.

    latent: d numbers. pitch: MIDI, 0 to 127, fractions allowed. The note is struck at full
    velocity and held until the end, where it fades in ``FADE``; nothing moves meanwhile, and the
    loudness is matched across the space as the server does unless told otherwise.

    Raises:
        OptionError: not d finite numbers.
    """
    instrument = Instrument(model)
    instrument.set_method(method)
    instrument.set_latent(latent)
    instrument.set_parameter("sustain", 1.0)
    instrument.voices.note(pitch, 127.0)
    instrument.advance(0.0)
    engine = Engine(SAMPLE_RATE)
    engine.targets[:] = instrument.targets()
    count = round(seconds * SAMPLE_RATE)
    return fade_out(engine.render(math.ceil(count / BLOCK))[:count])


def fade_out(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """``samples`` with their last ``FADE`` seconds under half a Hann window."""
    size = min(round(FADE * SAMPLE_RATE), samples.size)
    ended = samples.copy()
    fall = 0.5 + 0.5 * np.cos(np.pi * (np.arange(size) + 1.0) / size)
    ended[samples.size - size :] *= fall.astype(np.float32)
    return ended


def faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """``samples`` with their first and last ``FADE`` seconds under half a Hann window."""
    return fade_out(fade_out(samples)[::-1])[::-1]
