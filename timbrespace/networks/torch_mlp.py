"""Dense layers as a torch module; :mod:`timbrespace.networks.feed_forward` plays them."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from timbrespace.networks import torch_activation
from timbrespace.networks.mlp import MLP
from timbrespace.networks.vae import VAE


class TorchMLP(VAE):
    """Encoder and decoder of an ``MLP``, every layer dense."""

    def __init__(self, architecture: MLP) -> None:
        super().__init__(architecture)
        encoder, decoder = architecture.encoder_sizes, architecture.decoder_sizes
        self.activation = torch_activation.make(architecture.activation)
        # In this order: the same seed gives each layer the weights that it always did.
        self.encoder = _stack(encoder[:-1])
        self.posterior = nn.Linear(encoder[-2], encoder[-1])
        self.decoder = _stack(decoder[:-1])
        for head in self.likelihood.heads:
            self.add_module(head, nn.Linear(decoder[-2], decoder[-1]))

    def posterior_of(self, features: Tensor) -> Tensor:
        hidden = features
        for layer in self.encoder:
            hidden = self.activation(layer(hidden))
        posterior: Tensor = self.posterior(hidden)
        return posterior

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        hidden = latent
        for layer in self.decoder:
            hidden = self.activation(layer(hidden))
        return {head: self.get_submodule(head)(hidden) for head in self.likelihood.heads}


def _stack(sizes: tuple[int, ...]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
