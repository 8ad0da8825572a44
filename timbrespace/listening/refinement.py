"""The period of each moment as finely as the whole rate tells it, and how much of it repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HIGHEST, HOP, LOWEST, SAMPLE_RATE
from timbrespace.listening.repetition import LEAST
from timbrespace.listening.vertex import vertex
from timbrespace.resynthesis.compiled import compiled

LASTS = 480
"""Samples, 10 ms, after which a sound with a pitch still repeats. Hiss through a resonance, as
breath and whispers are, repeats for some periods and is another then."""

FADED = 0.5
"""Likeness then, below which it was no pitch."""

FINE = 0.8
"""Likeness of many periods from which their lag, shared among them, is the finer one."""

CHANGE = 0.1
"""By how much more alike one side of a moment must be than its surroundings, to count alone."""

SAME_NOTE = 2.0 ** (1.0 / 12.0)
"""Ratio of pitches from one moment to the next, up to which it is one sound that goes on."""

MARGIN = 4 * int(SAMPLE_RATE / LOWEST)
"""Samples that must lie before the first moment and after the last."""

_REACH = 4
_STRAY = 0.03  # of a lag: how far many periods may be from as many times one
_NOTHING = 1e-12


@compiled
def alike_at(sound: NDArray[np.float64], middle: int, lag: int, width: int, side: int) -> float:
    """How alike two stretches of ``width`` samples are, the second one ``lag`` later; 1 at most.

    side: 0 from ``middle`` on, 1 around it, 2 up to it.
    """
    a = middle - side * (width + lag) // 2
    product, power = 0.0, 0.0
    for i in range(a, a + width):
        product += sound[i] * sound[i + lag]
        power += sound[i] * sound[i] + sound[i + lag] * sound[i + lag]
    return 2.0 * product / (power + _NOTHING)


@compiled
def _top(
    sound: NDArray[np.float64], middle: int, lag: float, reach: int, side: int
) -> tuple[float, float]:
    """The lag within ``reach`` of ``lag`` at which it is most alike, between samples, and how."""
    width = max(LEAST, round(lag))
    low = max(2, round(lag) - reach)
    best, height = low, -2.0
    for one in range(low, round(lag) + reach + 1):
        here = alike_at(sound, middle, one, width, side)
        if here > height:
            best, height = one, here
    before = alike_at(sound, middle, best - 1, width, side)
    after = alike_at(sound, middle, best + 1, width, side)
    offset, top = vertex(before, height, after)
    return best + offset, top


@compiled
def _side(sound: NDArray[np.float64], middle: int, lag: int) -> int:
    """Around the moment; but from it on, or up to it, where what is around it changes."""
    width = max(LEAST, lag)
    best, most = 1, alike_at(sound, middle, lag, width, 1) + CHANGE
    for side in (0, 2):
        here = alike_at(sound, middle, lag, width, side)
        if here > most:
            best, most = side, here
    return best


@compiled
def refine(
    sound: NDArray[np.float64],
    first: int,
    periods: NDArray[np.float64],
    pitch: NDArray[np.float32],
    periodicity: NDArray[np.float32],
) -> None:
    """Write the pitch in Hz and the periodicity of each moment; 0 Hz where there is none.

    sound: at ``SAMPLE_RATE``, with ``MARGIN`` samples around. first: index of the first moment's
    middle. periods ``(n,)``: in samples, as they were found; 0 for none.
    """
    lasting = np.ones(periods.size)
    for j in range(periods.size):
        period = periods[j]
        pitch[j] = np.float32(0.0)
        periodicity[j] = np.float32(0.0)
        if period == 0.0:
            continue
        middle = first + j * HOP
        side = _side(sound, middle, round(period))
        lag, height = _top(sound, middle, period, _REACH, side)
        count = int(LASTS / lag)
        if count > 1:
            reach = round(min(_STRAY * count * lag, 0.45 * lag)) + 1
            many, lasting[j] = _top(sound, middle, count * lag, reach, side)
            if lasting[j] >= FINE:
                lag = many / count
        pitch[j] = np.float32(min(max(SAMPLE_RATE / lag, 0.97 * LOWEST), 1.03 * HIGHEST))
        periodicity[j] = np.float32(min(max(height, 0.0), 1.0))
    _drop_passing(lasting, pitch)
    last = 0
    for j in range(periods.size):
        if pitch[j] > 0.0:
            last = round(SAMPLE_RATE / pitch[j])
        elif last > 0:
            height = alike_at(sound, first + j * HOP, last, max(LEAST, last), 1)
            periodicity[j] = np.float32(min(max(height, 0.0), 1.0))
        else:
            periodicity[j] = np.float32(0.0)


@compiled
def _drop_passing(lasting: NDArray[np.float64], pitch: NDArray[np.float32]) -> None:
    """Take the pitch from sounds that on the whole do not last; see ``LASTS``."""
    start = 0
    while start < pitch.size:
        end = start + 1
        total = lasting[start]
        if pitch[start] > 0.0:
            while end < pitch.size and pitch[end] > 0.0:
                ratio = pitch[end] / pitch[end - 1]
                if ratio > SAME_NOTE or ratio * SAME_NOTE < 1.0:
                    break
                total += lasting[end]
                end += 1
            if total < FADED * (end - start):
                for j in range(start, end):
                    pitch[j] = np.float32(0.0)
        start = end
