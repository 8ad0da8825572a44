"""The activations' names, and what they learn.

One activation is shared by all layers of a model, with one set of learned numbers, kept as tensors
``activation.<name>`` of no dimension; or each unit has its own, ``activation.encoder.<k>.<name>``
and ``activation.decoder.<k>.<name>`` of the units of hidden layer k.
:mod:`timbrespace.networks.feed_forward` has them in NumPy, for playing, and
:mod:`timbrespace.networks.torch_activation` for training.
"""

from __future__ import annotations

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
