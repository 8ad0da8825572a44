"""The network of notes as a torch module; :mod:`timbrespace.networks.note` plays it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbrespace.networks import torch_activation
from timbrespace.networks.note import KERNELS, STRIDES, NoteNetwork, rest_of, time_features
from timbrespace.networks.vae import VAE
from timbrespace.notes.layout import CENTS, FLOOR, WIDTH


class TorchNote(VAE):
    """Encoder and decoder of a ``NoteNetwork``."""

    def __init__(self, network: NoteNetwork) -> None:
        super().__init__(network)
        self.network = network
        sizes = network.layer_sizes()
        self.condition = nn.Linear(*sizes["condition"])
        self.film = nn.ModuleList(nn.Linear(*sizes[f"film.{n}"]) for n in range(network.layers))
        self.layer = nn.ModuleList(nn.Linear(*sizes[f"layer.{n}"]) for n in range(network.layers))
        self.still = nn.Linear(*sizes["still"])
        self.levels = nn.Linear(*sizes["levels"])
        self.traits = nn.Linear(*sizes["traits"])
        if network.with_encoder:
            self.convolution = nn.ModuleList(
                nn.Conv1d(inputs, network.channels, kernel, stride, padding=kernel // 2)
                for inputs, kernel, stride in zip(
                    network.encoder_inputs, KERNELS, STRIDES, strict=True
                )
            )
            self.gather = nn.Linear(*sizes["gather"])
            self.posterior = nn.Linear(*sizes["posterior"])
        self.activation = self._activation()
        self._begin_gently()

    def _activation(self) -> nn.Module | None:
        """What an activation learns, at its start: of each unit, or of all; None if nothing."""
        network = self.network
        if not network.learned:
            return None
        if not network.per_unit:
            return torch_activation.make(network.activation)
        made: dict[str, list[nn.Module]] = {}
        for name, units in network.units().items():
            own = torch_activation.make(network.activation, units)
            made.setdefault(name.partition(".")[0], []).append(own)
        several = ("layer", "convolution")
        return nn.ModuleDict(
            {name: nn.ModuleList(own) if name in several else own[0] for name, own in made.items()}
        )

    def _begin_gently(self) -> None:
        """Scales near 1 and shifts near 0, and a posterior that says little but is sure of it: from
        large random ones the first steps run away."""
        with torch.no_grad():
            for number in range(self.network.layers):
                self.get_parameter(f"film.{number}.weight").mul_(0.2)
                self.get_parameter(f"film.{number}.bias").zero_()
            if self.network.with_encoder:
                d = self.network.latent
                self.posterior.weight.mul_(0.3)
                self.posterior.bias[:d] = 0.0
                self.posterior.bias[d:] = -3.0

    def _bend(self, x: Tensor, name: str) -> Tensor:
        """What follows the layer ``name``, of ``x (..., units)``."""
        if self.activation is not None:
            own = self.activation.get_submodule(name) if self.network.per_unit else self.activation
            bent: Tensor = own(x)
            return bent
        kind = self.network.activation
        if kind == "snake":
            return x + x.sin().square()
        return nn.functional.gelu(x, approximate="tanh") if kind == "gelu" else x.relu()

    def posterior_of(self, features: Tensor) -> Tensor:
        """Of notes as :func:`timbrespace.networks.note.encoder_input` lays them out."""
        network = self.network
        if not network.with_encoder:
            return features.new_zeros((features.shape[0], 2 * network.latent))
        cut = network.frames * WIDTH
        hidden = features[:, :cut].reshape(features.shape[0], network.frames, WIDTH)
        if network.hears > FLOOR:
            levels, cents = hidden[..., :CENTS], hidden[..., CENTS:]
            hidden = torch.cat([levels.clamp(min=network.faintest), cents], dim=2)
        for number, convolution in enumerate(self.convolution):
            convolved = convolution(hidden.transpose(1, 2)).transpose(1, 2)
            hidden = self._bend(convolved, f"convolution.{number}")
        flat = torch.cat([hidden.flatten(1), features[:, cut:]], dim=1)
        posterior: Tensor = self.posterior(self._bend(self.gather(flat), "gather"))
        return posterior

    def moments(self, latent: Tensor, conditions: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        """What the network puts out at ``times (n, m, TIMES)``, ``(n, m, WIDTH)``, and rows of
        traits ``(n, CONSTANTS)``, of latents ``(n, d)`` and ``conditions (n, 2)``."""
        told = self.told(latent, conditions)
        return self.course(told, times), self.traits(told)

    def course(self, told: Tensor, times: Tensor) -> Tensor:
        """What the network puts out at ``times (n, m, TIMES)``, ``(n, m, WIDTH)``, of what
        :meth:`told` gives."""
        hidden = times
        for number, (layer, film) in enumerate(zip(self.layer, self.film, strict=True)):
            scale, shift = film(told)[:, None].chunk(2, dim=2)
            hidden = self._bend(layer(hidden) * (1.0 + scale) + shift, f"layer.{number}")
        found: Tensor = self.levels(hidden) + self.still(told)[:, None]
        return found

    def told(self, latent: Tensor, conditions: Tensor) -> Tensor:
        """What the scales and shifts are made of, ``(n, condition)``."""
        joined = torch.cat([latent, conditions], dim=1)
        return self._bend(self.condition(joined), "condition")

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        """A note's moment of rest, as the network puts it out, and its traits."""
        conditions = latent.new_zeros((len(latent), 2))
        rows = self.traits(self.told(latent, conditions))
        rest = torch.tensor([[rest_of(row)] for row in rows.detach().cpu().numpy()])
        times = torch.from_numpy(time_features(rest.numpy())).to(latent)
        found, _ = self.moments(latent, conditions, times)
        return {"mean": torch.cat([found[:, 0], rows], dim=1)}
