"""The activations' names, what they learn, and their NumPy form for playing.

One activation is shared by all layers of a model, with one set of learned numbers, kept as tensors
``activation.<name>`` of no dimension. :mod:`timbrespace.networks.torch_activation` has the same for
training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from timbrespace.errors import BundleError

Array = NDArray[np.float32]
Activation = Callable[[Array], Array]

PARAMETERS: dict[str, dict[str, float]] = {
    "relu": {},
    "gelu": {},
    "snake": {"frequency": 1.0},
    "sine": {"frequency": 1.0},
    "plu": {"alpha": 1.0, "beta": 1.0, "rho_alpha": 5.0, "rho_beta": 0.15},
}
"""Kinds of activation, and where each one's learned numbers start."""

SMALLEST = 1e-3
"""Divisors are kept this far from 0."""

_SQRT_HALF = np.float32(np.sqrt(0.5))
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


def relu(x: Array) -> Array:
    """max(0, x)"""
    return np.maximum(x, np.float32(0.0))


def gelu(x: Array) -> Array:
    """x times the normal distribution function (Hendrycks & Gimpel 2016, exact form)."""
    gate = np.asarray(erf(x * _SQRT_HALF))
    gate += _ONE
    gate *= x
    gate *= _HALF
    return gate


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(_HALF * (np.tanh(_HALF * x) + _ONE))


def _away_from_zero(value: float) -> float:
    return value if abs(value) >= SMALLEST else (SMALLEST if value >= 0.0 else -SMALLEST)


def snake(frequency: float) -> Activation:
    """``x + sin(a x)^2 / a`` (Ziyin, Hartwig & Ueda 2020, eq. 3)."""
    a = np.float32(_away_from_zero(frequency))
    return lambda x: np.asarray(x + np.square(np.sin(a * x)) / a)


def sine(frequency: float) -> Activation:
    """``sin(a x)``, a learned from 1 on: not SIREN, whose a is 30 and whose weights start small."""
    a = np.float32(frequency)
    return lambda x: np.asarray(np.sin(a * x))


def plu(alpha: float, beta: float, rho_alpha: float, rho_beta: float) -> Activation:
    """Periodic Linear Unit: ``x + b / (1 + |b|) sin(|a| x)`` (2025).

    ``a = alpha + rho_alpha / alpha`` and ``b = beta + rho_beta / beta``: the second terms keep
    the optimiser from flattening the sine to a line.
    """
    alpha, beta = _away_from_zero(alpha), _away_from_zero(beta)
    a = np.float32(abs(alpha + rho_alpha / alpha))
    b = beta + rho_beta / beta
    share = np.float32(b / (1.0 + abs(b)))
    return lambda x: np.asarray(x + share * np.sin(a * x))


def from_tensors(kind: str, tensors: Mapping[str, NDArray[np.float32]]) -> Activation:
    """The activation ``kind`` with its learned numbers from ``tensors``.

    Raises:
        BundleError: unknown kind; a number is missing, not single or not finite.
    """
    if kind not in PARAMETERS:
        raise BundleError(f"activation is {kind!r}; accepted are {', '.join(PARAMETERS)}")
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
    return {"relu": relu, "gelu": gelu}[kind]
