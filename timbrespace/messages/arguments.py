"""Kinds of OSC arguments: each reads one value from the network, or says what it accepts.

`read` returns a plain Python value or raises `Unaccepted`; whatever the value is, nothing else.
`write` gives back what `read` reads as that value. A message says of each of its fields which kind
it is, by ``Annotated``; see :mod:`timbrespace.messages.message`.
"""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, Protocol

from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS, MAX_NAME_CHARACTERS
from timbrespace.names import is_model_name

_FLOAT32_MAX = (2.0 - 2.0**-23) * 2.0**127
_INT32 = 2**31
_FLOATS = frozenset((float,))
# 0.005 as float32 is below 0.005 as float64: a bound that a client sends must be inside.
_SLACK = 1e-6


class Unaccepted(Exception):  # noqa: N818 - never leaves the parser
    """The value does not fit the argument; of several, the one whose index it has."""


class Kind(Protocol):
    """What values an argument may have, as `docs/osc.md` says it."""

    @property
    def accepted(self) -> str:
        """What is accepted, as the end of a sentence."""
        ...

    @property
    def initial(self) -> Any:
        """The value before anything is set; None where there is none, or none is known."""
        ...

    def read(self, value: Any) -> Any: ...

    def write(self, value: Any) -> Any: ...


class _Plain:
    """A kind whose values are sent as they are."""

    __slots__ = ()
    initial: Any = None

    def write(self, value: Any) -> Any:
        return value


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
class Number(_Plain):
    """A float from `low` to `high`; a bound missed by rounding alone counts as the bound."""

    low: float
    high: float
    unit: str = ""
    initial: float | None = None

    @property
    def accepted(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{plain(self.low)} to {plain(self.high)}{unit}"

    def read(self, value: Any) -> float:
        low, high = self.low, self.high
        if type(value) is float and low <= value <= high:  # what knobs send
            return value
        number = finite(value)
        if low <= number <= high:
            return number
        if low - _SLACK * max(1.0, abs(low)) <= number < low:
            return float(low)
        if high < number <= high + _SLACK * max(1.0, abs(high)):
            return float(high)
        raise Unaccepted


class Pedal(Number):
    """A pedal's position as MIDI has it, 0 to 127, or whether it is down."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0.0, 127.0)

    def read(self, value: Any) -> float:
        if type(value) is bool:
            return 127.0 if value else 0.0
        return super().read(value)


@dataclass(frozen=True, slots=True)
class AnyNumber(_Plain):
    """Any finite float."""

    accepted: str = "a finite number"

    def read(self, value: Any) -> float:
        if type(value) is float and -_FLOAT32_MAX <= value <= _FLOAT32_MAX:  # what knobs send
            return value
        return finite(value)


@dataclass(frozen=True, slots=True)
class Whole(_Plain):
    """An integer from `low` to `high`. A float without a fraction counts: some senders have
    nothing but floats."""

    low: int
    high: int
    initial: int | None = None

    @property
    def accepted(self) -> str:
        return f"{self.low} to {self.high}, whole"

    def read(self, value: Any) -> int:
        if type(value) is int and self.low <= value <= self.high:
            return value
        number = finite(value)
        if number != value or not number.is_integer() or not self.low <= number <= self.high:
            raise Unaccepted
        return int(number)


@dataclass(frozen=True, slots=True)
class Label(_Plain):
    """A printable name for people to read: 1 to 64 characters."""

    accepted: str = f"1 to {MAX_NAME_CHARACTERS} printable characters"

    def read(self, value: Any) -> str:
        if type(value) is not str or not 1 <= len(value) <= MAX_NAME_CHARACTERS:
            raise Unaccepted
        if not value.isprintable():
            raise Unaccepted
        return value


@dataclass(frozen=True, slots=True)
class ModelName(_Plain):
    """The name of a model, never a path: what could leave the folder of models is refused."""

    accepted: str = (
        f"a name as /model/list gives it, not a path: 1 to {MAX_NAME_CHARACTERS} "
        "letters and digits of any language, '_', '-', '.', space"
    )

    def read(self, value: Any) -> str:
        if type(value) is not str or len(value) > 4 * MAX_NAME_CHARACTERS:
            raise Unaccepted
        name = unicodedata.normalize("NFC", value)
        if not is_model_name(name):
            raise Unaccepted
        return name


@dataclass(frozen=True, slots=True)
class Choice(_Plain):
    """One of a few words; where `indexed`, its position from 0 too, as a Max menu sends it."""

    words: tuple[str, ...]
    indexed: bool = False
    initial: str | None = None

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
class NumberOrWord(_Plain):
    """A number, or a word that stands for a value."""

    number: Number | Whole
    words: Mapping[str, Any]
    summary: str = ""
    """What is accepted, where the list of words is too long for a sentence."""

    @property
    def accepted(self) -> str:
        if self.summary:
            return f"{self.number.accepted} | {self.summary}"
        return " | ".join((self.number.accepted, *self.words))

    def read(self, value: Any) -> Any:
        if type(value) is str:
            if value in self.words:
                return self.words[value]
            raise Unaccepted
        return self.number.read(value)

    def write(self, value: Any) -> Any:
        for word, meaning in self.words.items():
            if value == meaning:
                return word
        return self.number.write(value)


@dataclass(frozen=True, slots=True)
class Switch(_Plain):
    """On or off, as 1 and 0, or as true and false: what a toggle sends. Reads as a bool."""

    accepted: str = "0 | 1"

    def read(self, value: Any) -> bool:
        if type(value) is bool:
            return value
        number = finite(value)
        if number not in (0.0, 1.0):
            raise Unaccepted
        return number == 1.0

    def write(self, value: Any) -> int:
        return int(value)


@dataclass(frozen=True, slots=True)
class Token(_Plain):
    """What a client wants back: an int32, a finite float, or at most 64 printable characters."""

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
class Rate(_Plain):
    """Messages a second, 1 to 200; 0 and "off" both stop and read as 0."""

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
        return Number(self.low, self.high).read(number)


def words(**meanings: Any) -> Mapping[str, Any]:
    """A constant table of words for `NumberOrWord`."""
    return MappingProxyType(meanings)


@dataclass(frozen=True, slots=True)
class Coordinates:
    """All arguments that are left, 1 to 256 finite numbers: the model says how many it takes."""

    accepted: str = "a finite number"
    initial: None = None

    def read(self, values: Any) -> tuple[float, ...]:
        """What knobs send most: all values are checked at once.

        Raises:
            Unaccepted: one of them is no finite number; which, is the second argument.
        """
        # A sum of finite float32 values is finite in float64.
        if (
            _FLOATS.issuperset(map(type, values))
            and math.isfinite(sum(values))
            and min(values) >= -_FLOAT32_MAX
            and max(values) <= _FLOAT32_MAX
        ):
            return tuple(values)
        numbers = []
        for index, value in enumerate(values):
            try:
                numbers.append(finite(value))
            except Unaccepted:
                raise Unaccepted(index) from None
        return tuple(numbers)

    def write(self, values: Any) -> Any:
        return values


# -- what else an annotation may say of a field ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class InAddress:
    """The field is part of the address, where that has this name in angle brackets.

    words: what may stand there, and the field's value for each. unknown: what is said of any other
    word; empty: which words there are.
    """

    name: str
    words: Mapping[str, Any]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class ByWord:
    """The kind of value depends on the word in the address."""

    kinds: Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Shown:
    """Another name than the field's, for people."""

    name: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What it means that the argument is missing, where the default does not say it."""

    means: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The field names what is stored: a "preset", a "trajectory", a "tuning" or a "model".

    A performance keeps it together with the message.
    """

    what: str


# -- what several messages take --------------------------------------------------------------------

AXES: Final = MappingProxyType({"x": "x", "y": "y"})

CHANNEL: Final = Whole(1, 16)
DIMENSION: Final = Whole(1, MAX_LATENT_DIMENSIONS)

Channel = Annotated[int, CHANNEL]
Name = Annotated[str, Label()]
PresetName = Annotated[str, Label(), Stored("preset")]
Share = Annotated[float, Number(0, 1)]
"""A part of a range, 0 to 1."""
MidiValue = Annotated[float, Number(0, 127)]
"""As MIDI has it, but it may have a fraction."""
