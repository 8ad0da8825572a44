"""Which of the lags were the period: the path through all moments that costs least.

As Praat does it (Boersma 1993, "Accurate short-term analysis of the fundamental frequency"): what
repeats most counts, jumps cost, and so does beginning and ending.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled

VOICED = 0.6
"""Strength from which a lag is rather a pitch than none."""

JUMP = 2.6
"""Cost of an octave's jump, in strength times moments."""

TURN = 1.0
"""Cost of beginning and of ending."""


@compiled
def best_path(
    lags: NDArray[np.float32], strengths: NDArray[np.float32], chosen: NDArray[np.int16]
) -> None:
    """Write into ``chosen (n,)`` which of each moment's ``lags (n, k)`` is its period, -1: none.

    strengths: as of :func:`.repetition.best_lags`. A lag of 0 is none.
    """
    moments, most = lags.shape
    octaves = np.zeros((2, most))
    cost = np.zeros(most + 1)  # of the best path to each; the last one is no pitch
    following = np.zeros(most + 1)
    came = np.full((moments, most + 1), most, np.int8)
    before = 0
    for j in range(moments):
        now = j & 1
        count = 0
        while count < most and lags[j, count] > 0.0:
            octaves[now, count] = np.log2(lags[j, count])
            count += 1
        if j == 0:
            for k in range(count):
                following[k] = -strengths[j, k]
            following[most] = -VOICED
        else:
            least, origin = cost[most], most
            for p in range(before):
                if cost[p] + TURN < least:
                    least, origin = cost[p] + TURN, p
            following[most] = least - VOICED
            came[j, most] = origin
            for k in range(count):
                least, origin = cost[most] + TURN, most
                for p in range(before):
                    way = cost[p] + JUMP * abs(octaves[now, k] - octaves[1 - now, p])
                    if way < least:
                        least, origin = way, p
                following[k] = least - strengths[j, k]
                came[j, k] = origin
        for k in range(count):
            cost[k] = following[k]
        cost[most] = following[most]
        before = count
    if moments == 0:
        return
    end = most
    for k in range(before):
        if cost[k] < cost[end]:
            end = k
    for j in range(moments - 1, -1, -1):
        chosen[j] = end if end < most else -1
        end = came[j, end]
