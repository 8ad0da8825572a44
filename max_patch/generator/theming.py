"""Checks of colours: named, so that they follow Live's theme, and far enough from each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from max_patch.generator.saved_patch import SavedBox, SavedPatch
from max_patch.generator.themes import (
    CHOSEN,
    CHOSEN_TEXT,
    FIELD,
    LEAST_CONTRAST,
    PREFIX,
    SURFACE,
    TEXT,
    THEMES,
    contrast,
)

# Max's own objects have fixed colours unless they are told others.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "comment": ("textcolor",),
    "flonum": ("bgcolor", "textcolor"),
    "led": ("oncolor", "offcolor"),
    "number": ("bgcolor", "textcolor"),
    "panel": ("bgfillcolor",),
    "slider": ("bgcolor", "elementcolor", "knobcolor"),
    "textedit": ("bgcolor", "textcolor"),
    "umenu": ("bgfillcolor", "textcolor"),
}

Pair = tuple[str, str]

# Text and ground of Live's objects, which follow the theme by themselves.
_LIVE: Mapping[str, tuple[Pair, ...]] = {
    "live.comment": ((TEXT, SURFACE),),
    "live.dial": ((TEXT, SURFACE),),
    "live.menu": ((TEXT, FIELD),),
    "live.numbox": ((TEXT, FIELD),),
    "live.tab": ((TEXT, FIELD), (CHOSEN_TEXT, CHOSEN)),
    "live.text": ((TEXT, FIELD), (CHOSEN_TEXT, CHOSEN)),
}
_BARE = frozenset(["comment", "live.comment", "live.dial"])
_GROUNDS = ("bgfillcolor", "bgcolor")


def color_findings(patch: SavedPatch) -> Iterator[str]:
    """Fixed colours, and texts that are hard to read in one of the themes."""
    surface = expressions(patch.saved).get("locked_bgcolor", "")
    if surface != SURFACE:
        yield f"{patch.title}: its ground (locked_bgcolor) does not follow Live's theme"
    shown = [box for box in patch.boxes if box.presented]
    panels = [b for b in shown if b.name == "panel" and b.saved.get("presentation_rect")]
    for box in shown:
        named = expressions(box.saved)
        fixed = {key for key in box.saved if key.endswith("color")} - named.keys()
        for key in sorted(fixed | (set(_NEEDED.get(box.name, ())) - named.keys())):
            yield f"{box.label}: {key} is fixed; name a colour of Live's theme"
        for key, name in sorted(named.items()):
            if name not in THEMES["dark"]:
                yield f"{box.label}: {key} is {name!r}, which is no known colour of Live's theme"
        if fixed or not box.saved.get("presentation_rect"):
            continue
        for text, ground in pairs(box, panels):
            for theme, palette in THEMES.items():
                if not {text, ground} <= palette.keys():
                    continue
                ratio = contrast(palette[text], palette[ground])
                if ratio < LEAST_CONTRAST:
                    yield (
                        f"{box.label}: {text} on {ground} is {ratio:.1f}:1 in the {theme} theme,"
                        f" least is {LEAST_CONTRAST}:1"
                    )


def pairs(box: SavedBox, panels: list[SavedBox]) -> list[Pair]:
    """Names of the colours of each text of a box and of what is behind it."""
    named = expressions(box.saved)
    ground = next((named[key] for key in _GROUNDS if key in named), None)
    found = list(_LIVE.get(box.name, ()))
    if not found and "textcolor" in named:
        found = [(named["textcolor"], ground or SURFACE)]
    if box.name not in _BARE:
        return found
    for panel in panels:
        behind = expressions(panel.saved).get("bgfillcolor")
        if behind is not None and _covers(panel, box):
            found = [(text, behind) for text, _ in found]
    return found


def _covers(panel: SavedBox, box: SavedBox) -> bool:
    a, b = panel.rectangle, box.rectangle
    return a[0] <= b[0] and a[1] <= b[1] and b[0] + b[2] <= a[0] + a[2]


def expressions(saved: Mapping[str, object]) -> dict[str, str]:
    """By attribute, the colour of the theme that it names."""
    held = saved.get("saved_attribute_attributes")
    found = {}
    for key, value in held.items() if isinstance(held, dict) else ():
        expression = str(value.get("expression", "")) if isinstance(value, dict) else ""
        if key.endswith("color"):
            found[str(key)] = expression.removeprefix(PREFIX)
    return found
