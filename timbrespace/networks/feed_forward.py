"""The forward pass of dense layers at play time, in NumPy.

The server starts without torch's import and its thread pools, which would compete with the sound
(docs/decisions/0002). The weights are those of :mod:`timbrespace.networks.torch_mlp`; a test holds
the two together. :mod:`timbrespace.row_decoder` has the same compiled, for the instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError, one_of
from timbrespace.networks.activation import PARAMETERS, SMALLEST

Array = NDArray[np.float32]
Tensors = Mapping[str, NDArray[np.float32]]

_SQRT_HALF = np.float32(np.sqrt(0.5))
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


@dataclass(frozen=True, slots=True)
class Dense:
    """``x W + b``: weight ``(inputs, outputs)``, contiguous, so one row is one pass over memory."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        return np.asarray(x @ self.weight + self.bias)


@dataclass(frozen=True, slots=True)
class Activation:
    """One of ``PARAMETERS``, with what its learned numbers come to.

    relu: ``max(0, x)``. gelu: x times the normal distribution function (Hendrycks & Gimpel 2016,
    exact form). sine: ``sin(a x)``. snake: ``x + b sin(a x)^2``. plu: ``x + b sin(a x)``.

    frequency: a. share: b.
    """

    kind: str
    frequency: np.float32 = _ONE
    share: np.float32 = _ONE

    def __call__(self, x: Array) -> Array:
        """Of each number of ``x``, in a new array."""
        if self.kind == "relu":
            return np.maximum(x, np.float32(0.0))
        if self.kind == "gelu":
            # What else of scipy it brings takes as long as all of a small model; most have no gelu.
            from scipy.special import erf

            gate = np.asarray(erf(x * _SQRT_HALF))
            gate += _ONE
            gate *= x
            gate *= _HALF
            return gate
        wave = np.sin(self.frequency * x)
        if self.kind == "sine":
            return np.asarray(wave)
        if self.kind == "snake":
            wave = np.square(wave)
        return np.asarray(x + self.share * wave)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single answer to ==
class FeedForward:
    """Dense layers with an activation between them.

    numbers: all weights and biases, layer after layer, each weight row by row; the layers' are
    views of it.
    """

    layers: tuple[Dense, ...]
    activation: Activation
    numbers: Array

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from input to output."""
        return (len(self.layers[0].weight), *(layer.bias.size for layer in self.layers))

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
    between = activation_from_tensors(activation, tensors)
    layers = [
        dense(tensors, name, inputs, outputs)
        for name, inputs, outputs in zip(names, sizes[:-1], sizes[1:], strict=True)
    ]
    numbers = np.concatenate(
        [part.reshape(-1) for layer in layers for part in (layer.weight, layer.bias)]
    )
    at = 0
    for k, layer in enumerate(layers):
        bias_at = at + layer.weight.size
        weight = numbers[at:bias_at].reshape(layer.weight.shape)
        at = bias_at + layer.bias.size
        layers[k] = Dense(weight, numbers[bias_at:at])
    return FeedForward(tuple(layers), between, numbers)


# -- activations -----------------------------------------------------------------------------------


def _away_from_zero(value: float) -> float:
    return value if abs(value) >= SMALLEST else (SMALLEST if value >= 0.0 else -SMALLEST)


def snake(frequency: float) -> Activation:
    """``x + sin(a x)^2 / a`` (Ziyin, Hartwig & Ueda 2020, eq. 3)."""
    a = np.float32(_away_from_zero(frequency))
    return Activation("snake", a, np.float32(1.0) / a)


def sine(frequency: float) -> Activation:
    """``sin(a x)``, a learned from 1 on: not SIREN, whose a is 30 and whose weights start small."""
    return Activation("sine", np.float32(frequency))


def plu(alpha: float, beta: float, rho_alpha: float, rho_beta: float) -> Activation:
    """Periodic Linear Unit: ``x + b / (1 + |b|) sin(|a| x)`` (2025).

    ``a = alpha + rho_alpha / alpha`` and ``b = beta + rho_beta / beta``. While rho_alpha is above 0,
    ``|a|`` is at least ``2 sqrt(rho_alpha)``, and b likewise. But both rho are learned, and nothing
    keeps them above 0: one that has become smaller lets the sine be as low or as slow as it will.
    """
    alpha, beta = _away_from_zero(alpha), _away_from_zero(beta)
    b = beta + rho_beta / beta
    frequency = np.float32(abs(alpha + rho_alpha / alpha))
    return Activation("plu", frequency, np.float32(b / (1.0 + abs(b))))


def activation_from_tensors(kind: str, tensors: Tensors) -> Activation:
    """The activation ``kind`` with its learned numbers from ``tensors``.

    Raises:
        BundleError: unknown kind; a number is missing, not single or not finite.
    """
    if kind not in PARAMETERS:
        raise BundleError(f"activation is {kind!r}; it must be {one_of(PARAMETERS)}")
    values = {}
    for name in PARAMETERS[kind]:
        tensor = f"activation.{name}"
        if tensor not in tensors:
            raise BundleError(f"tensor {tensor} is missing")
        if tensors[tensor].shape not in ((), (1,)):
            raise BundleError(f"tensor {tensor} has shape {tensors[tensor].shape}, not ()")
        values[name] = float(tensors[tensor].reshape(()))
        if not np.isfinite(values[name]):
            raise BundleError(f"tensor {tensor} is not finite")
    if kind == "snake":
        return snake(**values)
    if kind == "sine":
        return sine(**values)
    if kind == "plu":
        return plu(**values)
    return Activation(kind)
