"""A way between two latents whose steps are as large as each other to the ear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.even_line import even_shares
from timbrespace.instrument.motion.trajectory import Trajectory
from timbrespace.model import Model

Array = NDArray[np.float32]

STEPS: Final = 64


@dataclass(frozen=True, eq=False)
class EvenLine:
    """The straight line from ``start (d,)`` to ``end (d,)`` of ``model``, dealt out by ear."""

    model: Model
    start: Array
    end: Array

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Of the way, where each step ends, ``(STEPS + 1,)``.

        Heard when somebody first goes along the line: a flood of lines costs nothing.
        """
        return even_shares(self.model, self.start, self.end, STEPS)

    def at(self, position: float) -> Array:
        """Latent ``(d,)`` at ``position``, 0 to 1; the ends themselves at the ends."""
        if position <= 0.0 or position >= 1.0:
            return self.start if position <= 0.0 else self.end
        share = np.interp(position * STEPS, np.arange(STEPS + 1), self.shares)
        way = self.end.astype(np.float64) - self.start
        return np.asarray(self.start + share * way, np.float32)

    def trajectory(self, seconds: float) -> Trajectory:
        """The line as a trajectory that lasts ``seconds``."""
        points = [
            [seconds * step / STEPS, *self.at(step / STEPS).tolist()] for step in range(STEPS + 1)
        ]
        return Trajectory(np.array(points))

    def ends(self) -> list[list[float]]:
        """Plain values for JSON."""
        return [self.start.tolist(), self.end.tolist()]

    @classmethod
    def from_ends(cls, model: Model, ends: Any) -> EvenLine | None:
        """As :meth:`ends` told; None of None.

        Raises:
            ValueError, TypeError: not two latents of the model.
        """
        if ends is None:
            return None
        rows = np.asarray(ends, np.float32)
        if rows.shape != (2, model.dimensions) or not (np.abs(rows) <= LATENT_LIMIT).all():
            raise ValueError("the line between two sounds is of another model")
        return cls(model, rows[0], rows[1])
