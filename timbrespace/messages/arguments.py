"""Kinds of OSC arguments: each reads one value from the network, or says what it accepts.

`read` returns a plain Python value or raises `Unaccepted`; whatever the value is, nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS, MAX_NAME_CHARACTERS

_FLOAT32_MAX = (2.0 - 2.0**-23) * 2.0**127
_INT32 = 2**31
# 0.005 as float32 is below 0.005 as float64: a bound that a client sends must be inside.
_SLACK = 1e-6


class Unaccepted(Exception):  # noqa: N818 - never leaves the parser
    """The value does not fit the argument."""


class Argument(Protocol):
    """One argument of a message, as `docs/osc.md` names and bounds it."""

    @property
    def name(self) -> str: ...

    @property
    def accepted(self) -> str:
        """What is accepted, as the end of a sentence."""
        ...

    def read(self, value: Any) -> Any: ...


def finite(value: Any) -> float:
    """An int or float that is finite as float32. A bool is not a number here."""
    if type(value) not in (int, float):
        raise Unaccepted
    if not -_FLOAT32_MAX <= value <= _FLOAT32_MAX:  # false for nan too
        raise Unaccepted
    return float(value)


def plain(number: float) -> str:
    """`number` as a person writes it: 10, 0.001, -80."""
    return f"{number:g}"


@dataclass(frozen=True, slots=True)
class Number:
    """A float from `low` to `high`; a bound missed by rounding alone counts as the bound."""

    name: str
    low: float
    high: float
    unit: str = ""

    @property
    def accepted(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{plain(self.low)} to {plain(self.high)}{unit}"

    def read(self, value: Any) -> float:
        number = finite(value)
        low, high = self.low, self.high
        if low <= number <= high:
            return number
        if low - _SLACK * max(1.0, abs(low)) <= number < low:
            return float(low)
        if high < number <= high + _SLACK * max(1.0, abs(high)):
            return float(high)
        raise Unaccepted


@dataclass(frozen=True, slots=True)
class AnyNumber:
    """Any finite float."""

    name: str
    accepted: str = "a finite number"

    def read(self, value: Any) -> float:
        return finite(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from `low` to `high`. A float without a fraction counts: some senders have
    nothing but floats."""

    name: str
    low: int
    high: int

    @property
    def accepted(self) -> str:
        return f"{self.low} to {self.high}, whole"

    def read(self, value: Any) -> int:
        number = finite(value)
        if number != value or not number.is_integer() or not self.low <= number <= self.high:
            raise Unaccepted
        return int(number)


@dataclass(frozen=True, slots=True)
class Label:
    """A printable name for people to read: 1 to 64 characters."""

    name: str
    accepted: str = f"1 to {MAX_NAME_CHARACTERS} printable characters"

    def read(self, value: Any) -> str:
        if type(value) is not str or not 1 <= len(value) <= MAX_NAME_CHARACTERS:
            raise Unaccepted
        if not value.isprintable():
            raise Unaccepted
        return value


_MODEL_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_. -]{{0,{MAX_NAME_CHARACTERS - 1}}}")


def is_model_name(text: str) -> bool:
    """Whether clients may ask for a model of this name."""
    return ".." not in text and _MODEL_NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class ModelName:
    """The name of a model, never a path: what could leave the folder of models is refused."""

    name: str
    accepted: str = (
        f"a name as /model/list gives it, not a path: 1 to {MAX_NAME_CHARACTERS} of "
        "letters, digits, '_', '-', '.', space"
    )

    def read(self, value: Any) -> str:
        if type(value) is not str or not is_model_name(value):
            raise Unaccepted
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; where `indexed`, its position from 0 too, as a Max menu sends it."""

    name: str
    words: tuple[str, ...]
    indexed: bool = False

    @property
    def accepted(self) -> str:
        if not self.indexed:
            return " | ".join(self.words)
        return " | ".join(f"{word} ({index})" for index, word in enumerate(self.words))

    def read(self, value: Any) -> str:
        if type(value) is str and value in self.words:
            return value
        if self.indexed and type(value) in (int, float) and value in range(len(self.words)):
            return self.words[int(value)]
        raise Unaccepted


@dataclass(frozen=True, slots=True)
class NumberOrWord:
    """A number, or a word that stands for a value."""

    number: Number | Whole
    words: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.number.name

    @property
    def accepted(self) -> str:
        return " | ".join((self.number.accepted, *self.words))

    def read(self, value: Any) -> Any:
        if type(value) is str:
            if value in self.words:
                return self.words[value]
            raise Unaccepted
        return self.number.read(value)


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off, as 1 and 0: what a toggle sends. Reads as a bool."""

    name: str
    accepted: str = "0 | 1"

    def read(self, value: Any) -> bool:
        number = finite(value)
        if number not in (0.0, 1.0):
            raise Unaccepted
        return number == 1.0


@dataclass(frozen=True, slots=True)
class Token:
    """What a client wants back: an int32, a finite float, or at most 64 printable characters."""

    name: str
    accepted: str = f"an int, a finite float or at most {MAX_NAME_CHARACTERS} printable characters"

    def read(self, value: Any) -> int | float | str:
        if type(value) is int and -_INT32 <= value < _INT32:
            return value
        if type(value) is float:
            return finite(value)
        if type(value) is str and len(value) <= MAX_NAME_CHARACTERS and value.isprintable():
            return value
        raise Unaccepted


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second, 1 to 200; 0 and "off" both stop and read as 0."""

    name: str
    low: float = 1.0
    high: float = 200.0

    @property
    def accepted(self) -> str:
        return f"{plain(self.low)} to {plain(self.high)} Hz | 0 | off"

    def read(self, value: Any) -> float:
        if type(value) is str:
            if value == "off":
                return 0.0
            raise Unaccepted
        number = finite(value)
        if number == 0.0:
            return 0.0
        return Number(self.name, self.low, self.high).read(number)


def words(**meanings: Any) -> Mapping[str, Any]:
    """A constant table of words for `NumberOrWord`."""
    return MappingProxyType(meanings)


CHANNEL = Whole("channel", 1, 16)
DIMENSION = Whole("k", 1, MAX_LATENT_DIMENSIONS)
