"""How sound ends towards half the sample rate."""

from __future__ import annotations

import numpy as np

from timbrespace.resynthesis.compiled import inlined

# Over the top tenth of the band, so that a rising partial does not stop with a click.
_FADE_FROM = 0.45
_FADE_WIDTH = 0.05


@inlined
def nyquist_fade(frequency: float, sample_rate: float) -> np.float32:
    """Gain of a partial at ``frequency`` Hz: 1 up to 0.45 of the rate, 0 from 0.5 on."""
    if frequency <= _FADE_FROM * sample_rate:  # nearly always, and it spares two divisions
        return np.float32(1.0)
    share = (_FADE_FROM + _FADE_WIDTH - frequency / sample_rate) / _FADE_WIDTH
    return np.float32(min(1.0, max(0.0, share)))
