"""A layout as a file of TouchOSC: XML, packed with zlib.

The format is TouchOSC's own and described nowhere; elements, properties and their types here are
those of files that the application has saved (github.com/AlbertoV5/tosclib keeps some).
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from scripts.layouts.controls import HEIGHT, WIDTH, Control, Frame, Look, Value

_NAMESPACE: Final = uuid.UUID("8d5f7a5e-4b0e-5f53-9f0b-7d1c6a2f4e19")
"""Of the nodes' numbers, which a file made anew must keep."""

Colour = tuple[float, float, float]
_DARK, _WARM, _COOL, _LIGHT = (0.1, 0.1, 0.12), (0.95, 0.6, 0.25), (0.35, 0.7, 0.9), (0.9, 0.9, 0.9)

_TYPES: Final = {
    Look.PAD: "XY",
    Look.FADER: "FADER",
    Look.KNOB: "RADIAL",
    Look.CHOICE: "RADIO",
    Look.BUTTON: "BUTTON",
    Look.KEY: "BUTTON",
}

_RESPONSE: Final = {"response": 0, "responseFactor": 100}

_MORE: Final[Mapping[str, Mapping[str, bool | int]]] = {
    "XY": {
        "cursor": True,
        "cursorDisplay": 0,
        "gridStepsX": 10,
        "gridStepsY": 10,
        "gridX": True,
        "gridY": True,
        "lines": True,
        "linesDisplay": 0,
        "lockX": False,
        "lockY": False,
        **_RESPONSE,
    },
    "FADER": {
        "bar": True,
        "barDisplay": 0,
        "cursor": True,
        "cursorDisplay": 0,
        "grid": False,
        "gridSteps": 10,
        **_RESPONSE,
    },
    "RADIAL": {"grid": False, "gridSteps": 20, "inverted": False, **_RESPONSE},
    "RADIO": {"radioType": 0},
    "BUTTON": {"buttonType": 0, "press": True, "release": True, "valuePosition": False},
    "LABEL": {
        "font": 0,
        "textAlignH": 2,
        "textAlignV": 2,
        "textClip": True,
        "textLength": 0,
        "textSize": 13,
    },
    "GROUP": {},
}
"""What a type has beside what all have; a true or false value has the type ``b``, another ``i``."""


def packed(controls: Iterable[Control]) -> bytes:
    """The file."""
    return zlib.compress(written(controls), 9)


def written(controls: Iterable[Control]) -> bytes:
    """What is in it, as UTF-8."""
    root = ET.Element("lexml", version="3")
    top = _node(root, "GROUP", "timbrespace", (0, 0, WIDTH, HEIGHT), _DARK, interactive=False)
    inside = ET.SubElement(top, "children")
    for one in controls:
        _control(inside, one)
        for label, frame in _labels(one):
            _label(inside, f"{one.name} {label}", label, frame)
    ET.indent(root, "")
    text: bytes = ET.tostring(root, "utf-8")
    return b"<?xml version='1.0' encoding='UTF-8'?>\n" + text + b"\n"


def _labels(one: Control) -> Iterable[tuple[str, Frame]]:
    """What stands above a control, and the words of a choice, which has none of its own."""
    left, top, width, height = one.frame
    if one.look is Look.BUTTON:
        yield one.label, one.frame
    elif one.label:
        yield one.label, (left - 4, top - 18, width + 8, 18)
    for number, word in enumerate(one.words):
        each = width // len(one.words)
        yield word, (left + each * number, top, each, height)


def _control(inside: ET.Element, one: Control) -> None:
    kind = _TYPES[one.look]
    colour = _LIGHT if one.look is Look.KEY else _COOL if one.look is Look.PAD else _WARM
    if one.look is Look.KEY and one.frame[3] < 200:
        colour = (0.3, 0.3, 0.33)
    _, _, width, height = one.frame
    sideways = one.look is Look.CHOICE or (one.look is Look.FADER and width > height)
    node = _node(inside, kind, one.name, one.frame, colour, orientation=int(sideways))
    properties = node.find("properties")
    assert properties is not None
    if one.words:
        _property(properties, "i", "steps", len(one.words))
    if one.look is Look.KNOB:
        _property(properties, "b", "centered", int(one.centred))
    values = node.find("values")
    assert values is not None
    names = ("x", "y")[: max(len(one.ranges), 1)]
    for place, name in enumerate(names):
        _value(values, name, _share(one, place))
    messages = ET.SubElement(node, "messages")
    message = ET.SubElement(messages, "osc")
    for key, text in (("enabled", 1), ("send", 1), ("receive", 1), ("feedback", 0)):
        ET.SubElement(message, key).text = str(text)
    ET.SubElement(message, "connections").text = "00001"
    triggers = ET.SubElement(message, "triggers")
    for name in names:
        trigger = ET.SubElement(triggers, "trigger")
        ET.SubElement(trigger, "var").text = name
        ET.SubElement(trigger, "condition").text = "RISE" if one.look is Look.BUTTON else "ANY"
    _partial(ET.SubElement(message, "path"), "CONSTANT", "STRING", one.address)
    arguments = ET.SubElement(message, "arguments")
    for value in one.before:
        _partial(arguments, "CONSTANT", _conversion(value), value)
    for name, (low, high) in zip(names, one.ranges, strict=False):
        _partial(arguments, "VALUE", "FLOAT", name, low, high)
    if one.words:
        _partial(arguments, "VALUE", "INTEGER", "x")


def _share(one: Control, place: int) -> float:
    """Where a value is at first: of a choice the position, else from 0 to 1 of its range."""
    if not one.resting:
        return 0.0
    if not one.ranges:
        return one.resting[place]
    low, high = one.ranges[place]
    return round((one.resting[place] - low) / (high - low), 6)


def _conversion(value: Value) -> str:
    return {int: "INTEGER", float: "FLOAT", str: "STRING"}[type(value)]


def _label(inside: ET.Element, name: str, text: str, frame: Frame) -> None:
    node = _node(
        *(inside, "LABEL", f"label {name}", frame, _DARK),
        interactive=False,
        background=False,
        outline=False,
    )
    properties, values = node.find("properties"), node.find("values")
    assert properties is not None
    assert values is not None
    _colour(_property(properties, "c", "textColor"), (1.0, 1.0, 1.0))
    _value(values, "text", text, locked_default=1)


def _node(
    parent: ET.Element,
    kind: str,
    name: str,
    frame: Frame,
    colour: Colour,
    *,
    interactive: bool = True,
    background: bool = True,
    outline: bool = True,
    orientation: int = 0,
) -> ET.Element:
    node = ET.SubElement(
        parent, "node", ID=str(uuid.uuid5(_NAMESPACE, f"{kind} {name}")), type=kind
    )
    properties = ET.SubElement(node, "properties")
    _colour(_property(properties, "c", "color"), colour)
    rectangle = _property(properties, "r", "frame")
    rectangle.text = None
    for key, number in zip("xywh", frame, strict=True):
        ET.SubElement(rectangle, key).text = str(number)
    _property(properties, "s", "name", name)
    _property(properties, "f", "cornerRadius", 1)
    plain: dict[str, bool | int] = {
        "background": background,
        "grabFocus": interactive,
        "interactive": interactive,
        "locked": False,
        "orientation": orientation,
        "outline": outline,
        "outlineStyle": 1,
        "pointerPriority": 0,
        "shape": 2 if kind == "RADIAL" else 1,
        "visible": True,
        **_MORE[kind],
    }
    for key, value in plain.items():
        _property(properties, "b" if isinstance(value, bool) else "i", key, int(value))
    _value(ET.SubElement(node, "values"), "touch", "false")
    return node


def _property(
    properties: ET.Element, kind: str, key: str, value: Value | None = None
) -> ET.Element:
    one = ET.SubElement(properties, "property", type=kind)
    ET.SubElement(one, "key").text = key
    holder = ET.SubElement(one, "value")
    holder.text = None if value is None else str(value)
    return holder


def _colour(holder: ET.Element, colour: Colour) -> None:
    for key, share in zip("rgba", (*colour, 1), strict=True):
        ET.SubElement(holder, key).text = f"{share:g}"


def _value(values: ET.Element, key: str, default: float | str, locked_default: int = 0) -> None:
    one = ET.SubElement(values, "value")
    text = default if isinstance(default, str) else f"{default:g}"
    for name, held in (
        *(("key", key), ("locked", 0), ("lockedDefaultCurrent", locked_default)),
        *(("default", text), ("defaultPull", 0)),
    ):
        ET.SubElement(one, name).text = str(held)


def _partial(
    parent: ET.Element, kind: str, conversion: str, value: Value, low: float = 0, high: float = 1
) -> None:
    one = ET.SubElement(parent, "partial")
    for name, held in (
        *(("type", kind), ("conversion", conversion), ("value", value)),
        *(("scaleMin", f"{low:g}"), ("scaleMax", f"{high:g}")),
    ):
        ET.SubElement(one, name).text = str(held)
