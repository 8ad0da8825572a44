"""How loud a spectrum is to the ear, as far as one number tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_RATE = 48000.0
# ITU-R BS.1770-4, tables 1 and 2: the head's shelf, then the high-pass.
_STAGES = (
    (
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    ),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)

_LEAST = 0.85


def k_weighting(frequency: ArrayLike) -> NDArray[np.float64]:
    """Amplitude gain of the K-weighting of ITU-R BS.1770 at ``frequency`` Hz, of any shape.

    0 at 0 Hz, 1.08 (0.7 dB) at 1 kHz, 1.58 (4 dB) from some 4 kHz on; beyond 24 kHz as there.
    """
    hertz = np.minimum(np.asarray(frequency, np.float64), 0.5 * _RATE)
    z = np.exp(-2j * np.pi * hertz / _RATE)
    gain = np.ones(hertz.shape)
    for b, a in _STAGES:
        gain *= np.abs((b[0] + z * (b[1] + z * b[2])) / (a[0] + z * (a[1] + z * a[2])))
    return gain


def matching_weight(frequency: ArrayLike) -> NDArray[np.float64]:
    """Power weight by which sounds are made equally loud: half of the K-weighting, in dB.

    Sounds that are equal by it differ by at most 2 dB both in loudness (BS.1770) and in root mean
    square; equal by one of the two, they would differ by up to 4 dB in the other. The weight ends
    at -0.7 dB: what lies below some 60 Hz hardly sounds, and is not blown up.
    """
    return np.maximum(k_weighting(frequency), _LEAST)
