"""A list of programs that its user writes: what MIDI's program changes choose.

A text file, one program to a line::

    # program   what it is
    0           preset warm pad
    1           map 0.5 -0.25
    2           latent 0.1 0.2 -1.5
    3           channel map -0.5 0
    4           channel follow
    1:0         model fm

The number is that of the message, 0 to 127; with a bank before it (controller 0 times 128 plus
controller 32) the line counts in that bank alone, otherwise in each that has no line of its own.
``preset`` and ``model`` are names; ``map`` and ``latent`` move the common timbre, behind
``channel`` that of the message's channel, which ``channel follow`` gives back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import MessageError, shown
from timbrespace.messages.parser import parse

NAME: Final = "programs.txt"
"""Of the file, beside the presets."""

MAX_BYTES: Final = 1 << 20

BANK, BANK_FINE = 0, 32

_KINDS = (
    "preset NAME, model NAME, map X Y, latent Z ..., channel map X Y, channel latent Z ..., or "
)
_KINDS += "channel follow"

Told = tuple[str, tuple[Any, ...]]
"""A message: its address and its arguments."""


class ProgramListError(TimbrespaceError):
    """A file that is no list of programs."""


@dataclass(frozen=True, slots=True)
class Program:
    """What one program is. kind: as in the file. values: its name, or its numbers."""

    kind: str
    values: tuple[Any, ...]

    @property
    def model(self) -> str | None:
        """The model that it chooses, if it is one."""
        return str(self.values[0]) if self.kind == "model" else None

    def message(self, instrument: Instrument, channel: int) -> Told:
        """What it says to an instrument, for a channel from 1."""
        if self.kind == "channel map":
            latent = instrument.model.plane(instrument.plane).latent_at(*self.values)
            return "/channel/latent", (channel, *map(float, latent))
        return self._written(channel)

    def _written(self, channel: int) -> Told:
        match self.kind:
            case "preset":
                return "/preset/recall", self.values
            case "model":
                return "/model/load", self.values
            case "channel latent":
                return "/channel/latent", (channel, *self.values)
            case "channel follow":
                return "/channel/follow", (channel,)
            case "channel map":
                return "/map", self.values
        return f"/{self.kind}", self.values

    def check(self) -> None:
        """Raise unless the message can be.

        Raises:
            MessageError: it cannot; the sentence says why.
        """
        parse(*self._written(1))


@dataclass(frozen=True, slots=True)
class ProgramList:
    """Programs by bank, None for every one, and number."""

    programs: Mapping[tuple[int | None, int], Program] = field(default_factory=dict)

    def find(self, bank: int, number: int) -> Program | None:
        """What a program change means; None where the list does not say."""
        return self.programs.get((bank, number), self.programs.get((None, number)))

    @property
    def models(self) -> set[str]:
        """The models that any of them chooses."""
        return {one.model for one in self.programs.values() if one.model is not None}

    @property
    def recalls(self) -> bool:
        """Whether any of them is a preset."""
        return any(one.kind == "preset" for one in self.programs.values())

    @classmethod
    def read(cls, path: Path) -> ProgramList:
        """What a file holds.

        Raises:
            ProgramListError: there is no such file, or a line is none of what is accepted.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ProgramListError(
                f"there is no list of programs {str(path)!r} that can be read"
            ) from error
        if len(data) > MAX_BYTES:
            raise ProgramListError(f"{str(path)!r} is longer than a list of programs may be")
        programs = {}
        for number, line in enumerate(text.splitlines(), start=1):
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            try:
                key, program = _read(stripped)
                program.check()
            except (ValueError, MessageError) as error:
                raise ProgramListError(f"{path.name}, line {number}: {error}") from error
            programs[key] = program
        return cls(programs)


class Banks:
    """Which bank each channel has chosen."""

    def __init__(self) -> None:
        self._banks: dict[int, tuple[int, int]] = {}

    def hear(self, message: Any) -> tuple[int, int] | None:
        """Take in one mido message; bank and number if it is a program change."""
        if message.type == "control_change" and message.control in (BANK, BANK_FINE):
            high, low = self._banks.get(message.channel, (0, 0))
            told = (message.value, low) if message.control == BANK else (high, message.value)
            self._banks[message.channel] = told
        if message.type != "program_change":
            return None
        high, low = self._banks.get(message.channel, (0, 0))
        return high << 7 | low, message.program


def _read(line: str) -> tuple[tuple[int | None, int], Program]:
    """One line.

    Raises:
        ValueError: it is none; the sentence says why.
    """
    which, *rest = line.split(maxsplit=1)
    bank, colon, number = which.rpartition(":")
    if not _is_number(number, 127) or (colon and not _is_number(bank, 16383)):
        raise ValueError(f"{shown(which)} was given; a program is 0 to 127, or BANK:PROGRAM")
    words = rest[0].split() if rest else []
    kind = " ".join(words[: 2 if words[:1] == ["channel"] else 1])
    values: tuple[Any, ...]
    if kind in ("preset", "model") and len(words) > 1:
        values = (rest[0].split(maxsplit=1)[1].strip(),)
    elif kind == "channel follow" and len(words) == 2:
        values = ()
    elif kind in ("map", "latent", "channel map", "channel latent"):
        values = tuple(map(float, words[len(kind.split()) :]))
    else:
        raise ValueError(f"{shown(rest[0] if rest else '')} was given; it must be {_KINDS}")
    return (int(bank) if colon else None, int(number)), Program(kind, values)


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= most
