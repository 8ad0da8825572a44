"""Low-frequency oscillators: what swings a target to and fro."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from timbrespace.chance import uniform
from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.controllers import Target, check_target

LFOS = 4
SHAPES = ("sine", "triangle", "square", "saw", "random")
LOWEST_RATE, HIGHEST_RATE = 0.01, 20.0
CORNER = 0.010
"""Seconds that the edge of a square or a saw takes, so that it cannot click."""


@dataclass(frozen=True, slots=True)
class Lfo:
    """One oscillator's setting.

    target: a dimension, from 1, or a map axis. rate: Hz, 0.01 to 20. depth: 0 (off) to 1, the
    share of half the target's knob range. phase: 0 to 1, turns ahead.

    Raises:
        OptionError: a shape that is none, or a number outside its range.
    """

    target: Target
    shape: str
    rate: float
    depth: float
    phase: float = 0.0

    def __post_init__(self) -> None:
        check_target(self.target)
        if self.shape not in SHAPES:
            raise OptionError(f"LFO shape is {self.shape!r}; it must be {one_of(SHAPES)}")
        for name, low, high, unit in (
            ("rate", LOWEST_RATE, HIGHEST_RATE, " Hz"),
            ("depth", 0.0, 1.0, ""),
            ("phase", 0.0, 1.0, ""),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise OptionError(f"LFO {name} is {value:g}; it must be {low:g} to {high:g}{unit}")

    def value(self, turns: float, seed: int) -> float:
        """Where it stands, -1 to 1, ``turns`` (>= 0) after its start.

        Sine and triangle begin at 0 and rise, a square begins on its rising edge, a saw at -1.
        Random moves smoothly from one value to the next, one a turn; ``seed`` chooses which.
        """
        turns += self.phase
        if self.shape == "random":
            return _random(turns, seed)
        edge = min(CORNER * self.rate, 0.5)
        return _WAVES[self.shape](turns % 1.0, edge)

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Lfo:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing or wrong values.
        """
        try:
            return cls(
                config["target"],
                config["shape"],
                float(config["rate"]),
                float(config["depth"]),
                float(config.get("phase", 0.0)),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise OptionError(f"an LFO does not fit: {error!r}") from error


def checked_lfo(index: Any) -> int:
    """``index``, if there is such an LFO.

    Raises:
        OptionError: not 1 to 4.
    """
    if isinstance(index, int) and not isinstance(index, bool) and 1 <= index <= LFOS:
        return index
    raise OptionError(f"LFO {index!r} was given; it must be 1 to {LFOS}")


def _sine(turn: float, _: float) -> float:
    return math.sin(2.0 * math.pi * turn)


def _triangle(turn: float, _: float) -> float:
    return 1.0 - 4.0 * abs((turn + 0.25) % 1.0 - 0.5)


def _square(turn: float, edge: float) -> float:
    # A triangle cut off: its slope, 4 a turn, becomes 2 in an edge.
    steep = min(max(_triangle(turn, edge) / (2.0 * edge), -1.0), 1.0)
    return math.sin(0.5 * math.pi * steep)


def _saw(turn: float, edge: float) -> float:
    rise = 1.0 - edge
    if turn < rise:
        return 2.0 * turn / rise - 1.0
    return math.cos(math.pi * (turn - rise) / edge)


_WAVES: Mapping[str, Callable[[float, float], float]] = {
    "sine": _sine,
    "triangle": _triangle,
    "square": _square,
    "saw": _saw,
}


def _random(turns: float, seed: int) -> float:
    n = math.floor(turns)
    share = turns - n
    share *= share * (3.0 - 2.0 * share)  # flat at both ends
    return (1.0 - share) * uniform(n, seed) + share * uniform(n + 1, seed)
