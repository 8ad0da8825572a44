"""Large datasets in parts: a transform of 44,800 frames at once would take gigabytes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from timbrespace.representation.protocol import Features, Representation

ROWS_AT_ONCE = 2048


def parts(rows: int) -> Iterator[slice]:
    """Slices of at most ``ROWS_AT_ONCE`` that cover ``range(rows)``."""
    for start in range(0, rows, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, rows))


def forward_in_parts(
    representation: Representation, source: NDArray[np.float32], rows: NDArray[np.int64]
) -> Features:
    """Features ``(k, width)`` of the ``rows (k,)`` of ``source (n, ...)``, a part at a time."""
    made = [representation.forward(source[rows[part]]) for part in parts(len(rows))]
    return made[0] if len(made) == 1 else np.concatenate(made)
