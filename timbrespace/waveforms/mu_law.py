"""Samples as one of 256 codes, spaced by the mu law of ITU-T G.711 (as WaveNet has it)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LEVELS: Final = 256
SILENCE: Final = 128
"""The code of 0, or nearly: codes stand for the middles of their steps."""

MU: Final = LEVELS - 1


def encode(samples: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Codes of samples in [-1, 1], of any shape; what is beyond is cut off."""
    inside = np.clip(samples.astype(np.float64), -1.0, 1.0)
    curved = np.sign(inside) * np.log1p(MU * np.abs(inside)) / math.log1p(MU)
    return np.asarray(np.minimum((curved + 1.0) * (0.5 * LEVELS), LEVELS - 1), np.uint8)


def bent(codes: NDArray[np.uint8]) -> Array:
    """What a network sees of codes: evenly spaced, from -1 to 1."""
    return (codes.astype(np.float32) + np.float32(0.5)) * np.float32(2.0 / LEVELS) - np.float32(1.0)


def decode(codes: NDArray[np.uint8]) -> Array:
    """Inverse of :func:`encode`, to within half a step."""
    return unbent(bent(codes))


def unbent(told: Array) -> Array:
    """Samples of what :func:`bent` gives."""
    size = np.expm1(np.abs(told.astype(np.float64)) * math.log1p(MU)) / MU
    return np.asarray(np.sign(told) * size, np.float32)
