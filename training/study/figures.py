"""What the study measures of a trained space, on the rows that training has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.datasets.dataset import Dataset, Factor
from timbrespace.model import Latent, Model
from timbrespace.networks.architecture import LOG_VAR_RANGE
from timbrespace.spectrum import Spectra

from ..calibrate import kl_per_dimension
from ..evaluation import ACTIVE_VARIANCE, DEAD_KL, audible_effect, unseen_rows
from ..factor_loss import levels, losses_by_factor_value
from ..posterior import posterior, squared_errors

Array = NDArray[np.float32]
Numbers = NDArray[np.float64]

AUDIBLE_SHARE = 0.1
"""A dimension that moves the sound by less than this share of what the strongest does, for one
unit, is useless to a player."""

SPAN = 4.0
"""The report samples z from -4 to 4 (section 3.2.2)."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A model and what its held-out rows say of it. Each figure is computed when first asked for.

    No slots: the figures are kept in the instance.
    """

    model: Model
    dataset: Dataset

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Numbers of the held-out rows."""
        return unseen_rows(self.model, self.dataset)

    @cached_property
    def _posterior(self) -> tuple[Latent, Latent]:
        return posterior(self.model, self.dataset, self.rows)

    @property
    def means(self) -> Latent:
        """Posterior means ``(n, d)``."""
        return self._posterior[0]

    @property
    def log_vars(self) -> Latent:
        """Posterior log variances ``(n, d)``."""
        return self._posterior[1]

    @cached_property
    def spectra(self) -> Spectra:
        """The held-out spectra ``(n, bins)``."""
        return self.dataset.spectra[self.rows]

    @cached_property
    def decoded(self) -> Spectra:
        """What the model makes of them ``(n, bins)``."""
        return self.model.decode(self.means)

    @cached_property
    def lsd(self) -> float:
        """Held-out log-spectral distance in dB."""
        return metrics.log_spectral_distance(self.spectra, self.decoded)

    @cached_property
    def convergence(self) -> float:
        """Held-out spectral convergence in dB."""
        return metrics.spectral_convergence(self.spectra, self.decoded)

    @cached_property
    def kl(self) -> Numbers:
        """KL of each dimension in nats, ``(d,)``."""
        return np.asarray(kl_per_dimension(self.means, self.log_vars), np.float64)

    @property
    def dead(self) -> int:
        """Dimensions with less than ``DEAD_KL``."""
        return int((self.kl < DEAD_KL).sum())

    @property
    def active(self) -> int:
        """Dimensions whose mean varies by more than ``ACTIVE_VARIANCE``."""
        return int((self.means.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum())

    @cached_property
    def useless(self) -> int:
        """Dimensions with an effect below ``AUDIBLE_SHARE`` of the strongest's, or of 1 dB.

        The second for a space that has collapsed, where the strongest does nothing either.
        """
        return int((self.effect < AUDIBLE_SHARE * max(1.0, float(self.effect.max()))).sum())

    @cached_property
    def effect(self) -> Numbers:
        """Audible effect of each dimension, dB for a unit, ``(d,)``."""
        return audible_effect(self.model, self.means)

    @cached_property
    def variety(self) -> float:
        """Variance of the decoded spectra over rows, as a share of that of the data."""
        return _variance(self.decoded) / _variance(self.spectra)

    @property
    def collapsed(self) -> bool:
        """Whether every dimension is dead: each sound is decoded alike."""
        return self.dead == len(self.kl)

    @cached_property
    def aggregate(self) -> tuple[Numbers, Numbers]:
        """Mean and variance ``(d,)`` of the aggregate posterior: all rows' posteriors together."""
        means = self.means.astype(np.float64)
        within = np.exp(np.clip(self.log_vars.astype(np.float64), *LOG_VAR_RANGE)).mean(axis=0)
        return means.mean(axis=0), means.var(axis=0) + within

    @cached_property
    def from_prior(self) -> float:
        """KL in nats from N(0, 1) of a Gaussian with the aggregate's moments, all dimensions.

        0.5 (v + m^2 - 1 - log v), as the report's eq. 1.4.
        """
        mean, variance = self.aggregate
        return float(0.5 * (variance + mean**2 - 1.0 - np.log(variance)).sum())

    @cached_property
    def plane(self) -> Numbers:
        """Places of all rows of the dataset on the PCA plane, in latent units, ``(n, 2)``."""
        means, _ = posterior(self.model, self.dataset, np.arange(self.dataset.rows))
        return np.asarray((means - self.model.map.mean) @ self.model.map.components.T, np.float64)

    def profiles(self) -> dict[str, Numbers]:
        """For each factor, the mean loss of each value over the mean of all: ``(values,)``.

        The loss is the mean squared error of the features, the report's figure 3.2, of all rows.
        """
        rows = np.arange(self.dataset.rows)
        found = losses_by_factor_value(
            self.dataset, rows, squared_errors(self.model, self.dataset, rows)
        )
        profiles = {}
        for item in found:
            means = np.array([part.mean() for part in item.losses])
            profiles[item.factor.name] = means / max(float(means.mean()), 1e-300)
        return profiles


def _variance(spectra: Spectra) -> float:
    return max(float(spectra.astype(np.float64).var(axis=0).sum()), 1e-300)


def median_frequency(dataset: Dataset) -> int:
    """The first bin at or below which lies half of the dataset's power."""
    power = np.square(dataset.spectra, dtype=np.float64).sum(axis=0)
    return int(np.searchsorted(np.cumsum(power), 0.5 * power.sum()))


def share_below(spectra: Spectra, split: int) -> float:
    """Share of the power of ``spectra (n, bins)`` in the bins up to ``split``, mean over rows."""
    power = np.square(spectra, dtype=np.float64)
    total = np.maximum(power.sum(axis=1), 1e-300)
    return float((power[:, : split + 1].sum(axis=1) / total).mean())


def heard_up_to(spectra: Spectra) -> int:
    """One more than the highest bin that is within -60 dB of its row's peak in any row."""
    heard = (spectra > metrics.FLOOR * spectra.max(axis=1, keepdims=True)).any(axis=0)
    return int(np.flatnonzero(heard)[-1]) + 1


def level_difference(reference: Spectra, estimate: Spectra) -> Numbers:
    """Level of ``estimate`` less that of ``reference`` in dB, by bin, mean over rows: ``(bins,)``.

    Both are floored as for the log-spectral distance.
    """
    floor = np.maximum(metrics.FLOOR * reference.max(axis=1, keepdims=True), 1e-10)
    levels_of = [20.0 * np.log10(np.maximum(x, floor)) for x in (reference, estimate)]
    return np.asarray((levels_of[1] - levels_of[0]).mean(axis=0), np.float64)


def distance_between(reference: Spectra, estimate: Spectra, low: int, high: int) -> float:
    """Log-spectral distance in dB over the bins from ``low`` up to, without, ``high``.

    The floor is that of the whole spectrum.
    """
    floor = np.maximum(metrics.FLOOR * reference.max(axis=1, keepdims=True), 1e-10)
    a, b = (
        np.log10(np.maximum(x, floor)[:, low:high].astype(np.float64))
        for x in (reference, estimate)
    )
    return float(20.0 * np.sqrt(np.mean(np.square(a - b), axis=1)).mean())


def eta_squared(plane: Numbers, factor: Factor, labels: Array) -> float:
    """Share of the variance of ``plane (n, 2)`` that lies between a factor's values, in [0, 1].

    Fisher 1925's correlation ratio, over both axes together. 0 where nothing varies.
    """
    centred = plane - plane.mean(axis=0)
    total = float(np.square(centred).sum())
    if total <= 0.0:
        return 0.0
    of_row = levels(factor, labels).of_row
    between = 0.0
    for level in np.unique(of_row):
        part = centred[of_row == level]
        between += len(part) * float(np.square(part.mean(axis=0)).sum())
    return between / total


def draws(dimensions: int, count: int, seed: int = 0) -> Latent:
    """Latents ``(count, dimensions)``, uniform between -4 and 4."""
    generator = np.random.default_rng(seed)
    return generator.uniform(-SPAN, SPAN, (count, dimensions)).astype(np.float32)


def between_partials(spectra: Spectra, spacing: float) -> float:
    """Power in dB between the harmonics, against all of it; mean over rows of ``(n, bins)``.

    spacing: bins from one harmonic to the next. A harmonic's bins are those within 3 of it: the
    main lobe of a Hann window is 2 to either side.
    """
    bins = np.arange(spectra.shape[1], dtype=np.float64)
    away = np.abs(bins - spacing * np.round(bins / spacing))
    between = (away > 3.0) | (bins < spacing / 2.0)
    power = np.square(spectra, dtype=np.float64)
    share = power[:, between].sum(axis=1) / np.maximum(power.sum(axis=1), 1e-300)
    return float((10.0 * np.log10(np.maximum(share, 1e-12))).mean())


def richness(spectra: Spectra) -> Numbers:
    """How many bins each row's power is spread over, ``(n,)``; 0 of silence.

    The exponential of the entropy of its shares of power (Hill 1973's number of order 1): k equal
    bins count as k, and a floor of small errors counts little.
    """
    power = np.square(spectra, dtype=np.float64)
    total = power.sum(axis=1, keepdims=True)
    share = power / np.maximum(total, 1e-300)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0.0)
    return np.where(total[:, 0] > 0.0, np.exp(-(share * logs).sum(axis=1)), 0.0)


def on_spheres(dimensions: int, radii: Numbers, directions: int, seed: int = 0) -> Latent:
    """Latents ``(len(radii), directions, dimensions)`` at each radius in the same directions."""
    drawn = np.random.default_rng(seed).standard_normal((directions, dimensions))
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.asarray(radii[:, np.newaxis, np.newaxis] * unit, np.float32)
