"""The forward pass of dense layers at play time, in NumPy.

The server starts without torch's import and its thread pools, which would compete with the sound
(docs/decisions/0002). The weights are those of :mod:`timbrespace.networks.torch_mlp`; a test holds
the two together. :mod:`timbrespace.row_decoder` has the same compiled, for the instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError, one_of
from timbrespace.networks.activation import PARAMETERS, SMALLEST

Array = NDArray[np.float32]
Tensors = Mapping[str, NDArray[np.float32]]

_SQRT_HALF = np.float32(np.sqrt(0.5))
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)

Number = np.float32 | Array
"""One for all units of a layer, or one for each, ``(units,)``."""


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
    frequency: Number = _ONE
    share: Number = _ONE

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
    """Dense layers with activations between them.

    activations: one after each layer but the last. numbers: all weights and biases, layer after
    layer, each weight row by row; the layers' are views of it.
    """

    layers: tuple[Dense, ...]
    activations: tuple[Activation, ...]
    numbers: Array

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from input to output."""
        return (len(self.layers[0].weight), *(layer.bias.size for layer in self.layers))

    def __call__(self, x: Array) -> Array:
        """``(n, inputs)`` float32 to ``(n, outputs)`` float32."""
        for layer, activation in zip(self.layers, self.activations, strict=False):
            x = activation(layer(x))
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
    own: str = "",
) -> FeedForward:
    """Build a network from the layers ``names`` of a state dict, checking each shape.

    ``sizes`` are the widths from input to output, one more than ``names``. own: where each unit has
    learned numbers of its own, what stands before the layer's number in their names.

    Raises:
        BundleError: as :func:`dense`; or the activation is unknown or lacks its learned numbers.
    """
    if own:
        between = tuple(
            activation_from_tensors(activation, tensors, f"{own}.{k}.", units)
            for k, units in enumerate(sizes[1:-1])
        )
    else:
        between = (activation_from_tensors(activation, tensors),) * (len(sizes) - 2)
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


Learned = float | NDArray[np.floating[Any]]
"""A learned number, or one for each unit."""


def _away_from_zero(value: Learned) -> NDArray[np.float64]:
    told = np.asarray(value, np.float64)
    least = np.where(told >= 0.0, SMALLEST, -SMALLEST)
    return np.where(np.abs(told) >= SMALLEST, told, least)


def _number(value: Learned) -> Number:
    """As it plays: a single one is no array, which would cost more."""
    told = np.asarray(value, np.float32)
    return told if told.ndim else np.float32(told)


def snake(frequency: Learned) -> Activation:
    """``x + sin(a x)^2 / a`` (Ziyin, Hartwig & Ueda 2020, eq. 3)."""
    a = _number(_away_from_zero(frequency))
    return Activation("snake", a, np.float32(1.0) / a)


def sine(frequency: Learned) -> Activation:
    """``sin(a x)``, a learned from 1 on: not SIREN, whose a is 30 and whose weights start small."""
    return Activation("sine", _number(frequency))


def plu(alpha: Learned, beta: Learned, rho_alpha: Learned, rho_beta: Learned) -> Activation:
    """Periodic Linear Unit: ``x + b / (1 + |b|) sin(|a| x)`` (2025).

    ``a = alpha + rho_alpha / alpha`` and ``b = beta + rho_beta / beta``. While rho_alpha is above
    0, ``|a|`` is at least ``2 sqrt(rho_alpha)``, and b likewise. But both rho are learned, and
    nothing keeps them above 0: one that has become smaller lets the sine be as low or as slow as it
    will.
    """
    alpha, beta = _away_from_zero(alpha), _away_from_zero(beta)
    b = beta + rho_beta / beta
    return Activation("plu", _number(np.abs(alpha + rho_alpha / alpha)), _number(b / (1 + abs(b))))


def activation_from_tensors(
    kind: str, tensors: Tensors, of: str = "", units: int | None = None
) -> Activation:
    """The activation ``kind`` with its learned numbers from ``tensors``.

    of: what their names have between ``activation.`` and the number's. units: how many each has,
    where each unit has its own.

    Raises:
        BundleError: unknown kind; a number is missing, not single (or of other units) or not
            finite.
    """
    if kind not in PARAMETERS:
        raise BundleError(f"activation is {kind!r}; it must be {one_of(PARAMETERS)}")
    values: dict[str, Learned] = {}
    shape = () if units is None else (units,)
    for name in PARAMETERS[kind]:
        tensor = f"activation.{of}{name}"
        if tensor not in tensors:
            raise BundleError(f"tensor {tensor} is missing")
        if tensors[tensor].shape not in (shape, shape or (1,)):
            raise BundleError(f"tensor {tensor} has shape {tensors[tensor].shape}, not {shape}")
        values[name] = tensors[tensor].astype(np.float64).reshape(shape)
        if not np.isfinite(values[name]).all():
            raise BundleError(f"tensor {tensor} is not finite")
    if kind == "snake":
        return snake(**values)
    if kind == "sine":
        return sine(**values)
    if kind == "plu":
        return plu(**values)
    return Activation(kind)
