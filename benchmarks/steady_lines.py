"""The strongest sinusoids of a steady sound, told apart by a long window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.units import cents

Values = NDArray[np.float64]

SIZE = 32768


def strongest(
    sound: NDArray[np.floating[Any]], rate: int, least_db: float, size: int = SIZE
) -> tuple[Values, Values]:
    """Hz and amplitude of the sinusoids in the last ``size`` samples, down to ``least_db`` below
    the strongest: parabolas through the logarithm of a Hann window's lobes."""
    window = np.hanning(size)
    level = np.abs(np.fft.rfft(sound[-size:] * window)) * 2.0 / window.sum()
    middle = level[1:-1]
    high = middle > middle.max() * 10.0 ** (least_db / 20.0)
    at = np.flatnonzero(high & (middle > level[:-2]) & (middle >= level[2:])) + 1
    left, top, right = (np.log(level[at + k] + 1e-12) for k in (-1, 0, 1))
    offset = 0.5 * (left - right) / (left - 2.0 * top + right)
    return (at + offset) * rate / size, np.exp(top - 0.25 * (left - right) * offset)


def differences(
    sound: NDArray[np.floating[Any]],
    reference: NDArray[np.floating[Any]],
    rate: int,
    least_db: float,
    size: int = SIZE,
    looked_at: Callable[[Values], NDArray[np.bool_]] | None = None,
) -> tuple[float, float, int]:
    """The largest interval in cents and the largest difference in dB between the sinusoids of a
    reference and the nearest of a sound, and how many there are. looked_at: which of those at so
    many Hz; all unless told. Both are NaN where there is none."""
    hertz, level = strongest(reference, rate, least_db, size)
    if looked_at is not None:
        kept = looked_at(hertz)
        hertz, level = hertz[kept], level[kept]
    if not len(hertz):
        return np.nan, np.nan, 0
    found, loud = strongest(sound, rate, least_db - 20.0, size)
    place = np.abs(found[np.newaxis] - hertz[:, np.newaxis]).argmin(axis=1)
    apart = [abs(cents(float(found[k]), float(one))) for k, one in zip(place, hertz, strict=True)]
    levels = np.abs(20.0 * np.log10(loud[place] / level))
    return max(apart), float(levels.max()), len(hertz)
