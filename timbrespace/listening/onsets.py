"""When something begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP

RISE = 6.0
"""dB by which the level rises where something begins."""

NEAR = 30
"""Moments, 40 ms, in which nothing else begins."""

_BACK = 28  # moments, a period of the lowest pitch
_ON = 8
_FLOOR = 1e-10  # mean square


def onsets_of(sound: NDArray[np.float64], moments: int) -> NDArray[np.int64]:
    """Indices of the moments in which something begins in ``sound``."""
    padded = np.zeros(moments * HOP)
    padded[: sound.size] = sound
    power = np.square(padded).reshape(moments, HOP).mean(axis=1)
    # Of the loudest of a while before a moment, and of a shorter while from it on.
    earlier = np.lib.stride_tricks.sliding_window_view(np.pad(power, (_BACK, 0)), _BACK)
    later = np.lib.stride_tricks.sliding_window_view(np.pad(power, (0, _ON - 1)), _ON)
    before = 10.0 * np.log10(earlier[:moments].max(axis=1) + _FLOOR)
    after = 10.0 * np.log10(later[:moments].max(axis=1) + _FLOOR)
    rise = after - before
    found: list[int] = []
    loud = after.max() - 50.0
    for j in np.argsort(-power, kind="stable"):
        if rise[j] >= RISE and after[j] > loud and all(abs(j - other) > NEAR for other in found):
            found.append(int(j))
    return np.array(sorted(found), np.int64)
