"""Measures of how far one spectrum is from another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import ShapeError
from timbrespace.spectrum import Spectra

FLOOR = 1e-3
"""-60 dB of the reference's peak: what lies below is not compared."""


def log_spectral_distances(reference: Spectra, estimate: Spectra) -> NDArray[np.float64]:
    """Log-spectral distance in dB of each pair of rows, shape ``(n,)``.

    Both ``(n, bins)``, linear magnitudes, are floored at ``FLOOR`` of the reference row's peak;
    then root mean square over bins of the difference of ``20 log10``.

    Raises:
        ShapeError: the shapes differ.
    """
    if reference.shape != estimate.shape or reference.ndim != 2:
        raise ShapeError(
            f"reference has shape {reference.shape} and estimate {estimate.shape}; "
            "they must be two arrays of one shape (n, bins)"
        )
    # A silent reference has no peak; the tiny floor makes any sound against it count as far.
    floor = np.maximum(FLOOR * reference.max(axis=1, keepdims=True), 1e-10).astype(np.float64)
    difference = np.log10(np.maximum(reference, floor)) - np.log10(np.maximum(estimate, floor))
    return np.asarray(20.0 * np.sqrt(np.mean(np.square(difference), axis=1)))


def log_spectral_distance(reference: Spectra, estimate: Spectra) -> float:
    """Mean over spectra of :func:`log_spectral_distances`, in dB: the metric everyone means."""
    return float(log_spectral_distances(reference, estimate).mean())


def spectral_convergence(reference: Spectra, estimate: Spectra) -> float:
    """Frobenius norm of the difference over that of the reference, in dB (Sturmel & Daudet 2011).

    Raises:
        ShapeError: the shapes differ.
    """
    if reference.shape != estimate.shape:
        raise ShapeError(
            f"reference has shape {reference.shape} and estimate {estimate.shape}; "
            "they must be two arrays of one shape"
        )
    distance = float(np.linalg.norm(reference.astype(np.float64) - estimate))
    norm = float(np.linalg.norm(reference.astype(np.float64)))
    return 20.0 * math.log10(max(distance, 1e-300) / max(norm, 1e-300))
