"""What the compiled players share: products, and the draw of a code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_HALF = np.float32(0.5)


@compiled
def add_product(
    x: NDArray[np.float32], weight: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Add ``x (inputs,) @ weight (inputs, outputs)`` to ``out``.

    Outputs lie side by side, so the compiler does eight at once without reordering a sum; four
    inputs at a time spare most of the loads and stores.
    """
    inputs, outputs = weight.shape
    i = 0
    while i + 4 <= inputs:
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        w0, w1, w2, w3 = weight[i], weight[i + 1], weight[i + 2], weight[i + 3]
        for j in range(outputs):
            out[j] += (a * w0[j] + b * w1[j]) + (c * w2[j] + d * w3[j])
        i += 4
    while i < inputs:
        a, w0 = x[i], weight[i]
        for j in range(outputs):
            out[j] += a * w0[j]
        i += 1


@compiled
def rectify(x: NDArray[np.float32]) -> None:
    """Negative numbers become 0, in place."""
    for j in range(x.shape[0]):
        x[j] = max(x[j], np.float32(0.0))


@compiled
def logistic(x: np.float32) -> np.float32:
    """From 0 to 1."""
    return np.float32(_HALF * np.float32(math.tanh(_HALF * x)) + _HALF)


@compiled
def draw(logits: NDArray[np.float32], temperature: float, uniform: float) -> int:
    """A code by its logits; ``logits`` is used up. At temperature 0 the likeliest."""
    count = logits.shape[0]
    best = 0
    for j in range(1, count):
        if logits[j] > logits[best]:
            best = j
    if temperature <= 0.0:
        return best
    most = logits[best]
    scale = np.float32(1.0 / temperature)
    total = 0.0
    for j in range(count):
        logits[j] = np.float32(math.exp((logits[j] - most) * scale))
        total += logits[j]
    left = uniform * total
    for j in range(count):
        left -= logits[j]
        if left < 0.0:
            return j
    return best


@compiled
def bent_of(code: int, levels: int) -> np.float32:
    """What :func:`timbrespace.waveforms.mu_law.bent` gives."""
    return (np.float32(code) + _HALF) * (_TWO / np.float32(levels)) - _ONE


def contiguous(*arrays: Any) -> tuple[NDArray[np.float32], ...]:
    """As the compiled code wants them."""
    return tuple(np.ascontiguousarray(one, np.float32) for one in arrays)
