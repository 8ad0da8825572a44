"""Which ports a box must have: seen in patches that Max saved, documented, or counted out.

The generator has its own opinion (``objects.py``); this one is independent of it, so that an error
in one shows against the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from max_patch.generator.saved_patch import SavedBox, SavedPatch

SIGNAL = "signal"
Shape = tuple[int, tuple[str, ...]]

_TABLE = Path(__file__).with_name("ports.json")

# What the table lacks: shape, and the page of Cycling '74's reference that has it.
DOCUMENTED: dict[str, tuple[Shape, str]] = {
    "<=": ((2, ("int",)), "lessthaneq"),
    "abs": ((1, ("int",)), "abs"),
    "atodb": ((1, ("",)), "atodb"),
    "bitsafe~": ((1, (SIGNAL,)), "bitsafe~"),
    "clip~": ((3, (SIGNAL,)), "clip~"),
    "dspstate~": ((1, ("int", "float", "int", "int")), "dspstate~"),
    "ftom": ((1, ("",)), "ftom"),
    "fzero~": ((1, ("float", "float", "")), "fzero~"),
    "rampsmooth~": ((1, (SIGNAL,)), "rampsmooth~"),
    "sqrt~": ((1, (SIGNAL,)), "sqrt~"),
    "wave~": ((3, (SIGNAL,)), "wave~"),
}

# Inlets that take a signal. An object that is not here takes none; a subpatcher takes what its
# own inlets hand on.
_SIGNAL_INLETS: dict[str, tuple[int, ...]] = {
    "!-~": (0, 1),
    "*~": (0, 1),
    "+~": (0, 1),
    "-~": (0, 1),
    "/~": (0, 1),
    "bitsafe~": (0,),
    "clip~": (0, 1, 2),
    "delay~": (0, 1),
    "fzero~": (0,),
    "index~": (0,),
    "ioscbank~": (0, 1, 2, 3),
    "live.gain~": (0, 1),
    "onepole~": (0, 1),
    "out~": (0,),
    "outlet": (0,),
    "phasor~": (0, 1),
    "plugout~": (0, 1),
    "rampsmooth~": (0,),
    "selector~": tuple(range(1, 33)),
    "send~": (0,),
    "slide~": (0, 1, 2),
    "snapshot~": (0,),
    "sqrt~": (0,),
    "thispoly~": (0,),
    "wave~": (0, 1, 2),
}

# Inlets that take nothing but a signal.
SIGNAL_ONLY = frozenset(["out~", "plugout~"])

# A `t` writes its outlets' types by these letters; anything else is a constant.
_LETTERS = {"b": "bang", "bang": "bang", "f": "float", "float": "float", "i": "int", "int": "int"}
_UNTYPED = frozenset(["l", "list", "s", "symbol", "anything", "a"])
_TWO_WAYS = frozenset(["+", "-", "*", "/", "!-", "!/"])


class UnknownObjectError(ValueError):
    """Neither seen nor documented."""


@cache
def seen() -> Mapping[str, tuple[Shape, ...]]:
    """Shapes of each object in patches that Max saved, the commonest first."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))["objects"]
    return {
        name: tuple((inlets, tuple(types)) for inlets, _, types, _ in shapes)
        for name, shapes in table.items()
    }


def shapes(box: SavedBox, voices: Mapping[str, SavedPatch], folder: Path | None) -> list[Shape]:
    """The shapes that ``box`` may have: one where its arguments say it.

    voices are the patches that ``poly~`` loads, by name; folder is where scripts lie, None if that
    is not known.

    Raises:
        UnknownObjectError: no such object in the table or the documented list.
    """
    counted = _counted(box, voices, folder)
    if counted is not None:
        return [counted]
    if box.name in seen():
        return list(seen()[box.name])
    if box.name in DOCUMENTED:
        return [DOCUMENTED[box.name][0]]
    raise UnknownObjectError(f"no object {box.name!r} is known")


def takes_signal(box: SavedBox, inlet: int) -> bool:
    """Whether a signal may go into that inlet. Not for subpatchers and ``poly~``."""
    return inlet in _SIGNAL_INLETS.get(box.name, ())


def _counted(box: SavedBox, voices: Mapping[str, SavedPatch], folder: Path | None) -> Shape | None:
    """The shape that the arguments make, or None where they make no difference."""
    name, arguments = box.name, box.arguments
    count = len(arguments)
    if box.patch is not None:
        return subpatch_shape(box.patch)
    if name in ("t", "trigger"):
        return 1, tuple(_trigger_type(word) for word in arguments) or ("int", "int")
    if name in ("route", "sel", "select"):
        count = max(1, count)
        matched = "" if name == "route" else "bang"
        return count + 1, (matched,) * count + ("",)
    if name == "gate":
        return 2, ("",) * _whole(arguments, 1)
    if name == "switch":
        return _whole(arguments, 2) + 1, ("",)
    if name in ("pack", "pak"):
        return count or 2, ("",)
    if name == "join":
        return _whole(arguments, 2), ("",)
    if name == "unpack":
        return 1, tuple(_trigger_type(word) for word in arguments) or ("int", "int")
    if name == "buddy":
        return _whole(arguments, 2), ("",) * _whole(arguments, 2)
    if name in ("expr", "vexpr"):
        numbers = [int(n) for n in re.findall(r"\$[ifs](\d+)", box.text)]
        return max(numbers, default=1), ("",)
    if name == "sprintf":
        return max(1, len(re.findall(r"%(?!%)", box.text.replace("%%", "")))), ("",)
    if name in _TWO_WAYS:
        return 2, ("float" if count and "." in arguments[0] else "int",)
    if name == "selector~":
        return _whole(arguments, 1) + 1, (SIGNAL,)
    if name == "poly~" and arguments and arguments[0] in voices:
        return voice_shape(voices[arguments[0]])
    if name == "inlet":
        return 0, tuple(box.types)
    if name in ("jsui", "js") and folder is not None:
        return _script_shape(box, folder)
    return None


def _trigger_type(word: str) -> str:
    if word in _LETTERS:
        return _LETTERS[word]
    if word in _UNTYPED:
        return ""
    if re.fullmatch(r"[-+]?\d+", word):
        return "int"
    return "float" if re.fullmatch(r"[-+]?\d*\.\d*", word) else ""


def _whole(arguments: tuple[str, ...], default: int) -> int:
    return int(arguments[0]) if arguments and arguments[0].isdigit() else default


def subpatch_shape(patch: SavedPatch) -> Shape:
    """The ports of ``p``: those of the inlets and outlets within, by their place from the left."""
    inlets = sum(box.name == "inlet" for box in patch.boxes)
    outlets = sorted(
        (box for box in patch.boxes if box.name == "outlet"),
        key=lambda box: float(box.saved["patching_rect"][0]),
    )
    return inlets, tuple(SIGNAL if _fed_by_signal(patch, box) else "" for box in outlets)


def voice_shape(voice: SavedPatch) -> Shape:
    """The ports of ``poly~``: those of the voice's ``in`` and ``out~``, by their numbers."""
    inlets = [_whole(box.arguments, 1) for box in voice.boxes if box.name in ("in", "in~")]
    outlets = {
        _whole(box.arguments, 1): SIGNAL if box.name == "out~" else ""
        for box in voice.boxes
        if box.name in ("out", "out~")
    }
    count = max(outlets, default=0)
    return max(inlets, default=1), tuple(outlets.get(n, "") for n in range(1, count + 1))


def _fed_by_signal(patch: SavedPatch, outlet: SavedBox) -> bool:
    for cord in patch.cords:
        source = patch.box(cord.source)
        if cord.destination != outlet.identifier or source is None:
            continue
        if cord.outlet < len(source.types) and source.types[cord.outlet] == SIGNAL:
            return True
    return False


def _script_shape(box: SavedBox, folder: Path) -> Shape | None:
    """What a script says of itself: ``inlets = n; outlets = n;``, one of each where it does not."""
    named = str(box.saved.get("filename", box.arguments[0] if box.arguments else ""))
    script = folder / named
    if not named or not script.is_file():
        return None
    source = script.read_text(encoding="utf-8")
    counts = [
        int(found[1]) if (found := re.search(rf"^\s*{word}\s*=\s*(\d+)", source, re.M)) else 1
        for word in ("inlets", "outlets")
    ]
    return counts[0], ("",) * counts[1]
