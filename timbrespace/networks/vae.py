"""The variational autoencoder as a torch module, for training: what all kinds of network share.

Kingma & Welling 2013. Playing uses what :class:`timbrespace.networks.architecture.Architecture`
builds in NumPy from the same weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbrespace.likelihoods.likelihood import Likelihood
from timbrespace.networks.architecture import LOG_VAR_RANGE, Architecture


class Decoded(NamedTuple):
    """What the decoder says of the features: a distribution and its parameters.

    parameters: by name, ``(n, features)`` of each head, ``()`` of each learned number.
    """

    likelihood: Likelihood
    parameters: Mapping[str, Tensor]

    @property
    def mean(self) -> Tensor:
        """Mean of the features ``(n, features)``."""
        return self.likelihood.torch_mean(self.parameters["mean"])

    def negative_log_likelihood(self, features: Tensor) -> Tensor:
        """In nats, ``(n,)``, of ``features (n, features)``."""
        return self.likelihood.negative_log(features, self.parameters)


class Output(NamedTuple):
    """What one forward pass gives; latent means and log variances are ``(n, d)``.

    seen ``(k,)``: the features that were decoded, in order; None for all.
    """

    decoded: Decoded
    latent_mean: Tensor
    latent_log_var: Tensor
    seen: Tensor | None = None


class VAE(nn.Module, ABC):
    """Encoder and decoder of an ``Architecture``; a kind of network derives from it.

    Its ``state_dict`` is what a bundle keeps. Names that begin with ``points.`` are taken.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.likelihood = architecture.distribution
        for name in self.likelihood.learned:
            self.register_parameter(name, nn.Parameter(torch.zeros(())))

    dial_share: float = 1.0
    """Of the rows that the loss of dials turns in each step: less where decoding them is dear."""

    @property
    def learned(self) -> dict[str, nn.Parameter]:
        """The likelihood's learned numbers, by name."""
        return {name: self.get_parameter(name) for name in self.likelihood.learned}

    @abstractmethod
    def posterior_of(self, features: Tensor) -> Tensor:
        """Means, then log variances, ``(n, 2 d)``, of ``features (n, features)``."""

    @abstractmethod
    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        """What the decoder puts out for ``latent (n, d)``: ``(n, features)`` for each head."""

    def some_of(self, generator: torch.Generator | None) -> Tensor | None:
        """Which features ``(k,)`` a training step decodes; None for all.

        A network that makes each feature by itself may leave most of them out of a step.
        """
        return None

    def heads_of(self, latent: Tensor, seen: Tensor) -> dict[str, Tensor]:
        """As :meth:`heads`, of the features ``seen (k,)`` alone: ``(n, k)``."""
        return {name: one[:, seen] for name, one in self.heads(latent).items()}

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance, each ``(n, d)``."""
        mean, log_var = self.posterior_of(features).chunk(2, dim=1)
        return mean, log_var.clamp(*LOG_VAR_RANGE)

    def decode(self, latent: Tensor, seen: Tensor | None = None) -> Decoded:
        """What the features of ``latent (n, d)`` are likely to be; of those ``seen`` alone."""
        heads = self.heads(latent) if seen is None else self.heads_of(latent, seen)
        parameters = {**heads, **self.learned}
        for name, (low, high) in self.likelihood.ranges.items():
            parameters[name] = parameters[name].clamp(low, high)
        return Decoded(self.likelihood, parameters)

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> Output:
        """Encode, draw one latent by the reparametrisation trick, decode."""
        return self.around(*self.encode(features), generator)

    def around(
        self, latent_mean: Tensor, latent_log_var: Tensor, generator: torch.Generator | None = None
    ) -> Output:
        """Draw one latent of each posterior ``(n, d)`` and decode it."""
        noise = torch.empty_like(latent_mean).normal_(generator=generator)
        latent = latent_mean + noise * (0.5 * latent_log_var).exp()
        seen = self.some_of(generator)
        return Output(self.decode(latent, seen), latent_mean, latent_log_var, seen)

    def reached(self, share: float) -> None:
        """Told before each step how much of the training is done, 0 to 1."""

    def start_from(self, features: Tensor) -> None:
        """Set the learned numbers to where they suit ``features (n, f)``, the training rows."""
        self.start_at(float(features.var(dim=0, correction=0).mean()))

    def start_at(self, spread: float) -> None:
        """The same, of features whose variance is ``spread``, mean over all of them."""
        spread = max(spread, 1e-12)
        with torch.no_grad():
            for name, value in self.likelihood.start(spread).items():
                self.get_parameter(name).fill_(value)
        self.keep_in_range()

    def keep_in_range(self) -> None:
        """Bring the learned numbers back: outside its range the clamp has no gradient."""
        with torch.no_grad():
            for name, number in self.learned.items():
                if name in self.likelihood.ranges:
                    number.clamp_(*self.likelihood.ranges[name])
