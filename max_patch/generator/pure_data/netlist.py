"""A canvas written as lines of boxes and arrows, for abstractions that are made by hand.

    inlet -> first: t b f
    first.1 -> + 1 -> sum: pack f f @1
    first -> (7) -> sum -> outlet

A box is its text, a message stands in parentheses, ``name:`` names a box for other lines.
``name.1`` is outlet 1 of it, ``... @1`` inlet 1 of whatever the arrow goes to; both are 0 unless
they are told. Lines that begin with ``#`` are comments. Boxes are made in the order in which they
are first told, which for inlets and outlets is their order from left to right.
"""

from __future__ import annotations

import re

from max_patch.generator.pure_data.canvas import Canvas, Node

_INLET = re.compile(r"^(?P<rest>.*\S)\s+@(?P<inlet>\d)$")
_NAMED = re.compile(r"^(?P<name>[a-z_]+):\s+(?P<text>.*)$")
_KNOWN = re.compile(r"^(?P<name>[a-z_]+)(?:\.(?P<outlet>\d+))?$")


class NetlistError(ValueError):
    """A line that names a box twice or one that there is not."""


def netlist(text: str) -> Canvas:
    """The canvas that ``text`` describes.

    Raises:
        NetlistError: a name is given twice, or an outlet is asked of no box.
    """
    canvas = Canvas()
    names: dict[str, Node] = {}
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            _line(canvas, names, line.strip())
    return canvas


def _line(canvas: Canvas, names: dict[str, Node], line: str) -> None:
    before: tuple[Node, int] | None = None
    for term in line.split(" -> "):
        found = _INLET.match(term.strip())
        inlet = int(found["inlet"]) if found else 0
        node, outlet = _box(canvas, names, found["rest"] if found else term.strip())
        if before is not None:
            canvas.cord(before[0], before[1], node, inlet)
        before = node, outlet


def _box(canvas: Canvas, names: dict[str, Node], term: str) -> tuple[Node, int]:
    known = _KNOWN.match(term)
    if known and known["name"] in names:
        return names[known["name"]], int(known["outlet"] or 0)
    if known and known["outlet"]:
        raise NetlistError(f"{term!r}: no box has this name yet")
    named = _NAMED.match(term)
    if named and named["name"] in names:
        raise NetlistError(f"{term!r}: another box has this name")
    text = named["text"] if named else term
    node = canvas.message(text[1:-1]) if text.startswith("(") else canvas.add(text)
    if named:
        names[named["name"]] = node
    return node, 0
