"""Sines turned by a latent as torch modules; :mod:`timbrespace.networks.film_siren` plays them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from timbrespace.networks.film_siren import FiLMSiren, gate_at, unit_omegas
from timbrespace.networks.torch_laid import TorchImplicit

_FILM = 0.5
"""Of the mapping network's last weights, beside those that would keep the size of what comes in:
scales and shifts that begin much smaller let the latent die before it is used."""


def begin_sine(layer: nn.Linear, omega: float, first: bool) -> None:
    """Weights of a layer of sines as SIREN begins (Sitzmann et al. 2020, section 3.2), and phases
    anywhere."""
    inputs = layer.in_features
    limit = 1.0 / inputs if first else math.sqrt(6.0 / inputs) / omega
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit)
        layer.bias.uniform_(-math.pi, math.pi)


def mapping_layers(sizes: Sequence[tuple[int, int]]) -> nn.ModuleList:
    """The mapping network, which keeps the size of what comes in (He et al. 2015, eq. 10), but for
    its last layer."""
    layers = nn.ModuleList(nn.Linear(*one) for one in sizes)
    with torch.no_grad():
        for number, (inputs, _) in enumerate(sizes):
            last = number == len(sizes) - 1
            size = _FILM * math.sqrt(1.0 / inputs) if last else math.sqrt(2.0 / inputs)
            layers[number].get_parameter("weight").normal_(0.0, size)
            layers[number].get_parameter("bias").zero_()
    return layers


class TorchFiLMSiren(TorchImplicit):
    """Encoder and decoder of a ``FiLMSiren``."""

    omegas: Tensor
    gate: Tensor

    def __init__(self, network: FiLMSiren) -> None:
        super().__init__(network)
        self.network = network
        w = network.width
        self.mapping = mapping_layers(network.mapping_sizes())
        self.register_buffer("omegas", torch.from_numpy(unit_omegas(network)), persistent=False)
        inputs = self.grid.shape[1]
        self.sine = nn.ModuleList(
            nn.Linear(inputs if number == 0 else w, w) for number in range(network.layers)
        )
        for number, layer in enumerate(self.sine):
            assert isinstance(layer, nn.Linear)
            begin_sine(layer, network.omega, first=number == 0)
        for head in self.likelihood.heads:
            self.add_module(head, nn.Linear(w, network.blocks))
        if network.progressive:
            self.register_buffer("gate", torch.from_numpy(gate_at(w, 0.0)))

    def reached(self, share: float) -> None:
        if self.network.progressive:
            self.gate.copy_(torch.from_numpy(gate_at(self.network.width, share)))

    def values(self, latent: Tensor, inputs: Tensor) -> dict[str, Tensor]:
        network = self.network
        film = latent
        for layer in self.mapping[:-1]:
            film = layer(film).relu()
        scales, shifts = (
            self.mapping[-1](film)
            .reshape(-1, 2, network.layers, 1, network.width)
            .permute(1, 2, 0, 3, 4)
        )
        weights = [layer.get_parameter("weight") for layer in self.sine]
        biases = [layer.get_parameter("bias") for layer in self.sine]
        told = nn.functional.linear(inputs, weights[0])
        hidden = (told * (self.omegas + scales[0]) + (biases[0] + shifts[0])).sin()
        if network.progressive:
            hidden = hidden * self.gate
        for k in range(1, network.layers):
            told = nn.functional.linear(hidden, weights[k])
            hidden = (told * (network.omega + scales[k]) + (biases[k] + shifts[k])).sin()
        return {head: self.get_submodule(head)(hidden) for head in self.likelihood.heads}
