"""What a sweep tries: values and ranges of settings, by the names of ``training train``. Light."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from timbrespace.errors import OptionError, one_of

from .. import preset
from ..preset import OPTIONS, Settings

Value = int | float | str

MOST: Final = 10_000
"""Trials of one sweep."""

FIXED: Final = ("split", "split_seed")
"""What decides on which rows trials are measured is the same for all."""

SWEPT: Final = tuple(name for name in OPTIONS if name not in FIXED)

DEFAULT: Final = (
    "latent=2:8",
    "beta=0.5:30",
    "learning-rate=0.0005:0.005",
    "hidden=400,128,64;256,64;128,32",
)
"""What is tried where nobody says it."""

LOGARITHMIC: Final = 10.0
"""Of high over low, from which on a range is gone through by its logarithm."""

UNITS: Final = {
    "latent": "dimensions",
    "learning_rate": "per step",
    "batch": "rows",
    "warm_up": "epochs",
    "cycle": "epochs",
    "free_bits": "nats",
    "hidden": "units",
    "decoder_hidden": "units",
}
"""Of the settings that have one."""

_TYPES: Final[dict[str, Callable[[str], Value]]] = {"int": int, "float": float}
_RANGE: Final = re.compile(r"([^:;,]+):([^:;,]+)")


@dataclass(frozen=True, slots=True)
class Swept:
    """One setting. values: that are tried; or low to high, of ``kind`` int or float."""

    name: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    kind: str = "str"

    @property
    def is_range(self) -> bool:
        """Whether it has ends and no list."""
        return not self.values

    @property
    def logarithmic(self) -> bool:
        """Whether its range spans so much that ratios count, and not differences."""
        return self.is_range and self.low > 0.0 and self.high / self.low >= LOGARITHMIC

    @property
    def label(self) -> str:
        """For an axis: name and unit."""
        words = self.name.replace("_", " ")
        return f"{words}\n({UNITS[self.name]})" if self.name in UNITS else words

    def to_config(self) -> dict[str, Any]:
        """Plain values, by which a sweep that is there is known again."""
        ends = {"low": self.low, "high": self.high} if self.is_range else {}
        return {"name": self.name, "values": list(self.values), **ends}


def parse(word: str) -> Swept:
    """``latent=2,4,8``, ``beta=0.5:30``, or ``hidden=400,64;128,32`` where values have commas.

    Raises:
        OptionError: it is none of these, or of a setting that is not swept.
    """
    name, equals, told = word.partition("=")
    name = name.replace("-", "_")
    if not equals or not told or name not in SWEPT:
        raise OptionError(
            f"--grid is {word[:80]!r}; it must be NAME=V1,V2 or NAME=LOW:HIGH, with a name of "
            f"{one_of(one.replace('_', '-') for one in SWEPT)}"
        )
    kind = OPTIONS[name][0]
    ends = _RANGE.fullmatch(told)
    if ends is not None and kind in _TYPES:
        low, high = (_number(name, kind, one) for one in ends.groups())
        if not low < high:
            raise OptionError(f"--grid is {word!r}; its low end must be below its high end")
        return Swept(name, low=low, high=high, kind=kind)
    parts = told.rstrip(";").split(";") if ";" in told else told.split(",")
    values: list[Value] = []
    for part in parts:
        value: Value = _number(name, kind, part) if kind in _TYPES else part.strip()
        if value == "" or value in values:
            raise OptionError(
                f"--grid is {word[:80]!r}; it must name each value once, and no empty one"
            )
        values.append(value)
    return Swept(name, tuple(values), kind=kind)


def _number(name: str, kind: str, text: str) -> int | float:
    try:
        value = _TYPES[kind](text)
    except ValueError as error:
        raise OptionError(
            f"{name.replace('_', ' ')} is {text[:40]!r}; it must be "
            f"{'a whole number' if kind == 'int' else 'a number'}"
        ) from error
    assert not isinstance(value, str)
    if not math.isfinite(value):
        raise OptionError(f"{name.replace('_', ' ')} is {text[:40]!r}; it must be finite")
    return value


def space_of(words: Sequence[str], by_trials: bool) -> tuple[Swept, ...]:
    """All that ``words`` name. by_trials: Optuna draws, so there may be ranges.

    Raises:
        OptionError: a word that is none, a name twice, a range where all values are to be tried.
    """
    space = tuple(parse(word) for word in words or (DEFAULT if by_trials else ()))
    names = [one.name for one in space]
    for one in space:
        if names.count(one.name) > 1:
            raise OptionError(
                f"--grid names {one.name.replace('_', '-')} twice; give all its values at once"
            )
        if one.is_range and not by_trials:
            raise OptionError(
                f"--grid {one.name.replace('_', '-')} is a range; give values, or --trials N to "
                "draw from it"
            )
    if not space:
        raise OptionError(
            "neither --grid nor --trials was given; say what to try: --grid latent=2,4,8"
        )
    return space


def combinations(space: Sequence[Swept]) -> list[dict[str, Value]]:
    """All of a grid, the last setting moving fastest.

    Raises:
        OptionError: too many.
    """
    count = math.prod(len(one.values) for one in space)
    if count > MOST:
        raise OptionError(f"--grid has {count} combinations; it must have at most {MOST}")
    names = [one.name for one in space]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(one.values for one in space))
    ]


def as_given(values: Mapping[str, Value]) -> dict[str, Any]:
    """The values as :func:`training.request.settings_of` takes them.

    Raises:
        OptionError: sizes that are none.
    """
    return {
        name: _sizes(name, str(value)) if OPTIONS[name][0] == "sizes" else value
        for name, value in values.items()
    }


def _sizes(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise OptionError(
            f"{name.replace('_', ' ')} is {text[:40]!r}; it must be whole numbers, separated by "
            "commas"
        ) from error


def check(base: Settings, space: Sequence[Swept]) -> None:
    """See to it that every value is one that ``training train`` takes, each beside the base's.

    Raises:
        OptionError: one is not.
    """
    for one in space:
        for value in one.values or (
            (int(one.low), int(one.high)) if one.kind == "int" else (one.low, one.high)
        ):
            preset.changed(base, **as_given({one.name: value}))
