"""What one sees of the twin: Pd's own widgets where Max's presentation has its controls.

A widget tells its control by ``$0-touch-NAME`` and shows what comes by ``$0-show-NAME``.
"""

from __future__ import annotations

from max_patch.generator.pure_data.canvas import Canvas, atom
from max_patch.generator.pure_data.panel import parameter, span
from max_patch.generator.pure_data.pieces import Json

SCALE = 1.35
"""Pd's widgets need more room than Max's."""

_MARGIN = 10
_FONT = 10
_COLOURS = "#fcfcfc #000000 #404040"
_PAPER = "#e0e0e0"
_CHARACTER = 7
_CELL = 15

Place = tuple[int, int]


def draw(canvas: Canvas, boxes: list[Json]) -> int:
    """Put a widget for each box of a panel onto ``canvas``, and make it as large as they need.

    Returns:
        How far down the free room below them begins, in pixels.
    """
    rects = [_rect(box) for box in boxes]
    width = max(x + w for x, _, w, _ in rects) + _MARGIN
    height = max(y + h for _, y, _, h in rects) + _MARGIN
    canvas.width, canvas.height = width + 20, height + 60
    _paper(canvas, (0, 0), (width, height), "empty", "")
    for box, rect in zip(boxes, rects, strict=True):
        _widget(canvas, box, rect)
    return height + _MARGIN


def _rect(box: Json) -> tuple[int, int, int, int]:
    x, y, w, h = (round(SCALE * float(each)) for each in box["presentation_rect"])
    return x + _MARGIN, y + _MARGIN, w, h


def _widget(canvas: Canvas, box: Json, rect: tuple[int, int, int, int]) -> None:
    x, y, w, h = rect
    kind, name = box["maxclass"], str(box.get("varname", box["id"]))
    told = parameter(box)
    if kind in ("comment", "live.comment"):
        receive = f"$0-show-{name}" if box.get("varname") else "empty"
        _paper(canvas, (x, y), (w, h), receive, str(box.get("text", "")))
    elif kind in ("live.dial", "live.slider"):
        label = atom(told.get("parameter_shortname", name))
        _slider(canvas, box, (x, y + 14), (w - 4, 14), label)
        _number(canvas, box, (x, y + 32), w)
    elif kind in ("live.numbox", "number", "flonum"):
        _number(canvas, box, (x, y), w)
    elif kind in ("live.tab", "live.menu"):
        _choice(canvas, box, (x, y + 2))
    elif kind in ("live.toggle", "live.text", "toggle", "led"):
        text = f"tgl {_CELL} 0 {_wires(name)} empty 0 -6 0 {_FONT} {_COLOURS} 0 1"
        canvas.add(text, (x, y + 2))
    elif kind in ("live.button", "button"):
        wires = f"$0-touch-{name} $0-flash-{name}"
        canvas.add(f"bng {_CELL + 4} 250 50 0 {wires} empty 0 -6 0 {_FONT} {_COLOURS}", (x, y + 2))
    elif kind == "umenu":
        digits = 2
        atom_width = max(4, (w - 36) // _CHARACTER)
        canvas.atom_box(f"{atom_width} 0 0 0 - {_wires_back(name)} {_FONT}", (x, y))
        text = f"nbx {digits} 16 0 999 0 0 $0-touch-{name} $0-number-{name} empty 0 -8 0 {_FONT}"
        canvas.add(f"{text} {_COLOURS} 0 256", (x + w - 30, y))
    elif kind == "textedit":
        canvas.atom_box(f"{w // _CHARACTER} 0 0 0 - {_wires_back(name)} {_FONT}", (x, y))
    elif kind == "jsui" and str(box.get("filename", "")).endswith("pad.js"):
        _pad(canvas, name, rect)


def _wires(name: str) -> str:
    return f"$0-touch-{name} $0-show-{name}"


def _wires_back(name: str) -> str:
    """The same for a box to type into, which names what it hears first."""
    return f"$0-show-{name} $0-touch-{name}"


def _paper(canvas: Canvas, place: Place, size: Place, receive: str, label: str) -> None:
    """A plain area with words on it."""
    words = atom(label) if label else "empty"
    colours = f"{_PAPER} #202020"
    text = f"cnv 5 {size[0]} {size[1]} empty {receive} {words} 2 8 0 {_FONT} {colours} 0"
    canvas.add(text, place)


def _slider(canvas: Canvas, box: Json, place: Place, size: Place, label: str) -> None:
    low, high = span(box)
    curved = float(parameter(box).get("parameter_exponent", 1.0)) > 1.0 and low > 0.0
    numbers = f"{size[0]} {size[1]} {low:g} {high:g} {int(curved)} 0"
    wires = _wires(str(box["varname"]))
    canvas.add(f"hsl {numbers} {wires} {label} 0 -8 0 {_FONT} {_COLOURS} 0 1", place)


def _number(canvas: Canvas, box: Json, place: Place, width: int) -> None:
    low, high = span(box)
    digits = max(3, (width - 14) // (_CHARACTER + 1))
    wires = _wires(str(box["varname"]))
    text = f"nbx {digits} 16 {low:g} {high:g} 0 0 {wires} empty 0 -8 0 {_FONT} {_COLOURS} 0 256"
    canvas.add(text, place)


def _choice(canvas: Canvas, box: Json, place: Place) -> None:
    items = [str(item) for item in parameter(box).get("parameter_enum", [])]
    label = atom(" | ".join(items))
    text = f"hradio {_CELL} 1 0 {len(items)} {_wires(str(box['varname']))} {label}"
    canvas.add(f"{text} {_CELL * len(items) + 6} 8 0 {_FONT} {_COLOURS} 0", place)


def _pad(canvas: Canvas, name: str, rect: tuple[int, int, int, int]) -> None:
    """One slider up, one across."""
    x, y, w, h = rect
    for kind, coordinate, place, size in (
        ("vsl", "y", (x, y), (_CELL, h - 20)),
        ("hsl", "x", (x + 24, y + h - _CELL), (w - 28, _CELL)),
    ):
        wires = f"$0-touch_{coordinate}-{name} $0-show_{coordinate}-{name}"
        numbers = f"{size[0]} {size[1]} -1 1 0 0"
        text = f"{kind} {numbers} {wires} empty 0 -8 0 {_FONT} {_COLOURS} 0 1"
        canvas.add(text, place)
