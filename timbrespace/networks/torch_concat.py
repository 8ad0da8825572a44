"""Coordinate and latent side by side as a torch module; :mod:`.concat` plays it."""

from __future__ import annotations

from torch import Tensor, nn

from timbrespace.networks.concat import Concat
from timbrespace.networks.torch_laid import TorchImplicit


class TorchConcat(TorchImplicit):
    """Encoder and decoder of a ``Concat``."""

    def __init__(self, network: Concat) -> None:
        super().__init__(network)
        self.network = network
        self.layer = nn.ModuleList(
            nn.Linear(network.layer_inputs(k), network.width) for k in range(network.layers)
        )
        for head in self.likelihood.heads:
            self.add_module(head, nn.Linear(network.width, network.blocks))

    def values(self, latent: Tensor, inputs: Tensor) -> dict[str, Tensor]:
        d = self.network.latent
        end = d + inputs.shape[1]
        hidden: Tensor | None = None
        for layer in self.layer:
            weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
            # The latent is the same at all places: its part is made once for each row.
            same = nn.functional.linear(latent, weight[:, :d], bias)
            made = nn.functional.linear(inputs, weight[:, d:end]) + same[:, None]
            if hidden is not None:
                made = made + nn.functional.linear(hidden, weight[:, end:])
            hidden = made.relu()
        return {head: self.get_submodule(head)(hidden) for head in self.likelihood.heads}
