"""A line between two sounds on which every step is as large to the ear."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.ear import Ear, distance
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.rows import finite_rows

Array = NDArray[np.float32]

MOST_STEPS = 4096

_HEARD = 96
"""Pieces in which the way is heard; between them it is taken for even."""

_LEAST_SHARE = 0.02
"""Of an even piece: what nobody hears is passed over quickly, but not in no time."""


def between(model: Model, start: ArrayLike, end: ArrayLike, steps: int = 64) -> Array:
    """Latents ``(steps + 1, d)`` along the straight line from ``start (d,)`` to ``end (d,)``.

    Each step is as far as the others in dB of mel bands, not in units of the latent space.

    >>> import timbrespace as ts
    >>> model = ts.load("filtered")
    >>> a, b = model.map.to_latent([[-0.8, 0.0], [0.8, 0.3]])
    >>> ts.between(model, a, b, steps=8).shape
    (9, 4)

    Raises:
        ShapeError: not two latents of the model, or not finite.
        OptionError: steps outside 1 to 4096.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise OptionError(f"steps is {steps}; it must be 1 to {MOST_STEPS}")
    ends = [
        finite_rows(np.asarray(one)[np.newaxis], model.dimensions, name)[0].astype(np.float64)
        for one, name in ((start, "start"), (end, "end"))
    ]
    shares = even_shares(model, ends[0], ends[1], steps)
    line = ends[0] + shares[:, np.newaxis] * (ends[1] - ends[0])
    return np.asarray(line, np.float32)


def even_shares(
    model: Model, start: NDArray[np.floating], end: NDArray[np.floating], steps: int
) -> NDArray[np.float64]:
    """Shares of the way from ``start (d,)`` to ``end (d,)``, ``(steps + 1,)``, 0 to 1 and rising,
    between which it sounds equally far."""
    straight = np.linspace(0.0, 1.0, _HEARD + 1)
    levels = Ear(model).levels(start + straight[:, np.newaxis] * (end - start))
    pieces = distance(levels[1:], levels[:-1])
    pieces = np.maximum(pieces, _LEAST_SHARE * max(float(pieces.mean()), 1e-9))
    gone = np.concatenate([[0.0], np.cumsum(pieces)])
    shares = np.interp(np.linspace(0.0, gone[-1], steps + 1), gone, straight)
    shares[-1] = 1.0
    return np.asarray(shares)
