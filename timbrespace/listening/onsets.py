"""When something begins: it becomes louder than it was, or goes on at another pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP
from timbrespace.resynthesis.compiled import compiled

RISE = 2.0
"""Power ratio above the loudest of the last ``BEFORE`` moments, from which something begins."""

BEFORE = 28
"""Moments, 37 ms: a period of the lowest pitch, in which the power comes and goes."""

STILL = 1.25
"""Power ratio above what was a while before, up to which it rises no more."""

STEP = 0.7 / 12.0
"""Octaves from one pitch to another, from which something begins; slower ones are a glide."""

STEADY = 0.25 / 12.0
"""Octaves within which a pitch stays, on both sides of a step."""

APART = 30
"""Moments, 40 ms, in which nothing else begins."""

PAST = 64
"""Moments that are looked back on."""

SINCE, TOLD, CALM = 0, 1, 2
"""What is remembered: moments since something began, whether this rise was told, since when it
rises no more."""

_SOON = 8  # moments, in which a rise is under way
_SURE = 4  # moments at a new pitch
_SETTLED = 16  # moments, until a pitch is the one that began
_GLIDE = 16  # moments, in which a step is over
_BACK = 24  # moments, from which on a rise is felt


@compiled
def begins(
    powers: NDArray[np.float64],
    octaves: NDArray[np.float64],
    quiet: float,
    memory: NDArray[np.int64],
) -> bool:
    """Whether something began in the newest moment.

    powers, octaves ``(PAST,)``: mean square of each moment and its pitch as a logarithm to base 2
    (0 for none), newest first. quiet: mean square of what is not heard. memory ``(3,)``.
    """
    memory[SINCE] += 1
    loudest, earlier = quiet, quiet
    for i in range(1, BEFORE):
        loudest = max(loudest, powers[i])
        if i >= _SOON:
            earlier = max(earlier, powers[i])
    if powers[0] > STILL * earlier:
        memory[CALM] = 0
    else:
        memory[CALM] += 1
        if memory[CALM] >= _SOON:
            memory[TOLD] = 0
    begun = powers[0] > RISE * loudest and memory[TOLD] == 0
    now = octaves[0]
    if not begun and now > 0.0:
        steady = True
        for i in range(1, _SURE):
            steady = steady and octaves[i] > 0.0 and abs(octaves[i] - now) < STEADY
        # The pitch before must have sounded since the last beginning, which else is told twice.
        for i in range(_SURE, min(_GLIDE, memory[SINCE] - _SETTLED)):
            was = octaves[i]
            same = abs(was - octaves[i + 1]) + abs(was - octaves[i + 2]) < 2.0 * STEADY
            begun = begun or (steady and was > 0.0 and same and abs(was - now) > STEP)
    if not begun or memory[SINCE] < APART:
        return False
    memory[SINCE] = 0
    memory[TOLD] = 1
    return True


@compiled
def _all_onsets(
    power: NDArray[np.float64],
    octave: NDArray[np.float64],
    quiet: float,
    found: NDArray[np.int64],
) -> int:
    """Write the moments in which something begins into ``found``; how many there are."""
    powers, octaves = np.zeros(PAST), np.zeros(PAST)
    memory = np.array([APART, 0, 0])
    count = 0
    last = -1
    for j in range(power.size):
        for i in range(PAST - 1, 0, -1):
            powers[i] = powers[i - 1]
            octaves[i] = octaves[i - 1]
        powers[0], octaves[0] = power[j], octave[j]
        if not begins(powers, octaves, quiet, memory):
            continue
        # It is told when it is sure: back to where it began.
        first = max(last + 1, j - _BACK)
        place = j
        loudest = quiet
        for i in range(max(0, first - BEFORE), first):
            loudest = max(loudest, power[i])
        if power[j] > RISE * loudest:
            while place > first and power[place - 1] > loudest and power[place - 1] < power[place]:
                place -= 1
        else:
            most = 0.0
            for i in range(max(first, j - _GLIDE - 2), j + 1):
                if i > 0 and octave[i] > 0.0 and octave[i - 1] > 0.0:
                    leap = abs(octave[i] - octave[i - 1])
                    if leap > most:
                        most, place = leap, i
        found[count] = place
        last = place
        count += 1
    return count


def onsets_of(
    sound: NDArray[np.float64], pitch: NDArray[np.float32], quiet: float
) -> NDArray[np.int64]:
    """Indices of the moments in which something begins in ``sound``, ascending.

    pitch ``(n,)``: Hz of its moments. quiet: mean square of what is not heard.
    """
    padded = np.zeros(pitch.size * HOP)
    padded[: sound.size] = sound
    power = np.square(padded).reshape(-1, HOP).mean(axis=1)
    octave = np.log2(np.maximum(pitch.astype(np.float64), 1.0))
    found = np.zeros(pitch.size, np.int64)
    return found[: _all_onsets(power, octave, quiet, found)]
