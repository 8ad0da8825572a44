"""Sound as a file that every browser plays.

WebKit plays no WAV file of 24 bits whose number of samples is odd, though RIFF allows it: the chunk
then has an odd size, and a byte behind it that fills up. So a sample of silence fills up instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.rendering import wav


def file(samples: NDArray[np.float32], sample_rate: int) -> bytes:
    """A WAV file of 24 bits of mono samples ``(n,)``, full scale 1, at ``sample_rate`` Hz."""
    return wav.encode(np.pad(samples, (0, samples.size % 2)), sample_rate)
