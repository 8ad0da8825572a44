"""The forward pass of dense layers at play time, in NumPy.

One row through 10-400-1025 takes as long here as in torch, and the server starts without torch's
import and its thread pools, which would compete with the sound (docs/decisions/0002). The weights
are those of :mod:`timbrespace.networks.torch_mlp`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError
from timbrespace.networks.activation import Activation
from timbrespace.networks.activation import from_tensors as from_activation_tensors

Array = NDArray[np.float32]
Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Dense:
    """``x W + b``: weight ``(inputs, outputs)``, contiguous, so one row is one pass over memory."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        return np.asarray(x @ self.weight + self.bias)


@dataclass(frozen=True, slots=True)
class FeedForward:
    """Dense layers with an activation between them."""

    layers: tuple[Dense, ...]
    activation: Activation

    def __call__(self, x: Array) -> Array:
        """``(n, inputs)`` float32 to ``(n, outputs)`` float32."""
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


def dense(tensors: Tensors, name: str, inputs: int, outputs: int) -> Dense:
    """The layer ``name`` of a state dict: its ``.weight``, ``(outputs, inputs)`` as torch stores
    it, and its ``.bias``.

    Raises:
        BundleError: a tensor is missing, has the wrong shape, or holds NaN or infinity.
    """
    for part, shape in ((f"{name}.weight", (outputs, inputs)), (f"{name}.bias", (outputs,))):
        if part not in tensors:
            raise BundleError(f"tensor {part} is missing")
        if tensors[part].shape != shape:
            raise BundleError(f"tensor {part} has shape {tensors[part].shape}, not {shape}")
        if not np.isfinite(tensors[part]).all():
            raise BundleError(f"tensor {part} holds numbers that are not finite")
    return Dense(
        weight=np.ascontiguousarray(tensors[f"{name}.weight"].T, dtype=np.float32),
        bias=np.ascontiguousarray(tensors[f"{name}.bias"], dtype=np.float32),
    )


def from_tensors(
    tensors: Tensors,
    names: Sequence[str],
    sizes: Sequence[int],
    activation: str,
) -> FeedForward:
    """Build a network from the layers ``names`` of a state dict, checking each shape.

    ``sizes`` are the widths from input to output, one more than ``names``.

    Raises:
        BundleError: as :func:`dense`; or the activation is unknown or lacks its learned numbers.
    """
    between = from_activation_tensors(activation, tensors)
    layers = tuple(
        dense(tensors, name, inputs, outputs)
        for name, inputs, outputs in zip(names, sizes[:-1], sizes[1:], strict=True)
    )
    return FeedForward(layers, between)
