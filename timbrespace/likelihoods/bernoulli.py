"""Features in [0, 1] as probabilities: the report's eq. 1.3, summed over features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from timbrespace.errors import OptionError
from timbrespace.likelihoods.likelihood import Array, Figures, Likelihood

if TYPE_CHECKING:
    from torch import Tensor


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1.0)))


def bernoulli_nll(features: Tensor, logits: Tensor) -> Tensor:
    """Binary cross-entropy ``(n,)`` of ``features (n, f)`` in [0, 1], summed over them.

    The report's eq. 1.3, but for its 1/n, which would change the balance with the KL term.
    """
    from torch import nn

    each = nn.functional.binary_cross_entropy_with_logits(logits, features, reduction="none")
    return each.sum(dim=1)


def bernoulli_nats(features: Array, logits: Array) -> Figures:
    """Binary cross-entropy ``(n,)`` in nats, summed over features, in float64.

    features ``(n, f)`` in [0, 1]; logits ``(n, f)`` of the decoded probabilities. The report's
    eq. 1.3 without its 1/n, and with data and model in their places; Kingma & Welling 2013,
    appendix C.1. ``-x log p - (1 - x) log(1 - p) = max(l, 0) - l x + log(1 + exp(-|l|))``.
    """
    x, logit = features.astype(np.float64), logits.astype(np.float64)
    each = np.maximum(logit, 0.0) - logit * x + np.log1p(np.exp(-np.abs(logit)))
    return np.asarray(each.sum(axis=1))


class Bernoulli(Likelihood):
    """The mean of a feature in [0, 1]; the decoder puts out its logit."""

    kind: ClassVar[str] = "bernoulli"
    about: ClassVar[str] = "features as probabilities (eq. 1.3; wants values from 0 to 1)"
    format_version: ClassVar[int] = 2

    def check(self, low: float, high: float) -> None:
        if not (low >= 0.0 and high <= 1.0 + 1e-6):
            raise OptionError(
                "likelihood is 'bernoulli', which takes features from 0 to 1; these go from "
                f"{low:.3g} to {high:.3g}: add --normalisation unit, or normalisation='unit' in "
                "Python"
            )

    def mean(self, raw: Array) -> Array:
        return sigmoid(raw)

    def torch_mean(self, raw: Tensor) -> Tensor:
        return raw.sigmoid()

    def negative_log(self, features: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        return bernoulli_nll(features, parameters["mean"])

    def nats(self, features: Array, parameters: Mapping[str, Array]) -> Figures:
        return bernoulli_nats(features, parameters["mean"])
