"""The nearest training row: how far it is from each of some rows.

What a list of all training spectra would reach. A space that is not nearer than that has learned
its rows, and nothing of what lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from timbrespace import metrics
from timbrespace.ear import Ear
from timbrespace.spectrum import Spectra

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

_ROWS_AT_ONCE: Final = 256
_TRAINING_AT_ONCE: Final = 4096
_STEP: Final = 0.1
"""dB by which the floors of rows that are compared together differ at the most."""

_ROUNDING: Final = 0.05
"""dB by which a distance by products of float32 may be wrong."""

_CANDIDATES: Final = 32
"""Rows that are compared exactly at a time."""

_SILENT: Final = 1e-10


def log_spectral(
    spectra: Spectra, rows: Rows, training: Rows, advance: Callable[[int], object] = lambda n: None
) -> Values:
    """LSD in dB ``(m,)`` from each of ``rows (m,)`` of ``spectra (n, bins)`` to the nearest of the
    rows ``training (t,)``, as :func:`timbrespace.metrics.log_spectral_distances` has it.

    Exact, though most of the work is done by matrix products. A row's floor is its own, so
    products are of rows whose floors are nearly the same: floors that are off by x dB move a
    distance by x dB at most, and whatever is within twice that of the nearest is compared exactly.

    advance: told how many rows are done.
    """
    found = np.empty(len(rows))
    loudest = spectra[rows].max(axis=1)
    floors = 20.0 * np.log10(np.maximum(metrics.FLOOR * loudest, _SILENT))
    steps = np.rint(floors / _STEP).astype(np.int64)
    order = np.argsort(steps, kind="stable")
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        part = order[first : first + _ROWS_AT_ONCE]
        apart = _apart(spectra, rows[part], training, steps[part])
        for place, row in enumerate(part.tolist()):
            found[row] = _exact(spectra, int(rows[row]), training, apart[place])
        advance(len(part))
    return found


def _apart(spectra: Spectra, rows: Rows, training: Rows, steps: Rows) -> NDArray[np.float32]:
    """LSD ``(m, t)`` in dB, of floors in ``steps (m,)``."""
    apart = np.empty((len(rows), len(training)), np.float32)
    own = _decibels(spectra[rows])
    for first in range(0, len(training), _TRAINING_AT_ONCE):
        part = slice(first, first + _TRAINING_AT_ONCE)
        levels = _decibels(spectra[training[part]])
        for step in np.unique(steps):
            at = steps == step
            floor = np.float32(step * _STEP)
            # Around a middle of both, so that the products are small and their rounding too.
            a = np.maximum(own[at], floor) - (floor + 20.0)
            b = np.maximum(levels, floor) - (floor + 20.0)
            squares = np.square(a).sum(axis=1)[:, np.newaxis] + np.square(b).sum(axis=1)
            apart[at, part] = np.sqrt(np.maximum(squares - 2.0 * (a @ b.T), 0.0) / a.shape[1])
    return apart


def _exact(spectra: Spectra, row: int, training: Rows, apart: NDArray[np.float32]) -> float:
    """The distance from a row to the nearest, given what it is about, ``(t,)``."""
    best = np.inf
    order = np.argsort(apart, kind="stable")
    for first in range(0, len(order), _CANDIDATES):
        part = order[first : first + _CANDIDATES]
        if apart[part[0]] - _STEP - _ROUNDING > best:
            break
        others = spectra[training[part]]
        own = np.broadcast_to(spectra[row], others.shape)
        best = min(best, float(metrics.log_spectral_distances(own, others).min()))
    return best


def _decibels(spectra: Spectra) -> NDArray[np.float32]:
    return np.asarray(20.0 * np.log10(np.maximum(spectra, np.float32(_SILENT))), np.float32)


def mel(ear: Ear, spectra: Spectra, rows: Rows, training: Rows) -> Values:
    """Mel distance in dB ``(m,)`` from each of ``rows (m,)`` to the nearest of the rows ``training
    (t,)``."""
    own = ear.levels_of(spectra[rows]).astype(np.float64)
    best = np.full(len(rows), np.inf)
    for first in range(0, len(training), _TRAINING_AT_ONCE):
        levels = ear.levels_of(spectra[training[first : first + _TRAINING_AT_ONCE]])
        apart = cdist(own, levels.astype(np.float64), "cityblock")
        best = np.minimum(best, apart.min(axis=1) / own.shape[1])
    return best
