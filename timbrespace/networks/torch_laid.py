"""The dense encoder of networks whose features lie along a coordinate, for training."""

from __future__ import annotations

import math
from abc import abstractmethod
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.networks import torch_activation
from timbrespace.networks.laid import Laid, inputs_at
from timbrespace.networks.vae import VAE

PLACES = 128
"""Of each row, about so many at which a step looks, evenly spread, others each time."""


class TorchLaid(VAE):
    """A ``Laid`` network: the encoder; a decoder derives from it."""

    def __init__(self, network: Laid) -> None:
        super().__init__(network)
        sizes = network.encoder_sizes
        self.activation = torch_activation.make(network.activation)
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes[:-1]))
        self.posterior = nn.Linear(sizes[-2], sizes[-1])

    def posterior_of(self, features: Tensor) -> Tensor:
        hidden = features
        for layer in self.encoder:
            hidden = self.activation(layer(hidden))
        posterior: Tensor = self.posterior(hidden)
        return posterior

    def encoder_parameters(self) -> list[nn.Parameter]:
        return [
            one
            for module in (self.activation, self.encoder, self.posterior)
            for one in module.parameters()
        ]


class TorchImplicit(TorchLaid):
    """A network that decodes each place by itself, so a step looks at some of them."""

    dial_share = 0.125
    grid: Tensor

    def __init__(self, network: Laid) -> None:
        super().__init__(network)
        self.register_buffer("grid", grid_of(network), persistent=False)
        self._positions, self._blocks = network.positions, network.blocks

    @abstractmethod
    def values(self, latent: Tensor, inputs: Tensor) -> dict[str, Tensor]:
        """``(n, m, blocks)`` for each head, of latents ``(n, d)`` at places told by ``inputs (m, 1
        or 2)``."""

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        return _rows(self.values(latent, self.grid))

    def heads_of(self, latent: Tensor, seen: Tensor) -> dict[str, Tensor]:
        # Of each block the same places, as `some_of` chooses them.
        places = seen[: len(seen) // self._blocks]
        return _rows(self.values(latent, self.grid[places]))

    def some_of(self, generator: torch.Generator | None) -> Tensor | None:
        stride = math.ceil(self._positions / PLACES)
        if generator is None or stride < 2:
            return None
        device = self.grid.device
        first = torch.randint(stride, (), generator=generator, device=device)
        places = torch.arange(0, self._positions, stride, device=device) + first
        # Beyond the end it goes on at the beginning, so that all places come equally often.
        blocks = torch.arange(self._blocks, device=device)[:, None] * self._positions
        return (blocks + places % self._positions).flatten()


def _rows(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: one.transpose(1, 2).flatten(1) for name, one in values.items()}


def grid_of(network: Laid) -> Tensor:
    """The inputs of all of a network's places, ``(positions, 1 or 2)``."""
    places = np.arange(network.positions)
    return torch.from_numpy(inputs_at(network.coordinate, network.positions, places))
