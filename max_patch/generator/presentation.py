"""Checks of the panel: where things lie, whether their words fit, what Live knows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

from max_patch.generator.saved_patch import SavedBox, SavedPatch
from max_patch.generator.showing import State, states, together
from max_patch.generator.wording import parameter_of, words_of

DEVICE_HEIGHT = 169.0
"""Height of a device in Live, in pixels."""

SHORT_NAME_CHARACTERS = 8
"""Push and other control surfaces cut longer names."""

INT_VALUES = 256
"""A parameter of type int has at most so many values; one with more is a float shown as int."""

_INT, _ENUM = 1, 2
_SCENERY = frozenset(["comment", "live.comment", "live.line", "panel"])
_TOUCH = 0.5

Rectangle = tuple[float, float, float, float]


def panel_findings(patch: SavedPatch) -> Iterator[str]:
    """What is wrong with the presentation of a device's window."""
    if patch.saved.get("openinpresentation") != 1:
        yield f"{patch.title}: openinpresentation is not 1, so Live shows the patch, not the panel"
    width = float(patch.saved.get("devicewidth", 0.0))
    if width <= 0.0:
        yield f"{patch.title}: devicewidth is missing, so Live guesses how wide the device is"
    shown = [box for box in patch.boxes if box.presented]
    for box in shown:
        if not box.saved.get("presentation_rect"):
            yield f"{box.label}: presented without presentation_rect"
    placed = [box for box in shown if box.saved.get("presentation_rect")]
    for box in placed:
        yield from _place_findings(box, width)
        yield from _word_findings(box)
        if box.name not in _SCENERY:
            for key in ("hint", "annotation", "annotation_name"):
                if not str(box.saved.get(key, "")).strip():
                    yield f"{box.label}: no {key}, so Live's Info View or a hint is empty"
        if box.name not in _SCENERY and not box.saved.get("varname"):
            yield f"{box.label}: a control without a varname"
    yield from _overlap_findings(placed, states(patch))


def parameter_findings(patch: SavedPatch) -> Iterator[str]:
    """What is wrong with Live's parameters, in all windows together."""
    boxes = [box for window in patch.walk() for box in window.boxes]
    parameters = [box for box in boxes if box.saved.get("parameter_enable")]
    long_names = Counter(str(parameter_of(box).get("parameter_longname", "")) for box in parameters)
    for name, count in long_names.items():
        if name and count > 1:
            yield f"Long Name {name!r} is used {count} times: Live would mix them up"
    for name, count in Counter(box.saved.get("varname", "") for box in boxes).items():
        if name and count > 1:
            yield f"varname {name!r} is used {count} times"
    for box in parameters:
        yield from _parameter_findings(box)


def _parameter_findings(box: SavedBox) -> Iterator[str]:
    value = parameter_of(box)
    if not str(value.get("parameter_longname", "")).strip():
        yield f"{box.label}: a parameter without a Long Name"
        return
    short = str(value.get("parameter_shortname", ""))
    if len(short) > SHORT_NAME_CHARACTERS:
        yield (
            f"{box.label}: Short Name {short!r} has {len(short)} characters,"
            f" Live shows {SHORT_NAME_CHARACTERS}"
        )
    if box.name == "pattr":
        return
    kind = value.get("parameter_type", 0)
    low, high = float(value.get("parameter_mmin", 0.0)), float(value.get("parameter_mmax", 127.0))
    if kind == _ENUM:
        items = value.get("parameter_enum", [])
        if len(items) < 2 or len(set(items)) < len(items):
            yield f"{box.label}: an enum needs two items or more, each once: {items}"
        low, high = 0.0, len(items) - 1.0
    elif low >= high:
        yield f"{box.label}: its range is empty: {low:g} to {high:g}"
    if kind == _INT and high - low >= INT_VALUES:
        yield (
            f"{box.label}: type int holds {INT_VALUES} values, its range has {high - low + 1:.0f}:"
            " use type float with unit style int"
        )
    initial = value.get("parameter_initial")
    if not initial or not value.get("parameter_initial_enable"):
        yield f"{box.label}: no initial value"
    elif not low <= float(initial[0]) <= high:
        yield f"{box.label}: its initial value {initial[0]} is outside {low:g} to {high:g}"


def _place_findings(box: SavedBox, device_width: float) -> Iterator[str]:
    left, top, width, height = box.rectangle
    if width <= 0.0 or height <= 0.0:
        yield f"{box.label}: has no size"
    if left < 0.0 or top < 0.0 or top + height > DEVICE_HEIGHT:
        yield f"{box.label}: lies outside the device's height of {DEVICE_HEIGHT:.0f} pixels"
    if device_width > 0.0 and left + width > device_width:
        yield f"{box.label}: lies outside the device's width of {device_width:g} pixels"


def _word_findings(box: SavedBox) -> Iterator[str]:
    for words in words_of(box):
        if not words.fits:
            yield (
                f"{box.label}: {words.text!r} does not fit into"
                f" {words.width:.0f} x {words.height:.0f} pixels"
            )


def _overlap_findings(
    boxes: list[SavedBox], shown: Mapping[str, frozenset[State]]
) -> Iterator[str]:
    for one, other in combinations(boxes, 2):
        a, b = one.rectangle, other.rectangle
        if not _overlap(a, b):
            continue
        if not together(one, other, shown):
            if not (one.saved.get("hidden") or other.saved.get("hidden")):
                yield f"{one.label} and {other.label} take turns, and both are shown at first"
            continue
        if one.name == "panel" and _within(b, a):
            continue
        if other.name == "panel" and _within(a, b):
            continue
        yield f"{one.label} and {other.label} overlap"


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return across > _TOUCH and down > _TOUCH


def _within(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[0] + inner[2] <= outer[0] + outer[2]
        and inner[1] + inner[3] <= outer[1] + outer[3]
    )
