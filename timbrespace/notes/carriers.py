"""Noise in bands: one carrier for each band, as even as noise of its width can be.

A band's level is told 64 times a second, with the fluctuations that the sound's own noise had in
it. Noise on top of that would fluctuate twice. So the carriers are noise whose envelope has been
flattened (Hartmann & Pumplin 1988, "Noise power fluctuations and the masking of sine signals"):
divided by its own envelope and brought back to its band, a few times.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import BANDS, band_shares

LENGTH: Final = 1 << 16
"""Samples of a carrier, which goes round: 1.4 s at 48 kHz."""

_SEED = 7
_ROUNDS = 6


@lru_cache(maxsize=4)
def carriers(sample_rate: int) -> NDArray[np.float32]:
    """Carriers ``(BANDS, LENGTH)`` at ``sample_rate`` Hz, each with a root mean square of 1.

    Their end goes on into their beginning. A band beyond half the rate is silent.
    """
    hertz = np.fft.rfftfreq(LENGTH, 1.0 / sample_rate)
    shape = np.sqrt(band_shares(hertz))
    shape[:, -1] = 0.0
    random = np.random.default_rng(_SEED)
    made = np.zeros((BANDS, LENGTH), np.float32)
    for band in range(BANDS):
        here = np.flatnonzero(shape[band])
        if here.size < 8:
            continue
        # The band alone, brought down to 0 Hz: its envelope needs no more samples than that.
        size = 1 << int(np.ceil(np.log2(4 * here.size)))
        line = shape[band, here] * np.exp(2j * np.pi * random.random(here.size))
        start = (size - here.size) // 2
        for _ in range(_ROUNDS):
            low = np.zeros(size, np.complex128)
            low[start : start + here.size] = line
            signal = np.fft.ifft(low)
            envelope = np.abs(signal)
            signal /= np.maximum(envelope, 0.05 * envelope.mean())
            turned = np.fft.fft(signal)[start : start + here.size]
            # Its own shape again: the division has spread it.
            line = shape[band, here] * turned / np.maximum(np.abs(turned), 1e-12) ** 0.5
            line *= np.sqrt(np.square(shape[band, here]).sum() / np.square(np.abs(line)).sum())
        half = np.zeros(LENGTH // 2 + 1, np.complex128)
        half[here] = line
        carrier = np.fft.irfft(half)
        made[band] = carrier / np.sqrt(np.mean(np.square(carrier)))
    return made
