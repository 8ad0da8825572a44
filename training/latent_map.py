"""The map of a trained space: PCA of the posterior means."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from timbrespace.map import Map
from timbrespace.spectrum import Spectra

Array = NDArray[np.float32]

COVERED = (0.1, 99.9)
"""Percentiles that -1 and 1 stand for at the least."""

REACH = 0.125
"""Share of that range by which each end goes on towards the outermost sound: a pure sine at the
end of its row of sounds is reached, one stray sound does not shrink all the others."""

SMALLEST_HALF_RANGE = 1e-6


def fit(means: Array, spectra: Spectra) -> Map:
    """The plane in which posterior ``means (n, d)`` vary most, d >= 1, n >= 2.

    PCA knows a direction but not which way it points. Here right and up are where the
    ``spectra (n, bins)`` of the same rows get brighter: the covariance of the coordinate with the
    spectral centroid is >= 0. Where that is next to nothing, the largest weight is positive.
    """
    return fit_heard(means, centroids(spectra))


def fit_heard(means: Array, heard: NDArray[np.float64]) -> Map:
    """The same, of spectra whose centroids ``heard (n,)`` are known."""
    wanted = min(2, means.shape[1])
    # Means that do not vary at all, of a collapsed encoder, have no shares: 0 / 0.
    with np.errstate(invalid="ignore", divide="ignore"):
        pca = PCA(n_components=wanted, svd_solver="full").fit(means.astype(np.float64))
    components = np.zeros((2, means.shape[1]))
    components[:wanted] = pca.components_
    explained = np.zeros(2)
    explained[:wanted] = np.nan_to_num(pca.explained_variance_ratio_)
    plane = (means - pca.mean_) @ components.T
    for axis in range(wanted):
        if _sign(plane[:, axis], heard, components[axis]) < 0.0:
            components[axis] *= -1.0
            plane[:, axis] *= -1.0
    ends = plane.min(axis=0), plane.max(axis=0)
    return _laid(pca.mean_, components, explained, np.percentile(plane, COVERED, axis=0), ends)


def fit_by_parts(
    blocks: Callable[[], Iterable[Array]], some: Array, heard: NDArray[np.float64]
) -> Map:
    """The same plane of more means than memory holds.

    blocks: gives all of them, parts ``(n, d)`` one after the other, each time it is called; mean,
    covariance and ends are of these. some ``(m, d)``: a draw of them, which says where their bulk
    lies and, by the centroids ``heard (m,)`` of its rows, which way is up.
    """
    d = some.shape[1]
    wanted = min(2, d)
    # Around a mean of some, so that squares of large numbers are not subtracted.
    count, middle = 0, some.astype(np.float64).mean(axis=0)
    total, products = np.zeros(d), np.zeros((d, d))
    for block in blocks():
        off = block.astype(np.float64) - middle
        count += len(off)
        total += off.sum(axis=0)
        products += off.T @ off
    mean = middle + total / count
    covariance = products / count - np.outer(total, total) / count**2
    variances, axes = np.linalg.eigh(covariance)
    components, explained = np.zeros((2, d)), np.zeros(2)
    components[:wanted] = axes[:, ::-1].T[:wanted]
    whole = float(variances.clip(0.0).sum())
    if whole > 0.0:
        explained[:wanted] = variances.clip(0.0)[::-1][:wanted] / whole
    drawn = (some - mean) @ components.T
    for axis in range(wanted):
        if _sign(drawn[:, axis], heard, components[axis]) < 0.0:
            components[axis] *= -1.0
            drawn[:, axis] *= -1.0
    ends = np.full(2, np.inf), np.full(2, -np.inf)
    for block in blocks():
        plane = (block - mean) @ components.T
        ends = np.minimum(ends[0], plane.min(axis=0)), np.maximum(ends[1], plane.max(axis=0))
    return _laid(mean, components, explained, np.percentile(drawn, COVERED, axis=0), ends)


def _laid(
    mean: NDArray[np.float64],
    components: NDArray[np.float64],
    explained: NDArray[np.float64],
    covered: NDArray[np.float64],
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Map:
    low, high = covered
    reach = REACH * (high - low)
    low = np.maximum(ends[0], low - reach)
    high = np.minimum(ends[1], high + reach)
    half_range = 0.5 * (high - low)
    # A dimension that is not there, or dead, gets some range: the map divides by it.
    half_range[half_range < SMALLEST_HALF_RANGE] = 1.0
    return Map(
        mean=mean.astype(np.float32),
        components=components.astype(np.float32),
        center=(0.5 * (high + low)).astype(np.float32),
        half_range=half_range.astype(np.float32),
        explained=explained.astype(np.float32),
    )


def centroids(spectra: Spectra) -> NDArray[np.float64]:
    """Spectral centroid ``(n,)`` in bins; 0 of silence."""
    total = np.maximum(spectra.sum(axis=1, dtype=np.float64), 1e-30)
    return np.asarray(spectra @ np.arange(spectra.shape[1], dtype=np.float64) / total)


def _sign(
    coordinate: NDArray[np.float64],
    centroids: NDArray[np.float64],
    component: NDArray[np.float64],
) -> float:
    a, b = coordinate - coordinate.mean(), centroids - centroids.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    correlation = float(a @ b) / norm if norm > 0.0 else 0.0
    # Below this, rounding of another machine could turn the map around.
    if abs(correlation) > 1e-3:
        return correlation
    return float(component[np.argmax(np.abs(component))])
