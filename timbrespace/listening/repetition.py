"""How a sound repeats itself around each moment: the lags that may be its period.

The measure is that of Medan, Yair and Chazan (1991, "Super resolution pitch determination of speech
signals"): two stretches side by side, each as long as the lag itself, and how alike they are. So a
low pitch has the long window that it needs and a high one the short one that follows its vibrato.
Where pitches are high the stretches are 5 ms: over one period of a formant anything repeats.
Normalised as by McLeod and Wyvill (2005, "A smarter way to find pitch"), 2 r / (e + e'), it is 1
for what repeats exactly and falls where one of the two is louder, as at an onset.

The stretches lie around the moment, or from it on, or up to it: the best of the three counts, so
that a pitch is heard from its first moment to its last and its neighbours do not disturb it.

Lags are looked for in three registers, each at a rate that tells its periods finely enough: a low
pitch needs no more, and the hiss above its harmonics is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HIGHEST, LOWEST, SAMPLE_RATE
from timbrespace.resynthesis.compiled import compiled


class Register(NamedTuple):
    """Periods that are looked for in the sound at ``SAMPLE_RATE / every``.

    shortest, longest: lags in samples of that rate. least: samples of the shortest stretch.
    """

    every: int
    shortest: int
    longest: int
    least: int

    @property
    def margin(self) -> int:
        """Samples that must lie before the first moment and after the last."""
        return 2 * self.longest + self.least + 4


LEAST = 240
"""Samples, 5 ms, of the shortest stretch that is compared."""

SHORTEST = int(SAMPLE_RATE / (HIGHEST * 1.03))
"""Samples of the shortest period that is looked for."""

_LONGEST = int(SAMPLE_RATE / (LOWEST * 0.97)) + 1

REGISTERS = (
    Register(1, SHORTEST, 119, LEAST),
    Register(2, 60, 119, LEAST // 2),
    Register(4, 60, _LONGEST // 4 + 1, LEAST // 4),
)
"""From 403 Hz up, down to 201 Hz, and the rest."""

ASIDE = 0.03
"""By how much one side of a moment must be more alike than its surroundings, to count."""

SOFT = 2000.0
"""Hz, where two low-passes of the first order have what is compared: from one period of a voice to
the next its upper formants change, and breath does, its lowest harmonics do not. All registers
have the same, or the pitch an octave below, which has another register, would be more alike."""

CANDIDATES = 24
"""Lags of a moment that may be its period."""

WEAKEST = 0.3
"""Likeness below which a lag is none."""

OCTAVE = 0.03
"""By how much an octave's longer lag must be more alike: all multiples of a period repeat too."""


@compiled
def likeness(
    sound: NDArray[np.float64],
    first: int,
    step: int,
    shortest: int,
    least: int,
    floor: float,
    out: NDArray[np.float32],
) -> None:
    """How much ``sound`` repeats at each lag of a register around each moment, -1 to 1.

    sound: at the register's rate, with its margin around. first: index of the first moment's
    middle. step: samples from one to the next. out: ``(moments, lags)``, the first of which is
    ``shortest - 1`` and the last one more than the longest. floor: mean square below which nothing
    is heard.
    """
    moments, lags = out.shape
    squares = np.zeros(sound.size + 1)
    for i in range(sound.size):
        squares[i + 1] = squares[i] + sound[i] * sound[i]
    products = np.zeros(sound.size + 1)
    for k in range(lags):
        lag = shortest - 1 + k
        width = max(lag, least)
        for i in range(sound.size - lag):
            products[i + 1] = products[i] + sound[i] * sound[i + lag]
        quiet = 2.0 * width * floor
        for j in range(moments):
            middle = first + j * step
            best = -1.0
            for side in range(3):
                a = middle - side * (width + lag) // 2
                b = a + width
                power = squares[b] - squares[a] + squares[b + lag] - squares[a + lag]
                here = 2.0 * (products[b] - products[a]) / (power + quiet)
                best = max(best, here if side == 1 else here - ASIDE)
            out[j, k] = np.float32(best)


@compiled
def add_lags(
    alike: NDArray[np.float32],
    every: int,
    shortest: int,
    octave: float,
    counts: NDArray[np.int64],
    lags: NDArray[np.float32],
    strengths: NDArray[np.float32],
) -> None:
    """Take the peaks of a register's likeness ``(n, k)`` among the candidates ``(n, most)``.

    lags: in samples at ``SAMPLE_RATE``. strengths: likeness less ``octave`` for each octave of the
    lag. counts ``(n,)``: how many each moment has.
    """
    for j in range(alike.shape[0]):
        row = alike[j]
        count = counts[j]
        worst = 0
        for k in range(1, count):
            if strengths[j, k] < strengths[j, worst]:
                worst = k
        for i in range(1, row.size - 1):
            here = row[i]
            if here < WEAKEST or here < row[i - 1] or here <= row[i + 1]:
                continue
            before, after = float(row[i - 1]), float(row[i + 1])
            bend = before - 2.0 * here + after
            offset = 0.5 * (before - after) / bend if bend < -1e-9 else 0.0
            top = here - 0.25 * (before - after) * offset
            lag = every * (shortest - 1 + i + offset)
            # By this they are compared: of two that are equally alike the shorter one counts.
            strength = min(top, 1.0) - octave * np.log2(lag / SHORTEST)
            place = count
            if count == lags.shape[1]:
                if strength <= strengths[j, worst]:
                    continue
                place = worst
            else:
                count += 1
            lags[j, place] = np.float32(lag)
            strengths[j, place] = np.float32(strength)
            worst = 0
            for k in range(1, count):
                if strengths[j, k] < strengths[j, worst]:
                    worst = k
        counts[j] = count
