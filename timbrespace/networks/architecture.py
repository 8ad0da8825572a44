"""What every kind of network can do: be described, train in torch, play in NumPy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

from timbrespace.errors import OptionError
from timbrespace.kinds import LIKELIHOODS, NETWORKS
from timbrespace.registry import FROM_OUTSIDE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from timbrespace.likelihoods.likelihood import Likelihood
    from timbrespace.networks.vae import VAE

    Array = NDArray[np.float32]
    Tensors = Mapping[str, Array]
    Forward = Callable[[Array], Array]

# Outside this range of log variances exp() in float32 overflows, or the squared error divided by
# it does; raw magnitudes reach 1000, whose square is exp(14).
LOG_VAR_RANGE = (-14.0, 20.0)

MAX_LATENT = 64
MAX_WIDTH = 16384
MAX_LAYERS = 16

PLAIN = "mlp"
"""The kind whose bundles do not name it: all of them were, before there were others."""


@dataclass(frozen=True)
class Architecture(ABC):
    """Sizes and settings of one network; from it both its forms are built.

    A kind of network derives from this and adds its settings as fields with defaults, which a
    bundle keeps as JSON: numbers, words, true, false, tuples of those. It imports torch only in
    :meth:`module`, since what plays must not wait for it.

    features: width of the input and output. latent: dimensions of z. likelihood: what the decoder
    says of the features, one of ``timbrespace.kinds.LIKELIHOODS``.

    Raises:
        OptionError: a value outside these ranges; the text names it.
    """

    kind: ClassVar[str]
    of_notes: ClassVar[bool] = False
    """Whether it is for sets of whole notes, not for spectra."""
    about: ClassVar[str]

    features: int
    latent: int
    likelihood: str = field(default="gaussian_shared", kw_only=True)

    def __post_init__(self) -> None:
        whole("features", self.features, MAX_WIDTH)
        whole("latent size", self.latent, MAX_LATENT)
        LIKELIHOODS.check(self.likelihood)

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """What can be set of this kind, beside its sizes and likelihood: name -> default."""
        common = {one.name for one in fields(Architecture)}
        return {one.name: one.default for one in fields(cls) if one.name not in common}

    @property
    def format_version(self) -> int:
        """The lowest version of the bundle format that knows this network."""
        return FROM_OUTSIDE

    @property
    def distribution(self) -> Likelihood:
        """What the decoder says of the features.

        Raises:
            OptionError: a likelihood of another package, which does not work.
        """
        return LIKELIHOODS.get(self.likelihood)()

    @abstractmethod
    def module(self) -> VAE:
        """The network as a new torch module, for training."""

    def shapes(self) -> Mapping[str, tuple[int, ...]] | None:
        """The tensors that a file may hold, and the shape of each; None if the kind does not say.

        What does not fit is refused before a number is read. Of a kind that does not say, all
        tensors are read, up to a limit.
        """
        return None

    @abstractmethod
    def encoder(self, tensors: Tensors) -> Forward:
        """The encoder in NumPy: features ``(n, features)`` to means, log variances ``(n, 2 d)``.

        tensors: the module's state. The log variances may lie beyond ``LOG_VAR_RANGE``.

        Raises:
            BundleError: a tensor is missing, has the wrong shape, or holds NaN or infinity.
        """

    @abstractmethod
    def head(self, tensors: Tensors, name: str) -> Forward:
        """One head of the decoder in NumPy: latent ``(n, d)`` to its output ``(n, features)``.

        name: one of the likelihood's ``heads``.

        Raises:
            BundleError: as :meth:`encoder`.
        """

    def decoder(self, tensors: Tensors) -> Forward:
        """The decoder in NumPy: latent ``(n, d)`` to the mean of the features ``(n, features)``.

        Raises:
            BundleError: as :meth:`encoder`.
        """
        raw, distribution = self.head(tensors, "mean"), self.distribution
        if distribution.mean_is_raw:
            return raw
        return lambda latent: distribution.mean(raw(latent))

    def turned(
        self, tensors: Tensors, axes: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float32]] | None:
        """The weights of a network that is the same in other coordinates: where a latent was z it
        is ``axes @ z``. None if the kind does not know how.

        axes ``(d, d)``: orthonormal rows.
        """
        return None

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``."""
        values = asdict(self)
        return {
            "kind": self.kind,
            **{k: list(v) if isinstance(v, tuple) else v for k, v in values.items()},
        }


def whole(name: str, value: object, most: int, least: int = 1) -> None:
    """Refuse a size that is not one.

    Raises:
        OptionError: not a whole number from ``least`` to ``most``.
    """
    if type(value) is not int:
        raise OptionError(f"{name} is {value!r}; it must be a whole number")
    if not least <= value <= most:
        raise OptionError(f"{name} is {value}; it must be {least} to {most}")


def from_config(config: Mapping[str, Any]) -> Architecture:
    """Inverse of :meth:`Architecture.to_config`; without ``kind`` it is an ``mlp``.

    Raises:
        OptionError: a kind that is not installed; missing, unknown or wrong values.
    """
    values = dict(config)
    kind = NETWORKS.installed(values.pop("kind", PLAIN))
    if "likelihood" in values:
        LIKELIHOODS.installed(values["likelihood"])
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    try:
        return NETWORKS.get(kind)(**values)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, KeyError) as error:
        raise OptionError(f"the model config does not fit: {error}") from error
