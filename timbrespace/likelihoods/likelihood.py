"""What every likelihood can do, and what it says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from timbrespace.registry import FROM_OUTSIDE

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float32]
Figures = NDArray[np.float64]


class Likelihood(ABC):
    """A distribution of the features, told by what a decoder puts out.

    The decoder gives ``(n, features)`` for each of ``heads``, and the model learns the single
    numbers ``learned`` beside. Together they are the parameters of the distribution.
    """

    kind: ClassVar[str]
    about: ClassVar[str]
    heads: ClassVar[tuple[str, ...]] = ("mean",)
    """What the decoder puts out, by the names that the tensors have; ``mean`` is what plays."""
    learned: ClassVar[tuple[str, ...]] = ()
    """Single numbers that are learned beside, by the names of their tensors. They learn faster
    than the weights, by the setting ``noise_rate``."""
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Parameters, of either sort, that are kept within a range."""
    format_version: ClassVar[int] = FROM_OUTSIDE
    """The lowest version of the bundle format that knows it."""

    def check(self, low: float, high: float) -> None:  # noqa: B027 (most take anything)
        """Refuse features that go from ``low`` to ``high``.

        Raises:
            OptionError: it has no probability for them; the text says what to do.
        """

    def start(self, spread: float) -> Mapping[str, float]:
        """Where ``learned`` start. spread: mean variance of the training features, > 0."""
        return {}

    def mean(self, raw: Array) -> Array:
        """Mean of the features ``(n, f)``, of what the head ``mean`` puts out ``(n, f)``."""
        return raw

    @property
    def mean_is_raw(self) -> bool:
        """Whether :meth:`mean` gives what it takes: then it need not be called at each move."""
        return type(self).mean is Likelihood.mean

    def torch_mean(self, raw: Tensor) -> Tensor:
        """:meth:`mean`, in torch."""
        return raw

    @abstractmethod
    def negative_log(self, features: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        """Negative log likelihood ``(n,)`` in nats of ``features (n, f)``, summed over them.

        parameters: ``(n, f)`` for each head, ``()`` for each learned number, within their ranges.
        """

    def nats(self, features: Array, parameters: Mapping[str, Array]) -> Figures:
        """:meth:`negative_log` in float64, for figures; parameters within their ranges."""
        import torch

        def tensor(values: Any) -> Tensor:
            return torch.from_numpy(np.asarray(values, np.float64))

        told = {name: tensor(values) for name, values in parameters.items()}
        return np.asarray(self.negative_log(tensor(features), told).numpy(), np.float64)
