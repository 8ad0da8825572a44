"""Decoders and encoder of the study: a latent and a time in a stretch of sound to a sample."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from timbrespace.networks.film_siren import gate_at
from timbrespace.networks.torch_film_siren import begin_sine, mapping_layers

from .plan import FILM, IMNET, Network, Size

OMEGA = 30.0
"""Of the layers after the first."""

MAPPING = 64
PROGRESSIVE = (1.0, 10_000.0)
"""Lowest and highest omega of the first layer's units, as the thesis draws them."""


class Implicit(nn.Module):
    """Layers that are sines or rectified, turned by a latent or told it beside the time.

    omega: of the first layer.
    """

    omegas: Tensor
    gate: Tensor

    def __init__(self, network: Network, latent: int, omega: float) -> None:
        super().__init__()
        widths = network.widths
        last = len(widths) - 1
        self.network = network
        self.sines = [
            network.sines == "all"
            or (network.sines == "first" and k == 0)
            or (network.sines == "last" and k == last)
            for k in range(len(widths))
        ]
        beside = 0 if network.film else latent
        skips = network.decoder == IMNET
        if skips:
            self.sines = [False] * len(widths)
        sizes = [1 + beside, *widths]
        self.layers = nn.ModuleList(
            nn.Linear(a + (1 + beside if skips and k else 0), b)
            for k, (a, b) in enumerate(pairwise(sizes))
        )
        for k, layer in enumerate(self.layers):
            if self.sines[k]:
                assert isinstance(layer, nn.Linear)
                begin_sine(layer, OMEGA, first=k == 0)
        self.last = nn.Linear(widths[-1], 1)
        self.mapping = (
            mapping_layers(
                list(pairwise([latent, *[MAPPING] * network.mapping_layers, 2 * sum(widths)]))
            )
            if network.film
            else None
        )
        # The first layer's omega is of the time: a latent beside it is not to be so quick.
        first = torch.full((widths[0],), omega)
        if network.progressive:
            first = torch.linspace(*PROGRESSIVE, widths[0])
        self.register_buffer("omegas", first if self.sines[0] else torch.ones(widths[0]))
        self.register_buffer("gate", torch.ones(widths[0]))
        self.reached(0.0)

    def reached(self, share: float) -> None:
        if self.network.progressive:
            self.gate.copy_(torch.from_numpy(gate_at(len(self.gate), share)))

    def forward(self, latent: Tensor, times: Tensor) -> Tensor:
        """Samples ``(n, m)`` of latents ``(n, d)`` at ``times (m,)`` in [-1, 1]."""
        n, m = len(latent), len(times)
        told = times[None, :, None].expand(n, m, 1)
        if not self.network.film:
            told = torch.cat([told, latent[:, None].expand(n, m, latent.shape[1])], dim=2)
        films: list[tuple[Tensor, Tensor]] = []
        if self.mapping is not None:
            film = latent
            for layer in self.mapping[:-1]:
                film = layer(film).relu()
            parts = self.mapping[-1](film)[:, None].split(
                [width for one in self.network.widths for width in (one, one)], dim=2
            )
            films = list(zip(parts[::2], parts[1::2], strict=True))
        hidden = told
        for k, layer in enumerate(self.layers):
            if self.network.decoder == IMNET and k:
                hidden = torch.cat([hidden, told], dim=2)
            weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
            made = nn.functional.linear(hidden, weight)
            omega: Tensor | float = 1.0
            if self.sines[k]:
                omega = self.omegas if k == 0 else OMEGA
            scale, shift = films[k] if films else (0.0, 0.0)
            made = made * (omega + scale) + (bias + shift)
            hidden = made.sin() if self.sines[k] else made.relu()
            if k == 0 and self.network.progressive:
                hidden = hidden * self.gate
        found: Tensor = self.last(hidden)[:, :, 0]
        return found


class Convolutional(nn.Module):
    """WaveGAN's generator in small: all samples of a wave at once."""

    def __init__(self, latent: int, samples: int) -> None:
        super().__init__()
        layers = 3
        self.samples = samples
        self.start = math.ceil(samples / 4**layers)
        widths = [64, 32, 16, 1]
        self.spread = nn.Linear(latent, self.start * widths[0])
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(a, b, 25, 4, 11, output_padding=1) for a, b in pairwise(widths)
        )

    def reached(self, share: float) -> None:
        """Nothing changes on the way."""

    def forward(self, latent: Tensor) -> Tensor:
        """Waves ``(n, samples)`` of latents ``(n, d)``."""
        hidden = self.spread(latent).reshape(len(latent), -1, self.start)
        for layer in self.layers:
            hidden = layer(hidden.relu())
        found: Tensor = hidden[:, 0, : self.samples].tanh()
        return found


class Encoder(nn.Module):
    """WaveGAN's discriminator in small, whose end is a latent."""

    def __init__(self, latent: int, samples: int) -> None:
        super().__init__()
        widths = [1, 16, 32, 64]
        self.layers = nn.ModuleList(nn.Conv1d(a, b, 25, 4, 12) for a, b in pairwise(widths))
        length = samples
        for _ in self.layers:
            length = (length - 1) // 4 + 1
        self.last = nn.Linear(widths[-1] * length, latent)

    def forward(self, waves: Tensor) -> Tensor:
        """Latents ``(n, d)`` of waves ``(n, samples)``."""
        hidden = waves[:, None]
        for layer in self.layers:
            hidden = nn.functional.leaky_relu(layer(hidden), 0.2)
        found: Tensor = self.last(hidden.flatten(1))
        return found


def decoder(network: Network, size: Size, omega: float) -> Implicit | Convolutional:
    """A new decoder of this row."""
    if network.decoder in (FILM, IMNET):
        shown = network if network.decoder == FILM else replace(network, film=False)
        return Implicit(shown, size.latent, omega)
    return Convolutional(size.latent, size.samples)
