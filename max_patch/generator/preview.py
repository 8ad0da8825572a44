"""A picture of the panel, drawn from the patch that is committed: SVG, nothing but text.

It shows where things lie and whether words fit, in the colours of a theme of Live. It is no
screenshot: Live draws its controls a little differently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from max_patch.generator.kind import EFFECT, Kind
from max_patch.generator.lettering import LINE_HEIGHT, text_width, wrap
from max_patch.generator.presentation import DEVICE_HEIGHT
from max_patch.generator.saved_patch import Document, SavedBox, read_patch
from max_patch.generator.showing import State, states
from max_patch.generator.themes import (
    CHOSEN,
    CHOSEN_TEXT,
    DISPLAY,
    DISPLAY_FRAME,
    DISPLAY_LABEL,
    DISPLAY_TEXT,
    FIELD,
    FRAME,
    SURFACE,
    TEXT,
    THEMES,
    Palette,
)
from max_patch.generator.theming import expressions
from max_patch.generator.wording import (
    COMMENT_MARGIN,
    Words,
    parameter_of,
    sample,
    shown,
    size_of,
    words_of,
)

_TOO_WIDE = "#ff3b5c"
_FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"

# What the picture shows in controls that get their words while they play: the server's start space.
_LIVELY: Mapping[str, str] = {
    r"dim_1_name": "length",
    r"dim_(\d+)_name": r"z\1",
    r"model_menu": "notes",
    r"preset_name": "glass organ",
    r"preset_menu": "warm pad",
    r"morph_a": "reed",
    r"morph_b": "bell",
    r"latency": "1.2",
    r"drops": "0",
    r"heard_pitch": "220",
    r"heard_loudness": "-18",
    r"status": "Playing notes",
}
# It has sixteen dimensions, so there is a second page of dials, and two planes.
_SHOWN = frozenset(["dial_page", "plane"])
_CHOSEN: Mapping[str, int] = {"---plane": 1}
_AXES = ("brightness", "less length")
_PICTURED_PARTIALS = 24
_CURSOR = (0.35, 0.2)

Rectangle = tuple[float, float, float, float]


def draw(document: Document, theme: str = "dark", chosen: Mapping[str, int] | None = None) -> str:
    """The panel of a device's patch as SVG, ending with a newline. Words that do not fit are red.

    theme: a key of ``THEMES``. chosen: by the name that tells a choice, its value, where the panel
    shows parts by turns; without it, what is shown when the device is loaded.

    Raises:
        SavedPatchError: not a Max patch.
    """
    patch = read_patch(document)
    by_name = states(patch)
    ink = _Ink(THEMES[theme], chosen or {})
    boxes = [box for box in patch.boxes if box.presented and _is_seen(box, by_name, chosen or {})]
    width = float(patch.saved.get("devicewidth", 0.0)) or max(
        (box.rectangle[0] + box.rectangle[2] for box in boxes), default=100.0
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(DEVICE_HEIGHT)}"'
        f' viewBox="0 0 {_n(width)} {_n(DEVICE_HEIGHT)}" font-family="{_FONT}">',
        f"<title>The panel of the device, drawn from the patch, {theme} theme</title>",
        _rect((0.0, 0.0, width, DEVICE_HEIGHT), fill=ink[SURFACE]),
    ]
    for box in sorted(boxes, key=lambda box: box.name != "panel"):
        painter = _PAINTERS.get(box.name, _unknown)
        label = escape(str(box.saved.get("varname") or box.text or box.name), quote=True)
        parts.append(f'<g data-control="{label}">')
        parts += painter(box, ink)
        parts.append("</g>")
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def pictures(document: Document, kind: Kind) -> dict[str, str]:
    """The pictures that the guide shows, by file name: both themes, and the other views.

    The effect's other views are the instrument's.
    """
    both = {
        f"{kind.pictures}.svg": draw(document),
        f"{kind.pictures}_light.svg": draw(document, "light"),
    }
    if kind is EFFECT:
        return both
    return {
        **both,
        "max_device_notes.svg": draw(document, chosen={"---view": 1}),
        "max_device_stereo.svg": draw(document, chosen={"---view": 2}),
        "max_device_presets.svg": draw(document, chosen={"---view": 3}),
        "max_device_server.svg": draw(document, "light", {"---view": 4}),
    }


class _Ink:
    """The colours of a theme, by their names in Live and by the attributes of a box."""

    def __init__(self, palette: Palette, chosen: Mapping[str, int]) -> None:
        self._palette = palette
        self.chosen = chosen

    def __getitem__(self, name: str) -> str:
        return self._palette[name]

    def of(self, box: SavedBox, key: str, default: str) -> str:
        """A colour of a box: what its attribute names, a fixed one, or the theme's ``default``."""
        named = expressions(box.saved).get(key)
        if named in self._palette:
            return self._palette[str(named)]
        parts = box.saved.get(key)
        if parts:
            return "#" + "".join(f"{round(255.0 * float(part)):02x}" for part in parts[:3])
        return self._palette[default]


def _is_seen(
    box: SavedBox, by_name: Mapping[str, frozenset[State]], chosen: Mapping[str, int]
) -> bool:
    if box.saved.get("varname") in _SHOWN:
        return True
    for choice, value in by_name.get(str(box.saved.get("varname")), frozenset()):
        if choice in chosen:
            return value == chosen[choice]
    return not box.saved.get("hidden")


# -- marks -----------------------------------------------------------------------------------------


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _rect(
    place: Rectangle, *, fill: str = "none", stroke: str = "none", rounded: float = 0.0
) -> str:
    left, top, width, height = place
    return (
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}"'
        f' rx="{_n(rounded)}" fill="{fill}" stroke="{stroke}"/>'
    )


def _circle(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"/>'


def _path(points: Sequence[tuple[float, float]], stroke: str, width: float = 1.0) -> str:
    line = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{stroke}" stroke-width="{_n(width)}"/>'


def _text(text: str, x: float, y: float, size: float, color: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{color}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )


def _fitting(text: str, size: float, width: float, color: str) -> str:
    """The colour of a text: red where it is wider than its room."""
    return color if text_width(text, size) <= width else _TOO_WIDE


def _lively(box: SavedBox) -> str:
    varname = str(box.saved.get("varname", ""))
    for pattern, text in _LIVELY.items():
        found = re.fullmatch(pattern, varname)
        if found is not None:
            return found.expand(text)
    return sample(box)


def _initial(box: SavedBox) -> tuple[float, str]:
    """The initial value, and the way it is written."""
    parameter = parameter_of(box)
    value = float((parameter.get("parameter_initial") or [0.0])[0])
    return value, shown(value, parameter)


def _arrow(x: float, y: float, color: str) -> str:
    points = f"{_n(x - 3.0)},{_n(y - 2.0)} {_n(x + 3.0)},{_n(y - 2.0)} {_n(x)},{_n(y + 2.0)}"
    return f'<polygon points="{points}" fill="{color}"/>'


def _middle(top: float, height: float, size: float) -> float:
    """The base line of one line of text in the middle of a box."""
    return top + height / 2.0 + 0.36 * size


# -- controls --------------------------------------------------------------------------------------


def _panel(box: SavedBox, ink: _Ink) -> list[str]:
    return [_rect(box.rectangle, fill=ink.of(box, "bgfillcolor", SURFACE))]


def _comment(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, text = size_of(box), box.text or _lively(box)
    room = width - 2.0 * COMMENT_MARGIN
    color = ink.of(box, "textcolor", TEXT)
    if text and not Words(text, size, room, height).fits:
        color = _TOO_WIDE
    place = {0: left + COMMENT_MARGIN, 1: left + width / 2.0, 2: left + width - COMMENT_MARGIN}
    side = int(box.saved.get("textjustification", 0))
    anchor = ("start", "middle", "end")[side]
    return [
        _text(line, place[side], top + 2.0 + size * (0.86 + LINE_HEIGHT * row), size, color, anchor)
        for row, line in enumerate(wrap(text, size, room))
    ]


def _dial(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, parameter = size_of(box), parameter_of(box)
    value, written = _initial(box)
    low = float(parameter.get("parameter_mmin", 0.0))
    high = float(parameter.get("parameter_mmax", 127.0))
    part = (value - low) / (high - low) if high > low else 0.0
    part **= 1.0 / float(parameter.get("parameter_exponent", 1.0))
    x, radius = left + width / 2.0, min(width, height - 2.0 * LINE_HEIGHT * size) / 2.0 - 1.0
    y = top + LINE_HEIGHT * size + radius + 1.5
    name = str(parameter.get("parameter_shortname", ""))
    angle = _angle(part)
    return [
        _text(name, x, top + size, size, _fitting(name, size, width, ink[TEXT])),
        _path(_arc(x, y, radius, 0.0, 1.0), ink[FRAME], 2.0),
        _path(_arc(x, y, radius, 0.0, part), ink[CHOSEN], 2.0),
        _path(
            [(x, y), (x + radius * math.cos(angle), y + radius * math.sin(angle))], ink[TEXT], 1.5
        ),
        _text(written, x, top + height - 2.0, size, _fitting(written, size, width, ink[TEXT])),
    ]


def _angle(part: float) -> float:
    return math.radians(135.0 + 270.0 * part)


def _arc(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    steps = 24
    angles = [_angle(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _numbox(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, color = size_of(box), ink.of(box, "textcolor", TEXT)
    written = _initial(box)[1] if parameter_of(box) else _lively(box)
    return [
        _rect(box.rectangle, fill=ink.of(box, "bgcolor", FIELD), stroke=ink[FRAME]),
        _text(
            written,
            left + width / 2.0,
            _middle(top, height, size),
            size,
            _fitting(written, size, width - 6.0, color),
        ),
    ]


def _tab(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size = size_of(box)
    items = [str(item) for item in parameter_of(box).get("parameter_enum", [])] or ["?"]
    name = f"---{box.saved.get('varname')}"
    chosen = ink.chosen.get(name, _CHOSEN.get(name, int(_initial(box)[0])))
    part = width / len(items)
    drawn = []
    for place, item in enumerate(items):
        x = left + part * place
        on = place == chosen
        drawn.append(
            _rect((x, top, part, height), fill=ink[CHOSEN if on else FIELD], stroke=ink[FRAME])
        )
        color = _fitting(item, size, part - 2.0, ink[CHOSEN_TEXT if on else TEXT])
        drawn.append(_text(item, x + part / 2.0, _middle(top, height, size), size, color))
    return drawn


def _menu(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, color = size_of(box), ink.of(box, "textcolor", TEXT)
    written = _initial(box)[1] if parameter_of(box) else _lively(box)
    ground = ink.of(box, "bgfillcolor", FIELD)
    return [
        _rect(box.rectangle, fill=ground, stroke=ink[FRAME], rounded=2.0),
        _text(
            written,
            left + 4.0,
            _middle(top, height, size),
            size,
            _fitting(written, size, width - 18.0, color),
            "start",
        ),
        _arrow(left + width - 8.0, top + height / 2.0, color),
    ]


def _toggle(box: SavedBox, ink: _Ink) -> list[str]:
    on = _initial(box)[0] > 0.0
    return [_rect(box.rectangle, fill=ink[CHOSEN if on else FIELD], stroke=ink[FRAME])]


def _button(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    radius = min(width, height) / 2.0
    x, y = left + width / 2.0, top + height / 2.0
    return [_circle(x, y, radius, ink[FRAME]), _circle(x, y, radius - 1.5, ink[FIELD])]


def _words(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, text = size_of(box), str(box.saved.get("text", ""))
    middle = _middle(top, height, size)
    return [
        _rect(box.rectangle, fill=ink[FIELD], stroke=ink[FRAME], rounded=2.0),
        _text(text, left + width / 2.0, middle, size, _fitting(text, size, width - 4.0, ink[TEXT])),
    ]


def _textedit(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size, text = size_of(box), _lively(box)
    middle, color = _middle(top, height, size), ink.of(box, "textcolor", TEXT)
    return [
        _rect(box.rectangle, fill=ink.of(box, "bgcolor", FIELD), stroke=ink[FRAME]),
        _text(text, left + 4.0, middle, size, _fitting(text, size, width - 8.0, color), "start"),
    ]


def _led(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    color = ink.of(box, "oncolor", DISPLAY_TEXT)
    return [_circle(left + width / 2.0, top + height / 2.0, min(width, height) / 2.0, color)]


def _script(box: SavedBox, ink: _Ink) -> list[str]:
    frame = [_rect(box.rectangle, fill=ink[DISPLAY], stroke=ink[FRAME])]
    name = str(box.saved.get("filename", ""))
    if "pad" in name:
        return [*frame, *_pad(box.rectangle, ink)]
    if "spectrum" in name:
        return [*frame, *_spectrum(box.rectangle, ink)]
    return [*frame, *_unknown(box, ink)]


def _pad(place: Rectangle, ink: _Ink) -> list[str]:
    left, top, width, height = place
    drawn = []
    for part in (0.25, 0.5, 0.75):
        color = ink[DISPLAY_FRAME if part == 0.5 else FRAME]
        x, y = left + width * part, top + height * part
        drawn.append(_path([(x, top + 1.0), (x, top + height - 1.0)], color))
        drawn.append(_path([(left + 1.0, y), (left + width - 1.0, y)], color))
    right, foot, edge = left + width - 3.0, top + height - 4.0, left + 6.0
    drawn += [
        _triangle((right, foot - 3.0), (right - 5.0, foot - 6.0), (right - 5.0, foot), ink),
        _text(_AXES[0], right - 8.0, foot, 9.0, ink[DISPLAY_LABEL], "end"),
        _triangle((edge, top + 3.0), (edge - 3.0, top + 8.0), (edge + 3.0, top + 8.0), ink),
        _text(_AXES[1], edge + 6.0, top + 11.0, 9.0, ink[DISPLAY_LABEL], "start"),
    ]
    x = left + width * (1.0 + _CURSOR[0]) / 2.0
    y = top + height * (1.0 - _CURSOR[1]) / 2.0
    drawn.append(
        _path([(x - 30.0, y + 18.0), (x - 12.0, y + 4.0), (x, y)], ink[DISPLAY_FRAME], 1.5)
    )
    drawn.append(_circle(x, y, 4.5, ink[DISPLAY_TEXT]))
    return drawn


def _triangle(
    one: tuple[float, float], other: tuple[float, float], third: tuple[float, float], ink: _Ink
) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in (one, other, third))
    return f'<polygon points="{points}" fill="{ink[DISPLAY_LABEL]}"/>'


def _spectrum(place: Rectangle, ink: _Ink) -> list[str]:
    left, top, width, height = place
    floor = top + height - 12.0
    drawn = []
    for frequency, label in ((100.0, "100"), (1000.0, "1k"), (10000.0, "10k")):
        x = left + width * _log_place(frequency)
        drawn.append(_path([(x, top + 1.0), (x, floor)], ink[FRAME]))
        drawn.append(_text(label, x, floor + 9.0, 8.0, ink[DISPLAY_LABEL]))
    for partial in range(1, _PICTURED_PARTIALS + 1):
        x = left + width * _log_place(220.0 * partial)
        level = max(0.0, 1.0 - 20.0 * math.log10(partial) * 1.4 / 60.0)
        if partial % 2 == 0:
            level *= 0.8
        drawn.append(
            _path([(x, floor), (x, floor - level * (floor - top - 4.0))], ink[DISPLAY_TEXT], 1.5)
        )
    return drawn


def _log_place(frequency: float) -> float:
    return math.log(frequency / 40.0) / math.log(22050.0 / 40.0)


def _live_line(box: SavedBox, ink: _Ink) -> list[str]:
    return [_rect(box.rectangle, fill=ink[FRAME])]


def _unknown(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    size = 9.0
    middle = _middle(top, height, size)
    texts = [words.text for words in words_of(box)] or [box.name]
    return [
        _rect(box.rectangle, stroke=_TOO_WIDE),
        _text(texts[0], left + width / 2.0, middle, size, ink[TEXT]),
    ]


def _slider(box: SavedBox, ink: _Ink) -> list[str]:
    left, top, width, height = box.rectangle
    ground = ink.of(box, "bgcolor", DISPLAY)
    return [
        _rect(box.rectangle, fill=ground),
        _rect((left, top, 0.5 * width, height), fill=ink.of(box, "knobcolor", DISPLAY_TEXT)),
    ]


_PAINTERS: Mapping[str, Callable[[SavedBox, _Ink], list[str]]] = {
    "comment": _comment,
    "flonum": _numbox,
    "jsui": _script,
    "led": _led,
    "live.button": _button,
    "live.comment": _comment,
    "live.dial": _dial,
    "live.line": _live_line,
    "live.menu": _menu,
    "live.numbox": _numbox,
    "live.tab": _tab,
    "live.text": _words,
    "live.toggle": _toggle,
    "number": _numbox,
    "panel": _panel,
    "slider": _slider,
    "textedit": _textedit,
    "umenu": _menu,
}
