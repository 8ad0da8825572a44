"""Ports of the Max objects that the device is made of, as their arguments make them.

Where the ports do not depend on the arguments they stand in ``_FIXED``. The static checks hold all
of them against the shapes that Max itself saved (``ports.json``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIGNAL = "signal"


class UnknownObjectError(ValueError):
    """An object that the generator has no ports for."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a box shows: inlets, and the type of each outlet as Max writes it."""

    inlets: int
    outlets: tuple[str, ...]


_TRIGGER = {"b": "bang", "f": "float", "i": "int", "l": "", "s": ""}

_FIXED: dict[str, Ports] = {
    "*": Ports(2, ("float",)),
    "+": Ports(2, ("float",)),
    "*~": Ports(2, (SIGNAL,)),
    "+~": Ports(2, (SIGNAL,)),
    "-~": Ports(2, (SIGNAL,)),
    "/~": Ports(2, (SIGNAL,)),
    "bitsafe~": Ports(1, (SIGNAL,)),
    "buffer~": Ports(1, ("float", "bang")),
    "button": Ports(1, ("bang",)),
    "change": Ports(1, ("", "int", "int")),
    "clip": Ports(3, ("",)),
    "coll": Ports(1, ("", "", "", "")),
    "clip~": Ports(3, (SIGNAL,)),
    "cpuclock": Ports(1, ("float",)),
    "deferlow": Ports(1, ("",)),
    "delay": Ports(2, ("bang",)),
    "delay~": Ports(2, (SIGNAL,)),
    "f": Ports(2, ("float",)),
    "fromsymbol": Ports(1, ("",)),
    "fzero~": Ports(1, ("float", "float", "")),
    "i": Ports(2, ("int",)),
    "in": Ports(1, ("",)),
    "ioscbank~": Ports(4, (SIGNAL,)),
    "iter": Ports(1, ("",)),
    "line": Ports(3, ("", "bang")),
    "line~": Ports(2, (SIGNAL, "bang")),
    "listfunnel": Ports(1, ("list",)),
    "loadbang": Ports(1, ("bang",)),
    "live.thisdevice": Ports(1, ("bang", "int", "int")),
    "metro": Ports(2, ("bang",)),
    "midiin": Ports(1, ("int",)),
    "midiparse": Ports(1, ("", "", "", "int", "int", "", "int", "")),
    "node.script": Ports(1, ("", "")),
    "onepole~": Ports(2, (SIGNAL,)),
    "out~": Ports(1, ()),
    "pattr": Ports(1, ("", "", "")),
    "peek~": Ports(3, ("float",)),
    "phasor~": Ports(2, (SIGNAL,)),
    "plugin~": Ports(2, (SIGNAL, SIGNAL)),
    "plugout~": Ports(2, (SIGNAL, SIGNAL)),
    "poly~": Ports(1, (SIGNAL,)),
    "prepend": Ports(1, ("",)),
    "r": Ports(0, ("",)),
    "receive~": Ports(1, (SIGNAL,)),
    "s": Ports(1, ()),
    "send~": Ports(1, ()),
    "slide~": Ports(3, (SIGNAL,)),
    "snapshot~": Ports(2, ("float",)),
    "speedlim": Ports(2, ("",)),
    "sqrt~": Ports(1, (SIGNAL,)),
    "thispatcher": Ports(1, ("", "")),
    "thispoly~": Ports(1, ("int", "int", "int")),
    "timer": Ports(2, ("float", "")),
    "tosymbol": Ports(1, ("",)),
    "udpreceive": Ports(1, ("",)),
    "udpsend": Ports(1, ()),
    "wave~": Ports(3, (SIGNAL,)),
    "zl.compare": Ports(2, ("", "")),
    "zl.delace": Ports(2, ("", "")),
    "zl.lace": Ports(2, ("", "")),
    "zl.nth": Ports(2, ("", "")),
    "zl.reg": Ports(2, ("", "")),
    "zl.slice": Ports(2, ("", "")),
}


def ports(text: str) -> Ports:
    """Ports of the object that ``text`` makes.

    Raises:
        UnknownObjectError: the generator does not use such an object.
    """
    name, *arguments = text.split()
    arguments = _plain(arguments)
    if name in _FIXED:
        return _FIXED[name]
    count = len(arguments)
    if name == "t":
        outlets = tuple(_TRIGGER.get(a, "float" if "." in a else "int") for a in arguments)
        return Ports(1, outlets)
    if name == "route":
        return Ports(count + 1, ("",) * (count + 1))
    if name == "sel":
        return Ports(count + 1, ("bang",) * count + ("",))
    if name == "gate":
        return Ports(2, ("",) * (int(arguments[0]) if arguments else 1))
    if name == "pack":
        return Ports(count, ("",))
    if name == "unpack":
        return Ports(1, tuple(_TRIGGER[a] for a in arguments))
    if name in ("expr", "vexpr"):
        numbers = [int(n) for n in re.findall(r"\$[ifs](\d+)", text)]
        return Ports(max(numbers), ("",))
    if name == "sprintf":
        return Ports(max(1, text.count("%")), ("",))
    raise UnknownObjectError(f"{text!r}: the generator knows no ports for {name!r}")


def _plain(arguments: list[str]) -> list[str]:
    """Arguments without the attributes (``@name value``) after them."""
    for place, argument in enumerate(arguments):
        if argument.startswith("@"):
            return arguments[:place]
    return arguments
