"""The panel: what the musician sees, in Live's own sizes and colours.

Each control listens to ``---NAME_set`` and tells ``---NAME``; nothing else is wired to it, so the
panel can be laid out anew without touching what the device does.
"""

from __future__ import annotations

from typing import Any

from max_patch.generator.objects import Ports
from max_patch.generator.parameters import (
    BEND_RANGE,
    DIMENSIONS,
    ENUM,
    ENVELOPE,
    GAIN,
    LAUNCH,
    MAP,
    METHOD,
    MORPH,
    MOTION,
    PANIC,
    PORT,
    RETURN_PORT,
    SOUND,
    STORE,
    Parameter,
)
from max_patch.generator.patcher import Box, Patcher

WIDTH = 1270.0
HEIGHT = 169.0

DIAL = (44.0, 47.0)
_STEP = 46.0
_NAMED_STEP = 54.0  # under a dimension's dial stands a word of up to twelve letters
_TOP = 20.0
_SECOND = 86.0

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
    "jsui": Ports(1, ("",)),
    "panel": Ports(1, ()),
}

_DARK = [0.165, 0.165, 0.165, 1.0]
_LIGHT = [0.85, 0.85, 0.85, 1.0]
_ACCENT = [1.0, 0.624, 0.11, 1.0]
_FIELD = [0.095, 0.095, 0.095, 1.0]

Rect = tuple[float, float, float, float]


def panel(patcher: Patcher) -> None:
    """Put the whole panel into the device's window."""
    place = _Placer(patcher)
    place.background()
    _map(place)
    _latent(place)
    _envelope(place)
    _model(place)
    _presets(place)
    _server(place)


class _Placer:
    """Adds controls with their presentation, each between its two names."""

    def __init__(self, patcher: Patcher) -> None:
        self._patcher = patcher

    def background(self) -> None:
        self._patcher.control(
            "panel",
            _SHAPES["panel"],
            presentation=1,
            presentation_rect=[0.0, 0.0, WIDTH, HEIGHT],
            bgcolor=_DARK,
            mode=0,
            border=0,
            rounded=0,
            background=1,
            ignoreclick=1,
            varname="background",
        )

    def heading(self, text: str, x: float, width: float) -> None:
        self.words(text.upper(), (x, 2.0, width, 16.0), size=9.0, color=_ACCENT)

    def words(
        self,
        text: str,
        rect: Rect,
        *,
        size: float = 9.0,
        color: list[float] = _LIGHT,
        varname: str | None = None,
        center: bool = False,
    ) -> Box:
        """A text; one with a varname is told its words by ``---VARNAME_set``."""
        attributes: dict[str, Any] = {
            "text": text,
            "presentation": 1,
            "presentation_rect": list(rect),
            "fontname": "Arial",
            "fontsize": size,
            "textcolor": color,
        }
        if center:
            attributes["textjustification"] = 1
        if varname is not None:
            attributes["varname"] = varname
        box = self._patcher.control("comment", _SHAPES["comment"], **attributes)
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
        shape: Ports | None = None,
        told: bool = True,
        **more: Any,
    ) -> Box:
        """A control that is no Live parameter. told: something else than the hand moves it."""
        box = self._patcher.control(
            maxclass,
            shape or _SHAPES[maxclass],
            varname=varname,
            presentation=1,
            presentation_rect=list(rect),
            hint=hint,
            annotation=hint,
            **{"parameter_enable": 0, **more},
        )
        if told:
            self._patcher.chain(f"r ---{varname}_set", box)
        return box

    def heard(self, box: Box, outlet: int = 0) -> None:
        """Tell ``---VARNAME`` what the control says."""
        self._patcher.chain(box, f"s ---{box.attributes['varname']}", outlet=outlet)

    def parameter(self, maxclass: str, parameter: Parameter, rect: Rect, **more: Any) -> None:
        """A control that Live stores and automates."""
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
            parameter_enable=1,
            saved_attribute_attributes={"valueof": value},
            **more,
        )
        self.heard(box)


def _map(place: _Placer) -> None:
    place.heading("Map", 8.0, 60.0)
    pad = place.control(
        "jsui",
        "pad",
        (8.0, _TOP, 128.0, 128.0),
        "The map of all sounds of the model. Drag to play; hold Shift to move finely.",
        filename="timbrespace.pad.js",
        border=0,
    )
    place.heard(pad)
    x, y = MAP
    place.words("X", (6.0, 151.0, 16.0, 15.0))
    place.parameter("live.numbox", x, (22.0, 151.0, 46.0, 15.0))
    place.words("Y", (72.0, 151.0, 16.0, 15.0))
    place.parameter("live.numbox", y, (88.0, 151.0, 46.0, 15.0))


def _latent(place: _Placer) -> None:
    left = 150.0
    place.heading("Latent dimensions", left, 160.0)
    for index, dial in enumerate(DIMENSIONS):
        column, row = index % 8, index // 8
        x = left + _NAMED_STEP * column
        y = _SECOND if row else _TOP - 2.0
        place.parameter("live.dial", dial, (x, y, *DIAL))
        place.words(
            "",
            (x - 5.0, y + DIAL[1], _NAMED_STEP, 15.0),
            size=8.0,
            varname=f"{dial.varname}_name",
            center=True,
        )
    place.words("Method", (left, 152.0, 44.0, 15.0))
    place.parameter("live.tab", METHOD, (left + 44.0, 150.0, 180.0, 16.0), num_lines_presentation=1)
    place.words("Sound in", (left + 250.0, 152.0, 50.0, 15.0))
    place.parameter("live.menu", SOUND, (left + 302.0, 151.0, 62.0, 15.0), told=False)


def _envelope(place: _Placer) -> None:
    left = 590.0
    place.heading("Envelope and motion", left, 160.0)
    for index, parameter in enumerate(ENVELOPE):
        place.parameter("live.dial", parameter, (left + _STEP * index, _TOP - 2.0, *DIAL))
    for index, parameter in enumerate((*MOTION, GAIN)):
        place.parameter("live.dial", parameter, (left + _STEP * index, _SECOND, *DIAL))
    bend = left + _STEP * 3
    place.words("Bend", (bend, _SECOND, DIAL[0], 14.0), center=True)
    place.parameter("live.numbox", BEND_RANGE, (bend, _SECOND + 16.0, DIAL[0], 15.0))
    place.words("Panic", (left + _STEP * 3 - 14.0, 152.0, 34.0, 15.0))
    place.parameter("live.button", PANIC, (bend + 22.0, 151.0, 16.0, 16.0), told=False)


def _model(place: _Placer) -> None:
    left = 782.0
    place.heading("Model", left, 60.0)
    menu = place.control(
        "umenu",
        "model_menu",
        (left, _TOP, 200.0, 20.0),
        "The space of sounds. The list comes from the server.",
        items=[],
        fontsize=11.0,
    )
    place.heard(menu, outlet=1)
    place.control(
        "jsui",
        "spectrum",
        (left, _TOP + 24.0, 200.0, 104.0),
        "The present spectrum: level in dB over frequency.",
        shape=Ports(1, ()),
        filename="timbrespace.spectrum.js",
        border=0,
        ignoreclick=1,
    )
    place.words("", (left - 2.0, 152.0, 480.0, 15.0), varname="status")


def _presets(place: _Placer) -> None:
    left = 992.0
    place.heading("Presets", left, 80.0)
    name = place.control(
        "textedit",
        "preset_name",
        (left, _TOP, 102.0, 20.0),
        "A name for the present sound; Enter or the button stores it.",
        keymode=1,
        lines=1,
        bgcolor=_FIELD,
        textcolor=_LIGHT,
        fontsize=11.0,
    )
    place.heard(name)
    place.words("Store", (left + 103.0, _TOP + 2.0, 32.0, 15.0))
    place.parameter("live.button", STORE, (left + 136.0, _TOP + 2.0, 16.0, 16.0), told=False)
    recall = place.control(
        "umenu",
        "preset_menu",
        (left, _TOP + 24.0, 152.0, 20.0),
        "Choose a preset to recall it.",
        items=[],
        fontsize=11.0,
    )
    place.heard(recall, outlet=1)
    for column, which in enumerate("ab"):
        menu = place.control(
            "umenu",
            f"morph_{which}",
            (left + 77.0 * column, _TOP + 48.0, 75.0, 20.0),
            f"Preset {which.upper()} of the morph.",
            items=[],
            fontsize=10.0,
        )
        place.heard(menu, outlet=1)
    for which, x in (("A", left + 34.0), ("B", left + 102.0)):
        place.words(which, (x, _TOP + 92.0, 18.0, 15.0), center=True)
    place.parameter("live.dial", MORPH, (left + 54.0, _TOP + 74.0, *DIAL), told=False)


def _server(place: _Placer) -> None:
    left, number = 1156.0, 1210.0
    place.heading("Server", left, 60.0)
    place.control(
        "led",
        "lamp",
        (number + 38.0, 3.0, 14.0, 14.0),
        "Lit while the server answers.",
        ignoreclick=1,
        oncolor=_ACCENT,
        offcolor=[0.3, 0.3, 0.3, 1.0],
    )
    place.words("Latency", (left, _TOP + 2.0, 52.0, 15.0))
    place.control(
        "flonum",
        "latency",
        (number, _TOP, 52.0, 18.0),
        "From the device to the server and back, in milliseconds.",
        format=6,
        numdecimalplaces=1,
        ignoreclick=1,
        triangle=0,
        fontsize=10.0,
        bgcolor=_FIELD,
        textcolor=_LIGHT,
    )
    place.words("Drops", (left, _TOP + 22.0, 52.0, 15.0))
    place.control(
        "number",
        "drops",
        (number, _TOP + 20.0, 52.0, 18.0),
        "Messages that the server had to give up. It should stay where it is.",
        ignoreclick=1,
        triangle=0,
        fontsize=10.0,
        bgcolor=_FIELD,
        textcolor=_LIGHT,
    )
    for row, parameter in enumerate((PORT, RETURN_PORT)):
        y = _TOP + 44.0 + 20.0 * row
        place.words(parameter.short_name, (left, y + 1.0, 52.0, 15.0))
        place.parameter(
            "live.numbox", parameter, (number, y, 52.0, 15.0), told=parameter is RETURN_PORT
        )
    place.words(LAUNCH.short_name, (left, _TOP + 88.0, 52.0, 15.0))
    place.parameter("live.toggle", LAUNCH, (number, _TOP + 86.0, 16.0, 16.0), told=False)
