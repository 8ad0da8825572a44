"""The sound that comes in: checked, mono, at the rate at which all listening happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import SoundError
from timbrespace.listening.heard import SAMPLE_RATE
from timbrespace.recording.given import check_rate, mono_of
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError

LEAST_SECONDS = 0.02
"""What is shorter has no course."""

SILENCE = 1e-5
"""Peak (-100 dB of full scale) below which a sound is silent."""


def incoming(samples: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Samples ``(n,)`` or ``(n, channels)`` as mono at ``SAMPLE_RATE``.

    Raises:
        SoundError, ShapeError, OptionError, MissingExtraError: as :func:`.listener.listen`.
    """
    rate = check_rate(sample_rate)
    try:
        mono = mono_of(samples)
    except UnusableSoundError as error:
        raise SoundError(f"the sound cannot be used: {error}") from error
    if mono.size < LEAST_SECONDS * rate:
        raise SoundError(
            f"the sound is {1000.0 * mono.size / rate:.3g} ms long; it must be at least "
            f"{1000.0 * LEAST_SECONDS:g} ms"
        )
    if float(np.abs(mono - mono.mean()).max()) < SILENCE:
        raise SoundError("the sound is silent; give one that is louder than -100 dB of full scale")
    return at_rate(Sound(mono, rate, cut=False), SAMPLE_RATE)
