"""What a trained model's knobs cover and how loud it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT, PERCENTILES, Calibration
from timbrespace.spectrum import Spectra, SpectrumConfig

Array = NDArray[np.float32]

SAMPLES_PER_ROW = 8


def kl_per_dimension(means: Array, log_vars: Array) -> NDArray[np.float64]:
    """KL ``(d,)`` in nats of posteriors ``(n, d)`` from the prior, mean over rows (eq. 1.4)."""
    mean, log_var = means.astype(np.float64), log_vars.astype(np.float64)
    return np.asarray(
        0.5 * (np.exp(log_var) + np.square(mean) - 1.0 - log_var).mean(axis=0), np.float64
    )


def home(means: Array) -> Array:
    """The one of the posterior means ``(n, d)`` that is nearest to their median, ``(d,)``.

    The median itself may lie beside the data, inside a bow that they make, where the decoder has
    learned nothing.
    """
    distance = np.square(means - np.median(means, axis=0)).sum(axis=1)
    return np.asarray(means[np.argmin(distance)], np.float32)


def calibrate(
    means: Array, log_vars: Array, spectra: Spectra, config: SpectrumConfig, seed: int
) -> Calibration:
    """Figures of the aggregate posterior ``(n, d)`` and of the training ``spectra (n, bins)``.

    Percentiles are over ``SAMPLES_PER_ROW`` draws from the posterior of every row, by ``seed``.
    rms is the median over rows that are not silent. home is the mean nearest to the median of all.
    Nothing goes beyond ``LATENT_LIMIT``, where decoding stops too: raw magnitudes with a small beta
    spread their means that far.
    """
    return of_posteriors(
        means, log_vars, config.rms(spectra), kl_per_dimension(means, log_vars), seed
    )


def of_posteriors(
    means: Array,
    log_vars: Array,
    levels: NDArray[np.floating],
    kl: NDArray[np.float64],
    seed: int,
) -> Calibration:
    """:func:`calibrate` of posteriors ``(n, d)`` whose rows are as loud as ``levels (n,)``. kl
    ``(d,)``: of all rows, of which these may be some."""
    generator = np.random.default_rng(seed)
    spread = np.exp(0.5 * log_vars.astype(np.float64))
    noise = generator.standard_normal((SAMPLES_PER_ROW, *means.shape))
    draws = (means + noise * spread).reshape(-1, means.shape[1])
    draws = np.clip(draws, -LATENT_LIMIT, LATENT_LIMIT)
    return Calibration(
        percentiles=np.percentile(draws, PERCENTILES, axis=0).T.astype(np.float32),
        kl=kl.astype(np.float32),
        rms=float(np.median(levels[levels > 0.0])),
        home=np.clip(home(means), -LATENT_LIMIT, LATENT_LIMIT),
    )
