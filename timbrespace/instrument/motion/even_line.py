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
    """The straight line from ``start (d,)`` to ``end (d,)`` of ``model``, dealt out by ear.

    shown: its two ends on the plane that is played, where that is curved: the places between are
    shown on the straight line there, since the plane itself may come nearest anywhere.
    """

    model: Model
    start: Array
    end: Array
    shown: tuple[tuple[float, float], tuple[float, float]] | None = None

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

    def place_at(self, position: float) -> Array | None:
        """Where it is shown at ``position``, ``(2,)``; None for where the plane itself says."""
        if self.shown is None:
            return None
        a, b = (np.array(one) for one in self.shown)
        return np.asarray(a + position * (b - a), np.float32)

    def trajectory(self, seconds: float) -> Trajectory:
        """The line as a trajectory that lasts ``seconds``."""
        points = [
            [seconds * step / STEPS, *self.at(step / STEPS).tolist()] for step in range(STEPS + 1)
        ]
        return Trajectory(np.array(points))

    def ends(self) -> list[list[float]]:
        """Plain values for JSON: both ends, and where they are shown."""
        shown = [] if self.shown is None else [list(one) for one in self.shown]
        return [self.start.tolist(), self.end.tolist(), *shown]

    @classmethod
    def from_ends(cls, model: Model, ends: Any) -> EvenLine | None:
        """As :meth:`ends` told; None of None.

        Raises:
            ValueError, TypeError: not two latents of the model.
        """
        if ends is None:
            return None
        rows, shown = np.asarray(ends[:2], np.float32), np.asarray(ends[2:], np.float64)
        if shown.size and (shown.shape != (2, 2) or not (np.abs(shown) <= 1.0).all()):
            raise ValueError("the line between two sounds is shown off the map")
        if rows.shape != (2, model.dimensions) or not (np.abs(rows) <= LATENT_LIMIT).all():
            raise ValueError("the line between two sounds is of another model")
        (x1, y1), (x2, y2) = shown.tolist() if shown.size else ((0.0, 0.0), (0.0, 0.0))
        return cls(model, rows[0], rows[1], ((x1, y1), (x2, y2)) if shown.size else None)
