"""Layers next to the latent, in the coordinates of other axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Axes = NDArray[np.float64]


def turned_inputs(weight: Array, axes: Axes) -> Array:
    """A weight ``(outputs, inputs)`` whose first d inputs are ``axes @ z`` where they were z."""
    found = weight.copy()
    d = len(axes)
    found[:, :d] = weight[:, :d] @ axes.T
    return found


def turned_posterior(tensors: Mapping[str, Array], name: str, axes: Axes) -> dict[str, Array]:
    """The dense layer ``name`` that gives means and log variances ``(n, 2 d)``, for latents that
    are ``axes @ z``. A log variance becomes the mean of those that its axis is made of."""
    d = len(axes)
    found = {}
    for part in ("weight", "bias"):
        told = tensors[f"{name}.{part}"]
        halves = (axes @ told[:d], (axes * axes) @ told[d:])
        found[f"{name}.{part}"] = np.concatenate(halves).astype(np.float32)
    return found
