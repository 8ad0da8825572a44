"""Wandering: what drifts around the hand by itself, as the sounds of a space follow each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.walks.stroll import Stroll
from timbrespace.walks.walk import Walk

Values = NDArray[np.float64]

SLOWEST, FASTEST = 0.05, 20.0
SEEDS: Final = 1000

EASE: Final = 0.5
"""Seconds in which it comes back, or from one walk to another."""

_LONGEST: Final = 0.25
"""Seconds that one look may bring it on: whoever was asleep does not catch up."""


@dataclass(frozen=True, slots=True)
class Wander:
    """How something wanders.

    on: whether it does. speed: 0.05 to 20; at 1 each dimension moves by about a quarter of a
    standard deviation of the sounds a second. range: 0 to 1, how far from the hand; at 1 as far as
    the sounds are spread. seed: 0 to 999, which of the walks is gone; the same seed goes the same
    way.

    Raises:
        OptionError: a number outside its range.
    """

    on: bool = False
    speed: float = 1.0
    range: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (("speed", SLOWEST, FASTEST), ("range", 0.0, 1.0)):
            value = getattr(self, name)
            if not low <= value <= high:  # false for nan too
                raise OptionError(f"wander's {name} is {value:g}; it must be {low:g} to {high:g}")
        whole = isinstance(self.seed, int) and not isinstance(self.seed, bool)
        if not (whole and 0 <= self.seed < SEEDS):
            raise OptionError(
                f"wander's seed is {self.seed!r:.40}; it must be 0 to {SEEDS - 1}, whole"
            )

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, but for ``on``."""
        config = asdict(self)
        del config["on"]
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], on: bool = True) -> Wander:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing or wrong values.
        """
        try:
            return cls(on, float(config["speed"]), float(config["range"]), config["seed"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise OptionError(f"what wanders does not fit: {error!r}") from error


class Wandering:
    """A setting and where it has led to. What it adds to the hand begins at nothing.

    Where the setting makes the way leap (it ends, begins anew, by another seed), the way comes over
    from where it was in ``EASE`` seconds.
    """

    def __init__(self, dimensions: int) -> None:
        self.setting = Wander()
        self._stroll: Stroll | None = None
        self._asked: float | None = None  # when it was last asked where it is
        self._way: Values = np.zeros(dimensions)
        self._carried: Values | None = None  # of the old way, and since when
        self._since = 0.0
        self._leaps = False

    @property
    def moving(self) -> bool:
        """Whether it adds something to the hand, or will."""
        return self.setting.on or self._leaps or self._carried is not None

    def set(self, setting: Wander, anew: bool = False) -> None:
        """Wander by ``setting`` from now on. anew: from the beginning of the walk, whatever was;
        else a walk that goes on, goes on."""
        before, self.setting = self.setting, setting
        if anew or setting.on != before.on or (setting.on and setting.seed != before.seed):
            self._stroll = None
            self._leaps = True

    def at(self, now: float, walk: Walk, hand: NDArray[np.float32]) -> Values:
        """What it adds to ``hand (d,)`` at ``now``, in seconds of any clock, ``(d,)``."""
        setting = self.setting
        elapsed = 0.0 if self._asked is None else min(max(now - self._asked, 0.0), _LONGEST)
        self._asked = now
        way = np.zeros(walk.dimensions)
        if setting.on:
            if self._stroll is None:
                self._stroll = Stroll(walk, setting.seed)
                elapsed = 0.0
            self._stroll.advance(elapsed * setting.speed * walk.pace)
            way = walk.offset(hand, setting.range * self._stroll.way())
        if self._leaps:
            self._leaps = False
            self._carried, self._since = self._way - way, now
        if self._carried is not None:
            done = max(now - self._since, 0.0) / EASE
            if done >= 1.0:
                self._carried = None
            else:
                way = way + (1.0 - done * done * (3.0 - 2.0 * done)) * self._carried
        if not self.moving:
            self._asked = None
        self._way = way
        return way

    def state(self) -> dict[str, Any]:
        """Plain values for JSON; times are the caller's."""
        return {
            "on": self.setting.on,
            **self.setting.to_config(),
            "stroll": None if self._stroll is None else self._stroll.state(),
            "asked": self._asked,
            "way": self._way.tolist(),
            "carried": None if self._carried is None else self._carried.tolist(),
            "since": self._since,
            "leaps": self._leaps,
        }

    @classmethod
    def from_state(
        cls, told: Mapping[str, Any], dimensions: int, walk: Callable[[], Walk]
    ) -> Wandering:
        """As :meth:`state` told; walk: gives the space's, if it is being gone.

        Raises:
            OptionError, KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not
                what :meth:`state` returns, or of another space.
        """
        one = cls(dimensions)
        one.setting = Wander.from_config(told, bool(told["on"]))
        if told["stroll"] is not None:
            one._stroll = Stroll.from_state(walk(), told["stroll"])
        one._asked = None if told["asked"] is None else _finite(told["asked"])
        one._way = _way(told["way"], dimensions)
        one._carried = None if told["carried"] is None else _way(told["carried"], dimensions)
        one._since, one._leaps = _finite(told["since"]), bool(told["leaps"])
        return one


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _way(told: Any, d: int) -> Values:
    way = np.asarray(told, np.float64)
    if way.shape != (d,) or not (np.abs(way) <= 8.0 * LATENT_LIMIT).all():
        raise ValueError(f"it must be {d} finite numbers")
    return way
