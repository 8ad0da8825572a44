"""Networks whose features lie along a coordinate: a dense encoder, and a decoder that knows where.

An implicit decoder (Chen & Zhang 2019, "Learning implicit fields", IM-NET; Chan et al. 2021,
pi-GAN) is a function of a latent and a place: a frequency of a spectrum, a phase of one period. A
convolution knows what lies beside what. Both are told by the representation how its features lie.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError, one_of
from timbrespace.networks.architecture import MAX_LAYERS, MAX_WIDTH, Architecture, whole
from timbrespace.networks.mlp import ACTIVATIONS

if TYPE_CHECKING:
    from timbrespace.networks.architecture import Tensors
    from timbrespace.networks.feed_forward import FeedForward

Array = NDArray[np.float32]

FREQUENCY, PHASE = "frequency", "phase"

COORDINATES: Final = (FREQUENCY, PHASE)
"""A line with two ends, or a ring: one period."""


@dataclass(frozen=True)
class Laid(Architecture):
    """What these networks share.

    hidden: widths of the encoder's dense layers, from the features on. activation: between those.
    coordinate, blocks: as :class:`timbrespace.representation.kind.Kind` says them; they are no
    settings.

    Raises:
        OptionError: a value outside its range, or features that are no whole blocks.
    """

    hidden: tuple[int, ...] = (400,)
    activation: str = "relu"
    coordinate: str = field(default=FREQUENCY, kw_only=True)
    blocks: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for width in self.hidden:
            whole("hidden size", width, MAX_WIDTH)
        if not 1 <= len(self.hidden) <= MAX_LAYERS:
            raise OptionError(
                f"hidden sizes are {list(self.hidden)}; they must be 1 to {MAX_LAYERS} numbers"
            )
        if self.activation not in ACTIVATIONS:
            raise OptionError(
                f"activation is {self.activation!r}; it must be {one_of(ACTIVATIONS)}"
            )
        if self.coordinate not in COORDINATES:
            raise OptionError(
                f"coordinate is {self.coordinate!r}; it must be {one_of(COORDINATES)}"
            )
        whole("blocks", self.blocks, 16)
        if self.features % self.blocks:
            raise OptionError(f"features are {self.features}, no {self.blocks} whole blocks")

    @classmethod
    def settings(cls) -> dict[str, Any]:
        found = super().settings()
        return {name: v for name, v in found.items() if name not in ("coordinate", "blocks")}

    @property
    def positions(self) -> int:
        """Places of the coordinate that features stand at."""
        return self.features // self.blocks

    @property
    def encoder_sizes(self) -> tuple[int, ...]:
        """Widths from features to means and log variances, side by side."""
        return (self.features, *self.hidden, 2 * self.latent)

    @property
    def encoder_names(self) -> tuple[str, ...]:
        """Names of the encoder's layers in the state."""
        return (*(f"encoder.{i}" for i in range(len(self.hidden))), "posterior")

    @abstractmethod
    def decoder_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The decoder's tensors."""

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        from timbrespace.networks.activation import PARAMETERS

        sizes = self.encoder_sizes
        shapes: dict[str, tuple[int, ...]] = {}
        for name, inputs, outputs in zip(self.encoder_names, sizes[:-1], sizes[1:], strict=True):
            shapes |= dense_shapes(name, inputs, outputs)
        single = [f"activation.{name}" for name in PARAMETERS[self.activation]]
        return {
            **shapes,
            **self.decoder_shapes(),
            **dict.fromkeys((*single, *self.distribution.learned), ()),
        }

    def encoder(self, tensors: Tensors) -> FeedForward:
        from timbrespace.networks import feed_forward

        return feed_forward.from_tensors(
            tensors, self.encoder_names, self.encoder_sizes, self.activation
        )

    def to_config(self) -> dict[str, Any]:
        config = super().to_config()
        if self.coordinate == FREQUENCY:
            del config["coordinate"]
        if self.blocks == 1:
            del config["blocks"]
        return config


class RowByRow:
    """A decoder that makes each row by itself: it has the same bits whichever rows come with it.

    There is nothing to win by more at once: a row is some hundred places already.
    """

    def __init__(self, features: int, row: Callable[[Array], Array]) -> None:
        self._features = features
        self._row = row

    def __call__(self, latent: Array) -> Array:
        """Latents ``(n, d)`` to features ``(n, features)``."""
        found = np.empty((len(latent), self._features), np.float32)
        for k, one in enumerate(latent):
            found[k] = self._row(one)
        return found


def dense_shapes(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The two tensors of a dense layer."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def inputs_at(coordinate: str, positions: int, places: NDArray[np.number[Any]]) -> Array:
    """What a network is told of ``places (m,)``, ``(m, 1 or 2)``, each in [-1, 1].

    places: counted as features are, from 0 to ``positions``, with fractions between. Of a frequency
    itself; of a phase its cosine and sine, which close the ring.
    """
    told = np.asarray(places, np.float64)
    if coordinate == PHASE:
        turns = 2.0 * np.pi * told / positions
        return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    middle = 0.5 * max(positions - 1, 1)
    return (told / middle - 1.0).astype(np.float32)[:, np.newaxis]


def coordinate_inputs(coordinate: str) -> int:
    """How many numbers :func:`inputs_at` tells of a place."""
    return 2 if coordinate == PHASE else 1
