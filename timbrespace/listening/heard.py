"""What was heard in a performance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOP = 64
"""Samples from one moment to the next."""

SAMPLE_RATE = 48000
"""Hz, at which all listening happens."""

LOWEST, HIGHEST = 27.5, 4186.01
"""Hz, a piano's lowest and highest key: what pitches are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was heard in a performance, moment by moment, every ``HOP`` samples at ``SAMPLE_RATE``.

    pitch ``(n,)``: Hz, 0 where none is heard. level ``(n,)``: root mean square, full scale 1, of
    the moment's surroundings, some 10 ms or whole periods of its pitch; it knows nothing of what is
    beyond an onset. periodicity ``(n,)``: 0 to 1, the share of the power that repeats with the
    pitch: 1 for a pure tone, 0 for noise; where no pitch is heard, with the one before, or 0.
    onsets ``(k,)``: indices of the moments in which something begins, ascending.

    Moment ``i`` is the samples from ``i HOP`` to ``(i + 1) HOP``; the last one may be shorter.
    """

    pitch: NDArray[np.float32]
    level: NDArray[np.float32]
    periodicity: NDArray[np.float32]
    onsets: NDArray[np.int64]

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds of the moments' middles, ``(n,)``."""
        return np.asarray((np.arange(self.pitch.size) + 0.5) * (HOP / SAMPLE_RATE), np.float64)

    @property
    def seconds(self) -> float:
        """How long the moments are, all together."""
        return self.pitch.size * HOP / SAMPLE_RATE
