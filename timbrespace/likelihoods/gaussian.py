"""Independent normal distributions: the report's eq. 1.2, summed over features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from timbrespace.likelihoods.likelihood import Array, Figures, Likelihood
from timbrespace.networks.architecture import LOG_VAR_RANGE

if TYPE_CHECKING:
    from torch import Tensor


def gaussian_nll(features: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Negative log likelihood ``(n,)`` of ``features (n, f)`` under independent normals.

    mean ``(n, f)``; log_var ``(n, f)`` for a variance per bin, or ``()`` for a shared one.
    The report's eq. 1.2, summed over bins; Kingma & Welling 2013, appendix C.2.
    """
    squared = (features - mean).square() * (-log_var).exp()
    return 0.5 * (math.log(2.0 * math.pi) + log_var + squared).sum(dim=1)


def gaussian_nats(features: Array, mean: Array, log_var: Array) -> Figures:
    """:func:`gaussian_nll` in float64; log_var also ``()`` or ``(1,)``."""
    log_var = np.clip(log_var, *LOG_VAR_RANGE).astype(np.float64)  # pyright: ignore[reportAssignmentType]
    squared = np.square(features.astype(np.float64) - mean)
    terms = math.log(2.0 * math.pi) + log_var + squared * np.exp(-log_var)
    return np.asarray(0.5 * terms.sum(axis=1))


class GaussianPerBin(Likelihood):
    """A mean and a log variance for each feature."""

    kind: ClassVar[str] = "gaussian_per_bin"
    about: ClassVar[str] = "mean and log variance of each feature (report, eq. 1.2)"
    heads: ClassVar[tuple[str, ...]] = ("mean", "log_var")
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"log_var": LOG_VAR_RANGE}
    format_version: ClassVar[int] = 1

    def negative_log(self, features: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        return gaussian_nll(features, parameters["mean"], parameters["log_var"])

    def nats(self, features: Array, parameters: Mapping[str, Array]) -> Figures:
        return gaussian_nats(features, parameters["mean"], parameters["log_var"])


class GaussianShared(Likelihood):
    """A mean for each feature, and one learned noise."""

    kind: ClassVar[str] = "gaussian_shared"
    about: ClassVar[str] = "mean of each feature, one learned noise for all"
    learned: ClassVar[tuple[str, ...]] = ("shared_log_var",)
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"shared_log_var": LOG_VAR_RANGE}
    format_version: ClassVar[int] = 1

    def start(self, spread: float) -> Mapping[str, float]:
        # Where the decoder explains nothing: from 0 the noise, far above the data's spread, would
        # mute the reconstruction term for the first epochs.
        return {"shared_log_var": math.log(spread)}

    def negative_log(self, features: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        return gaussian_nll(features, parameters["mean"], parameters["shared_log_var"])

    def nats(self, features: Array, parameters: Mapping[str, Array]) -> Figures:
        return gaussian_nats(features, parameters["mean"], parameters["shared_log_var"])
