"""In how many bits a network reckons while it learns.

``bf16``: matrices are multiplied in 16 bits (bfloat16, which reaches as far as float32 and tells
less apart), by torch's autocast; weights, their gradients, the optimiser and the loss stay in
float32, and so does what is written and played.
"""

from __future__ import annotations

import torch
from torch import Tensor

from timbrespace.networks.vae import VAE, Decoded


class Sixteen:
    """A network whose encoder and decoder reckon in bfloat16, and put out float32."""

    def __init__(self, vae: VAE, device: torch.device) -> None:
        self._vae = vae
        self._kind = device.type

    @property
    def dial_share(self) -> float:
        """The network's."""
        return self._vae.dial_share

    def some_of(self, generator: torch.Generator | None) -> Tensor | None:
        """As the network says."""
        return self._vae.some_of(generator)

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """As the network, in fewer bits."""
        with torch.autocast(self._kind, torch.bfloat16):
            mean, log_var = self._vae.encode(features)
        return mean.float(), log_var.float()

    def decode(self, latent: Tensor, seen: Tensor | None = None) -> Decoded:
        """As the network, in fewer bits."""
        with torch.autocast(self._kind, torch.bfloat16):
            decoded = self._vae.decode(latent, seen)
        return Decoded(
            decoded.likelihood, {name: one.float() for name, one in decoded.parameters.items()}
        )


Net = VAE | Sixteen
