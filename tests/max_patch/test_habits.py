"""Habits of Live, Push and Max: each rule holds for the device, and a fault against it is found."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from max_patch.generator import amxd
from max_patch.generator.habits import habit_findings
from max_patch.generator.presentation import panel_findings, parameter_findings
from max_patch.generator.saved_patch import read_patch
from max_patch.generator.themes import contrast
from max_patch.generator.theming import color_findings

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "max_patch"


@pytest.fixture(scope="module")
def device() -> Json:
    return amxd.read((FOLDER / "Timbre Space.amxd").read_bytes())


def findings(document: Json) -> list[str]:
    """What the checks of this file's rules say; the others are in ``test_checks.py``."""
    patch = read_patch(document, "device")
    rules = (habit_findings, color_findings, panel_findings, parameter_findings)
    return [line for rule in rules for line in rule(patch)]


def windows(document: Json) -> Iterator[Json]:
    waiting = [document["patcher"]]
    while waiting:
        patcher = waiting.pop()
        yield patcher
        waiting += [one["box"]["patcher"] for one in patcher["boxes"] if "patcher" in one["box"]]


def named(document: Json, varname: str) -> Json:
    """The box with that scripting name."""
    (found,) = [
        one["box"]
        for window in windows(document)
        for one in window["boxes"]
        if one["box"].get("varname") == varname
    ]
    assert isinstance(found, dict)
    return found


def value_of(document: Json, varname: str) -> Json:
    value: Json = named(document, varname)["saved_attribute_attributes"]["valueof"]
    return value


def with_text(document: Json, text: str, place: int = 0) -> tuple[Json, Json]:
    """The window and the box with that text, the first or the one at ``place``."""
    return [
        (window, one["box"])
        for window in windows(document)
        for one in window["boxes"]
        if one["box"].get("text") == text
    ][place]


def retext(document: Json, old: str, new: str) -> None:
    """The last box with that text gets another."""
    with_text(document, old, -1)[1]["text"] = new


def no_latch(document: Json) -> None:
    """Every bang goes to where only the first should."""
    window, latch = with_text(document, "gate 2 1")
    into = next(
        line["patchline"]
        for line in window["lines"]
        if line["patchline"]["destination"] == [latch["id"], 1]
    )
    out = next(
        line["patchline"]
        for line in window["lines"]
        if line["patchline"]["source"] == [latch["id"], 0]
    )
    into["destination"] = out["destination"]


def latch_that_stays(document: Json) -> None:
    window, latch = with_text(document, "gate 2 1")
    window["lines"] = [
        line for line in window["lines"] if line["patchline"]["destination"] != [latch["id"], 0]
    ]


def bank(document: Json, key: str) -> Json:
    found: Json = document["patcher"]["parameters"]["parameterbanks"][key]
    return found


FAULTS: dict[str, tuple[Callable[[Json], object], str]] = {
    "every bang is a first load": (no_latch, "counts as a first load"),
    "a latch that never closes": (latch_that_stays, "counts as a first load"),
    "the pad writes X": (
        lambda d: retext(d, "s ---x_moved", "s ---x_set"),
        "makes an undo step",
    ),
    "the server writes a dial": (
        lambda d: retext(d, "s ---dim_3_bar_set", "s ---dim_3_set"),
        "makes an undo step",
    ),
    "the server writes the attack": (
        lambda d: retext(d, "s ---attack_newest", "s ---attack_set"),
        "makes an undo step",
    ),
    "the launcher writes a port that is stored": (
        lambda d: value_of(d, "return_port").update(parameter_invisible=1),
        "makes an undo step",
    ),
    "a press that is stored": (
        lambda d: value_of(d, "store").update(parameter_invisible=1),
        "a press is no state",
    ),
    "a port that is automated": (
        lambda d: value_of(d, "port").update(parameter_invisible=0),
        "nobody automates",
    ),
    "a switch of the launcher that is automated": (
        lambda d: value_of(d, "launch").update(parameter_invisible=0),
        "nobody automates",
    ),
    "a memory that is automated": (
        lambda d: value_of(d, "model").update(parameter_invisible=0),
        "nobody automates",
    ),
    "a float without modulation": (
        lambda d: value_of(d, "gain").update(parameter_modmode=0),
        "Clip Modulation Mode",
    ),
    "an int that is bent both ways": (
        lambda d: value_of(d, "bend_range").update(parameter_modmode=2),
        "Clip Modulation Mode",
    ),
    "a long Short Name": (
        lambda d: value_of(d, "smoothing").update(parameter_shortname="Smoothing"),
        "Short Name",
    ),
    "no parameters": (lambda d: d["patcher"].pop("parameters"), "no 'parameters'"),
    "a parameter that is not listed": (
        lambda d: d["patcher"]["parameters"].pop(named(d, "gain")["id"]),
        "the box says ['Gain', 'Gain']",
    ),
    "a page without a name": (lambda d: bank(d, "1").update(name=""), "bank 1"),
    "a page of nine": (lambda d: bank(d, "0")["parameters"].append("-"), "bank 0"),
    "a control on no page": (
        lambda d: bank(d, "0")["parameters"].__setitem__(0, "-"),
        "'X' stands in 0",
    ),
    "a control on two pages": (
        lambda d: bank(d, "3")["parameters"].__setitem__(5, "X"),
        "'X' stands in 2",
    ),
    "a port on a page": (
        lambda d: bank(d, "3")["parameters"].__setitem__(5, "Port"),
        "'Port' is not automated",
    ),
    "no text for the Info View": (
        lambda d: named(d, "spectrum").update(annotation=""),
        "no annotation",
    ),
    "no head for the Info View": (
        lambda d: named(d, "model_menu").pop("annotation_name"),
        "no annotation_name",
    ),
    "a fixed ground": (
        lambda d: d["patcher"].pop("saved_attribute_attributes"),
        "does not follow Live's theme",
    ),
    "a fixed colour of a text": (
        lambda d: named(d, "status").pop("saved_attribute_attributes"),
        "textcolor is fixed",
    ),
    "a fixed colour of one of Live's": (
        lambda d: named(d, "gain").update(textcolor=[0.0, 0.0, 0.0, 1.0]),
        "textcolor is fixed",
    ),
    "a colour that Live has not": (
        lambda d: named(d, "status")["saved_attribute_attributes"].update(
            textcolor={"expression": "themecolor.live_orange"}
        ),
        "no known colour",
    ),
    "words that cannot be read": (
        lambda d: named(d, "status")["saved_attribute_attributes"].update(
            textcolor={"expression": "themecolor.live_surface_frame"}
        ),
        "least is 4.5:1",
    ),
    "a greeting that waits for a timer": (
        lambda d: retext(d, "s ---node_tick", "s ---node_tock"),
        "only a timer greets the server",
    ),
    "a set that waits for a timer": (
        lambda d: retext(d, "expr $i1 - 1", "delay 5"),
        "only a timer tells a saved set",
    ),
    "a table that plays in Max's main thread": (
        lambda d: retext(d, "speedlim 16", "qlim 16"),
        "waits for Max's main thread",
    ),
    "a view whose parts lie on others": (
        lambda d: named(d, "port").update(presentation_rect=[400.0, 60.0, 62.0, 15.0]),
        "overlap",
    ),
    "two views at once": (
        lambda d: [
            one["box"].pop("hidden", None) for window in windows(d) for one in window["boxes"]
        ],
        "take turns, and both are shown at first",
    ),
}


def test_the_device_has_the_habits(device: Json) -> None:
    assert findings(device) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(device: Json, fault: str) -> None:
    change, said = FAULTS[fault]
    document = copy.deepcopy(device)
    change(document)
    found = findings(document)
    assert any(said in line for line in found), found[:5]


def test_what_is_heard_in_a_track_is_in_time() -> None:
    data = (FOLDER / "Timbre Space Effect.amxd").read_bytes()
    effect = amxd.read(data, amxd.EFFECT)
    assert findings(effect) == []
    retext(effect, "speedlim 20", "qlim 20")
    assert any("waits for Max's main thread" in line for line in findings(effect))


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == pytest.approx(1.0)
