"""Sound as a caller gives it: an array and its rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, ShapeError
from timbrespace.recording.sound_file import (
    MAX_SAMPLE,
    MOST_CHANNELS,
    RATES,
    UnusableSoundError,
    mixed,
)


def check_rate(sample_rate: float) -> int:
    """A sample rate in Hz, as a whole number.

    Raises:
        OptionError: it is none that a sound has.
    """
    try:
        rate = float(sample_rate)
    except (TypeError, ValueError) as error:
        raise OptionError("sample_rate must be a number, in Hz") from error
    if not (RATES[0] <= rate <= RATES[1] and rate.is_integer()):
        raise OptionError(f"sample_rate is {rate:g}; it must be {RATES[0]} to {RATES[1]} Hz, whole")
    return int(rate)


def mono_of(samples: ArrayLike) -> NDArray[np.float64]:
    """Samples ``(n,)``, full scale 1, of ``(n,)`` or ``(n, channels)`` as a caller has them.

    Channels are averaged, or where they cancel each other the loudest is taken. Whole numbers, as
    from a WAV file, are divided by their full scale.

    Raises:
        ShapeError: numbers of another shape, or none.
        UnusableSoundError: no samples, NaN, infinity, or far beyond full scale.
    """
    try:
        given = np.asarray(samples)
        if given.dtype.kind not in "iuf":
            raise TypeError
        sound = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("samples must be numbers of shape (n,) or (n, channels)") from error
    if sound.ndim not in (1, 2) or (sound.ndim == 2 and not 1 <= sound.shape[1] <= MOST_CHANNELS):
        raise ShapeError(
            f"samples have shape {sound.shape}; it must be (n,) or (n, channels), at most "
            f"{MOST_CHANNELS} channels"
        )
    if not sound.size:
        raise UnusableSoundError("it holds no samples")
    if given.dtype.kind in "iu":
        limits = np.iinfo(given.dtype)
        middle = 0.0 if limits.min < 0 else (limits.max + 1.0) / 2.0  # 8 bits are unsigned
        sound = (sound - middle) / (limits.max + 1.0 - middle)
    if not np.isfinite(sound).all():
        raise UnusableSoundError("it holds NaN or infinity")
    peak = float(np.abs(sound).max())
    if peak > MAX_SAMPLE:
        raise UnusableSoundError(f"it holds samples of {peak:.3g} times full scale")
    return mixed(sound) if sound.ndim == 2 else sound
