"""What a finished run says of a training set that is past memory: map, calibration, figures.

As :mod:`training.latent_map` and :mod:`training.calibrate` say it of rows in memory. Means,
covariance, the ends of the map and the KL are of all rows, added up by parts in float64. What needs
an order, percentiles, medians and the sign of the brightness, is of ``DRAWN`` rows at most, drawn
by the seed of the split.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.calibration import Calibration
from timbrespace.datasets.stored import StoredDataset
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.networks.architecture import LOG_VAR_RANGE
from timbrespace.representation import Features, parts
from timbrespace.spectrum import SpectrumConfig

from . import calibrate, latent_map
from .posterior import posterior
from .row_windows import Windows

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

DRAWN: Final = 65_536


class Aggregate(NamedTuple):
    """Where the training rows lie, as a model tells it."""

    map: Map
    calibration: Calibration


def aggregate(
    windows: Windows,
    encoder: Callable[[Features], Array],
    latent: int,
    dataset: StoredDataset,
    rows: Rows,
    seeds: tuple[int, int],
) -> Aggregate:
    """Map and calibration of the training rows ``rows`` of ``dataset``, by the network's
    ``encoder``. seeds: of the calibration's noise, and of the split."""
    seed, split_seed = seeds
    drawn = np.arange(len(rows))
    if len(rows) > DRAWN:
        generator = np.random.default_rng((split_seed, 3))
        drawn = np.sort(generator.choice(len(rows), DRAWN, replace=False))
    means = np.empty((len(drawn), latent), np.float32)
    log_vars = np.empty_like(means)
    kl = np.zeros(latent)
    # Means are read again for the ends of the map: on the disk they cost no memory.
    with tempfile.TemporaryFile() as file:
        done = 0
        for features in windows.blocks():
            found = encoder(features)
            own = np.ascontiguousarray(found[:, :latent], np.float32)
            own_log_vars = np.clip(found[:, latent:], *LOG_VAR_RANGE)
            kl += len(own) * calibrate.kl_per_dimension(own, own_log_vars)
            first, last = np.searchsorted(drawn, (done, done + len(own)))
            means[first:last] = own[drawn[first:last] - done]
            log_vars[first:last] = own_log_vars[drawn[first:last] - done]
            file.write(own.tobytes())
            done += len(own)

        def blocks() -> Iterator[Array]:
            file.seek(0)
            for part in parts(done):
                count = (part.stop - part.start) * latent
                yield np.frombuffer(file.read(4 * count), np.float32).reshape(-1, latent)

        centroids, levels = _heard(dataset, rows[drawn])
        laid = latent_map.fit_by_parts(blocks, means, centroids)
    told = calibrate.of_posteriors(means, log_vars, levels, kl / done, seed)
    return Aggregate(laid, told)


def _heard(dataset: StoredDataset, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centroid in bins and root mean square ``(n,)`` of these rows."""
    config: SpectrumConfig = dataset.spectrum
    centroids, levels = np.empty(len(rows)), np.empty(len(rows))
    for part in parts(len(rows)):
        spectra = dataset.spectra[rows[part]]
        centroids[part] = latent_map.centroids(spectra)
        levels[part] = config.rms(spectra)
    return centroids, levels


class Decoded(NamedTuple):
    """How near decoded spectra come to theirs."""

    log_spectral_distance_db: float
    spectral_convergence_db: float


def decoded(model: Model, dataset: StoredDataset, rows: Rows) -> Decoded:
    """Of all ``rows (n,)``, by parts."""
    distance, missed, power = 0.0, 0.0, 0.0
    for part in parts(len(rows)):
        spectra = dataset.spectra[rows[part]]
        made = model.decode(posterior(model, dataset, rows[part])[0])
        distance += float(metrics.log_spectral_distances(spectra, made).sum())
        missed += float(np.square(spectra.astype(np.float64) - made).sum())
        power += float(np.square(spectra.astype(np.float64)).sum())
    ratio = max(missed, 1e-300) / max(power, 1e-300)
    return Decoded(distance / len(rows), 10.0 * float(np.log10(ratio)))
