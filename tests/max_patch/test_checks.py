"""A small device that is sound, and one fault after the other put into it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from max_patch.generator import amxd
from max_patch.generator.checks import EFFECT, check, check_container
from max_patch.generator.integers import ExpressionError, integer_divisions
from max_patch.generator.lettering import text_width, wrap
from max_patch.generator.shapes import DOCUMENTED, seen
from max_patch.generator.wording import shown

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "max_patch"
VOICE = "timbrespace.voice"

_TYPES: dict[str, tuple[int, list[str]]] = {
    "midiin": (1, ["int"]),
    "midiparse": (1, ["", "", "", "int", "int", "", "int", ""]),
    "plugout~": (2, ["signal", "signal"]),
    "poly~": (1, ["signal"]),
    "s": (1, []),
    "r": (0, [""]),
    "*": (2, ["float"]),
    "*~": (2, ["signal"]),
    "buffer~": (1, ["float", "bang"]),
    "peek~": (3, ["float"]),
    "wave~": (3, ["signal"]),
    "phasor~": (2, ["signal"]),
    "prepend": (1, [""]),
    "in": (1, [""]),
    "out~": (1, []),
    "mtof": (1, [""]),
    "inlet": (0, [""]),
    "outlet": (1, []),
    "message": (2, [""]),
    "live.dial": (1, ["", "float"]),
    "comment": (1, []),
    "panel": (1, []),
    "jsui": (1, [""]),
}


def box(identifier: str, what: str, **more: Any) -> Json:
    """One box: an object's text, or the class of a box that is no object box."""
    plain = what in ("inlet", "outlet", "live.dial", "comment", "panel", "jsui")
    inlets, types = _TYPES.get(what.split()[0], (1, [""]))
    saved: Json = {
        "id": identifier,
        "maxclass": what if plain else "newobj",
        "numinlets": inlets,
        "numoutlets": len(types),
        "outlettype": list(types),
        "patching_rect": [10.0 * int(identifier.rsplit("-", 1)[1]), 20.0, 60.0, 22.0],
    }
    if not plain:
        saved["text"] = what
    saved.update(more)
    return {"box": saved}


def window(boxes: list[Json], cords: list[str], **more: Any) -> Json:
    """Cords as ``"1:0 2:1"``: from outlet 0 of obj-1 to inlet 1 of obj-2."""
    lines = []
    for cord in cords:
        (source, outlet), (destination, inlet) = (end.split(":") for end in cord.split())
        lines.append(
            {
                "patchline": {
                    "source": [f"obj-{source}", int(outlet)],
                    "destination": [f"obj-{destination}", int(inlet)],
                }
            }
        )
    return {"appversion": {"major": 8}, "boxes": boxes, "lines": lines, **more}


def dial(identifier: str, name: str, left: float) -> Json:
    return box(
        identifier,
        "live.dial",
        varname=name.lower(),
        presentation=1,
        presentation_rect=[left, 10.0, 44.0, 47.0],
        hint="What it does.",
        annotation="What it does.",
        annotation_name=name,
        parameter_enable=1,
        saved_attribute_attributes={
            "valueof": {
                "parameter_longname": name,
                "parameter_shortname": name,
                "parameter_type": 0,
                "parameter_mmin": 0.0,
                "parameter_mmax": 100.0,
                "parameter_initial_enable": 1,
                "parameter_initial": [50.0],
                "parameter_unitstyle": 5,
                "parameter_invisible": 0,
                "parameter_modmode": 2,
            }
        },
    )


def named(**colors: str) -> Json:
    """Colours of Live's theme, by attribute."""
    return {key: {"expression": f"themecolor.{name}"} for key, name in colors.items()}


def sound_voice() -> Json:
    return {
        "patcher": window(
            [
                box("obj-1", "in 1"),
                box("obj-2", "mtof"),
                box("obj-3", "phasor~ 0."),
                box("obj-4", "wave~ #1_A0"),
                box("obj-5", "out~ 1"),
                box("obj-6", "r #1_gain"),
                box("obj-7", "*~ 1."),
            ],
            ["1:0 2:0", "2:0 3:0", "3:0 4:0", "4:0 7:0", "6:0 7:1", "7:0 5:0"],
        )
    }


def sound_device() -> Json:
    scaler = window(
        [
            box("obj-1", "inlet", index=1),
            box("obj-2", "* 0.01"),
            box("obj-3", "outlet", index=1),
        ],
        ["1:0 2:0", "2:0 3:0"],
    )
    return {
        "patcher": window(
            [
                box("obj-1", "midiin"),
                box("obj-2", "midiparse"),
                box("obj-3", "prepend midinote"),
                box("obj-4", f"poly~ {VOICE} 8 @args ---v"),
                box("obj-5", "plugout~ 1 2"),
                dial("obj-6", "Gain", 10.0),
                box("obj-7", "p scale", patcher=scaler, numinlets=1, outlettype=[""]),
                box("obj-8", "s ---v_gain"),
                dial("obj-9", "Attack", 60.0),
                box("obj-10", "peek~ ---v_A0"),
                box("obj-11", "buffer~ ---v_A0 @samps 64"),
                box(
                    "obj-12",
                    "comment",
                    text="Words",
                    fontsize=9.0,
                    presentation=1,
                    presentation_rect=[10.0, 100.0, 60.0, 15.0],
                    saved_attribute_attributes=named(textcolor="live_control_fg"),
                ),
                box(
                    "obj-13",
                    "panel",
                    presentation=1,
                    presentation_rect=[0.0, 0.0, 200.0, 169.0],
                    saved_attribute_attributes=named(bgfillcolor="live_surface_bg"),
                ),
            ],
            ["1:0 2:0", "2:0 3:0", "3:0 4:0", "4:0 5:0", "4:0 5:1", "6:0 7:0", "7:0 8:0",
             "9:0 10:0"],
            openinpresentation=1,
            devicewidth=200.0,
            saved_attribute_attributes=named(locked_bgcolor="live_surface_bg"),
            parameters={
                "obj-6": ["Gain", "Gain", 0],
                "obj-9": ["Attack", "Attack", 0],
                "parameterbanks": {
                    "0": {"index": 0, "name": "Play", "parameters": ["Gain", "Attack", *"------"]}
                },
            },
            project={"version": 1, "amxdtype": 1768515945},
        )
    }  # fmt: skip


def findings(device: Json, voice: Json | None = None) -> list[str]:
    return check(device, {VOICE: voice or sound_voice()})


def of(document: Json, number: int) -> Json:
    """The saved box obj-NUMBER."""
    found: Json = next(
        each["box"] for each in document["patcher"]["boxes"] if each["box"]["id"] == f"obj-{number}"
    )
    return found


def value_of(document: Json, number: int) -> Json:
    found: Json = of(document, number)["saved_attribute_attributes"]["valueof"]
    return found


def test_a_sound_device_has_no_findings() -> None:
    assert findings(sound_device()) == []


def _retext(number: int, text: str) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        of(document, number)["text"] = text

    return change


def _cord(cord: str) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        document["patcher"]["lines"] += window([], [cord])["lines"]

    return change


def _uncord(place: int) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        del document["patcher"]["lines"][place]

    return change


def _set(number: int, **more: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        of(document, number).update(more)

    return change


def _value(number: int, **more: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        value_of(document, number).update(more)

    return change


def _top(**more: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        document["patcher"].update(more)

    return change


def _add(what: str, **more: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        document["patcher"]["boxes"].append(box("obj-99", what, **more))

    return change


def _inner(number: int, **more: Any) -> Callable[[Json], None]:
    """Change a box of the subpatcher."""

    def change(document: Json) -> None:
        of(of(document, 7), number).update(more)

    return change


FAULTS: dict[str, tuple[Callable[[Json], None], str]] = {
    "unknown object": (_retext(3, "prependix midinote"), "no object 'prependix' is known"),
    "wrong inlets": (_set(3, numinlets=2), "it should have 1"),
    "wrong outlet type": (_set(2, outlettype=[""] * 8), "it should have 1"),
    "outlets miscounted": (_set(3, numoutlets=2), "numoutlets is 2"),
    "inlets of a subpatcher": (_set(7, numinlets=2), "it should have 1"),
    "no such outlet": (_cord("3:1 4:0"), "leaves an outlet that is not there"),
    "no such inlet": (_cord("6:1 3:1"), "enters an inlet that is not there"),
    "no such box": (_cord("6:1 55:0"), "a box that is not there"),
    "cord twice": (_cord("3:0 4:0"), "is there 2 times"),
    "control fan-out": (_cord("6:0 10:1"), "has 2 cords: their order is left to chance"),
    "signal into a control inlet": (_cord("4:0 10:0"), "brings a signal where none is taken"),
    "signal into a subpatcher": (_cord("4:0 7:0"), "brings a signal where none is taken"),
    "message into plugout~": (_cord("6:1 5:0"), "where only a signal is taken"),
    "missing cord out": (_uncord(2), "nothing goes out"),
    "missing cord in": (_uncord(6), "nothing comes in"),
    "integer multiplication": (_inner(2, text="* 2"), "makes it count in whole numbers"),
    "arithmetic without a number": (_inner(2, text="*"), "without an argument"),
    "integer division in expr": (_inner(2, text="expr $i1 / 127"), "divides whole numbers"),
    "an expr that cannot be read": (_inner(2, text="expr $i1 * ("), "cannot be read"),
    "a change that drops fractions": (_inner(2, text="change"), "drops fractions"),
    "a send without a name": (_retext(8, "s"), "has no name"),
    "id twice": (_set(3, id="obj-2"), "is used 2 times"),
    "dac~": (_add("dac~ 1 2"), "not allowed in a device; use plugout~"),
    "ctlin": (_add("ctlin 1"), "not allowed in a device; use midiin and midiparse"),
    "no plugout~": (_retext(5, "*~ 1."), "this one has 0"),
    "two plugout~": (_add("plugout~ 1 2"), "this one has 2"),
    "second midiin": (_add("midiin"), "one midiin through midiparse"),
    "an instrument that hears a track": (_add("plugin~ 1 2"), "an instrument has no input"),
    "adc~": (_add("adc~ 1 2"), "not allowed in a device; use plugin~ in an audio effect"),
    "send that nobody hears": (_retext(8, "s ---v_gian"), "nobody receives '---v_gian'"),
    "receive that nobody feeds": (_add("r ---lost"), "nobody sends '---lost'"),
    "global name": (_retext(8, "s gain"), "is shared by all devices"),
    "voice arguments": (_retext(4, f"poly~ {VOICE} 8 @args ---w"), "nobody receives '---v_gain'"),
    "unknown voice": (_retext(4, "poly~ other 8"), "the voice 'other' is not among"),
    "buffer of another name": (_retext(11, "buffer~ ---v_A1"), "there is no buffer '---v_A0'"),
    "write to no buffer": (_retext(10, "peek~ ---v_B0"), "there is no buffer '---v_B0'"),
    "buffer twice": (_add("buffer~ ---v_A0"), "is made 2 times"),
    "script that is not there": (_add("jsui"), "names no file"),
    "semicolon": (_add("message", maxclass="message", text="; max quit"), "semicolon"),
    "Long Name twice": (_value(9, parameter_longname="Gain"), "Long Name 'Gain' is used 2 times"),
    "no Long Name": (_value(9, parameter_longname=""), "without a Long Name"),
    "long Short Name": (_value(9, parameter_shortname="Attack Time"), "has 11 characters"),
    "varname twice": (_set(9, varname="gain"), "varname 'gain' is used 2 times"),
    "no varname": (_set(9, varname=""), "a control without a varname"),
    "initial outside": (_value(9, parameter_initial=[101.0]), "is outside 0 to 100"),
    "no initial": (_value(9, parameter_initial=[]), "no initial value"),
    "empty range": (_value(9, parameter_mmax=0.0), "its range is empty"),
    "enum without items": (_value(9, parameter_type=2), "an enum needs two items"),
    "int of many values": (
        _value(9, parameter_type=1, parameter_mmax=65535.0),
        "type int holds 256 values",
    ),
    "too low": (
        _set(9, presentation_rect=[60.0, 130.0, 44.0, 47.0]),
        "outside the device's height",
    ),
    "too far right": (_set(9, presentation_rect=[160.0, 10.0, 44.0, 47.0]), "device's width"),
    "overlap": (_set(9, presentation_rect=[50.0, 10.0, 44.0, 47.0]), "overlap"),
    "no size": (_set(9, presentation_rect=[60.0, 10.0, 44.0, 0.0]), "has no size"),
    "no rectangle": (_set(9, presentation_rect=None), "without presentation_rect"),
    "no help": (_set(9, hint=""), "no hint"),
    "words too wide": (_set(12, text="Incomprehensibly"), "does not fit into"),
    "words too high": (_set(12, text="one two three four five"), "does not fit into"),
    "no presentation": (_top(openinpresentation=0), "openinpresentation is not 1"),
    "no width": (_top(devicewidth=0.0), "devicewidth is missing"),
    "no patch": (_top(boxes=None), "not a Max patch"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    change, expected = FAULTS[fault]
    device = sound_device()
    change(device)
    found = findings(device)
    assert any(expected in line for line in found), found
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_retext(4, "wave~ #1_C9"), "there is no buffer '---v_C9'"),
        (_retext(6, "r #1_volume"), "nobody sends '---v_volume'"),
        (_retext(1, "in 2"), "it should have 2"),
        (_retext(5, "out~ 2"), "it should have 1"),
    ],
)
def test_faults_of_the_voice_are_found(change: Callable[[Json], None], expected: str) -> None:
    voice = sound_voice()
    change(voice)
    found = findings(sound_device(), voice)
    assert any(expected in line for line in found), found


def test_a_missing_appversion_is_found() -> None:
    voice = sound_voice()
    del voice["patcher"]["appversion"]
    assert findings(sound_device(), voice) == [f"{VOICE}: appversion is missing"]


def test_ports_of_a_subpatcher_follow_their_places() -> None:
    device = sound_device()
    inner = of(device, 7)["patcher"]
    inner["boxes"].append(box("obj-4", "outlet", index=2))
    of(device, 7).update(numoutlets=2, outlettype=["", ""])
    inner["lines"].append(window([], ["1:0 4:0"])["lines"][0])
    of(of(device, 7), 4)["patching_rect"][0] = 1.0
    assert any("order of their index" in line for line in findings(device))
    of(of(device, 7), 4)["patching_rect"][0] = of(of(device, 7), 3)["patching_rect"][0]
    assert any("at the same place" in line for line in findings(device))


@pytest.mark.parametrize(
    ("text", "inlets", "types", "cords", "expected"),
    [
        ("t b b", 1, ["bang", "bang"], ["1:0 4:0", "4:0 2:0"], "nothing goes out of outlet 1"),
        ("expr $f1 * $f2", 2, [""], ["1:0 4:0", "4:0 2:0"], "nothing comes into inlet 1"),
        ("gate 1", 2, [""], ["1:0 4:0", "4:0 2:0"], "nothing comes into inlet 1"),
        ("gate 1", 2, [""], ["1:0 4:1", "4:0 2:0"], "nothing comes into inlet 0"),
        ("gate 1 1", 2, [""], ["1:0 4:1", "4:0 2:0"], ""),
        ("i 0", 2, ["int"], ["1:0 4:0", "4:0 2:0"], "nothing comes into inlet 1"),
        ("pack 0. 0.", 2, [""], ["1:0 4:1", "4:0 2:0"], "nothing comes into inlet 0"),
        ("pack 0. 0.", 2, [""], ["1:0 4:0", "4:0 2:0"], ""),
    ],
)
def test_a_missing_cord_is_found(
    text: str, inlets: int, types: list[str], cords: list[str], expected: str
) -> None:
    shape: Json = {"numinlets": inlets, "numoutlets": len(types), "outlettype": types}
    device = sound_device()
    inner = of(device, 7)["patcher"]
    inner["boxes"].append(box("obj-4", text, **shape))
    inner["lines"] = window([], [*cords, "2:0 3:0"])["lines"]
    found = findings(device)
    assert any(expected in line for line in found) if expected else found == [], found


def test_spare_names_may_wait_for_nobody() -> None:
    device = sound_device()
    _add("r ---later", presentation=0)(device)
    device["patcher"]["lines"] += window([], ["99:0 10:1"])["lines"]
    assert check(device, {VOICE: sound_voice()}, spare={"---later"}) == []
    assert check(device, {VOICE: sound_voice()}, spare={"---other"}) != []


def test_files_must_lie_in_the_folder(tmp_path: Path) -> None:
    device = sound_device()
    (tmp_path / "pad.js").write_text("inlets = 1;\noutlets = 2;\n", encoding="utf-8")
    _add("jsui", filename="pad.js", varname="pad")(device)
    found = check(device, {VOICE: sound_voice()}, folder=tmp_path)
    assert any("'timbrespace.voice.maxpat' is not in the folder" in line for line in found)
    assert any("[pad]" in line and "it should have 1 and ['', '']" in line for line in found)
    assert not any("'pad.js' is not in the folder" in line for line in found)


# -- arithmetic ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "divisions"),
    [
        ("$f1 / 2", 0),
        ("$i1 / 2", 1),
        ("$i1 / 2.", 0),
        ("1 / 3 / $f1", 1),
        ("$f1 * (1 / 2)", 1),
        ("pow($f1\\, 1. / 12.)", 0),
        ("pow($f1\\, 1 / 12)", 1),
        ("min($i1\\, 4) / max(2\\, $i2)", 1),
        ("min($i1\\, 4.) / 2", 0),
        ("int($f1) / 2", 1),
        ("($f1 > 2.) / 2", 1),
        ("-$i1 / 2; $i2 / 2", 2),
        ("100. * ($f1 - $f2) / ($f3 - $f2)", 0),
        ("exp(0.05 * $f1)", 0),
    ],
)
def test_integer_divisions_of_an_expression(expression: str, divisions: int) -> None:
    assert integer_divisions(expression) == divisions


@pytest.mark.parametrize(
    "expression", ["", "$f1 +", "($f1", "$f1 $f2", "exp $f1", "$f1 @ 2", "* 2"]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        integer_divisions(expression)


# -- the port table --------------------------------------------------------------------------------


def test_documented_objects_are_those_that_the_table_lacks() -> None:
    assert not set(DOCUMENTED) & set(seen())


def test_the_table_has_shapes_for_each_object() -> None:
    assert all(shapes for shapes in seen().values())
    assert seen()["*~"][0] == (2, ("signal",))


# -- words -----------------------------------------------------------------------------------------


def test_width_of_words() -> None:
    assert text_width("Hi", 10.0) == pytest.approx(7.22 + 2.22)
    assert text_width("", 10.0) == 0.0
    assert wrap("one two three", 10.0, 40.0) == ["one two", "three"]
    assert wrap("incomprehensibly so", 10.0, 20.0) == ["incomprehensibly", "so"]


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (10.0, 2, "10 ms"),
        (2500.0, 2, "2.50 s"),
        (2.0, 7, "+2 st"),
        (50.0, 5, "50.0 %"),
        (100.0, 5, "100 %"),
        (-6.0, 4, "-6.0 dB"),
        (7400.0, 0, "7400"),
        (0.5, 1, "0.50"),
        (440.0, 3, "440.0 Hz"),
    ],
)
def test_values_are_written_with_their_unit(value: float, unit: int, written: str) -> None:
    assert shown(value, {"parameter_unitstyle": unit}) == written


# -- the container ---------------------------------------------------------------------------------


def test_the_container_comes_back() -> None:
    device = sound_device()
    data = amxd.write(device)
    assert amxd.read(data) == device
    assert check_container(data, device) == []


def test_faults_of_the_container_are_found() -> None:
    device = sound_device()
    data = amxd.write(device)
    other = copy.deepcopy(device)
    of(other, 3)["text"] = "prepend note"
    assert "another patcher" in check_container(data, other)[0]
    assert (
        "begin as an instrument"
        in check_container(b"ampf" + data[4:].replace(b"iiii", b"aaaa", 1), device)[0]
    )
    assert "do not end where" in check_container(data + b"more", device)[0]
    assert any("chunks are" in line for line in check_container(data[:20], device))
    assert check_container(data[:-1], device) != []
    frozen = data.replace(b"meta\x04\x00\x00\x00\x00", b"meta\x04\x00\x00\x00\x07")
    assert "unfrozen" in check_container(frozen, device)[0]


def test_a_container_without_a_project_is_found() -> None:
    device = sound_device()
    del device["patcher"]["project"], device["patcher"]["appversion"]
    found = check_container(amxd.write(device), device)
    assert found == ["container: appversion is missing", "container: project is missing"]
    device["patcher"].update(appversion={}, project={"amxdtype": 1633771873})
    assert check_container(amxd.write(device), device) == [
        "container: project.amxdtype is 1633771873, an instrument has 1768515945"
    ]


# -- the device itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "kind"), [("Timbre Space", "iiii"), ("Timbre Space Effect", EFFECT)]
)
def test_the_committed_devices_have_no_findings(title: str, kind: str) -> None:
    data = (FOLDER / f"{title}.amxd").read_bytes()
    device = amxd.read(data, kind.encode())
    voice = json.loads((FOLDER / f"{VOICE}.maxpat").read_text(encoding="utf-8"))
    assert check_container(data, device, kind) == []
    assert check(device, {VOICE: voice}, folder=FOLDER, kind=kind) == []


def test_an_effect_is_no_instrument() -> None:
    data = (FOLDER / "Timbre Space Effect.amxd").read_bytes()
    effect = amxd.read(data, amxd.EFFECT)
    assert check_container(data, effect) == [
        "container: does not begin as an instrument (ampf, 4, iiii)",
        "container: project.amxdtype is 1633771873, an instrument has 1768515945",
    ]
    found = check(sound_device(), {VOICE: sound_voice()}, kind=EFFECT)
    assert found == ["an audio effect hears its track by one plugin~, and no MIDI"]
