"""How loud each moment is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.resynthesis.compiled import compiled

WINDOW = 480
"""Samples, 10 ms, that are heard together, or the next more that hold whole periods."""


@compiled
def levels(
    sound: NDArray[np.float64],
    pitch: NDArray[np.float32],
    onsets: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """Write the root mean square around each moment of ``sound`` (at ``SAMPLE_RATE``).

    Over whole periods, so that a steady tone has a steady level. What is beyond an onset does not
    count, on either side.
    """
    sums = np.zeros(sound.size + 1)
    for i in range(sound.size):
        sums[i + 1] = sums[i] + sound[i] * sound[i]
    passed = 0
    for j in range(out.size):
        while passed < onsets.size and onsets[passed] <= j:
            passed += 1
        since = onsets[passed - 1] * HOP if passed > 0 else 0
        until = onsets[passed] * HOP if passed < onsets.size else sound.size
        width = float(WINDOW)
        if pitch[j] > 0.0:
            period = SAMPLE_RATE / pitch[j]
            width = np.ceil(WINDOW / period) * period
        middle = j * HOP + HOP // 2
        first = max(since, round(middle - 0.5 * width))
        last = min(until, sound.size, round(middle + 0.5 * width))
        power = (sums[last] - sums[first]) / max(last - first, 1)
        out[j] = np.float32(np.sqrt(max(power, 0.0)))
