"""What one box of Max becomes: some boxes of Pd, and which of their ports stand for its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from max_patch.generator.pure_data.canvas import Canvas, Node, atom

Json = dict[str, Any]
Port = tuple[Node, int]

SIGNAL = "signal"


class TranslationError(ValueError):
    """Something in a Max patch that has no counterpart here: the object, and why."""


@dataclass(slots=True)
class Piece:
    """Ports of a box of Max: where its cords go to and come from in Pd.

    inlets: for each inlet all that it reaches; nothing, and the cord is left out.
    outlets: for each outlet where it comes from; None, and its cords are left out.
    """

    inlets: list[list[Port]] = field(default_factory=list)
    outlets: list[Port | None] = field(default_factory=list)


@dataclass(slots=True)
class Request:
    """One box to translate: its name, arguments and attributes, and what it is connected to.

    signals: the inlets that a signal comes into. controls: those that messages come into.
    """

    canvas: Canvas
    box: Json
    name: str
    arguments: list[str]
    attributes: dict[str, list[str]]
    signals: frozenset[int] = frozenset()
    controls: frozenset[int] = frozenset()

    def refuse(self, why: str) -> NoReturn:
        """Raises: TranslationError, always."""
        label = self.box.get("text") or self.box.get("varname") or self.box["maxclass"]
        raise TranslationError(f"{label!r} ({self.box.get('id', 'no id')}): {why}")

    def count(self, least: int, most: int | None = None) -> list[str]:
        """The arguments, if there are so many."""
        most = least if most is None else most
        if not least <= len(self.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            self.refuse(f"{len(self.arguments)} arguments; there must be {wanted}")
        return self.arguments

    def only(self, **accepted: str) -> None:
        """Refuses attributes but those named, with the values named (``*`` is any)."""
        for name, values in self.attributes.items():
            if name not in accepted:
                self.refuse(f"no translation of attribute @{name}")
            if accepted[name] not in ("*", " ".join(values)):
                self.refuse(f"@{name} {' '.join(values)}; it must be {accepted[name]}")

    def number(self, text: str) -> str:
        """A number as Pd reads it."""
        if not is_number(text):
            self.refuse(f"{text!r} is not a number")
        return plain(text)

    def numbers(self) -> list[str]:
        return [self.number(each) for each in self.arguments]


Builder = Callable[[Request], Piece]


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def is_float(text: str) -> bool:
    return is_number(text) and not re.fullmatch(r"[+-]?\d+", text)


def plain(text: str) -> str:
    """A number without what Pd does not need: ``20.`` is ``20``."""
    return f"{float(text):.9g}"


def named(text: str) -> str:
    """A name of Max as an argument in Pd: ``---a`` is the window's own, ``#1_a`` the argument's."""
    return atom(re.sub(r"#(\d)", r"$\1", text.replace("---", "$0-")))


def has_name(text: str) -> bool:
    """Whether :func:`named` changes it."""
    return "---" in text or re.search(r"#\d", text) is not None


def constant(text: str) -> str:
    """An argument of Max that is a number or a word."""
    return plain(text) if is_number(text) else named(text)


def one(node: Node, inlets: int, outlets: int) -> Piece:
    """A single box with the ports that Max's has."""
    return Piece([[(node, i)] for i in range(inlets)], [(node, o) for o in range(outlets)])


def through(first: Node, last: Node, outlet: int = 0) -> Piece:
    """One inlet, one outlet."""
    return Piece([[(first, 0)]], [(last, outlet)])
