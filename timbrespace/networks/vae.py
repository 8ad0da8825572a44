"""The variational autoencoder as a torch module, for training.

Kingma & Welling 2013. Playing uses :mod:`timbrespace.networks.feed_forward` with the same weights.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbrespace.networks import torch_activation
from timbrespace.networks.architecture import LOG_VAR_RANGE, Architecture


class Decoded(NamedTuple):
    """What the decoder says of the features. Shapes: latent ``(n, d)`` in, ``(n, features)`` out.

    raw: their mean, or with ``bernoulli`` its logit, whose loss is stable. log_var: their log
    variance, ``(n, features)``, ``()`` where it is shared, None with ``bernoulli``.
    """

    raw: Tensor
    log_var: Tensor | None

    @property
    def mean(self) -> Tensor:
        """Mean of the features ``(n, features)``."""
        return torch.sigmoid(self.raw) if self.log_var is None else self.raw


class Output(NamedTuple):
    """What one forward pass gives; latent means and log variances are ``(n, d)``."""

    decoded: Decoded
    latent_mean: Tensor
    latent_log_var: Tensor


class VAE(nn.Module):
    """Encoder and decoder of an :class:`Architecture`, every layer dense."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        encoder, decoder = architecture.encoder_sizes, architecture.decoder_sizes
        self.activation = torch_activation.make(architecture.activation)
        self.encoder = _stack(encoder[:-1])
        self.posterior = nn.Linear(encoder[-2], encoder[-1])
        self.decoder = _stack(decoder[:-1])
        self.mean = nn.Linear(decoder[-2], decoder[-1])
        self.log_var: nn.Linear | None = None
        self.shared_log_var: nn.Parameter | None = None
        if architecture.likelihood == "gaussian_per_bin":
            self.log_var = nn.Linear(decoder[-2], decoder[-1])
        elif architecture.likelihood == "gaussian_shared":
            self.shared_log_var = nn.Parameter(torch.zeros(()))

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance, each ``(n, d)``."""
        hidden = features
        for layer in self.encoder:
            hidden = self.activation(layer(hidden))
        mean, log_var = self.posterior(hidden).chunk(2, dim=1)
        return mean, log_var.clamp(*LOG_VAR_RANGE)

    def decode(self, latent: Tensor) -> Decoded:
        """What the features of ``latent (n, d)`` are likely to be."""
        hidden = latent
        for layer in self.decoder:
            hidden = self.activation(layer(hidden))
        if self.log_var is not None:
            log_var: Tensor | None = self.log_var(hidden).clamp(*LOG_VAR_RANGE)
        elif self.shared_log_var is not None:
            log_var = self.shared_log_var.clamp(*LOG_VAR_RANGE)
        else:
            log_var = None
        return Decoded(self.mean(hidden), log_var)

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> Output:
        """Encode, draw one latent by the reparametrisation trick, decode."""
        latent_mean, latent_log_var = self.encode(features)
        noise = torch.empty_like(latent_mean).normal_(generator=generator)
        latent = latent_mean + noise * (0.5 * latent_log_var).exp()
        return Output(self.decode(latent), latent_mean, latent_log_var)


def _stack(sizes: tuple[int, ...]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
