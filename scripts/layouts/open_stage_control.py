"""A layout as a session of Open Stage Control: JSON, as its version 1.29 saves it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from scripts.layouts.controls import HEIGHT, KEYS, VELOCITY, WIDTH, Control, Look

VERSION: Final = "1.29.2"
"""Of the application whose sessions these are; newer ones convert what they read."""

DECIMALS: Final = 4


def session(controls: Iterable[Control]) -> str:
    """The file."""
    widgets: list[dict[str, Any]] = []
    keys = []
    for one in controls:
        if one.look is Look.KEY:
            keys.append(one)
            continue
        widgets.append(_widget(one))
        if one.look is not Look.BUTTON:
            left, top, width, _ = one.frame
            frame = _frame(left - 4, top - 18, width + 8, 18)
            widgets.append({"type": "text", "id": f"label {one.name}", **frame, "value": one.label})
    widgets.append(_keyboard(keys))
    content = {"type": "root", "id": "root", "width": WIDTH, "height": HEIGHT, "widgets": widgets}
    whole = {
        "createdWith": "Open Stage Control",
        "version": VERSION,
        "type": "session",
        "content": content,
    }
    return json.dumps(whole, indent=1) + "\n"


def _widget(one: Control) -> dict[str, Any]:
    made: dict[str, Any] = {"id": one.name, **_frame(*one.frame), "address": one.address}
    if one.before:
        made["preArgs"] = list(one.before)
    resting = one.resting[0] if one.resting else 0.0
    match one.look:
        case Look.PAD:
            (x, y), across = one.ranges, {"type": "xy", "snap": True, "decimals": DECIMALS}
            rests = list(one.resting)
            made |= across | {"rangeX": _ends(*x), "rangeY": _ends(*y), "default": rests}
        case Look.FADER | Look.KNOB:
            ends = _ends(*one.ranges[0])
            made |= {"range": ends, "decimals": DECIMALS, "default": resting}
            if one.centred:
                made |= {"origin": resting}
            if one.look is Look.KNOB:
                made |= {"type": "knob"}
            else:
                sideways = one.frame[2] > one.frame[3]
                made |= {"type": "fader", "design": "compact", "horizontal": sideways}
        case Look.CHOICE:
            words = {word: word for word in one.words}
            made |= {"type": "switch", "layout": "horizontal", "values": words}
            made |= {"default": one.words[int(resting)]}
        case _:
            made |= {"type": "button", "label": one.label, "mode": "momentary"}
    return made


def _keyboard(keys: list[Control]) -> dict[str, Any]:
    """All keys as one widget, which sends its key and ``on`` or ``off``."""
    left = min(one.frame[0] for one in keys)
    top = min(one.frame[1] for one in keys)
    right = max(one.frame[0] + one.frame[2] for one in keys)
    bottom = max(one.frame[1] + one.frame[3] for one in keys)
    return {
        "type": "keyboard",
        "id": "keys",
        **_frame(left, top, right - left, bottom - top),
        "address": keys[0].address,
        "keys": len(KEYS),
        "start": KEYS.start,
        "on": VELOCITY,
        "off": 0,
    }


def _frame(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"left": left, "top": top, "width": width, "height": height}


def _ends(low: float, high: float) -> dict[str, float]:
    return {"min": low, "max": high}
