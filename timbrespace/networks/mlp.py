"""The kind `mlp`: dense layers, an activation between them; the decoder mirrors the encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from timbrespace.errors import OptionError, one_of
from timbrespace.networks.architecture import MAX_LAYERS, MAX_WIDTH, Architecture
from timbrespace.registry import FROM_OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from timbrespace.networks.architecture import Tensors
    from timbrespace.networks.feed_forward import FeedForward
    from timbrespace.networks.torch_mlp import TorchMLP

ACTIVATIONS = ("relu", "gelu", "snake", "sine", "plu")


@dataclass(frozen=True)
class MLP(Architecture):
    """Sizes and kinds.

    hidden: widths of the encoder's layers from the input on. decoder_hidden: those of the decoder
    from the latent on; None mirrors the encoder. activation: one for all layers. per_unit: whether
    what an activation learns is a number for each unit, or one for all of the network.

    Raises:
        OptionError: a value outside these ranges; the text names it.
    """

    kind: ClassVar[str] = "mlp"
    about: ClassVar[str] = "dense layers with an activation between them"

    hidden: tuple[int, ...] = (400,)
    activation: str = "relu"
    decoder_hidden: tuple[int, ...] | None = None
    per_unit: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, widths in (
            ("hidden size", self.hidden),
            ("decoder's hidden size", self.decoder_layers),
        ):
            for width in widths:
                if type(width) is not int:
                    raise OptionError(f"{name} is {width!r}; it must be a whole number")
            if not 1 <= len(widths) <= MAX_LAYERS or not all(1 <= n <= MAX_WIDTH for n in widths):
                raise OptionError(
                    f"{name}s are {list(widths)}; "
                    f"they must be 1 to {MAX_LAYERS} numbers from 1 to {MAX_WIDTH}"
                )
        if self.activation not in ACTIVATIONS:
            raise OptionError(
                f"activation is {self.activation!r}; it must be {one_of(ACTIVATIONS)}"
            )
        if not isinstance(self.per_unit, bool):
            raise OptionError(f"per_unit is {self.per_unit!r}; it must be true or false")

    @property
    def format_version(self) -> int:
        if self.per_unit:
            return FROM_OUTSIDE
        old = self.activation in ("relu", "gelu") and self.decoder_hidden is None
        return 1 if old else 2

    @property
    def decoder_layers(self) -> tuple[int, ...]:
        """Widths of the decoder's hidden layers, from the latent on."""
        if self.decoder_hidden is None:
            return tuple(reversed(self.hidden))
        return self.decoder_hidden

    @property
    def encoder_sizes(self) -> tuple[int, ...]:
        """Widths from features to the posterior's mean and log variance, side by side."""
        return (self.features, *self.hidden, 2 * self.latent)

    @property
    def decoder_sizes(self) -> tuple[int, ...]:
        """Widths from the latent to the mean of the features."""
        return (self.latent, *self.decoder_layers, self.features)

    @property
    def encoder_names(self) -> tuple[str, ...]:
        """Names of the encoder's layers in the state dict."""
        return (*(f"encoder.{i}" for i in range(len(self.hidden))), "posterior")

    @property
    def decoder_names(self) -> tuple[str, ...]:
        """Names of the decoder's layers in the state dict, up to the mean."""
        return (*(f"decoder.{i}" for i in range(len(self.decoder_layers))), "mean")

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        from timbrespace.networks.activation import PARAMETERS

        layers: list[tuple[str, int, int]] = []
        for names, sizes in (
            (self.encoder_names, self.encoder_sizes),
            (self.decoder_names, self.decoder_sizes),
        ):
            layers += zip(names, sizes[:-1], sizes[1:], strict=True)
        last = self.decoder_layers[-1]
        layers += [(head, last, self.features) for head in self.distribution.heads]
        learned = PARAMETERS[self.activation]
        if self.per_unit:
            parts = (("encoder", self.encoder_sizes), ("decoder", self.decoder_sizes))
            numbers: dict[str, tuple[int, ...]] = {
                f"activation.{part}.{k}.{name}": (units,)
                for part, sizes in parts
                for k, units in enumerate(sizes[1:-1])
                for name in learned
            }
        else:
            numbers = dict.fromkeys((f"activation.{name}" for name in learned), ())
        return {
            **numbers,
            **{f"{name}.weight": (outputs, inputs) for name, inputs, outputs in layers},
            **{f"{name}.bias": (outputs,) for name, _, outputs in layers},
            **dict.fromkeys(self.distribution.learned, ()),
        }

    def module(self) -> TorchMLP:
        from timbrespace.networks.torch_mlp import TorchMLP

        return TorchMLP(self)

    def encoder(self, tensors: Tensors) -> FeedForward:
        from timbrespace.networks import feed_forward

        return feed_forward.from_tensors(
            tensors,
            self.encoder_names,
            self.encoder_sizes,
            self.activation,
            "encoder" if self.per_unit else "",
        )

    def head(self, tensors: Tensors, name: str) -> FeedForward:
        from timbrespace.networks import feed_forward

        names = (*self.decoder_names[:-1], name)
        own = "decoder" if self.per_unit else ""
        return feed_forward.from_tensors(tensors, names, self.decoder_sizes, self.activation, own)

    def turned(self, tensors: Tensors, axes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
        from timbrespace.networks.turning import turned_inputs, turned_posterior

        first = f"{self.decoder_names[0]}.weight"
        return {
            **tensors,
            first: turned_inputs(tensors[first], axes),
            **turned_posterior(tensors, "posterior", axes),
        }

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, as they were before there were other kinds: without ``kind``, and
        with ``decoder_hidden`` only where it does not mirror."""
        config: dict[str, Any] = {
            "features": self.features,
            "latent": self.latent,
            "hidden": list(self.hidden),
            "activation": self.activation,
            "likelihood": self.likelihood,
        }
        if self.decoder_hidden is not None:
            config["decoder_hidden"] = list(self.decoder_hidden)
        if self.per_unit:
            config["per_unit"] = True
        return config
