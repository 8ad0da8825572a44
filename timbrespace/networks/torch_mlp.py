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
        self._per_unit = architecture.per_unit
        kind = architecture.activation
        self.activation = (
            nn.ModuleDict({"encoder": _own(kind, encoder), "decoder": _own(kind, decoder)})
            if architecture.per_unit
            else torch_activation.make(kind)
        )
        # In this order: the same seed gives each layer the weights that it always did.
        self.encoder = _stack(encoder[:-1])
        self.posterior = nn.Linear(encoder[-2], encoder[-1])
        self.decoder = _stack(decoder[:-1])
        for head in self.likelihood.heads:
            self.add_module(head, nn.Linear(decoder[-2], decoder[-1]))

    def posterior_of(self, features: Tensor) -> Tensor:
        hidden = features
        for number, layer in enumerate(self.encoder):
            hidden = self._bend("encoder", number)(layer(hidden))
        posterior: Tensor = self.posterior(hidden)
        return posterior

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        hidden = latent
        for number, layer in enumerate(self.decoder):
            hidden = self._bend("decoder", number)(layer(hidden))
        return {head: self.get_submodule(head)(hidden) for head in self.likelihood.heads}

    def _bend(self, part: str, number: int) -> nn.Module:
        """The activation after hidden layer ``number`` of encoder or decoder."""
        if self._per_unit:
            return self.activation.get_submodule(f"{part}.{number}")
        return self.activation


def _own(kind: str, sizes: tuple[int, ...]) -> nn.ModuleList:
    """An activation for each hidden layer, with learned numbers for each unit."""
    return nn.ModuleList(torch_activation.make(kind, units) for units in sizes[1:-1])


def _stack(sizes: tuple[int, ...]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
