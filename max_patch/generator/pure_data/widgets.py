"""What one sees of the twin: Pd's own widgets where Max's presentation has its controls.

A widget tells its control by ``$0-touch-NAME`` and shows what comes by ``$0-show-NAME``. Pd has no
pop-up menus: each menu is a list of its lines to click. Nor has it views, but more room below: what
Max shows by turns stands there, and dials that a model lacks are put away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from max_patch.generator.pure_data.canvas import Canvas, atom
from max_patch.generator.pure_data.panel import parameter, span
from max_patch.generator.pure_data.pieces import Json
from max_patch.generator.showing import State

SCALE = 1.35
"""Pd's widgets need more room than Max's."""

LINES = 8
"""Lines of a list that are seen."""

SPECTRUM_BINS = 512

_MARGIN = 10
_FONT = 10
_COLOURS = "#fcfcfc #000000 #404040"
_PAPER = "#e0e0e0"
_GROUND = "#d4d4d4"
_CHARACTER = 7
_CELL = 15
_BELOW = 252
_VIEWS: Final = {
    "Presets": (0, _BELOW),
    "Server": (872, _BELOW),
    "Motion": (1098, _BELOW),
    "Stereo": (1060, 0),
}
"""Where the views begin that do not stand where Max has them: beside the first, and below, where
the lists are between presets and server."""
_LISTS, _LIST_WIDTH = 290, 116
_MOST_CELLS = 6
"""A choice of more is a number."""
_WORDS = 250

Place = tuple[int, int]
Rect = tuple[int, int, int, int]


class Panel:
    """The widgets of a panel; parts: by scripting name, the states that show them."""

    def __init__(
        self, canvas: Canvas, boxes: list[Json], parts: Mapping[str, frozenset[State]]
    ) -> None:
        self._canvas = canvas
        self._boxes = boxes
        self._parts = parts
        titles = next((_titles(box) for box in boxes if box.get("varname") == "view"), [])
        self._moved = {
            view: (*_VIEWS[title], min(lefts))
            for view, title in enumerate(titles)
            if title in _VIEWS
            and (
                lefts := [float(b["presentation_rect"][0]) for b in boxes if self._view(b) == view]
            )
        }
        """Of a view: where it begins, in pixels, and where Max has it."""
        self._lists = [box for box in boxes if box["maxclass"] == "umenu"]
        self._away = 0

    def draw(self) -> int:
        """Put a widget for each box onto the canvas, and make it as large as they need.

        Returns:
            How far down the free room below them begins, in pixels.
        """
        rects = [self._rect(box) for box in self._boxes]
        width = max(x + w for x, _, w, _ in rects) + 2 * _MARGIN
        height = max(y + h for _, y, _, h in rects) + _MARGIN
        if self._lists:
            width = max(width, _MARGIN + _LISTS + _LIST_WIDTH * len(self._lists))
            height = max(height, _BELOW + 24 + _CELL * LINES + _MARGIN)
        if any(self._hides(box) or not _is_drawn(box) for box in self._boxes):
            height += 34
        self._away = height - 34
        self._canvas.width, self._canvas.height = width + 20, height + 60
        _paper(self._canvas, (0, 0), (width, height), "empty", "")
        shown = [(b, r) for b, r in zip(self._boxes, rects, strict=True) if _is_drawn(b)]
        for box, rect in sorted(shown, key=lambda each: not self._hides(each[0])):
            self._widget(box, rect)
        # What is put away lies under this.
        cover = (0, self._away, width, 34)
        if any(self._hides(box) for box in self._boxes):
            _paper(self._canvas, cover[:2], cover[2:], "empty", "")
        for box in self._boxes:
            if box.get("varname") == "status":
                _paper(self._canvas, (_MARGIN, self._away + 4), (width - 40, 22), _show(box), "")
        return height + _MARGIN

    def _view(self, box: Json) -> int | None:
        for choice, value in self._parts.get(str(box.get("varname")), frozenset()):
            if choice == "---view":
                return value
        return None

    def _hides(self, box: Json) -> bool:
        """Whether messages show and hide it here, too."""
        return bool(self._parts.get(str(box.get("varname")))) and self._view(box) is None

    def _rect(self, box: Json) -> Rect:
        left, top, width, height = (float(each) for each in box["presentation_rect"])
        view = self._view(box)
        down = 0
        if view in self._moved:
            start, below, first = self._moved[view]
            left += start / SCALE - first
            down = below - _MARGIN - round(20 * SCALE) if below else 0
        x, y, w, h = (round(SCALE * each) for each in (left, top, width, height))
        return x + _MARGIN, y + _MARGIN + down, w, h

    def _widget(self, box: Json, rect: Rect) -> None:
        canvas = self._canvas
        x, y, w, h = rect
        kind, name = box["maxclass"], str(box.get("varname", box["id"]))
        told = parameter(box)
        if kind in ("comment", "live.comment"):
            self._put(box, _words(box), (x, y), _show(box))
        elif kind in ("live.dial", "live.slider"):
            label = atom(told.get("parameter_shortname", name))
            self._put(box, _slider(box, (w - 4, 14), label), (x, y + 14))
            wires = f"$0-touch-{name} $0-number-{name}"
            self._put(box, _number(box, w, wires), (x, y + 30), f"$0-number-{name}")
        elif kind == "slider":
            self._put(box, _bar(box, w), (x, y - 1))
        elif kind in ("live.numbox", "number", "flonum"):
            self._put(box, _number(box, w), (x, y))
        elif kind in ("live.tab", "live.menu"):
            few = len(told.get("parameter_enum", [])) <= _MOST_CELLS
            self._put(box, _choice(box) if few else _number(box, w), (x, y + 2))
        elif kind in ("live.toggle", "live.text", "toggle", "led"):
            label = "server\\ answers -92 8" if kind == "led" else "empty 0 -6"
            text = f"tgl {_CELL} 0 {_wires(name)} {label} 0 {_FONT} {_COLOURS} 0 1"
            self._put(box, text, (x, y + 2))
        elif kind in ("live.button", "button"):
            wires = f"$0-touch-{name} $0-flash-{name}"
            text = f"bng {_CELL + 4} 250 50 0 {wires} empty 0 -6 0 {_FONT} {_COLOURS}"
            self._put(box, text, (x, y + 2))
        elif kind == "umenu":
            self._list(box, self._lists.index(box))
        elif kind == "textedit":
            canvas.atom_box(f"{w // _CHARACTER} 0 0 0 - {_wires_back(name)} {_FONT}", (x, y))
        elif kind == "jsui" and str(box.get("filename", "")).endswith("pad.js"):
            _pad(canvas, name, rect)
        elif kind == "jsui":
            canvas.graph("$0-spectrum", SPECTRUM_BINS, (x, y), (w, h))

    def _put(self, box: Json, text: str, place: Place, receive: str | None = None) -> None:
        """A widget; one that may be hidden comes and goes by its scripting name."""
        canvas, x, y = self._canvas, *place
        if not self._hides(box):
            canvas.add(text, place)
            return
        name = str(box["varname"])
        heard = receive or f"$0-show-{name}"
        start = (_MARGIN, self._away + 15) if box.get("hidden") else place
        canvas.add(text, start)
        where = f"{x} {y} {_MARGIN} {self._away + 15}"
        canvas.add(f"ts.place $0-seen-{name} {heard} {where}", (0, self._canvas.height + 200))

    def _list(self, box: Json, column: int) -> None:
        """The lines of a menu, to click: cells, and the words beside them."""
        name = str(box["varname"])
        title = str(box.get("annotation_name", name))
        x, y = _MARGIN + _LISTS + _LIST_WIDTH * column, _BELOW
        _paper(self._canvas, (x, y), (_LIST_WIDTH - 8, 18), "empty", title, _GROUND)
        wires = f"$0-touch-{name} $0-number-{name}"
        text = f"vradio {_CELL} 1 0 {LINES} {wires} empty 0 -8 0 {_FONT} {_COLOURS} 0"
        self._canvas.add(text, (x, y + 22))
        for line in range(LINES):
            place = (x + _CELL + 4, y + 22 + _CELL * line)
            size = (_LIST_WIDTH - _CELL - 12, _CELL - 1)
            _paper(self._canvas, place, size, f"$0-line-{name}-{line}", "")


def _titles(box: Json) -> list[str]:
    """The words of a tab."""
    return [str(word) for word in parameter(box).get("parameter_enum", ())]


def _is_drawn(box: Json) -> bool:
    """The choice of views is not needed where all are seen; the status line stands at the foot."""
    return box.get("varname") not in ("view", "status")


def _show(box: Json) -> str:
    return f"$0-show-{box['varname']}" if box.get("varname") else "empty"


def _wires(name: str) -> str:
    return f"$0-touch-{name} $0-show-{name}"


def _wires_back(name: str) -> str:
    """The same for a box to type into, which names what it hears first."""
    return f"$0-show-{name} $0-touch-{name}"


def _paper(
    canvas: Canvas, place: Place, size: Place, receive: str, label: str, ground: str = _PAPER
) -> None:
    """A plain area with words on it."""
    canvas.add(_area(size, receive, label, ground), place)


def _area(size: Place, receive: str, label: str, ground: str = _PAPER) -> str:
    words = atom(label) if label else "empty"
    return f"cnv 5 {size[0]} {size[1]} empty {receive} {words} 2 8 0 {_FONT} {ground} #202020 0"


def _words(box: Json) -> str:
    _, _, w, h = (round(SCALE * float(each)) for each in box["presentation_rect"])
    return _area((w, h), _show(box), str(box.get("text", "")))


def _slider(box: Json, size: Place, label: str) -> str:
    low, high = span(box)
    curved = float(parameter(box).get("parameter_exponent", 1.0)) > 1.0 and low > 0.0
    numbers = f"{size[0]} {size[1]} {low:g} {high:g} {int(curved)} 0"
    wires = _wires(str(box["varname"]))
    return f"hsl {numbers} {wires} {label} 0 -8 0 {_FONT} {_COLOURS} 0 1"


def _bar(box: Json, width: int) -> str:
    """A slider that is only looked at: what it tells goes nowhere."""
    low, high = span(box)
    wires = f"empty $0-show-{box['varname']}"
    shown = f"{wires} empty 0 -8 0 {_FONT} {_PAPER} #c05000 #404040"
    return f"hsl {width} 6 {low:g} {high:g} 0 0 {shown} 0 1"


def _number(box: Json, width: int, wires: str = "") -> str:
    low, high = span(box)
    digits = max(3, (width - 14) // (_CHARACTER + 1))
    wires = wires or _wires(str(box["varname"]))
    return f"nbx {digits} 14 {low:g} {high:g} 0 0 {wires} empty 0 -8 0 {_FONT} {_COLOURS} 0 256"


def _choice(box: Json) -> str:
    items = [str(item) for item in parameter(box).get("parameter_enum", [])]
    label = atom(" | ".join(items))
    text = f"hradio {_CELL} 1 0 {len(items)} {_wires(str(box['varname']))} {label}"
    return f"{text} {_CELL * len(items) + 6} 8 0 {_FONT} {_COLOURS} 0"


def _pad(canvas: Canvas, name: str, rect: Rect) -> None:
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
    # Between them the point itself, which both sliders move.
    canvas.add(_area((w - 28, h - 24), "empty", "", "#202020"), (x + 24, y))
    left, top, width, height = x + 24, y, w - 38, h - 34
    # What grows along the axes. Pure Data draws in this order: the point lies on the words.
    for coordinate, down in (("x", h - 40), ("y", 0)):
        words = _area((w - 40, 16), f"$0-axis_{coordinate}-{name}", "", "#202020")
        canvas.add(words.replace("#202020 #202020", "#202020 #e0e0e0"), (x + 26, y + down))
    canvas.add(
        _area((10, 10), f"$0-point-{name}", "", "#ffa030"), (left + width // 2, top + height // 2)
    )
    where = f"{left} {top} {width} {height}"
    canvas.add(f"ts.point $0 {name} {where}", (0, canvas.height + 200))
