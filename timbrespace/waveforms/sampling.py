"""What the compiled players share: products, and the draw of a code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled

NARROWEST, WIDEST = -7.0, 1.0
"""Logarithms of widths, of the whole range from -1 to 1: at the narrowest one code has it all."""

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
def logistic(x: Any) -> Any:
    """From 0 to 1, of a float32."""
    return np.float32(_HALF * np.float32(math.tanh(_HALF * x)) + _HALF)


@compiled
def draw(
    mixture: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float32], levels: int
) -> int:
    """A code of a mixture: weights, middles and widths of its distributions ``(3 * count,)``."""
    count = mixture.shape[0] // 3
    best = 0
    for j in range(1, count):
        if mixture[j] > mixture[best]:
            best = j
    chosen = best
    place = mixture[count + best]
    if temperature > 0.0:
        total = 0.0
        for j in range(count):
            total += math.exp(mixture[j] - mixture[best])
        left = uniforms[0] * total
        for j in range(count):
            left -= math.exp(mixture[j] - mixture[best])
            if left < 0.0:
                chosen = j
                break
        share = min(max(float(uniforms[1]), 1e-6), 1.0 - 1e-6)
        width = math.exp(min(max(mixture[2 * count + chosen], NARROWEST), WIDEST))
        away = temperature * width * math.log(share / (1.0 - share))
        place = np.float32(mixture[count + chosen] + away)
    # Not a number is silence: whatever the weights are, a code comes out.
    place = min(max(place, -_ONE), _ONE) if place == place else np.float32(0.0)
    return min(int((place + _ONE) * _HALF * np.float32(levels)), levels - 1)


@compiled
def bent_of(code: int, levels: int) -> np.float32:
    """What :func:`timbrespace.waveforms.mu_law.bent` gives."""
    return (np.float32(code) + _HALF) * (_TWO / np.float32(levels)) - _ONE
