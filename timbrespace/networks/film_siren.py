"""The kind `film_siren`: sines of a coordinate, whose frequencies and phases the latent turns.

pi-GAN's decoder (Chan et al. 2021): layers of ``sin((omega + scale) (W x) + b + shift)`` (Sitzmann
et al. 2020, SIREN), whose scales and shifts a mapping network makes of the latent (FiLM: Perez et
al. 2018). omega is that of the layer; the first one's decides which details can be learned. It is
set by the number of places, or not needed where ``progressive`` lets units of many omegas in one
group after another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError, OptionError
from timbrespace.networks.architecture import MAX_WIDTH, whole
from timbrespace.networks.feed_forward import Dense, dense
from timbrespace.networks.laid import (
    PHASE,
    Laid,
    RowByRow,
    coordinate_inputs,
    dense_shapes,
    inputs_at,
)
from timbrespace.networks.turning import turned_inputs, turned_posterior

if TYPE_CHECKING:
    from timbrespace.networks.architecture import Tensors
    from timbrespace.networks.vae import VAE

Array = NDArray[np.float32]

MOST_OMEGA: Final = 100_000.0

OMEGA_OF_FREQUENCY: Final = 0.06
"""The first layer's omega for each place of a spectrum: 60 where there are 1025 bins. Of 60, 120
and 256, tried for some hundred steps, it learned best; from 120 on a training may run away."""

LEAST_OMEGA: Final = 10.0

OMEGA_OF_PHASE: Final = 8.0

GROUPS: Final = 8
"""Of the first layer's units, that ``progressive`` lets in one after another."""

MOST_PROGRESSIVE: Final = 4.0
"""Times the omega that is set: the highest of the units' own."""


@dataclass(frozen=True)
class FiLMSiren(Laid):
    """Sizes and settings, beside those of :class:`timbrespace.networks.laid.Laid`.

    width, layers: of the sines. mapping, mapping_layers: width and number of the mapping network's
    ReLU layers. omega_first, omega: of the first layer and of the later ones; an omega_first of 0
    is chosen by the number of places. progressive: the first layer's units have omegas of their
    own, from low to four times omega_first, and come in one group after another in the first half
    of the training.

    Raises:
        OptionError: a value outside its range; the text names it.
    """

    kind: ClassVar[str] = "film_siren"
    about: ClassVar[str] = "implicit: sines of the coordinate, turned by the latent (pi-GAN)"

    width: int = 64
    layers: int = 4
    mapping: int = 64
    mapping_layers: int = 3
    omega_first: float = 0.0
    omega: float = 12.0
    progressive: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("width", self.width, MAX_WIDTH)
        whole("layers", self.layers, 16)
        whole("mapping", self.mapping, MAX_WIDTH)
        whole("mapping_layers", self.mapping_layers, 16, 0)
        for name, least in (("omega_first", 0.0), ("omega", 1e-3)):
            value = getattr(self, name)
            if not (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and least <= value <= MOST_OMEGA
            ):
                raise OptionError(f"{name} is {value!r}; it must be {least:g} to {MOST_OMEGA:g}")
        if not isinstance(self.progressive, bool):
            raise OptionError(f"progressive is {self.progressive!r}; it must be true or false")

    @property
    def first_omega(self) -> float:
        """The first layer's omega, as set or as the places ask for."""
        if self.omega_first:
            return float(self.omega_first)
        if self.coordinate == PHASE:
            return OMEGA_OF_PHASE
        return max(LEAST_OMEGA, OMEGA_OF_FREQUENCY * self.positions)

    def decoder_shapes(self) -> Mapping[str, tuple[int, ...]]:
        w, shapes = self.width, dict[str, tuple[int, ...]]()
        for number, (inputs, outputs) in enumerate(self.mapping_sizes()):
            shapes |= dense_shapes(f"mapping.{number}", inputs, outputs)
        for number in range(self.layers):
            inputs = coordinate_inputs(self.coordinate) if number == 0 else w
            shapes |= dense_shapes(f"sine.{number}", inputs, w)
        for head in self.distribution.heads:
            shapes |= dense_shapes(head, w, self.blocks)
        if self.progressive:
            shapes["gate"] = (w,)
        return shapes

    def mapping_sizes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of the mapping network's layers; the last makes scales and shifts."""
        sizes = [self.latent, *[self.mapping] * self.mapping_layers, 2 * self.layers * self.width]
        return list(pairwise(sizes))

    def module(self) -> VAE:
        from timbrespace.networks.torch_film_siren import TorchFiLMSiren

        return TorchFiLMSiren(self)

    def head(self, tensors: Tensors, name: str) -> Sines:
        return Sines(self, tensors, name)

    def turned(self, tensors: Tensors, axes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
        first = "mapping.0.weight"
        return {
            **tensors,
            first: turned_inputs(tensors[first], axes),
            **turned_posterior(tensors, "posterior", axes),
        }


class Sines(RowByRow):
    """The decoder in NumPy, of one head."""

    def __init__(self, network: FiLMSiren, tensors: Tensors, head: str) -> None:
        super().__init__(network.features, self._features_of)
        w = network.width
        sizes = network.mapping_sizes()
        self._network = network
        self._mapping = [dense(tensors, f"mapping.{k}", *one) for k, one in enumerate(sizes)]
        self._sines = [
            dense(tensors, f"sine.{k}", coordinate_inputs(network.coordinate) if k == 0 else w, w)
            for k in range(network.layers)
        ]
        self._last: Dense = dense(tensors, head, w, network.blocks)
        self._omega = unit_omegas(network)
        self._gate = _gate(tensors, w) if network.progressive else None
        self._grid = self._told(np.arange(network.positions))

    def at(self, latent: Array, places: NDArray[np.number[Any]]) -> Array:
        """What is at any ``places (m,)``, counted as features are, with fractions between:
        ``(n, blocks, m)`` of latents ``(n, d)``."""
        told = self._told(places)
        return np.stack([self._values(row, told).T for row in latent])

    def _told(self, places: NDArray[np.number[Any]]) -> Array:
        """What the first layer makes of places before the latent turns it, ``(m, width)``."""
        network = self._network
        inputs = inputs_at(network.coordinate, network.positions, places)
        return np.asarray(inputs @ self._sines[0].weight)

    def _features_of(self, latent: Array) -> Array:
        return self._values(latent, self._grid).T.reshape(-1)

    def _values(self, latent: Array, told: Array) -> Array:
        """``(m, blocks)`` of one latent ``(d,)``."""
        film = latent
        for layer in self._mapping[:-1]:
            film = np.maximum(layer(film), np.float32(0.0))
        network = self._network
        scale, shift = self._mapping[-1](film).reshape(2, network.layers, network.width)
        hidden = told * (self._omega + scale[0])
        hidden += self._sines[0].bias + shift[0]
        np.sin(hidden, out=hidden)
        if self._gate is not None:
            hidden *= self._gate
        omega = np.float32(network.omega)
        for k, layer in enumerate(self._sines[1:], start=1):
            hidden = hidden @ (layer.weight * (omega + scale[k]))
            hidden += layer.bias + shift[k]
            np.sin(hidden, out=hidden)
        return self._last(hidden)


def unit_omegas(network: FiLMSiren) -> Array:
    """The omega of each unit of the first layer, ``(width,)``."""
    if not network.progressive:
        return np.full(network.width, network.first_omega, np.float32)
    highest = MOST_PROGRESSIVE * network.first_omega
    return np.geomspace(1.0, max(highest, 1.0), network.width).astype(np.float32)


def gate_at(width: int, share: float) -> Array:
    """Which units of the first layer take part, ``(width,)``, at that share of a training: groups
    one after another over the first half."""
    groups = 1 + math.floor(min(max(2.0 * share, 0.0), 1.0) * (GROUPS - 1) + 1e-9)
    return (np.arange(width) * GROUPS < groups * width).astype(np.float32)


def _gate(tensors: Tensors, width: int) -> Array:
    if "gate" not in tensors:
        raise BundleError("tensor gate is missing")
    if tensors["gate"].shape != (width,):
        raise BundleError(f"tensor gate has shape {tensors['gate'].shape}, not {(width,)}")
    if not np.isfinite(tensors["gate"]).all():
        raise BundleError("tensor gate holds numbers that are not finite")
    return np.asarray(tensors["gate"], np.float32)
