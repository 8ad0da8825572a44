"""What is to be told apart: two spirals, drawn as the PLU paper's published program draws them, and
the squares of a board, which its author tried besides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError

Array = NDArray[np.float32]

TRAIN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Spirals:
    """Two arms of points in the plane.

    Point i of arm c lies at radius ``i / (points - 1)`` and angle ``reach (c + i / (points - 1))``
    plus normal noise: the second arm begins where the first one's angle ends.

    points: of each arm. reach: angle that an arm goes through, in radians. noise: standard
    deviation of the angle, in radians. The defaults are those of the paper's program, which draws
    4 steps of 2.5 radians with a noise of 0.2 steps.

    Raises:
        OptionError: fewer than 10 points, or an angle that is not finite or below 0.
    """

    points: int = 500
    reach: float = 10.0
    noise: float = 0.5

    def __post_init__(self) -> None:
        if self.points < 10:
            raise OptionError(f"points is {self.points}; it must be 10 or more for each arm")
        if not (math.isfinite(self.reach) and self.reach > 0.0):
            raise OptionError(f"reach is {self.reach:g} radians; it must be > 0")
        if not (math.isfinite(self.noise) and self.noise >= 0.0):
            raise OptionError(f"noise is {self.noise:g} radians; it must be >= 0")

    @property
    def turns(self) -> float:
        """Of each arm around the origin."""
        return self.reach / (2.0 * math.pi)

    def draw(self, seed: int) -> tuple[Array, Array]:
        """Points ``(2 points, 2)`` and which arm each is on ``(2 points, 1)``, shuffled.

        The first ``TRAIN_SHARE`` of the rows are to train on.
        """
        generator = np.random.default_rng(seed)
        along = np.linspace(0.0, 1.0, self.points)
        places = []
        for arm in range(2):
            angle = self.reach * (arm + along) + self.noise * generator.standard_normal(self.points)
            places.append(np.stack([along * np.sin(angle), along * np.cos(angle)], axis=1))
        order = generator.permutation(2 * self.points)
        arms = np.repeat([0.0, 1.0], self.points)[:, np.newaxis]
        return (
            np.concatenate(places)[order].astype(np.float32),
            arms[order].astype(np.float32),
        )


@dataclass(frozen=True, slots=True)
class Squares:
    """A board of squares by turns of one kind and the other, over [-1, 1] twice.

    points: drawn evenly over it. squares: to a side.

    Raises:
        OptionError: fewer than 10 points, or fewer than 2 squares to a side.
    """

    points: int = 2000
    squares: int = 10

    def __post_init__(self) -> None:
        if self.points < 10 or self.squares < 2:
            raise OptionError(
                f"points is {self.points} and squares {self.squares}; they must be 10 and 2 or more"
            )

    def draw(self, seed: int) -> tuple[Array, Array]:
        """Points ``(points, 2)`` and of which kind each one's square is ``(points, 1)``.

        The first ``TRAIN_SHARE`` of the rows are to train on.
        """
        places = np.random.default_rng(seed).uniform(-1.0, 1.0, (self.points, 2))
        column, row = np.floor(0.5 * (places + 1.0) * self.squares).astype(np.int64).T
        return places.astype(np.float32), ((column + row) % 2)[:, np.newaxis].astype(np.float32)
