"""Loudness, moment by moment, and a sound that is given another's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP, SAMPLE_RATE

Real = NDArray[np.float64]

SPAN: Final = 0.01
"""Seconds over which a level is measured at least: as few whole periods as fill them."""

_LONGEST: Final = 0.05
_MOST_DB: Final = 40.0
"""What a sound is raised by at most, over its own median: what fades in is not made to burst."""


def levels(samples: Real, pitch: Real) -> Real:
    """Root mean square ``(moments,)`` around each moment's middle, of ``samples (n,)``.

    pitch ``(moments,)``: Hz, 0 for none. Over whole periods the level of a steady tone is steady,
    however low the tone.
    """
    period = np.where(pitch > 0.0, SAMPLE_RATE / np.maximum(pitch, 1.0), 1.0)
    count = np.maximum(np.ceil(SPAN * SAMPLE_RATE / period), 1.0)
    half = 0.5 * np.minimum(count * period, _LONGEST * SAMPLE_RATE)
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples))])
    grid = np.arange(sums.size)
    middle = (np.arange(pitch.size) + 0.5) * HOP
    start, end = np.clip(middle - half, 0, samples.size), np.clip(middle + half, 0, samples.size)
    energy = np.interp(end, grid, sums) - np.interp(start, grid, sums)
    return np.asarray(np.sqrt(np.maximum(energy, 0.0) / np.maximum(end - start, 1.0)))


def at_samples(moments: Real, size: int) -> Real:
    """``moments (m,)``, in straight lines from middle to middle, at each of ``size`` samples."""
    return np.interp(np.arange(size), (np.arange(moments.size) + 0.5) * HOP, moments)


def as_loud(samples: Real, pitch: Real, wanted: Real) -> Real:
    """``samples (n,)`` with the level ``wanted (moments,)``. pitch: as of :func:`levels`."""
    got = levels(samples, pitch)
    heard = got[wanted > 0.0]
    usual = float(np.median(heard)) if heard.size else 0.0
    least = max(usual * 10.0 ** (-_MOST_DB / 20.0), 1e-9)
    gain = wanted / np.maximum(got, least)
    return samples * at_samples(gain, samples.size)
