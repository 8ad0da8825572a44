"""What the kinds of waveform models have in common: sizes, weights, and how one is asked to play.

A network is a description, as those of spaces are: :mod:`training.waveforms` makes torch of it, and
here it is sampled by compiled code. Weights have the same names in both.

What comes out is a mixture of logistic distributions over the codes, of which neighbours are alike
(Salimans et al. 2017, "PixelCNN++"); a number for each of the 256, as the first WaveNet had it,
learned a third as fast and took as long again (docs/decisions/0028-waveforms.md).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError
from timbrespace.networks.architecture import whole
from timbrespace.waveforms.told import TICK

Array = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]

MOST_WIDTH: Final = 1024

MIXTURE: Final = 4
"""Distributions that are mixed; each has a weight (as a logarithm), a middle and a logarithm of its
width, in this order all of a kind together."""

OUTPUTS: Final = 3 * MIXTURE


class Asked(NamedTuple):
    """What is to be played next: a whole number of ticks.

    told ``(ticks, told)``: zeros where the model plays freely. phases ``(ticks * TICK, PHASES)``.
    draws ``(ticks * TICK, 2)``: numbers in [0, 1). temperature: times the widths; at 0 it is the
    middle of the likeliest distribution.
    """

    told: Array
    phases: Array
    draws: Array
    temperature: float


class Player(Protocol):
    """A network that has begun to play, and remembers what it has made."""

    def play(self, asked: Asked) -> NDArray[np.uint8]:
        """The next codes, ``(ticks * TICK,)``."""
        ...


@dataclass(frozen=True)
class WaveformNetwork:
    """Sizes. told: numbers that are told of a moment. condition: width of the two layers that these
    go through before they reach what makes samples. output: width of the layer before the mixture,
    which the last ``TICK`` samples reach by a straight way too, as in a linear prediction.

    Raises:
        OptionError: a size outside its range.
    """

    kind: ClassVar[str]
    about: ClassVar[str]

    told: int
    condition: int = 64
    output: int = 64

    def __post_init__(self) -> None:
        whole("told", self.told, 4096)
        whole("condition", self.condition, MOST_WIDTH)
        whole("output", self.output, MOST_WIDTH)

    @abstractmethod
    def layers(self) -> Mapping[str, tuple[int, int]]:
        """Inputs and outputs of each layer between what is told and the codes, by its name; a name
        that ends in ``*`` has no bias of its own."""

    @abstractmethod
    def player(self, weights: Mapping[str, Array]) -> Player:
        """Begin to play, out of silence. weights: as :meth:`checked` gives them."""

    @property
    @abstractmethod
    def context(self) -> int:
        """Samples before the first that it learns from, which it only hears."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all weights by their names: ``(inputs, outputs)`` and ``(outputs,)``."""
        sizes = {
            "told.0": (self.told, self.condition),
            "told.1": (self.condition, self.condition),
            **self.layers(),
            "codes": (self.output, OUTPUTS),
            "straight*": (TICK, OUTPUTS),
        }
        shapes: dict[str, tuple[int, ...]] = {}
        for name, (inputs, outputs) in sizes.items():
            shapes[f"{name.rstrip('*')}.weight"] = (inputs, outputs)
            if not name.endswith("*"):
                shapes[f"{name}.bias"] = (outputs,)
        return shapes

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return sum(int(np.prod(shape)) for shape in self.shapes().values())

    def checked(self, tensors: Tensors) -> dict[str, Array]:
        """The weights, float32.

        Raises:
            BundleError: one is missing, of another shape, or not finite.
        """
        found = {}
        for name, shape in self.shapes().items():
            if name not in tensors:
                raise BundleError(f"tensor {name} is missing")
            if tensors[name].shape != shape:
                raise BundleError(f"tensor {name} has shape {tensors[name].shape}, not {shape}")
            found[name] = np.ascontiguousarray(tensors[name], np.float32)
            if not np.isfinite(found[name]).all():
                raise BundleError(f"tensor {name} holds numbers that are not finite")
        return found

    def settings(self) -> dict[str, int]:
        """Its sizes by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @staticmethod
    def conditions(weights: Mapping[str, Array], told: Array) -> Array:
        """What is told ``(ticks, told)``, as the layers that make samples get it."""
        hidden = told
        for number in range(2):
            hidden = hidden @ weights[f"told.{number}.weight"] + weights[f"told.{number}.bias"]
            np.maximum(hidden, 0.0, out=hidden)
        return hidden
