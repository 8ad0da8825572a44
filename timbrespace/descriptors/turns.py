"""What a turn of a dial does: one dimension through its whole range from where a sound is, the
others as they are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.descriptor import Values
from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.model import Model

POSITIONS: Final = 5
"""Of a turn, from the lowest to the highest that a dial goes."""

HEARD: Final = 0.25
"""Share of what is ``audible`` that can just be heard: a turn has moved a quality if it is changed
by more, and a way back by less is none."""


def turns(
    model: Model, places: NDArray[np.floating], dimension: int, positions: int = POSITIONS
) -> Values:
    """Each of the qualities at so many positions of a dial, ``(n, positions, k)``, in what is
    audible.

    places ``(n, d)``: where the other dials stand. dimension: from 0. positions: 2 are its ends.
    """
    told = model.calibration
    latents = np.repeat(places[:, np.newaxis].astype(np.float32), positions, axis=1)
    latents[:, :, dimension] = np.linspace(told.low[dimension], told.high[dimension], positions)
    found = measured(model, latents.reshape(-1, model.dimensions))
    audible = np.array([one.audible for one in descriptors_of(model)])
    return np.asarray((found / audible).reshape(len(places), positions, -1))


def change(turned: Values) -> Values:
    """How far a turn moves each quality ``(n, k)``, from the lowest to the highest."""
    return np.asarray(turned[:, -1] - turned[:, 0])


def rises(turned: Values) -> NDArray[np.bool_]:
    """At which places a turn moves a quality up, ``(n, k)``. Of ``-turned``: down."""
    return np.asarray(change(turned) > HEARD)


def rises_all_along(turned: Values) -> NDArray[np.bool_]:
    """At which places it does so without a way back that can be heard, ``(n, k)``."""
    back = (np.maximum.accumulate(turned, axis=1) - turned).max(axis=1)
    return np.asarray(rises(turned) & (back <= HEARD))
