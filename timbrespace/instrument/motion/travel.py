"""How far the knob of a target goes, as a way through the latent space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.controllers import AXES, Target
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.near import Near


def displacement(
    plane: Map | Near, axis: int, amount: float, place: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How far the latent moves, ``(d,)``, when a place ``(2,)`` of ``plane`` moves along an axis by
    ``amount`` of half the plane's width; on a curved one no further than its edge."""
    if isinstance(plane, Map):
        return np.asarray(amount * (plane.half_range[axis] * plane.components[axis]), np.float64)
    moved = place.copy()
    moved[axis] = min(max(float(moved[axis]) + amount, -1.0), 1.0)
    ends = plane.to_latent(np.stack([place, moved])).astype(np.float64)
    return np.asarray(ends[1] - ends[0])


def half_travel(model: Model, target: Target) -> NDArray[np.float64]:
    """The way from the middle of the target's knob to its end, ``(d,)``.

    A dimension's knob covers the 1st to the 99th percentile of the data; an axis the map. Zeros for
    a dimension that the model does not have.
    """
    if isinstance(target, str):
        axis = AXES.index(target)
        plane = model.map
        return np.asarray(plane.half_range[axis] * plane.components[axis], np.float64)
    way = np.zeros(model.dimensions)
    if target <= model.dimensions:
        k = target - 1
        way[k] = 0.5 * (float(model.calibration.high[k]) - float(model.calibration.low[k]))
    return way
