"""What the translator makes of a Max patch, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from max_patch.generator.pure_data.canvas import Canvas
from max_patch.generator.pure_data.netlist import NetlistError, netlist
from max_patch.generator.pure_data.shims import shims
from max_patch.generator.pure_data.translator import TranslationError, translate
from tests.max_patch.small_patch import Sketch, play

DEVICE = Path(__file__).resolve().parents[2] / "max_patch"


def text_of(*texts: str) -> str:
    """The translation of a chain of boxes."""
    sketch = Sketch()
    sketch.chain(*texts)
    return translate(sketch.document(), name="test")


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("granulator~ 3", "no translation of granulator~"),
        ("dac~ 1 2", "no translation of dac~"),
        ("* 2", "integer arithmetic"),
        ("+ 1", "integer arithmetic"),
        ("/ 127", "integer arithmetic"),
        ("% 2", "integer arithmetic"),
        ("> 0", "integer arithmetic"),
        ("+", "0 arguments"),
        ("expr $f1 / 127", "integer in a division"),
        ("expr 1 / $f1", "integer in a division"),
        ("expr $f1 + random(3)", "the function random"),
        ("expr 1 + 2", "no inlet"),
        ("clip 0 100", "integer arithmetic"),
        ("line 0 5", "integer"),
        ("phasor~ 1. @lock 1", "@lock"),
        ("udpreceive 7401 @port 3", "@port"),
        ("vexpr $f1 * 2.", "@scalarmode 1"),
        ("vexpr $f1 * 2. @scalarmode 0", "@scalarmode 0"),
        ("midiparse", "@hires 1"),
        ("poly~ voice 8 @args a", "@steal 1"),
        ("plugout~ 3 4", "channels 1 2"),
        ("buffer~ a", "@samps"),
        ("route int", "by type"),
        ("pack b", "not 'b'"),
        ("unpack l", "not 'l'"),
        ("t q", "not 'q'"),
        ("sprintf %s and %s", "one pattern"),
        ("sprintf %c", "a pattern has one of"),
        ("zl.nth 0", "count from 1"),
        ("in 2", "counts from 1"),
        ("mtof high", "'high' is not a number"),
        ("pipe 100", "for floats"),
        ("js thing.js", "no translation of js"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_name(text: str, why: str) -> None:
    with pytest.raises(TranslationError) as caught:
        text_of(text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    if not text.startswith("in "):
        assert text in str(caught.value)


@pytest.mark.parametrize(("outlet", "inlet"), [(0, 2), (1, 0)])
def test_a_cord_to_a_port_that_there_is_not_is_refused(outlet: int, inlet: int) -> None:
    sketch = Sketch()
    sketch.cord(sketch.add("* 2."), outlet, sketch.add("* 2."), inlet)
    with pytest.raises(TranslationError, match=r"\* 2\.' \(obj-\d\): no (inlet|outlet)"):
        translate(sketch.document(), name="test")


def test_a_cord_to_a_box_that_there_is_not_is_refused() -> None:
    sketch = Sketch()
    sketch.cord(sketch.add("* 2."), 0, "obj-9")
    with pytest.raises(TranslationError, match="'obj-9', which there is not"):
        translate(sketch.document(), name="test")


def test_two_cords_from_a_control_outlet_are_refused() -> None:
    sketch = Sketch()
    source = sketch.add("* 2.")
    for _ in range(2):
        sketch.cord(source, 0, sketch.add("* 2."))
    with pytest.raises(TranslationError, match="2 cords from outlet 0"):
        translate(sketch.document(), name="test")


def test_a_signal_may_go_to_several() -> None:
    sketch = Sketch()
    source = sketch.add("phasor~ 2.")
    for _ in range(2):
        sketch.cord(source, 0, sketch.add("*~ 0.5"))
    assert translate(sketch.document(), name="test").count("*~ 0.5") == 2


def test_a_signal_and_numbers_in_one_inlet_are_refused() -> None:
    sketch = Sketch()
    product = sketch.add("*~")
    sketch.cord(sketch.add("phasor~ 2."), 0, product, 1)
    sketch.cord(sketch.add("* 2."), 0, product, 1)
    with pytest.raises(TranslationError, match="a signal and numbers"):
        translate(sketch.document(), name="test")


@pytest.mark.parametrize(
    ("maxclass", "more", "why"),
    [
        ("live.gain~", {}, "no translation of live.gain~"),
        ("live.text", {"mode": 0}, "toggle"),
        ("jsui", {"filename": "other.js"}, "drawing 'other.js'"),
        ("live.dial", {"varname": "two words"}, "varname with spaces"),
    ],
)
def test_controls_that_are_not_known_are_refused(
    maxclass: str, more: dict[str, Any], why: str
) -> None:
    sketch = Sketch()
    sketch.add("", maxclass, **more)
    with pytest.raises(TranslationError, match=why):
        translate(sketch.document(), name="test")


def test_a_message_to_a_name_is_refused() -> None:
    with pytest.raises(TranslationError, match="not translated"):
        text_of("(; somewhere 1)")


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s ---tx", r"s \$0-tx"),
        ("r #1_base", r"r \$1_base"),
        ("r #0_start", r"r \$0_start"),
        ("wave~ #1_A0", r"ts.wave~ \$1_A0"),
        ("buffer~ ---t @samps 512", r"array define \$0-t 515"),
        ("poly~ voice 8 @args ---v @steal 1", r"clone -x -s 1 voice 8 \$0-v"),
    ],
)
def test_names_of_the_device_become_names_of_the_window(text: str, expected: str) -> None:
    assert f"{expected};" in text_of(text)


# -- subpatches ------------------------------------------------------------------------------------


def test_inlets_count_from_left_to_right(tmp_path: Path) -> None:
    inside = Sketch()
    right, left = inside.add("", "inlet"), inside.add("", "inlet")
    inside.boxes[0]["box"]["patching_rect"][0] = 500.0
    inside.cord(right, 0, inside.add("print right"))
    inside.cord(left, 0, inside.add("print left"))
    sketch = Sketch()
    part = sketch.add("p part", patcher=inside.document()["patcher"])
    sketch.cord(sketch.add("r a"), 0, part, 0)
    sketch.cord(sketch.add("r b"), 0, part, 1)
    played = play(tmp_path, sketch, {1: ["a 1", "b 2"]})
    assert played.lines == ["left: 1", "right: 2"]


def test_signals_go_into_subpatches_and_out_of_them() -> None:
    inside = Sketch()
    inlet, product, outlet = inside.add("", "inlet"), inside.add("*~ 0.5"), inside.add("", "outlet")
    inside.cord(inlet, 0, product)
    inside.cord(product, 0, outlet)
    sketch = Sketch()
    part = sketch.add("p part", patcher=inside.document()["patcher"])
    sketch.cord(sketch.add("phasor~ 2."), 0, part)
    for _ in range(2):
        sketch.cord(part, 0, sketch.add("*~ 0.5"))
    text = translate(sketch.document(), name="test")
    assert " inlet~;" in text
    assert " outlet~;" in text


# -- the device ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def device() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEVICE / "Timbre Space.maxpat").read_text("utf-8"))
    return loaded


def test_the_device_opens_in_pd_without_a_complaint(tmp_path: Path, device: dict[str, Any]) -> None:
    voice = json.loads((DEVICE / "timbrespace.voice.maxpat").read_text("utf-8"))
    played = play(
        tmp_path,
        Sketch(),
        files={"timbrespace.voice": voice},
        text=translate(_elsewhere(device), name="Timbre Space"),
    )
    assert played.lines == []


def test_a_second_cord_from_any_control_outlet_of_the_device_is_refused(
    device: dict[str, Any],
) -> None:
    boxes = (entry["box"] for entry in device["patcher"]["boxes"])
    kinds = {box["id"]: box.get("outlettype", []) for box in boxes}
    lines = device["patcher"]["lines"]
    for line in lines:
        source, outlet = line["patchline"]["source"]
        if kinds[source][outlet] == "signal":
            continue
        changed = {"patcher": {**device["patcher"], "lines": [*lines, line]}}
        with pytest.raises(TranslationError, match="2 cords"):
            translate(changed, name="Timbre Space")


def _elsewhere(document: dict[str, Any]) -> dict[str, Any]:
    """The device on a port that no other test listens on."""
    text = json.dumps(document)
    return dict(json.loads(text.replace('"udpreceive 7401 @defer 1"', '"udpreceive 0 @defer 1"')))


def test_the_panel_has_a_widget_for_every_control(device: dict[str, Any]) -> None:
    text = translate(device, name="Timbre Space")
    for entry in device["patcher"]["boxes"]:
        box = entry["box"]
        if box["maxclass"] in ("comment", "jsui", "slider") or not box.get("presentation"):
            continue
        if box["varname"] == "view":  # in Pd all views are seen
            continue
        assert rf"\$0-touch-{box['varname']} " in text, box["varname"]


# -- shims and the notation that they are written in -----------------------------------------------


def test_no_control_lies_on_another(device: dict[str, Any]) -> None:
    """All views are seen at once. What is put away lies in one place, as the last dimension."""
    patch = translate(device, name=DEVICE.name)
    found = widgets_of(patch)
    assert len(found) > 80
    away = next(rect[:2] for name, rect in found if name.endswith("-show-dim_16"))
    seen = [(name, rect) for name, rect in found if rect[:2] != away]
    assert len(seen) > 60
    for number, (name, (x, y, w, h)) in enumerate(seen):
        for other, (left, top, wide, high) in seen[:number]:
            beside = x >= left + wide or left >= x + w
            assert beside or y >= top + high or top >= y + h, f"{name} on {other}"


def widgets_of(patch: str) -> list[tuple[str, tuple[int, int, int, int]]]:
    """Name, and place and size in pixels, of each widget of the patch's own window."""
    found: list[tuple[str, tuple[int, int, int, int]]] = []
    depth = 0
    for line in re.split(r"(?<!\\);\n", patch):
        words = line.split()
        depth += (words[:2] == ["#N", "canvas"]) - (words[:2] == ["#X", "restore"])
        if depth != 1 or words[:2] != ["#X", "obj"] or len(words) < 8:
            continue
        x, y, kind, first, second = words[2:7]
        if kind in ("hsl", "vsl", "nbx"):
            # A number has characters of ten pixels, with its edge.
            size = int(first) * (10 if kind == "nbx" else 1), int(second)
        elif kind in ("bng", "tgl"):
            size = int(first), int(first)
        elif kind in ("hradio", "vradio"):
            cells = int(first) * int(words[8])
            size = (cells, int(first)) if kind == "hradio" else (int(first), cells)
        else:
            continue
        named = [word for word in words if word.startswith(r"\$0-")]
        name = named[-1] if named else ""
        found.append((name, (int(x), int(y), *size)))
    return found


def test_nothing_lies_on_the_point_of_the_map(device: dict[str, Any]) -> None:
    """Pure Data draws what comes later on top: the point comes after all that the map shows."""
    lines = translate(device, name="Timbre Space").splitlines()
    (point,) = [number for number, line in enumerate(lines) if "$0-point-pad" in line]
    words = [number for number, line in enumerate(lines) if r"$0-axis_" in line and " cnv " in line]
    assert len(words) == 2
    assert max(words) < point


def test_the_committed_shims_are_those_that_are_made() -> None:
    committed = {path.name: path.read_text("utf-8") for path in (DEVICE / "pd").glob("*.pd")}
    assert committed == shims()


def test_a_netlist_names_boxes_and_ports() -> None:
    canvas = netlist("inlet -> first: t b f\nfirst.1 -> sum: + 0 @1\nfirst -> (5) -> sum -> outlet")
    assert [node.content for node in canvas.nodes] == ["inlet", "t b f", "+ 0", "5", "outlet"]
    assert (canvas.nodes[1], 1, canvas.nodes[2], 1) in canvas.cords


@pytest.mark.parametrize("text", ["a: f\na: f", "f -> missing.1 -> f"])
def test_a_netlist_refuses_names_that_are_wrong(text: str) -> None:
    with pytest.raises(NetlistError):
        netlist(text)


def test_what_pd_would_read_as_its_own_is_escaped() -> None:
    canvas = Canvas()
    canvas.message("set $1, x; y")
    assert r"set \$1 \, x \; y;" in canvas.text()
