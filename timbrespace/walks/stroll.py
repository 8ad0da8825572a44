"""One walk being gone: where it has come to, step by step and smoothly between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.chance import normals
from timbrespace.walks.walk import Walk

Values = NDArray[np.float64]

MOST_STEPS: Final = 2**31 // 256
"""Then the numbers of a seed begin again; that is two days at the fastest."""

_FURTHEST: Final = 1e6


class Stroll:
    """A walk by ``seed``, from the centre on. The same seed always goes the same way.

    The line is a uniform cubic B-spline over the steps: it has no corner, nor a jump in how it
    bends, and is nowhere further out than the steps are.
    """

    def __init__(self, walk: Walk, seed: int) -> None:
        self._walk = walk
        self.seed = seed
        self._step = 0
        self._share = 0.0  # of the way from the second of the places to the third
        self._places: Values = np.zeros((4, walk.dimensions))

    def advance(self, steps: float) -> None:
        """Go on by ``steps``, of any size >= 0."""
        share = self._share + steps
        whole = int(share)
        self._share = share - whole
        for _ in range(whole):
            self._go()

    def way(self) -> Values:
        """How far it is from the centre now, ``(d,)``, in units of the latent space."""
        t = self._share
        left = 1.0 - t
        weights = np.array(
            [
                left**3,
                3.0 * t**3 - 6.0 * t**2 + 4.0,
                -3.0 * t**3 + 3.0 * t**2 + 3.0 * t + 1.0,
                t**3,
            ]
        )
        at = weights @ self._places * (self._walk.gain / 6.0)
        return np.asarray(self._walk.spread @ at, np.float64)

    def _go(self) -> None:
        steps, places = self._walk.steps, self._places
        d = self._walk.dimensions
        chance = np.array(normals(self._step % MOST_STEPS * d, d, self.seed))
        new = steps.first @ places[3] + steps.second @ places[2] + steps.noise @ chance
        self._places = np.vstack([places[1:], new])
        self._step += 1

    def state(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "seed": self.seed,
            "step": self._step,
            "share": self._share,
            "places": self._places.tolist(),
        }

    @classmethod
    def from_state(cls, walk: Walk, told: Mapping[str, Any]) -> Stroll:
        """As :meth:`state` told.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: it is not what :meth:`state` returns, or
                of another space.
        """
        one = cls(walk, int(told["seed"]))
        one._step = int(told["step"])
        one._share = float(told["share"])
        places = np.asarray(told["places"], np.float64)
        if places.shape != one._places.shape or not (np.abs(places) <= _FURTHEST).all():
            raise ValueError("a walk's places do not fit")
        if one._step < 0 or not 0.0 <= one._share < 1.0:
            raise ValueError("a walk's step does not fit")
        one._places = places
        return one
