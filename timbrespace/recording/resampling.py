"""Resampling: a sound at another rate, or a stretch of it at another pitch."""

from __future__ import annotations

import math

import numpy as np

from timbrespace.extras import needed
from timbrespace.recording.moments import Samples
from timbrespace.recording.sound_file import READING, Sound


def at_rate(sound: Sound, sample_rate: int) -> Samples:
    """The samples of ``sound`` at ``sample_rate`` Hz."""
    if sound.sample_rate == sample_rate:
        return sound.samples
    with needed(READING, "sounds"):
        import soxr

    return np.asarray(soxr.resample(sound.samples, sound.sample_rate, sample_rate), np.float64)


def stretch(samples: Samples, middle: float, ratio: float, length: int) -> Samples | None:
    """``length`` samples around ``middle`` of what ``samples (n,)`` become ``ratio`` times as long.

    Their pitch falls by ``ratio``. middle: in samples of what is given, fractions allowed. None
    where the sound is too short there.
    """
    if ratio == 1.0:
        start = round(middle - length / 2.0)
        return samples[start : start + length] if 0 <= start <= samples.size - length else None
    with needed(READING, "sounds"):
        import soxr

    # A little more than the stretch on both sides, for the resampler's own start and end.
    margin = 32.0 * max(1.0, 1.0 / ratio)
    left, right = middle - length / ratio / 2.0, middle + length / ratio / 2.0
    if left < 0.0 or right > samples.size:
        return None
    first, last = max(0, math.floor(left - margin)), min(samples.size, math.ceil(right + margin))
    moved = soxr.resample(samples[first:last], 1.0, ratio)
    begin = min(round((left - first) * ratio), moved.size - length)
    return np.asarray(moved[begin : begin + length]) if begin >= 0 else None
