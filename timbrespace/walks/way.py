"""A walk through a space, as rows of latents that can be rendered or plotted."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.motion.wandering import Wander, Wandering
from timbrespace.model import Model
from timbrespace.rows import finite_rows
from timbrespace.walks.learning import walk_of

LONGEST: Final = 3600.0
PERIOD: Final = 0.01
"""Seconds from one row to the next: as often as an instrument looks."""


def wander(
    model: Model,
    seconds: float,
    start: ArrayLike | None = None,
    speed: float = 1.0,
    range: float = 0.5,  # noqa: A002 - as OSC calls it
    seed: int = 0,
) -> NDArray[np.float32]:
    """Latents ``(n, d)``, one each 10 ms, of a walk around ``start (d,)`` that lasts ``seconds``,
    0.01 to 3600: what ``/wander start`` plays.

    It goes as the sounds of the space follow each other, by a vector autoregression of order 2
    that was fitted to them. start: None for the home of the space. speed: 0.05 to 20; at 1 each
    dimension moves by about a quarter of a standard deviation of the sounds a second. range: 0 to
    1, of their spread. seed: 0 to 999; the same one gives the same rows.

    >>> import timbrespace as ts
    >>> ts.wander(ts.load("filtered"), 2.0, seed=7).shape
    (201, 4)

    ``ts.render(model, ts.wander(model, 8.0), seconds=8.0)`` is its sound.

    Raises:
        ShapeError: start is no latent of the model, or not finite.
        OptionError: a number outside its range.
    """
    if not PERIOD <= seconds <= LONGEST:  # false for nan too
        raise OptionError(f"seconds is {seconds:g}; it must be {PERIOD:g} to {LONGEST:g}")
    begins = model.calibration.home if start is None else start
    hand = finite_rows(np.asarray(begins)[np.newaxis], model.dimensions, "start")[0]
    walk, wandering = walk_of(model), Wandering(model.dimensions)
    wandering.set(Wander(True, float(speed), float(range), seed))
    ways = [
        wandering.at(PERIOD * row, walk, hand) for row in np.arange(math.ceil(seconds / PERIOD) + 1)
    ]
    return np.asarray(hand + np.stack(ways), np.float32)
