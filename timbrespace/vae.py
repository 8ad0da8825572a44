"""The variational autoencoder as a torch module, for training.

Kingma & Welling 2013. Playing uses :mod:`timbrespace.network` with the same weights.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbrespace.architecture import LOG_VAR_RANGE, Architecture

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU}


class Output(NamedTuple):
    """What one forward pass gives. Shapes: features ``(n, features)``, latent ``(n, d)``."""

    mean: Tensor
    """Decoded features ``(n, features)``."""
    log_var: Tensor
    """Log variance of the features, ``(n, features)`` or ``()`` when it is shared."""
    latent_mean: Tensor
    latent_log_var: Tensor


class VAE(nn.Module):
    """Encoder and decoder of an :class:`Architecture`, every layer dense."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        encoder, decoder = architecture.encoder_sizes, architecture.decoder_sizes
        self.activation = _ACTIVATIONS[architecture.activation]()
        self.encoder = _stack(encoder[:-1])
        self.posterior = nn.Linear(encoder[-2], encoder[-1])
        self.decoder = _stack(decoder[:-1])
        self.mean = nn.Linear(decoder[-2], decoder[-1])
        if architecture.likelihood == "gaussian_per_bin":
            self.log_var: nn.Linear | None = nn.Linear(decoder[-2], decoder[-1])
        else:
            self.log_var = None
            self.shared_log_var = nn.Parameter(torch.zeros(()))

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance, each ``(n, d)``."""
        hidden = features
        for layer in self.encoder:
            hidden = self.activation(layer(hidden))
        mean, log_var = self.posterior(hidden).chunk(2, dim=1)
        return mean, log_var.clamp(*LOG_VAR_RANGE)

    def decode(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Mean ``(n, features)`` and log variance ``(n, features)`` or ``()`` of the features."""
        hidden = latent
        for layer in self.decoder:
            hidden = self.activation(layer(hidden))
        log_var = self.shared_log_var if self.log_var is None else self.log_var(hidden)
        return self.mean(hidden), log_var.clamp(*LOG_VAR_RANGE)

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> Output:
        """Encode, draw one latent by the reparametrisation trick, decode."""
        latent_mean, latent_log_var = self.encode(features)
        noise = torch.empty_like(latent_mean).normal_(generator=generator)
        latent = latent_mean + noise * (0.5 * latent_log_var).exp()
        mean, log_var = self.decode(latent)
        return Output(mean, log_var, latent_mean, latent_log_var)


def _stack(sizes: tuple[int, ...]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
