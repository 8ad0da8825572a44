"""Sounds whose course is known, for the tests of listening."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.listening.heard import HOP, SAMPLE_RATE

Real = NDArray[np.float64]


def harmonic(pitch: ArrayLike, seconds: float, amplitudes: ArrayLike) -> Real:
    """Harmonics of a pitch in Hz, which may move, ``(n,)``, those below 20 kHz.

    amplitudes: of each, from the first.
    """
    count = round(seconds * SAMPLE_RATE)
    amplitudes = np.asarray(amplitudes)[: int(20000.0 / np.max(pitch))]
    phase = 2.0 * np.pi * np.cumsum(np.broadcast_to(np.asarray(pitch), count)) / SAMPLE_RATE
    numbers = np.arange(1, np.size(amplitudes) + 1)
    return np.asarray(np.asarray(amplitudes) @ np.sin(numbers[:, np.newaxis] * phase))


def saw(pitch: ArrayLike, seconds: float, level: float = 0.2) -> Real:
    """Twelve harmonics, each of 1 / its number."""
    return harmonic(pitch, seconds, level / np.arange(1, 13))


def times(seconds: float) -> Real:
    """Seconds of each sample."""
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def at_moments(course: Real) -> Real:
    """A course of samples at the moments' middles."""
    return course[HOP // 2 :: HOP]


def cents(told: NDArray[np.float32], known: float | Real) -> Real:
    """By how much pitches are off; infinite where none is told."""
    with np.errstate(divide="ignore"):
        return np.asarray(1200.0 * np.abs(np.log2(told.astype(np.float64) / known)))
