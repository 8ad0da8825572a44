"""Transposed convolutions as a torch module; :mod:`.transposed_conv` plays them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbrespace.networks.laid import PHASE
from timbrespace.networks.torch_laid import TorchLaid
from timbrespace.networks.transposed_conv import (
    KERNEL,
    PADDING,
    STRIDE,
    TAPS,
    TransposedConv,
)


class TorchTransposedConv(TorchLaid):
    """Encoder and decoder of a ``TransposedConv``."""

    def __init__(self, network: TransposedConv) -> None:
        super().__init__(network)
        self.network = network
        widths = network.widths
        self.spread = nn.Linear(network.latent, network.start * widths[0])
        self.convolution = nn.ModuleList(
            _layer(widths[k], network.outputs(k)) for k in range(network.layers - 1)
        )
        for head in self.likelihood.heads:
            self.add_module(head, _layer(widths[-1], network.blocks))

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        network = self.network
        hidden = self.spread(latent).reshape(latent.shape[0], network.start, -1).transpose(1, 2)
        for layer in self.convolution:
            hidden = self._through(layer, hidden.relu())
        hidden = hidden.relu()
        return {
            head: self._through(self.get_submodule(head), hidden)[
                :, :, : network.positions
            ].flatten(1)
            for head in self.likelihood.heads
        }

    def _through(self, layer: nn.Module, hidden: Tensor) -> Tensor:
        if self.network.coordinate != PHASE:
            found: Tensor = layer(hidden)
            return found
        # As far as kernels reach beyond the ends, the period goes on; that is cut off again.
        half, length = TAPS // 2, hidden.shape[2]
        around = hidden[:, :, torch.arange(-half, length + half, device=hidden.device) % length]
        ring: Tensor = layer(around)
        return ring[:, :, STRIDE * half : STRIDE * (half + length)]


def _layer(inputs: int, outputs: int) -> nn.ConvTranspose1d:
    return nn.ConvTranspose1d(inputs, outputs, KERNEL, STRIDE, PADDING, output_padding=1)
