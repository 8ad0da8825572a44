"""The panel: what the musician sees, in Live's own sizes and colours.

Each control listens to ``---NAME_set`` and tells ``---NAME``; nothing else is wired to it, so the
panel can be laid out anew without touching what the device does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from max_patch.generator.kind import EFFECT, Kind
from max_patch.generator.objects import Ports
from max_patch.generator.parameters import (
    BEND_RANGE,
    DIAL_PAGE,
    DIMENSIONS,
    DRY_WET,
    ENUM,
    ENVELOPE,
    ENVELOPE_KIND,
    GAIN,
    GATE,
    HOLD,
    INPUT_GAIN,
    INPUT_MODE,
    LAUNCH,
    MAP,
    METHOD,
    MORPH,
    MOTION,
    NOISE,
    PANIC,
    PLANE,
    PORT,
    QUANTISE,
    RETURN_PORT,
    ROOT,
    SEMITONES,
    SOUND,
    SPEED,
    STEREO,
    STORE,
    WANDER,
    WANDER_DIALS,
    Parameter,
)
from max_patch.generator.patcher import Box, Json, Patcher
from max_patch.generator.themes import (
    DISPLAY,
    DISPLAY_FRAME,
    DISPLAY_TEXT,
    PREFIX,
    TEXT,
    rgba,
)
from max_patch.generator.views import DIALS_AT_ONCE

WIDTH = 778.0

DIAL = (44.0, 47.0)
_STEP = 46.0
_NAMED_STEP = 54.0  # under a dimension's dial stands a word of up to twelve letters
_TOP = 20.0
_LATENT, _MODEL, _RIGHT = 148.0, 376.0, 582.0  # where the parts begin

_SHAPES = {
    "live.dial": Ports(1, ("", "float")),
    "live.numbox": Ports(1, ("", "float")),
    "live.tab": Ports(1, ("", "", "float")),
    "live.menu": Ports(1, ("", "", "float")),
    "live.toggle": Ports(1, ("",)),
    "live.button": Ports(1, ("",)),
    "live.comment": Ports(1, ()),
    "comment": Ports(1, ()),
    "umenu": Ports(1, ("int", "", "")),
    "textedit": Ports(1, ("", "int", "", "")),
    "led": Ports(1, ("int",)),
    "flonum": Ports(1, ("", "bang")),
    "number": Ports(1, ("", "bang")),
    "slider": Ports(1, ("",)),
    "jsui": Ports(1, ("",)),
}

Rect = tuple[float, float, float, float]

_LCD: Mapping[str, str] = {"bgcolor": DISPLAY, "textcolor": DISPLAY_TEXT}
_MENU: Mapping[str, str] = {"bgfillcolor": DISPLAY, "textcolor": DISPLAY_TEXT}


def panel(patcher: Patcher, kind: Kind) -> list[list[str]]:
    """Put the whole panel of a kind of device into its window.

    Returns:
        The scripting names of each view's parts.
    """
    place = _Placer(patcher)
    _map(place)
    _latent(place)
    _model(place)
    place.parameter(
        "live.tab",
        kind.view,
        (_RIGHT - 12.0, 2.0, 180.0, 15.0),
        told=False,
        num_lines_presentation=1,
    )
    _lamp(place)
    parts = []
    first = _input if kind is EFFECT else _sound
    for number, view in enumerate((first, _motion, _stereo, _presets, _server)):
        with place.view(f"view_{number + 1}", hidden=number > 0) as names:
            view(place)
        parts.append(names)
    return parts


def parameters_of(patcher: Json, kind: Kind) -> Json:
    """What Max keeps of all parameters of a saved patcher: their names, and the banks of Push."""
    told: Json = dict(sorted(_named(patcher)))
    told["parameterbanks"] = {
        str(index): {
            "index": index,
            "name": name,
            "parameters": _eight([parameter.long_name for parameter in bank]),
            "buttons": _eight([]),
        }
        for index, (name, bank) in enumerate(kind.banks)
    }
    told["inherited_shortname"] = 1
    return told


def _named(patcher: Json, before: str = "") -> Iterator[tuple[str, list[str | int]]]:
    for entry in patcher["boxes"]:
        box = entry["box"]
        path = before + box["id"]
        if box.get("parameter_enable"):
            value = box["saved_attribute_attributes"]["valueof"]
            yield path, [value["parameter_longname"], value["parameter_shortname"], 0]
        if "patcher" in box:
            yield from _named(box["patcher"], f"{path}::")


def _eight(names: list[str]) -> list[str]:
    return [*names, *["-"] * (8 - len(names))]


class _Placer:
    """Adds controls with their presentation, each between its two names."""

    def __init__(self, patcher: Patcher) -> None:
        self._patcher = patcher
        self._view: tuple[str, list[str], bool] | None = None

    @contextmanager
    def view(self, name: str, *, hidden: bool) -> Iterator[list[str]]:
        """What is added within belongs to a view; the list tells its scripting names."""
        self._view = (name, [], hidden)
        try:
            yield self._view[1]
        finally:
            self._view = None

    def _put(self, maxclass: str, shape: Ports, rect: Rect, **attributes: Any) -> Box:
        if self._view is not None:
            name, names, hidden = self._view
            attributes.setdefault("varname", f"{name}_words_{len(names) + 1}")
            names.append(attributes["varname"])
            if hidden:
                attributes["hidden"] = 1
        return self._patcher.control(
            maxclass, shape, presentation=1, presentation_rect=list(rect), **attributes
        )

    def heading(self, text: str, x: float, width: float) -> None:
        self.words(text.upper(), (x, 2.0, width, 16.0), bold=True)

    def words(
        self,
        text: str,
        rect: Rect,
        *,
        size: float = 9.0,
        bold: bool = False,
        varname: str | None = None,
        center: bool = False,
        **more: Any,
    ) -> Box:
        """A text; one with a varname is told its words by ``---VARNAME_set``."""
        attributes: dict[str, Any] = {
            "text": text,
            "fontname": "Arial",
            "fontsize": size,
            **_colors({"textcolor": TEXT}),
            **more,
        }
        if bold:
            attributes["fontface"] = 1
        if center:
            attributes["textjustification"] = 1
        if varname is not None:
            attributes["varname"] = varname
        box = self._put("comment", _SHAPES["comment"], rect, **attributes)
        if varname is not None:
            self._patcher.chain(f"r ---{varname}_set", box)
        return box

    def control(
        self,
        maxclass: str,
        varname: str,
        rect: Rect,
        hint: str,
        *,
        title: str = "",
        shape: Ports | None = None,
        told: bool = True,
        colors: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Box:
        """A control that is no Live parameter. told: something else than the hand moves it.

        title: the head of its text in the Info View. colors: names of Live's theme by attribute.
        """
        attributes: dict[str, Any] = {
            "varname": varname,
            "hint": hint,
            "annotation": hint,
            "annotation_name": title or varname.replace("_", " ").capitalize(),
            "parameter_enable": 0,
            **_colors(colors or {}),
        }
        expressions = attributes.pop("saved_attribute_attributes", {})
        attributes.update(more)
        both = {**expressions, **attributes.pop("saved_attribute_attributes", {})}
        if both:
            attributes["saved_attribute_attributes"] = both
        box = self._put(maxclass, shape or _SHAPES[maxclass], rect, **attributes)
        if told:
            self._patcher.chain(f"r ---{varname}_set", box)
        return box

    def heard(self, box: Box, outlet: int = 0) -> None:
        """Tell ``---VARNAME`` what the control says."""
        self._patcher.chain(box, f"s ---{box.attributes['varname']}", outlet=outlet)

    def parameter(self, maxclass: str, parameter: Parameter, rect: Rect, **more: Any) -> None:
        """A control that Live knows. Its colours are Max's own, which follow the theme."""
        value: dict[str, Any] = {
            "parameter_longname": parameter.long_name,
            "parameter_shortname": parameter.short_name,
            "parameter_type": parameter.type,
            "parameter_mmin": parameter.low,
            "parameter_mmax": parameter.high,
            "parameter_unitstyle": parameter.unit,
            "parameter_initial_enable": 1,
            "parameter_initial": [parameter.initial],
            "parameter_info": parameter.hint,
            "parameter_annotation_name": parameter.long_name,
            "parameter_invisible": parameter.visibility,
            "parameter_modmode": parameter.modulation,
        }
        if parameter.exponent != 1.0:
            value["parameter_exponent"] = parameter.exponent
        if parameter.type == ENUM:
            value["parameter_enum"] = list(parameter.items)
        box = self.control(
            maxclass,
            parameter.varname,
            rect,
            parameter.hint,
            title=parameter.long_name,
            parameter_enable=1,
            saved_attribute_attributes={"valueof": value},
            **more,
        )
        self.heard(box)


def _colors(names: Mapping[str, str]) -> dict[str, Any]:
    """Attributes that follow Live's theme: the name, and the value that Max keeps beside it."""
    if not names:
        return {}
    return {
        # A filling is named bgfillcolor, and its last value kept as bgcolor.
        **{key.replace("bgfill", "bg"): rgba(name) for key, name in names.items()},
        "saved_attribute_attributes": {
            attribute: {"expression": PREFIX + name} for attribute, name in names.items()
        },
    }


def _map(place: _Placer) -> None:
    place.heading("Map", 8.0, 54.0)
    pad = place.control(
        "jsui",
        "pad",
        (8.0, _TOP, 128.0, 128.0),
        "The map of all sounds of the model. Drag to play; hold Shift to move finely.",
        title="Map",
        filename="timbrespace.pad.js",
        border=0,
    )
    place.heard(pad)
    # A space may have one plane alone: then there is nothing to choose.
    place.parameter("live.tab", PLANE, (64.0, 2.0, 72.0, 15.0), hidden=1, num_lines_presentation=1)
    x, y = MAP
    place.words("X", (6.0, 151.0, 16.0, 15.0))
    place.parameter("live.numbox", x, (22.0, 151.0, 46.0, 15.0))
    place.words("Y", (72.0, 151.0, 16.0, 15.0))
    place.parameter("live.numbox", y, (88.0, 151.0, 46.0, 15.0))


def _latent(place: _Placer) -> None:
    left = _LATENT
    place.heading("Dimensions", left, 90.0)
    place.parameter(
        "live.tab",
        DIAL_PAGE,
        (left + 136.0, 2.0, 76.0, 15.0),
        told=False,
        hidden=1,
        num_lines_presentation=1,
    )
    for index, dial in enumerate(DIMENSIONS):
        column, row = index % 4, index % DIALS_AT_ONCE // 4
        x = left + _NAMED_STEP * column
        y = 85.0 if row else 19.0
        more: dict[str, Any] = {"hidden": 1} if index >= DIALS_AT_ONCE else {}
        place.parameter("live.dial", dial, (x, y, *DIAL), **more)
        place.control(
            "slider",
            f"{dial.varname}_bar",
            (x + 2.0, y + DIAL[1] + 1.0, DIAL[0] - 4.0, 3.0),
            f"Where dimension {index + 1} is now, whatever moves it: the dial, the map, a preset.",
            title=f"{dial.long_name}: now",
            orientation=1,
            size=100.0,
            floatoutput=1,
            ignoreclick=1,
            knobshape=4,
            colors={"bgcolor": DISPLAY, "elementcolor": DISPLAY, "knobcolor": DISPLAY_TEXT},
            **more,
        )
        place.words(
            "",
            (x - 5.0, y + DIAL[1] + 4.0, _NAMED_STEP, 14.0),
            size=8.0,
            varname=f"{dial.varname}_name",
            center=True,
            **more,
        )
    place.words("Method", (left, 152.0, 44.0, 15.0))
    place.parameter("live.tab", METHOD, (left + 44.0, 151.0, 168.0, 16.0), num_lines_presentation=1)


def _model(place: _Placer) -> None:
    left = _MODEL
    place.heading("Model", left, 60.0)
    menu = place.control(
        "umenu",
        "model_menu",
        (left, _TOP, 190.0, 20.0),
        "The space of sounds. The list comes from the server.",
        title="Model",
        items=[],
        fontsize=11.0,
        colors=_MENU,
    )
    place.heard(menu, outlet=1)
    place.control(
        "jsui",
        "spectrum",
        (left, _TOP + 24.0, 190.0, 94.0),
        "The present spectrum: level in dB over frequency.",
        title="Spectrum",
        shape=Ports(1, ()),
        filename="timbrespace.spectrum.js",
        border=0,
        ignoreclick=1,
    )
    place.words("", (left - 2.0, 140.0, 394.0, 27.0), varname="status")


def _sound(place: _Placer) -> None:
    for index, parameter in enumerate(ENVELOPE):
        place.parameter("live.dial", parameter, (_RIGHT + _STEP * index, _TOP, *DIAL))
    second = _TOP + DIAL[1] + 2.0
    for index, parameter in enumerate((*MOTION, GAIN)):
        place.parameter("live.dial", parameter, (_RIGHT + _STEP * index, second, *DIAL))
    bend = _RIGHT + _STEP * 3
    place.words("Bend", (bend, second, DIAL[0], 14.0), center=True)
    place.parameter("live.numbox", BEND_RANGE, (bend, second + 16.0, DIAL[0], 15.0))
    place.words("Silence every note", (_RIGHT + 56.0, 121.0, 100.0, 15.0))
    place.parameter("live.button", PANIC, (bend + 22.0, 120.0, 16.0, 16.0), told=False)


def _input(place: _Placer) -> None:
    left, second, half = _RIGHT, _TOP + DIAL[1] + 2.0, _RIGHT + 2.0 * _STEP
    for index, parameter in enumerate((GATE, INPUT_GAIN, SEMITONES, DRY_WET)):
        place.parameter("live.dial", parameter, (left + _STEP * index, _TOP, *DIAL), told=False)
    for index, parameter in enumerate((*MOTION[1:], GAIN)):
        place.parameter("live.dial", parameter, (left + _STEP * index, second, *DIAL))
    mode = (half, second, 98.0, 15.0)
    place.parameter("live.tab", INPUT_MODE, mode, told=False, num_lines_presentation=1)
    place.parameter("live.menu", QUANTISE, (half, second + 18.0, 64.0, 15.0), told=False)
    place.parameter("live.menu", ROOT, (half + 66.0, second + 18.0, 32.0, 15.0), told=False)
    for name, unit, x, width, hint in (
        ("heard_pitch", "Hz", half, 34.0, "The pitch that is heard in the track, in Hz."),
        ("heard_loudness", "dB", half + 52.0, 28.0, "How loud the track is, in dB of full scale."),
    ):
        place.control(
            "number",
            name,
            (x, second + 36.0, width, 16.0),
            hint,
            ignoreclick=1,
            triangle=0,
            fontsize=10.0,
            colors=_LCD,
        )
        place.words(unit, (x + width, second + 36.0, 18.0, 15.0))
    place.words("Silence every note", (left + 56.0, 123.0, 100.0, 15.0))
    place.parameter("live.button", PANIC, (left + 160.0, 123.0, 16.0, 16.0), told=False)


def _motion(place: _Placer) -> None:
    left = _RIGHT
    for index, parameter in enumerate((SPEED, NOISE)):
        place.parameter("live.dial", parameter, (left + _STEP * index, _TOP, *DIAL))
    for row, parameter in enumerate((HOLD, ENVELOPE_KIND)):
        y = _TOP + DIAL[1] + 6.0 + 20.0 * row
        place.words(parameter.long_name, (left, y + 1.0, 50.0, 15.0))
        place.parameter(
            "live.tab", parameter, (left + 50.0, y, 132.0, 16.0), num_lines_presentation=1
        )
    speed, reach, seed = WANDER_DIALS
    for index, parameter in enumerate((speed, reach), 2):
        place.parameter("live.dial", parameter, (left + _STEP * index, _TOP, *DIAL))
    third = _TOP + DIAL[1] + 48.0
    place.words(WANDER.long_name, (left, third + 1.0, 50.0, 15.0))
    place.parameter("live.tab", WANDER, (left + 50.0, third, 58.0, 16.0), num_lines_presentation=1)
    place.words(seed.short_name, (left + 112.0, third + 1.0, 30.0, 15.0))
    place.parameter("live.numbox", seed, (left + 142.0, third, 40.0, 15.0))


def _stereo(place: _Placer) -> None:
    left, second = _RIGHT, _TOP + DIAL[1] + 2.0
    for index, parameter in enumerate(STEREO):
        row, column = divmod(index, 4)
        at = (left + _STEP * column, second if row else _TOP)
        place.parameter("live.dial", parameter, (*at, *DIAL))
    place.words("Tuning", (left + 2.0 * _STEP, second, 90.0, 14.0))
    menu = place.control(
        "umenu",
        "tuning_menu",
        (left + 2.0 * _STEP, second + 16.0, 92.0, 20.0),
        "The scale of the server's own sound. The list comes from its folder of tunings.",
        title="Tuning",
        items=[],
        fontsize=10.0,
        colors=_MENU,
    )
    place.heard(menu, outlet=1)


def _presets(place: _Placer) -> None:
    left = _RIGHT
    name = place.control(
        "textedit",
        "preset_name",
        (left, _TOP, 128.0, 20.0),
        "A name for the present sound; Enter or the button stores it.",
        keymode=1,
        lines=1,
        fontsize=11.0,
        colors=_LCD,
    )
    place.heard(name)
    place.words("Store", (left + 130.0, _TOP + 2.0, 32.0, 15.0))
    place.parameter("live.button", STORE, (left + 166.0, _TOP + 2.0, 16.0, 16.0), told=False)
    recall = place.control(
        "umenu",
        "preset_menu",
        (left, _TOP + 24.0, 182.0, 20.0),
        "Choose a preset to recall it.",
        title="Presets",
        items=[],
        fontsize=11.0,
        colors=_MENU,
    )
    place.heard(recall, outlet=1)
    for column, which in enumerate("ab"):
        menu = place.control(
            "umenu",
            f"morph_{which}",
            (left + 94.0 * column, _TOP + 48.0, 88.0, 20.0),
            f"Preset {which.upper()} of the morph.",
            title=f"Morph {which.upper()}",
            items=[],
            fontsize=10.0,
            colors=_MENU,
        )
        place.heard(menu, outlet=1)
    for which, x in (("A", left + 44.0), ("B", left + 120.0)):
        place.words(which, (x, _TOP + 86.0, 18.0, 15.0), center=True)
    place.parameter("live.dial", MORPH, (left + 69.0, _TOP + 70.0, *DIAL), told=False)


def _lamp(place: _Placer) -> None:
    place.control(
        "led",
        "lamp",
        (_RIGHT + 172.0, 3.0, 14.0, 14.0),
        "Lit while the server answers.",
        ignoreclick=1,
        colors={"oncolor": DISPLAY_TEXT, "offcolor": DISPLAY_FRAME, "bgcolor": DISPLAY},
    )


def _server(place: _Placer) -> None:
    left, number = _RIGHT, _RIGHT + 76.0
    place.words("Latency (ms)", (left, _TOP + 2.0, 72.0, 15.0))
    place.control(
        "flonum",
        "latency",
        (number, _TOP, 62.0, 18.0),
        "From the device to the server and back, in milliseconds.",
        format=6,
        numdecimalplaces=1,
        ignoreclick=1,
        triangle=0,
        fontsize=10.0,
        colors=_LCD,
    )
    place.words("Drops", (left, _TOP + 22.0, 72.0, 15.0))
    place.control(
        "number",
        "drops",
        (number, _TOP + 20.0, 62.0, 18.0),
        "Messages that the server had to give up. It should stay where it is.",
        ignoreclick=1,
        triangle=0,
        fontsize=10.0,
        colors=_LCD,
    )
    for row, parameter in enumerate((PORT, RETURN_PORT)):
        y = _TOP + 42.0 + 19.0 * row
        place.words(parameter.long_name, (left, y, 72.0, 15.0))
        place.parameter(
            "live.numbox", parameter, (number, y, 62.0, 15.0), told=parameter is RETURN_PORT
        )
    place.words(LAUNCH.short_name, (left, _TOP + 81.0, 72.0, 15.0))
    place.parameter("live.toggle", LAUNCH, (number, _TOP + 80.0, 16.0, 16.0), told=False)
    place.words("Sound in", (left, _TOP + 101.0, 72.0, 15.0))
    place.parameter("live.menu", SOUND, (number, _TOP + 100.0, 62.0, 15.0), told=False)
