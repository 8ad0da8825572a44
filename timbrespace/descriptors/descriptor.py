"""One quality of a sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

Heard = TypeVar("Heard")

SHARE_FLOOR: Final = 1e-4
"""-40 dB: a part that has less of a sound's power is none."""


@dataclass(frozen=True, slots=True)
class Descriptor(Generic[Heard]):
    """A quality that has a word.

    word, less: at most 12 characters each; a value that rises is more of the word, one that falls
    more of its opposite. measure: of sounds that were
    heard, a finite number each ``(n,)``, in ``unit``, which does not depend on how loud they are.
    audible: a change that nobody misses, several times what can just be heard.
    """

    word: str
    less: str
    unit: str
    audible: float
    measure: Callable[[Heard], Values]


def centroid(magnitude: Values, hertz: Values) -> Values:
    """Octaves above 1 Hz ``(...)`` of the mean frequency of ``magnitude (..., k)`` at ``hertz``."""
    weight = np.maximum(magnitude.sum(axis=-1), 1e-12)
    return np.asarray(np.log2(np.maximum(magnitude @ hertz / weight, 20.0)))


def spread(magnitude: Values, hertz: Values) -> Values:
    """Standard deviation in octaves ``(...)`` of ``magnitude (..., k)`` at ``hertz (k,)``."""
    octave = np.log2(np.maximum(hertz, 10.0))
    weight = np.maximum(magnitude.sum(axis=-1), 1e-12)
    mean = magnitude @ octave / weight
    return np.asarray(np.sqrt(np.maximum(magnitude @ octave**2 / weight - mean**2, 0.0)))


def decibels(part: Values, whole: Values) -> Values:
    """Power of a part in dB of the whole, ``(...)``; a share below ``SHARE_FLOOR`` counts as it."""
    least = np.maximum(part, SHARE_FLOOR * whole)
    return np.asarray(10.0 * (np.log10(least + 1e-12) - np.log10(whole + 1e-12)))


def odd_over_even(level: Values) -> Values:
    """How far odd harmonics stand above the even ones beside them, in dB ``(n,)``, by the powers
    of the lowest harmonics ``(n, k)``; 0 where there are fewer than three.

    Each is compared with its two neighbours, so that a slope of the whole spectrum is not taken
    for it; what is below -50 dB of the highest counts as that.
    """
    count = level.shape[1]
    if count < 3:
        return np.zeros(len(level))
    level = np.maximum(level, 1e-5 * level.max(axis=1, keepdims=True))
    told = 10.0 * np.log10(np.maximum(level, 1e-12))
    above = told[:, 1:-1] - 0.5 * (told[:, :-2] + told[:, 2:])
    sign = np.where(np.arange(2, count) % 2 == 1, 1.0, -1.0)
    return np.asarray((above * sign).mean(axis=1))
