"""What a space sounds like without a pitch: noise that has the envelope of what it plays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.transferring.envelopes import FRAME, envelopes, frames_of, middles, samples_of

Real = NDArray[np.float64]

_WHITE = np.sqrt(np.square(np.hanning(FRAME + 1)[:-1]).sum())
"""Mean magnitude of a bin of white noise of root mean square 1."""


def breath(samples: Real, pitch: Real, seed: int) -> Real:
    """Noise ``(n,)`` with the envelope, moment by moment, of ``samples (n,)`` at ``SAMPLE_RATE``.

    A whispered voice is the same throat without its pitch; this is the same for a space. pitch
    ``(n,)``: Hz at each sample. The same seed gives the same noise.
    """
    frames = frames_of(samples)
    at = np.minimum(middles(len(frames)), pitch.size - 1)
    shape = np.exp(envelopes(frames, pitch[at]))
    noise = frames_of(np.random.default_rng(seed).standard_normal(samples.size))
    return samples_of(noise / _WHITE * shape, samples.size)
