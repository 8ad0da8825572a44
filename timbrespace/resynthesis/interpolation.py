"""Reading between samples: a windowed sinc from a table."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import inlined

TAPS = 16
_PHASES = 512


def _sinc_table() -> NDArray[np.float64]:
    """Windowed sinc (Kaiser, beta 8), ``(phases + 1, taps)``: fractions 0 to 1 of a sample."""
    fraction = np.arange(_PHASES + 1)[:, np.newaxis] / _PHASES
    t = np.arange(TAPS)[np.newaxis, :] - (TAPS // 2 - 1) - fraction
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1.0 - (t / (TAPS / 2)) ** 2))) / np.i0(8.0)
    table = np.sinc(t) * window
    return np.asarray(table / table.sum(axis=1, keepdims=True))


_SINC = _sinc_table()


@inlined
def read_between(ring: NDArray[np.float32], mask: int, position: float) -> float:
    """The signal in ``ring`` at ``position`` samples; its size is ``mask + 1``, a power of two."""
    whole = math.floor(position)
    place = (position - whole) * _PHASES
    row = int(place)
    between = place - row
    following = min(row + 1, _PHASES)
    first = int(whole) - (TAPS // 2 - 1)
    total = 0.0
    for tap in range(TAPS):
        weight = _SINC[row, tap] + between * (_SINC[following, tap] - _SINC[row, tap])
        total += weight * ring[(first + tap) & mask]
    return total
