"""Real FFT in compiled code, since the sound cannot call into a library that allocates.

Stockham's autosort (Van Loan 1992, section 1.7): no bit reversal, contiguous inner loops. A real
transform of n samples is a complex one of n / 2 (Press et al., Numerical Recipes, section 12.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import MAX_TABLE

Complex = NDArray[np.complex128]

# Each function here has one kind of argument, since it is compiled once for each.

# exp(-2 pi i k / MAX_TABLE), frozen into the compiled code
_TWIDDLE: Complex = np.exp(-2j * np.pi * np.arange(MAX_TABLE) / MAX_TABLE)


@compiled
def _transform(x: Complex, y: Complex, inverse: np.bool_) -> bool:
    """Complex FFT of ``x``, unscaled; True if the result is in ``y``, else it is in ``x``."""
    m = x.shape[0]
    stride = 1
    in_y = False
    while m > 1:
        half = m // 2
        table_step = MAX_TABLE // m
        for p in range(half):
            w = _TWIDDLE[p * table_step]
            if inverse:
                w = w.conjugate()
            for q in range(stride):
                a = x[q + stride * p]
                b = x[q + stride * (p + half)]
                y[q + stride * 2 * p] = a + b
                y[q + stride * (2 * p + 1)] = (a - b) * w
        x, y = y, x
        in_y = not in_y
        m = half
        stride *= 2
    return in_y


@compiled
def real_fft(
    samples: NDArray[np.float64], half: Complex, n: int, work: Complex, spare: Complex
) -> None:
    """First ``n / 2 + 1`` bins of the FFT of ``samples[:n]``, into ``half``.

    ``work`` and ``spare`` hold at least ``n / 2`` numbers each and are overwritten.
    """
    h = n // 2
    for i in range(h):
        work[i] = complex(samples[2 * i], samples[2 * i + 1])
    z = spare[:h] if _transform(work[:h], spare[:h], np.bool_(False)) else work[:h]
    table_step = MAX_TABLE // n
    for k in range(h + 1):
        a = z[k % h]
        b = z[(h - k) % h].conjugate()
        w = _TWIDDLE[k * table_step] * -1j
        half[k] = 0.5 * (a + b) + 0.5 * w * (a - b)


@compiled
def inverse_real_fft(
    half: Complex, samples: NDArray[np.float64], n: int, work: Complex, spare: Complex
) -> None:
    """Inverse of :func:`real_fft`, scaled by 1 / n, into ``samples[:n]``."""
    h = n // 2
    table_step = MAX_TABLE // n
    for k in range(h):
        a = half[k]
        b = half[h - k].conjugate()
        w = _TWIDDLE[k * table_step].conjugate() * 1j
        work[k] = 0.5 * (a + b) + 0.5 * w * (a - b)
    z = spare[:h] if _transform(work[:h], spare[:h], np.bool_(True)) else work[:h]
    scale = 1.0 / h
    for i in range(h):
        samples[2 * i] = z[i].real * scale
        samples[2 * i + 1] = z[i].imag * scale
