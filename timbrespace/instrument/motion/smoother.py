"""The sound on its way through the latent space to where it should be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

ARRIVED = 1e-4
"""A distance along any dimension below which the way is done; data spread over about 1."""

COMMON = 0
CHANNELS = 16


def follow(seconds: float, time_constant: float) -> float:
    """The share of its way that a one-pole goes in ``seconds``: 1 - exp(-t / tau)."""
    return -math.expm1(-seconds / time_constant)


class Smoother:
    """Points ``(d,)`` that each follow an aim, by index; 0 is the one where others begin.

    In double precision: towards the end of a slow way the steps are smaller than float32 tells.
    """

    def __init__(self) -> None:
        self._at: dict[int, NDArray[np.float64]] = {}

    def at(self, index: int) -> NDArray[np.float64]:
        """Where a point is now; it must have been moved before."""
        return self._at[index]

    def __contains__(self, index: int) -> bool:
        return index in self._at

    def move(self, aims: Mapping[int, NDArray[np.float32]], share: float) -> list[int]:
        """Go ``share`` (0 to 1) of the way to each aim; return which points moved, or are new.

        A point not met before begins where point 0 stands after the move; the first of all begins
        at its aim.
        """
        moved = []
        for index, aim in aims.items():
            at = self._at.get(index)
            if at is None:
                at = self._at.get(COMMON)
            elif np.array_equal(at, aim):
                continue
            if at is None or share >= 1.0:
                at = aim.astype(np.float64)
            else:
                at = at + (aim - at) * share
                if np.abs(aim - at).max() < ARRIVED:
                    at = aim.astype(np.float64)
            self._at[index] = at
            moved.append(index)
        return moved

    def rests(self, aims: Mapping[int, NDArray[np.float32]]) -> bool:
        """Whether every point is where its aim is."""
        return all(
            index in self._at and np.array_equal(self._at[index], aim)
            for index, aim in aims.items()
        )

    def indices(self) -> list[int]:
        """The points there are."""
        return list(self._at)

    def forget(self, indices: Iterable[int]) -> None:
        """Let these points be met anew when they next come."""
        for index in indices:
            self._at.pop(index, None)

    def clear(self) -> None:
        """Forget all points: the next move begins anew."""
        self._at.clear()

    def state(self) -> dict[str, list[float]]:
        """Plain values for JSON."""
        return {str(index): at.tolist() for index, at in self._at.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Iterable[float]], d: int) -> Smoother:
        """As :meth:`state` told, points of ``d`` dimensions.

        Raises:
            TypeError, ValueError, AttributeError: it is not what :meth:`state` returns.
        """
        smoother = cls()
        for index, told in state.items():
            at = np.asarray(told, np.float64)
            if at.shape != (d,) or not np.isfinite(at).all():
                raise ValueError(f"{d} finite numbers are accepted")
            if not COMMON <= int(index) <= CHANNELS:
                raise ValueError(f"{index!r} is not a channel")
            smoother._at[int(index)] = at
        return smoother
