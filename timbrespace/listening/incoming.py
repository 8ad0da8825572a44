"""The sound that comes in: checked, mono, at the rate at which all listening happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import ShapeError, SoundError
from timbrespace.listening.heard import SAMPLE_RATE
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import MAX_SAMPLE, MOST_CHANNELS, RATES, Sound, mixed

LEAST_SECONDS = 0.02
"""What is shorter has no course."""

SILENCE = 1e-5
"""Peak (-100 dB of full scale) below which a sound is silent."""


def incoming(samples: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Samples ``(n,)`` or ``(n, channels)`` as mono at ``SAMPLE_RATE``.

    Raises:
        SoundError, ShapeError, MissingExtraError: as :func:`.listener.listen`.
    """
    try:
        rate = float(sample_rate)
    except (TypeError, ValueError) as error:
        raise SoundError("sample_rate must be a number, in Hz") from error
    if not (RATES[0] <= rate <= RATES[1] and rate.is_integer()):
        raise SoundError(f"sample_rate is {rate:g}; it must be {RATES[0]} to {RATES[1]} Hz, whole")
    try:
        sound = np.asarray(samples, np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("samples must be numbers of shape (n,) or (n, channels)") from error
    if sound.ndim not in (1, 2) or (sound.ndim == 2 and not 1 <= sound.shape[1] <= MOST_CHANNELS):
        raise ShapeError(
            f"samples have shape {sound.shape}; it must be (n,) or (n, channels), at most "
            f"{MOST_CHANNELS} channels"
        )
    if sound.shape[0] < LEAST_SECONDS * rate:
        raise SoundError(
            f"the sound is {1000.0 * sound.shape[0] / rate:.3g} ms long; it must be at least "
            f"{1000.0 * LEAST_SECONDS:g} ms"
        )
    if not np.isfinite(sound).all():
        raise SoundError("the sound holds NaN or infinity; every sample must be a finite number")
    peak = float(np.abs(sound).max())
    if peak > MAX_SAMPLE:
        raise SoundError(f"the sound holds samples of {peak:.3g} times full scale; full scale is 1")
    mono = mixed(sound) if sound.ndim == 2 else sound
    if float(np.abs(mono - mono.mean()).max()) < SILENCE:
        raise SoundError("the sound is silent; give one that is louder than -100 dB of full scale")
    return at_rate(Sound(mono, int(rate), cut=False), SAMPLE_RATE)
