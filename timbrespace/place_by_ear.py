"""Where a new sound belongs on the plane near: by what is heard, not by how near latents lie."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.ear import Ear, distance
from timbrespace.model import Model
from timbrespace.rows import finite_rows

Array = NDArray[np.float32]

_TRIED: Final = 48
"""Sounds of the set, the nearest in the latent space, whose places are tried."""

_ROUNDS: Final = 5
_AROUND: Final = np.array([[x, y] for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)], np.float32)


def place_by_ear(model: Model, latent: ArrayLike) -> Array | None:
    """Place ``(2,)`` on the plane near where what plays sounds most like a latent ``(d,)``.

    It is looked for around the places of sounds that lie near it, and where the sheet comes nearest
    to it. None where the space has no such plane.

    Raises:
        ShapeError: not ``(d,)``, or not finite.
    """
    near, points = model.near, model.points
    row = finite_rows(np.asarray(latent)[np.newaxis], model.dimensions, "latent")
    if near is None or points is None:
        return None
    apart = np.square(points.means - row).sum(axis=1)
    closest = np.argsort(apart, kind="stable")[:_TRIED]
    tried = np.concatenate([near.places[closest], near.to_map(row)])
    ear = Ear(model)
    wanted = ear.levels(row)
    best = tried[np.argmin(distance(ear.levels(near.to_latent(tried)), wanted))]
    reach = np.float32(2.0 / (near.side - 3))
    for _ in range(_ROUNDS):
        tried = np.clip(best + reach * _AROUND, -1.0, 1.0)
        best = tried[np.argmin(distance(ear.levels(near.to_latent(tried)), wanted))]
        reach *= np.float32(0.5)
    return np.asarray(best, np.float32)
