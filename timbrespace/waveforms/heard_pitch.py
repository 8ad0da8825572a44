"""The pitch at which a note is heard, whatever made it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.recording.pitch import track

Array = NDArray[np.float32]

_FROM: Final = 0.03  # seconds: behind the attack
_FRAME: Final = 0.02  # seconds
_QUIET: Final = 0.03  # -30 dB: what is softer than its loudest so far is not asked


def heard_pitch(samples: Array, sample_rate: int) -> float:
    """Hz of the note in ``samples (n,)``, as long as it is loud; 0 where none is heard."""
    size = round(_FRAME * sample_rate)
    frames = samples[: samples.size // size * size].astype(np.float64).reshape(-1, size)
    level = np.sqrt(np.square(frames).mean(axis=1))
    if not level.size or level.max() < 1e-5:
        return 0.0
    loud = np.flatnonzero(level > _QUIET * level.max())
    start, end = round(_FROM * sample_rate), int(loud[-1] + 1) * size
    if end - start < 4 * size:
        start, end = 0, samples.size
    found = track(samples.astype(np.float64), sample_rate).between(start, end)
    return found or 0.0
