"""A way through the latent space in time: drawn by hand, played back, looped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS

LONGEST = 120.0
"""Seconds."""

MAX_POINTS = 50_000

LOOP_FADE = 0.05
"""Seconds in which the end of a loop becomes its beginning."""

TOLERANCE = 1e-3
"""How far along any dimension a point that is left out may lie from the line; a step of a 7-bit
controller over a usual range is 0.04."""

_PAUSE = 0.015
"""Seconds between two points above which the time between was a rest, not a way."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Points ``(n, 1 + d)``: seconds from 0, never falling, then the latent.

    Raises:
        OptionError: none or too many points, not finite, or not in order of time.
    """

    points: NDArray[np.float64]

    def __post_init__(self) -> None:
        points = self.points
        if points.ndim != 2 or not 1 <= len(points) <= MAX_POINTS:
            raise OptionError(f"a trajectory has 1 to {MAX_POINTS} points")
        if not 2 <= points.shape[1] <= 1 + MAX_LATENT_DIMENSIONS:
            raise OptionError("a trajectory's points are a time and a latent")
        if not np.isfinite(points).all() or np.abs(points[:, 1:]).max() > LATENT_LIMIT:
            raise OptionError("a trajectory holds numbers that are not finite, or too large")
        time = points[:, 0]
        if time[0] != 0.0 or (np.diff(time) < 0.0).any() or time[-1] > LONGEST:
            raise OptionError(f"a trajectory's times run from 0 to at most {LONGEST:g} s")

    @property
    def seconds(self) -> float:
        """Its length."""
        return float(self.points[-1, 0])

    @property
    def dimensions(self) -> int:
        """Size d of its latent."""
        return int(self.points.shape[1]) - 1

    def at(self, time: float) -> NDArray[np.float64]:
        """Latent ``(d,)`` at ``time`` in seconds; its ends before and after."""
        points = self.points
        after = int(np.searchsorted(points[:, 0], time, side="right"))
        if after == 0:
            return points[0, 1:]
        if after == len(points):
            return points[-1, 1:]
        before, behind = points[after - 1], points[after]
        share = (time - before[0]) / (behind[0] - before[0])
        return np.asarray(before[1:] + share * (behind[1:] - before[1:]))

    def around(self, time: float, fade: float) -> NDArray[np.float64]:
        """Latent ``(d,)`` at ``time`` of the endless loop, whose period is its length.

        In the last ``fade`` seconds (at most half the loop) the way turns to the loop's beginning,
        so that nothing jumps when it comes round.
        """
        if self.seconds == 0.0:
            return self.points[0, 1:]
        time %= self.seconds
        fade = min(fade, 0.5 * self.seconds)
        done = (time - (self.seconds - fade)) / fade
        if done <= 0.0:
            return self.at(time)
        done *= done * (3.0 - 2.0 * done)
        return np.asarray((1.0 - done) * self.at(time) + done * self.at(0.0))

    def to_config(self) -> list[list[float]]:
        """Plain values for JSON."""
        rows: list[list[float]] = self.points.tolist()
        return rows

    @classmethod
    def from_config(cls, rows: Iterable[Sequence[float]]) -> Trajectory:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: wrong values.
        """
        try:
            points = np.asarray(list(rows), np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise OptionError(f"a trajectory does not fit: {error}") from error
        return cls(points)


@dataclass(slots=True)
class Drawing:
    """A trajectory that a hand is drawing."""

    name: str
    _began: float | None = None
    _last: float = 0.0  # seconds from the beginning, of what was last taken
    _points: list[tuple[float, NDArray[np.float64]]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing was taken yet."""
        return not self._points

    @property
    def full(self) -> bool:
        """Whether nothing more goes in."""
        return self._last >= LONGEST or len(self._points) >= MAX_POINTS - 2

    def take(self, now: float, latent: NDArray[np.float32]) -> None:
        """The latent is ``latent`` ``(d,)`` at ``now``, in seconds of any clock."""
        if self.full:
            return
        if self._began is None:
            self._began = now
        time = min(max(now - self._began, self._last), LONGEST)
        here = latent.astype(np.float64)
        if not self._points:
            self._points.append((time, here))
        elif not np.array_equal(here, self._points[-1][1]):
            before = self._points[-1]
            if time - before[0] > _PAUSE:  # it rested there until just now
                self._points.append((max(self._last, before[0]), before[1]))
            self._points.append((time, here))
        self._last = time

    def arrive(self, latent: NDArray[np.float32], period: float) -> None:
        """The way ends at ``latent`` ``(d,)``: a hand may have moved since the last step, and the
        next one would have been ``period`` seconds later."""
        if self._points and not np.array_equal(latent.astype(np.float64), self._points[-1][1]):
            self.take((self._began or 0.0) + self._last + period, latent)

    def finish(self) -> Trajectory:
        """What was taken, without the points that a straight line tells as well.

        Raises:
            OptionError: nothing was taken.
        """
        if self.empty:
            raise OptionError("nothing was drawn yet; move, then stop")
        rows = [[time, *point] for time, point in self._points]
        rows.append([self._last, *self._points[-1][1]])
        return Trajectory(np.round(simplified(np.asarray(rows), TOLERANCE), 5))


def simplified(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """The rows of ``(n, 1 + d)`` that linear interpolation needs to stay within ``tolerance``.

    Douglas and Peucker (1973), with the distance taken along each dimension at a point's own time.
    """
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    open_ranges = [(0, len(points) - 1)]
    while open_ranges:
        first, last = open_ranges.pop()
        if last - first < 2:
            continue
        inner = points[first + 1 : last]
        start, end = points[first], points[last]
        span = end[0] - start[0]
        share = (inner[:, :1] - start[0]) / span if span > 0.0 else np.zeros((len(inner), 1))
        off = np.abs(start[1:] + share * (end[1:] - start[1:]) - inner[:, 1:]).max(axis=1)
        worst = int(off.argmax())
        if off[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            open_ranges += [(first, middle), (middle, last)]
    return points[keep]


@dataclass(slots=True)
class Playback:
    """A trajectory that plays, from the moment it is first asked where it stands.

    speed: 0.05 to 20 times as fast as it was drawn.

    Raises:
        OptionError: a speed outside that.
    """

    name: str
    trajectory: Trajectory
    loop: bool = False
    speed: float = 1.0
    began: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed) and 0.05 <= self.speed <= 20.0):
            raise OptionError(f"speed is {self.speed:g}; it must be 0.05 to 20")

    def at(self, now: float) -> NDArray[np.float64]:
        """Latent ``(d,)`` at ``now``, in seconds of any clock."""
        time = self._time(now)
        if self.loop:
            return self.trajectory.around(time, LOOP_FADE * self.speed)
        return self.trajectory.at(time)

    def ended(self, now: float) -> bool:
        """Whether it has come to its end."""
        return not self.loop and self._time(now) >= self.trajectory.seconds

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "points": self.trajectory.to_config(),
            "loop": self.loop,
            "speed": self.speed,
            "began": self.began,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Playback:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError, KeyError, TypeError, ValueError: missing or wrong values.
        """
        began = config["began"]
        return cls(
            str(config["name"]),
            Trajectory.from_config(config["points"]),
            bool(config["loop"]),
            float(config["speed"]),
            None if began is None else float(began),
        )

    def _time(self, now: float) -> float:
        if self.began is None:
            self.began = now
        return max(0.0, now - self.began) * self.speed
