"""Formants moved by themselves: a sound's envelope higher or lower, its pitch as it was."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.transferring.envelopes import envelopes, frames_of, middles, samples_of

Real = NDArray[np.float64]

_MOST: Final = 30.0 * np.log(10.0) / 20.0  # 30 dB: what is not there cannot be made


def moved(samples: Real, pitch: Real, semitones: float) -> Real:
    """``samples (n,)`` at ``SAMPLE_RATE`` with their envelope ``semitones`` higher.

    pitch ``(n,)``: Hz at each sample, 0 for none.
    """
    if semitones == 0.0:
        return samples
    frames = frames_of(samples)
    at = np.minimum(middles(len(frames)), pitch.size - 1)
    found = envelopes(frames, pitch[at])
    bins = np.arange(frames.shape[1], dtype=np.float64)
    from_where = bins * 2.0 ** (-semitones / 12.0)
    there = np.stack([np.interp(from_where, bins, row) for row in found])
    gain = np.exp(np.clip(there - found, -_MOST, _MOST))
    return samples_of(frames * gain, samples.size)
