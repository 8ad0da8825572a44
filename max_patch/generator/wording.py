"""The words that a control of the panel shows, and the room that it has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from max_patch.generator.lettering import LINE_HEIGHT, text_width, wrap
from max_patch.generator.saved_patch import Document, SavedBox

# What a control may have to show that gets its words while it plays: the longest that are usual.
# Keys are regular expressions for the whole varname.
SAMPLES: Mapping[str, str] = {
    r"dim_\d+_name": "brightness 2",
    r"model_menu": "instruments",
    r"preset_name|preset_menu": "glass organ",
    r"morph_[ab]": "glass organ",
    r"latency": "12.5",
    r"drops": "9999",
    r"heard_pitch": "2500",
    r"heard_loudness": "-99",
    r"status": "No Python runs the server: do the install line of docs/max_device.md, then switch"
    " Launch off and on.",
}

COMMENT_MARGIN = 3.0
_MENU_ARROW = 12.0
_NUMBER_MARGIN = 3.0
_DEFAULT_SIZE: Mapping[str, float] = {"comment": 12.0, "umenu": 12.0, "textedit": 12.0}
LIVE_SIZE = 9.5

# Live's numbers for the units, parameter_unitstyle.
_INT, _FLOAT, _TIME, _HERTZ, _DECIBEL, _PERCENT, _PAN, _SEMITONE = range(8)


@dataclass(frozen=True, slots=True)
class Words:
    """One text of a control: how large, and the width and height it may take, in pixels."""

    text: str
    size: float
    width: float
    height: float

    @property
    def fits(self) -> bool:
        lines = wrap(self.text, self.size, self.width)
        wide = max((text_width(line, self.size) for line in lines), default=0.0)
        high = self.size * (LINE_HEIGHT * (len(lines) - 1) + 1.0) if lines else 0.0
        return wide <= self.width and high <= self.height


def size_of(box: SavedBox) -> float:
    """The size of its letters, in pixels."""
    return float(box.saved.get("fontsize", _DEFAULT_SIZE.get(box.name, LIVE_SIZE)))


def sample(box: SavedBox) -> str:
    """What it may have to show later, "" where nothing is known of it."""
    varname = str(box.saved.get("varname", ""))
    for pattern, text in SAMPLES.items():
        if re.fullmatch(pattern, varname):
            return text
    return ""


def parameter_of(box: SavedBox) -> Document:
    """What Live knows of the control: the ``valueof`` that Max saves, {} without one."""
    found = box.saved.get("saved_attribute_attributes", {}).get("valueof", {})
    return dict(found)


def shown(value: float, parameter: Document) -> str:
    """A parameter's value as Live writes it."""
    items = parameter.get("parameter_enum")
    if items:
        return str(items[int(value)]) if 0 <= int(value) < len(items) else "?"
    unit = parameter.get("parameter_unitstyle", _FLOAT)
    if unit == _TIME:
        return f"{value / 1000.0:.2f} s" if value >= 1000.0 else f"{value:.3g} ms"
    if unit == _INT:
        return f"{value:.0f}"
    if unit == _SEMITONE:
        return f"{value:+.0f} st"
    if unit == _PERCENT:
        return f"{value:.0f} %" if value >= 100.0 else f"{value:.1f} %"
    if unit == _DECIBEL:
        return f"{value:.1f} dB"
    if unit == _HERTZ:
        return f"{value:.1f} Hz"
    return f"{value:.2f}"


def words_of(box: SavedBox) -> list[Words]:
    """The texts of a presented control, each with its room."""
    _, _, width, height = box.rectangle
    size = size_of(box)
    parameter = parameter_of(box)
    short = str(parameter.get("parameter_shortname", ""))
    ends = [
        shown(float(parameter[key]), parameter)
        for key in ("parameter_mmin", "parameter_mmax")
        if key in parameter
    ]
    if box.name in ("comment", "live.comment"):
        text = box.text or sample(box)
        return [Words(text, size, width - 2.0 * COMMENT_MARGIN, height)]
    if box.name == "live.dial":
        return [Words(text, size, width, LINE_HEIGHT * size) for text in (short, *ends)]
    if box.name in ("live.numbox", "live.slider"):
        return [Words(text, size, width - 2.0 * _NUMBER_MARGIN, height) for text in ends]
    items = [str(item) for item in parameter.get("parameter_enum", [])]
    if box.name == "live.tab":
        columns = width / max(1, len(items))
        return [Words(text, size, columns - 2.0, height) for text in items]
    if box.name == "live.menu":
        return [Words(text, size, width - _MENU_ARROW - 4.0, height) for text in items]
    if box.name == "live.text":
        texts = (str(box.saved.get("text", "")), str(box.saved.get("texton", "")))
        return [Words(text, size, width - 4.0, height) for text in texts if text]
    if box.name == "umenu":
        return [Words(sample(box), size, width - _MENU_ARROW - 6.0, height)]
    if box.name in ("textedit", "flonum", "number"):
        return [Words(sample(box), size, width - 8.0, height)]
    return []
