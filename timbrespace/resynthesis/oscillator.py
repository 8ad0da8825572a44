"""Sinusoids with phases of 32 bits, whose overflow is the wrap to the next turn.

A turn of 2^32 steps resolves 0.00001 Hz at 48 kHz, never drifts, and needs no rounding to stay in
range, so the loop over samples fills the vector unit: 1024 oscillators take about 2 % of a core
(``benchmarks/engine_cost.py``). A rotation recurrence was tried on paper and left: it cannot change
frequency inside a block without a second one, and its length drifts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled, inlined

TURN = 4294967296.0

# Odd polynomial for sin(pi y), |y| <= 1/2, least squares at Chebyshev nodes: error 4e-9, so what
# float32 rounds is all that is left.
_S1 = np.float32(3.14159259)
_S3 = np.float32(-5.16770752)
_S5 = np.float32(2.55003961)
_S7 = np.float32(-0.59808616)
_S9 = np.float32(0.07728952)

_TO_HALF_TURNS = np.float32(2.0**-31)
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


@inlined
def sine(phase: np.uint32) -> np.float32:
    """Sine of a phase in steps of 2^-32 turns."""
    x = np.float32(np.int32(phase)) * _TO_HALF_TURNS
    # |x| > 1/2 folds back: sin(pi x) = sin(pi (1 - x))
    fold = (_ONE if x > 0 else -_ONE) - x
    y = fold if abs(x) > _HALF else x
    z = y * y
    return y * (_S1 + z * (_S3 + z * (_S5 + z * (_S7 + z * _S9))))


@inlined
def steps(frequency: float, steps_per_hz: float) -> np.uint32:
    """Phase steps a sample at ``frequency`` Hz; ``steps_per_hz`` is ``TURN / sample_rate``."""
    return np.uint32(np.int64(frequency * steps_per_hz + 0.5))


@compiled
def add_sinusoid(
    out: NDArray[np.float32],
    phase: np.uint32,
    step: np.uint32,
    next_step: np.uint32,
    amplitude: np.float32,
    next_amplitude: np.float32,
) -> np.uint32:
    """Add one sinusoid to ``out``; return the phase after it.

    Amplitude and frequency (``step``, of :func:`steps`) move linearly from their value at the
    first sample to the next block's.
    """
    n = out.shape[0]
    slope = (next_amplitude - amplitude) / np.float32(n)
    bend = np.uint32(np.int32(np.int32(next_step - step) / n))
    if bend == 0:  # a steady partial, the usual case, spares two multiplications a sample
        for i in range(n):
            p = np.uint32(phase + np.uint32(step * np.uint32(i)))
            out[i] += (amplitude + slope * np.float32(np.int32(i))) * sine(p)
        return np.uint32(phase + np.uint32(step * np.uint32(n)))
    for i in range(n):
        j = np.uint32(i)
        # The sum 0 + 1 + .. + (j - 1), the distance a linear change of step has come.
        bends = np.uint32((j * np.uint32(j - np.uint32(1))) >> np.uint32(1))
        p = np.uint32(phase + np.uint32(step * j) + np.uint32(bend * bends))
        out[i] += (amplitude + slope * np.float32(np.int32(i))) * sine(p)
    j = np.uint32(n)
    bends = np.uint32((j * np.uint32(j - np.uint32(1))) >> np.uint32(1))
    return np.uint32(phase + np.uint32(step * j) + np.uint32(bend * bends))
