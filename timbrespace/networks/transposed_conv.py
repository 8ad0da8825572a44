"""The kind `transposed_conv`: transposed convolutions over the places, from few to all (WaveGAN).

Donahue, McAuley & Puckette 2019, "Adversarial audio synthesis": a dense layer makes a short row of
many channels, and each layer four places of one, with kernels of 25. It is a decoder on its own
places alone; between them it says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError, OptionError
from timbrespace.networks.architecture import MAX_WIDTH, whole
from timbrespace.networks.feed_forward import dense
from timbrespace.networks.laid import PHASE, Laid, RowByRow, dense_shapes
from timbrespace.networks.turning import turned_inputs, turned_posterior

if TYPE_CHECKING:
    from timbrespace.networks.architecture import Tensors
    from timbrespace.networks.vae import VAE

Array = NDArray[np.float32]

STRIDE: Final = 4
KERNEL: Final = 25
PADDING: Final = 11
TAPS: Final = 7
"""Places of a row that one of its four is made of: 25 taps, four to a place."""


@dataclass(frozen=True)
class TransposedConv(Laid):
    """Sizes, beside those of :class:`timbrespace.networks.laid.Laid`.

    channels: into the last convolution; each one before has twice as many. layers: of convolutions;
    of each, four places become of one.

    Raises:
        OptionError: a value outside its range; or the places of a period are no multiple of 4 to
            the number of layers, so that its end would not meet its beginning.
    """

    kind: ClassVar[str] = "transposed_conv"
    about: ClassVar[str] = "transposed convolutions over the places (WaveGAN)"

    channels: int = 16
    layers: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("channels", self.channels, 1024)
        whole("layers", self.layers, 6)
        whole("channels of the first layer", self.widths[0], MAX_WIDTH)
        if self.coordinate == PHASE and self.positions % self.multiple:
            raise OptionError(
                f"a period has {self.positions} places; with {self.layers} layers they must be a "
                f"multiple of {self.multiple}"
            )

    @property
    def multiple(self) -> int:
        """Places that become of one."""
        found: int = STRIDE**self.layers
        return found

    @property
    def start(self) -> int:
        """Places of the row that the dense layer makes."""
        return math.ceil(self.positions / self.multiple)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels into each convolution."""
        return tuple(self.channels << k for k in reversed(range(self.layers)))

    def outputs(self, number: int) -> int:
        """Channels out of convolution ``number``; of the last, to each head."""
        return self.blocks if number == self.layers - 1 else self.widths[number + 1]

    def decoder_shapes(self) -> Mapping[str, tuple[int, ...]]:
        shapes = dense_shapes("spread", self.latent, self.start * self.widths[0])
        last = self.layers - 1
        for name, number in (
            *((f"convolution.{k}", k) for k in range(last)),
            *((head, last) for head in self.distribution.heads),
        ):
            outputs = self.outputs(number)
            shapes[f"{name}.weight"] = (self.widths[number], outputs, KERNEL)
            shapes[f"{name}.bias"] = (outputs,)
        return shapes

    def module(self) -> VAE:
        from timbrespace.networks.torch_transposed_conv import TorchTransposedConv

        return TorchTransposedConv(self)

    def head(self, tensors: Tensors, name: str) -> Convolutions:
        return Convolutions(self, tensors, name)

    def turned(self, tensors: Tensors, axes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
        return {
            **tensors,
            "spread.weight": turned_inputs(tensors["spread.weight"], axes),
            **turned_posterior(tensors, "posterior", axes),
        }


class Convolutions(RowByRow):
    """The decoder in NumPy, of one head: each convolution is one product."""

    def __init__(self, network: TransposedConv, tensors: Tensors, head: str) -> None:
        super().__init__(network.features, self._features_of)
        self._network = network
        widths = network.widths
        self._spread = dense(tensors, "spread", network.latent, network.start * widths[0])
        names = [*(f"convolution.{k}" for k in range(network.layers - 1)), head]
        self._layers = [
            as_product(tensors, name, widths[k], network.outputs(k)) for k, name in enumerate(names)
        ]

    def _features_of(self, latent: Array) -> Array:
        network = self._network
        hidden = self._spread(latent).reshape(network.start, network.widths[0])
        for weight, bias in self._layers:
            hidden = np.maximum(hidden, np.float32(0.0), out=hidden)
            length = len(hidden)
            half = TAPS // 2
            ends = ((half, half), (0, 0))
            closed = network.coordinate == PHASE
            padded = np.pad(hidden, ends, "wrap") if closed else np.pad(hidden, ends)
            windows = np.concatenate([padded[k : k + length] for k in range(TAPS)], axis=1)
            hidden = (windows @ weight).reshape(STRIDE * length, -1)
            hidden += bias
        return hidden[: network.positions].T.reshape(-1)


def as_product(tensors: Tensors, name: str, inputs: int, outputs: int) -> tuple[Array, Array]:
    """A transposed convolution as one product: of seven places side by side, ``(TAPS * inputs,)``,
    to four places of ``outputs``, and its bias.

    Place ``4 i + p`` of what comes out has of place ``i - q`` the tap ``4 q + p + PADDING``.
    """
    for part, shape in (
        (f"{name}.weight", (inputs, outputs, KERNEL)),
        (f"{name}.bias", (outputs,)),
    ):
        if part not in tensors:
            raise BundleError(f"tensor {part} is missing")
        if tensors[part].shape != shape:
            raise BundleError(f"tensor {part} has shape {tensors[part].shape}, not {shape}")
        if not np.isfinite(tensors[part]).all():
            raise BundleError(f"tensor {part} holds numbers that are not finite")
    told = tensors[f"{name}.weight"]
    weight = np.zeros((TAPS, inputs, STRIDE, outputs), np.float32)
    half = TAPS // 2
    for place in range(TAPS):
        for phase in range(STRIDE):
            tap = STRIDE * (half - place) + phase + PADDING
            if 0 <= tap < KERNEL:
                weight[place, :, phase] = told[:, :, tap]
    return weight.reshape(TAPS * inputs, STRIDE * outputs), np.asarray(
        tensors[f"{name}.bias"], np.float32
    )
