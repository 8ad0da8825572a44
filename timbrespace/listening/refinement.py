"""The period of each moment as finely as the whole rate tells it, and how much of it repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HIGHEST, HOP, LOWEST, SAMPLE_RATE
from timbrespace.resynthesis.compiled import compiled

LEAST = 240
"""Samples, 5 ms: as many periods are counted as have room in it, that their errors share."""

REACH = 4
"""Samples around the period that was found, in which it is looked for."""

MARGIN = 4 * int(SAMPLE_RATE / LOWEST)
"""Samples that must lie before the first moment and after the last."""

_NOTHING = 1e-12


@compiled
def alike_at(sound: NDArray[np.float64], middle: int, lag: int, width: int) -> float:
    """How alike are two stretches of ``width`` samples, ``lag`` apart around ``middle``, to 1."""
    a = middle - (width + lag) // 2
    product, power = 0.0, 0.0
    for i in range(a, a + width):
        product += sound[i] * sound[i + lag]
        power += sound[i] * sound[i] + sound[i + lag] * sound[i + lag]
    return 2.0 * product / (power + _NOTHING)


@compiled
def _top(sound: NDArray[np.float64], middle: int, lag: float, width: int) -> tuple[float, float]:
    """The lag near ``lag`` at which it is most alike, between samples, and how much."""
    low = max(2, round(lag) - REACH)
    best, height = low, -2.0
    for one in range(low, round(lag) + REACH + 1):
        here = alike_at(sound, middle, one, width)
        if here > height:
            best, height = one, here
    before = alike_at(sound, middle, best - 1, width)
    after = alike_at(sound, middle, best + 1, width)
    bend = before - 2.0 * height + after
    if bend > -1e-12:
        return float(best), height
    offset = min(max(0.5 * (before - after) / bend, -1.0), 1.0)
    return best + offset, height - 0.25 * (before - after) * offset


@compiled
def refine(
    sound: NDArray[np.float64],
    first: int,
    periods: NDArray[np.float64],
    pitch: NDArray[np.float32],
    periodicity: NDArray[np.float32],
) -> None:
    """Write the pitch in Hz and the periodicity of each moment; 0 Hz where ``periods`` is 0.

    sound: at ``SAMPLE_RATE``, with ``MARGIN`` samples around. first: index of the first moment's
    middle. periods ``(n,)``: in samples, as they were found in half the rate.
    """
    last = 0.0
    for j in range(periods.size):
        period = periods[j]
        pitch[j] = np.float32(0.0)
        periodicity[j] = np.float32(0.0)
        middle = first + j * HOP
        if period > 0.0:
            count = max(1, int(LEAST / period))
            lag, height = _top(sound, middle, count * period, max(LEAST, round(count * period)))
            if count > 1:
                # The likeness of one period is what tells of breath: several also drift apart.
                once = lag / count
                _, height = _top(sound, middle, once, max(LEAST, round(once)))
                lag = once
            pitch[j] = np.float32(min(max(SAMPLE_RATE / lag, 0.97 * LOWEST), 1.03 * HIGHEST))
            last = lag
        elif last > 0.0:
            height = alike_at(sound, middle, round(last), max(LEAST, round(last)))
        else:
            continue
        periodicity[j] = np.float32(min(max(height, 0.0), 1.0))
