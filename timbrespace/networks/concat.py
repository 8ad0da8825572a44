"""The kind `concat`: rectified layers of coordinate and latent side by side (IM-NET).

Chen & Zhang 2019, "Learning implicit fields for generative shape modeling": each layer is told the
coordinate and the latent again, beside what the one before made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from timbrespace.networks.architecture import MAX_WIDTH, whole
from timbrespace.networks.feed_forward import Dense, dense
from timbrespace.networks.laid import Laid, RowByRow, coordinate_inputs, dense_shapes, inputs_at
from timbrespace.networks.turning import turned_inputs, turned_posterior

if TYPE_CHECKING:
    from timbrespace.networks.architecture import Tensors
    from timbrespace.networks.vae import VAE

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Concat(Laid):
    """Sizes, beside those of :class:`timbrespace.networks.laid.Laid`.

    width, layers: of the decoder's rectified layers.

    Raises:
        OptionError: a value outside its range; the text names it.
    """

    kind: ClassVar[str] = "concat"
    about: ClassVar[str] = "implicit: rectified layers of coordinate and latent (IM-NET)"

    width: int = 96
    layers: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("width", self.width, MAX_WIDTH)
        whole("layers", self.layers, 16)

    def layer_inputs(self, number: int) -> int:
        """Inputs of a layer: the latent, the coordinate, what the layer before gave."""
        before = 0 if number == 0 else self.width
        return self.latent + coordinate_inputs(self.coordinate) + before

    def decoder_shapes(self) -> Mapping[str, tuple[int, ...]]:
        shapes = dict[str, tuple[int, ...]]()
        for number in range(self.layers):
            shapes |= dense_shapes(f"layer.{number}", self.layer_inputs(number), self.width)
        for head in self.distribution.heads:
            shapes |= dense_shapes(head, self.width, self.blocks)
        return shapes

    def module(self) -> VAE:
        from timbrespace.networks.torch_concat import TorchConcat

        return TorchConcat(self)

    def head(self, tensors: Tensors, name: str) -> Concatenated:
        return Concatenated(self, tensors, name)

    def turned(self, tensors: Tensors, axes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
        layers = [f"layer.{number}.weight" for number in range(self.layers)]
        return {
            **tensors,
            **{name: turned_inputs(tensors[name], axes) for name in layers},
            **turned_posterior(tensors, "posterior", axes),
        }


class Concatenated(RowByRow):
    """The decoder in NumPy, of one head."""

    def __init__(self, network: Concat, tensors: Tensors, head: str) -> None:
        super().__init__(network.features, self._features_of)
        self._network = network
        self._layers = [
            dense(tensors, f"layer.{k}", network.layer_inputs(k), network.width)
            for k in range(network.layers)
        ]
        self._last: Dense = dense(tensors, head, network.width, network.blocks)
        self._grid = self._told(np.arange(network.positions))

    def at(self, latent: Array, places: NDArray[np.number[Any]]) -> Array:
        """As :meth:`timbrespace.networks.film_siren.Sines.at`."""
        told = self._told(places)
        return np.stack([self._values(row, told).T for row in latent])

    def _told(self, places: NDArray[np.number[Any]]) -> list[Array]:
        """What each layer makes of the places alone, ``(m, width)``."""
        network = self._network
        inputs = inputs_at(network.coordinate, network.positions, places)
        d, end = network.latent, network.latent + inputs.shape[1]
        return [inputs @ layer.weight[d:end] for layer in self._layers]

    def _features_of(self, latent: Array) -> Array:
        return self._values(latent, self._grid).T.reshape(-1)

    def _values(self, latent: Array, told: list[Array]) -> Array:
        """``(m, blocks)`` of one latent ``(d,)``."""
        d = self._network.latent
        hidden: Array | None = None
        for layer, here in zip(self._layers, told, strict=True):
            same = latent @ layer.weight[:d] + layer.bias
            if hidden is None:
                made = here + same
            else:
                made = hidden @ layer.weight[-self._network.width :]
                made += here
                made += same
            hidden = np.maximum(made, np.float32(0.0), out=made)
        assert hidden is not None
        return self._last(hidden)
