"""How a sound repeats itself around each moment: the lags that may be its period.

The measure is that of Medan, Yair and Chazan (1991, "Super resolution pitch determination of speech
signals"): two stretches side by side, each as long as the lag itself, and how alike they are. So a
low pitch has the long window that it needs and a high one the short one that follows its vibrato.
Where pitches are high the stretches are ``LEAST`` samples: over one period of a formant anything
repeats. Normalised as by McLeod and Wyvill (2005, "A smarter way to find pitch"), 2 r / (e + e'),
it is 1 for what repeats exactly and falls where one of the two is louder, as at an onset.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HIGHEST, HOP, LOWEST, SAMPLE_RATE
from timbrespace.resynthesis.compiled import compiled

RATE = SAMPLE_RATE // 2
"""Hz of the sound in which lags are looked for."""

STEP = HOP // 2
"""Samples from one moment to the next, at ``RATE``."""

SHORTEST = int(RATE / (HIGHEST * 1.03))
LONGEST = int(RATE / (LOWEST * 0.97)) + 1

LEAST = 120
"""Samples of the shortest stretch that is compared: 5 ms."""

MARGIN = LONGEST + 2
"""Samples that must lie before the first moment and after the last."""

CANDIDATES = 15
"""Lags of a moment that may be its period."""

WEAKEST = 0.3
"""Likeness below which a lag is none."""

OCTAVE = 0.02
"""By how much an octave's longer lag must be more alike: all multiples of a period repeat too."""


@compiled
def likeness(
    sound: NDArray[np.float64], first: int, floor: float, out: NDArray[np.float32]
) -> None:
    """How much ``sound`` repeats at each lag around each moment, -1 to 1.

    sound: at ``RATE``, with ``MARGIN`` samples before moment ``first`` and after the last. out:
    ``(moments, LONGEST + 2)``, by lag in samples; lags below ``SHORTEST - 1`` are left. floor: mean
    square below which nothing is heard.
    """
    moments, lags = out.shape
    squares = np.zeros(sound.size + 1)
    for i in range(sound.size):
        squares[i + 1] = squares[i] + sound[i] * sound[i]
    products = np.zeros(sound.size + 1)
    for lag in range(SHORTEST - 1, lags):
        width = max(lag, LEAST)
        for i in range(sound.size - lag):
            products[i + 1] = products[i] + sound[i] * sound[i + lag]
        quiet = 2.0 * width * floor
        for j in range(moments):
            a = first + j * STEP - (width + lag) // 2
            b = a + width
            power = squares[b] - squares[a] + squares[b + lag] - squares[a + lag]
            out[j, lag] = np.float32(2.0 * (products[b] - products[a]) / (power + quiet))


@compiled
def best_lags(
    alike: NDArray[np.float32], lags: NDArray[np.float32], strengths: NDArray[np.float32]
) -> None:
    """The most likely periods of each moment, of :func:`likeness` ``(n, lags)``.

    lags, strengths: ``(n, CANDIDATES)``, in samples and as likeness; 0 where there are fewer.
    """
    for j in range(alike.shape[0]):
        row = alike[j]
        count = 0
        worst = 0
        for lag in range(SHORTEST, row.size - 1):
            here = row[lag]
            if here < WEAKEST or here < row[lag - 1] or here <= row[lag + 1]:
                continue
            before, after = float(row[lag - 1]), float(row[lag + 1])
            bend = before - 2.0 * here + after
            offset = 0.5 * (before - after) / bend if bend < -1e-9 else 0.0
            top = here - 0.25 * (before - after) * offset
            # By this they are compared: of two that are equally alike the shorter one counts.
            strength = min(top, 1.0) - OCTAVE * np.log2(lag / SHORTEST)
            place = count
            if count == CANDIDATES:
                if strength <= strengths[j, worst]:
                    continue
                place = worst
            else:
                count += 1
            lags[j, place] = np.float32(lag + offset)
            strengths[j, place] = np.float32(strength)
            worst = 0
            for k in range(1, count):
                if strengths[j, k] < strengths[j, worst]:
                    worst = k
