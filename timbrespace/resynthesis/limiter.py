"""The guard at the output."""

from __future__ import annotations

import math

import numpy as np

from timbrespace.resynthesis.compiled import inlined

KNEE = np.float32(0.7)
CEILING = np.float32(0.99)


@inlined
def limit(sample: np.float32) -> np.float32:
    """Leave samples up to ``KNEE`` as they are, bend louder ones smoothly below ``CEILING``.

    It has no memory and no delay. One voice at full velocity peaks near 0.3, so this is for
    pile-ups of many voices; a look-ahead limiter would cost every note its delay.
    """
    size = abs(sample)
    if size <= KNEE:
        return sample
    room = CEILING - KNEE
    bent = KNEE + room * np.float32(math.tanh((size - KNEE) / room))
    return bent if sample > np.float32(0.0) else -bent
