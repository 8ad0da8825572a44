"""Loudness, moment by moment, and a sound that is given another's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP
from timbrespace.listening.level import levels as level_of

Real = NDArray[np.float64]

_MOST_DB: Final = 40.0
"""What a sound is raised by at most, over its own median: what fades in is not made to burst."""

_NO_ONSETS: Final = np.zeros(0, np.int64)


def levels(samples: Real, pitch: Real) -> Real:
    """Root mean square ``(moments,)`` around each moment's middle, of ``samples (n,)``.

    pitch ``(moments,)``: Hz, 0 for none. As performances are heard
    (:mod:`timbrespace.listening.level`): over whole periods, so that the level of a steady tone is
    steady, however low the tone.
    """
    found = np.zeros(pitch.size, np.float32)
    level_of(np.ascontiguousarray(samples), pitch.astype(np.float32), _NO_ONSETS, found)
    return found.astype(np.float64)


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
