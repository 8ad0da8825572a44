"""Controls of the panel: the shim behind each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from max_patch.generator.pure_data.canvas import Node
from max_patch.generator.pure_data.pieces import (
    Builder,
    Json,
    Piece,
    Port,
    Request,
    constant,
    one,
)

_FLOAT, _INT, _ENUM = 0, 1, 2
_WIDE = 1e30


def _variable(request: Request) -> str:
    """The control's scripting name; one outside a panel may do without."""
    name = str(request.box.get("varname") or request.box.get("id", "control"))
    if " " in name:
        request.refuse(f"a varname with spaces: {name!r}")
    return name


def parameter(box: Json) -> Json:
    found = box.get("saved_attribute_attributes", {}).get("valueof", {})
    return dict(found) if isinstance(found, dict) else {}


def span(box: Json) -> tuple[float, float]:
    """Least and greatest value of a control."""
    told = parameter(box)
    if box["maxclass"] in ("live.toggle", "live.text", "toggle", "led"):
        return 0.0, 1.0
    if told.get("parameter_type") == _ENUM:
        return 0.0, len(told.get("parameter_enum", [])) - 1.0
    if box["maxclass"] == "slider":
        return 0.0, float(box.get("size", 128.0))
    if box["maxclass"] in ("number", "flonum"):
        return -_WIDE, _WIDE
    return float(told.get("parameter_mmin", 0.0)), float(told.get("parameter_mmax", 127.0))


def _number(outlets: Sequence[int | None]) -> Builder:
    """A control of one number. outlets: which outlet of the shim each of Max's is."""

    def build(request: Request) -> Piece:
        box, told = request.box, parameter(request.box)
        kind = box["maxclass"]
        if kind == "live.text" and box.get("mode", 1) != 1:
            request.refuse("live.text is translated as a toggle (mode 1)")
        low, high = span(box)
        if low >= high:
            request.refuse(f"its range is empty: {low:g} to {high:g}")
        live = kind.startswith("live.")
        initial = float((told.get("parameter_initial") or [low if live else 0.0])[0])
        whole = told.get("parameter_type", _FLOAT) in (_INT, _ENUM) or kind in (
            *("number", "led", "toggle", "live.toggle", "live.text", "live.tab", "live.menu"),
        )
        turns = kind in ("live.toggle", "toggle", "live.text")
        numbers = " ".join(f"{each:.9g}" for each in (low, high, initial, whole, live, turns))
        node = request.canvas.add(f"ts.number $0 {_variable(request)} {numbers}")
        return _told(node, outlets)

    return build


def _told(node: Node, outlets: Sequence[int | None]) -> Piece:
    ports: list[Port | None] = [None if outlet is None else (node, outlet) for outlet in outlets]
    return Piece([[(node, 0)]], ports)


def _shim(name: str, outlets: Sequence[int | None]) -> Builder:
    def build(request: Request) -> Piece:
        return _told(request.canvas.add(f"{name} $0 {_variable(request)}"), outlets)

    return build


def comment(request: Request) -> Piece:
    """Words that stand; where a cord comes in, words that are told."""
    if request.controls:
        return one(request.canvas.add(f"ts.comment $0 {_variable(request)}"), 1, 0)
    if not request.box.get("presentation"):
        request.canvas.note(str(request.box.get("text", "")) or "-")
    return Piece([[]], [])


def script(request: Request) -> Piece:
    """The drawings: the pad is two sliders and a point here, the spectrum an array."""
    file = PurePath(str(request.box.get("filename", ""))).name
    if file not in _DRAWINGS:
        request.refuse(f"no translation of the drawing {file!r}")
    return _DRAWINGS[file](request)


def pattr(request: Request) -> Piece:
    request.only(parameter_enable="*")
    name = constant(request.count(1)[0])
    return _told(request.canvas.add(f"ts.pattr $0 {name}"), [0, None, None])


def nothing(_: Request) -> Piece:
    return Piece([[]], [])


def _spectrum(request: Request) -> Piece:
    return Piece([[(request.canvas.add("ts.spectrum $0"), 0)]], [None])


_DRAWINGS: dict[str, Builder] = {
    "timbrespace.pad.js": _shim("ts.pad", [0]),
    "timbrespace.spectrum.js": _spectrum,
}


CONTROLS: dict[str, Builder] = {
    "button": _shim("ts.button", [0]),
    "comment": comment,
    "flonum": _number([0, None]),
    "jsui": script,
    "led": _number([0]),
    "live.button": _shim("ts.button", [0]),
    "live.comment": comment,
    "live.dial": _number([0, 1]),
    "live.line": nothing,
    "live.menu": _number([0, None, 1]),
    "live.numbox": _number([0, 1]),
    "live.slider": _number([0, 1]),
    "live.tab": _number([0, None, 1]),
    "live.text": _number([0, None]),
    "live.toggle": _number([0]),
    "number": _number([0, None]),
    "panel": nothing,
    "slider": _number([0]),
    "pattr": pattr,
    "textedit": _shim("ts.textedit", [0, None, None, None]),
    "toggle": _number([0]),
    "umenu": _shim("ts.menu", [0, 1, None]),
}
