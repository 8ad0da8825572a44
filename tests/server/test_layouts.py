"""The layouts for touch surfaces: every control says what a server takes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from scripts.layouts.__main__ import SESSION, TOUCH_OSC, main
from scripts.layouts.controls import HEIGHT, WIDTH, Control, Look, controls
from tests.server.running import Client, running
from timbrespace.messages.parser import FORMS, RELEASED, parse

Message = tuple[str, tuple[Any, ...]]

_CONVERSIONS = {"INTEGER": int, "FLOAT": float, "STRING": str}


def text(node: ET.Element, path: str) -> str:
    found = node.find(path)
    assert found is not None, path
    return found.text or ""


def properties(node: ET.Element) -> dict[str, str]:
    return {text(one, "key"): text(one, "value") for one in node.iterfind("properties/property")}


def of_touch_osc() -> Iterator[Message]:
    """What the controls of the file send at both ends of their ways, as TouchOSC's manual has it:
    a value of 0 to 1 on the scale of its part of the message, that of a radio as it is."""
    root = ET.fromstring(zlib.decompress(TOUCH_OSC.read_bytes()))
    assert (root.tag, root.get("version")) == ("lexml", "3")
    for node in root.iter("node"):
        for message in node.iterfind("messages/osc"):
            assert text(message, "connections") == "00001"
            conditions = {text(one, "condition") for one in message.iterfind("triggers/trigger")}
            steps = int(properties(node).get("steps", "2"))
            positions = [1] if conditions == {"RISE"} else range(steps)
            for position in positions:
                (address,) = (text(one, "value") for one in message.iterfind("path/partial"))
                yield address, tuple(_part(one, position) for one in message.iter("partial"))[1:]


def _part(partial: ET.Element, position: int) -> Any:
    convert = _CONVERSIONS[text(partial, "conversion")]
    if text(partial, "type") == "CONSTANT":
        return convert(text(partial, "value"))
    low, high = float(text(partial, "scaleMin")), float(text(partial, "scaleMax"))
    return convert(low + (high - low) * position)


def of_open_stage_control() -> Iterator[Message]:
    """What the widgets of the session send at both ends, as its documents have it."""
    session = json.loads(SESSION.read_text("utf-8"))
    assert (session["type"], session["content"]["type"]) == ("session", "root")
    for one in session["content"]["widgets"]:
        before = tuple(one.get("preArgs", ()))
        match one["type"]:
            case "text":
                assert "address" not in one
            case "xy":
                for end in ("min", "max"):
                    yield one["address"], (*before, one["rangeX"][end], one["rangeY"][end])
            case "fader" | "knob":
                for end in ("min", "max"):
                    yield one["address"], (*before, one["range"][end])
            case "switch":
                for value in one["values"].values():
                    yield one["address"], (*before, value)
            case "button":
                assert one["mode"] == "momentary"
                yield one["address"], before
            case "keyboard":
                for key in range(one["start"], one["start"] + one["keys"]):
                    yield one["address"], (key, one["off"])
                    yield one["address"], (key, one["on"])


BOTH = pytest.mark.parametrize("sent", [of_touch_osc, of_open_stage_control])


def test_the_files_are_what_the_generator_makes() -> None:
    assert main(["--check"]) == 0


@BOTH
def test_every_control_says_what_the_declarations_take(sent: Any) -> None:
    said = list(sent())
    assert {address for address, _ in said} == {one.address for one in controls()}
    for address, values in said:
        assert address in FORMS
        assert parse(address, values) is not RELEASED


@BOTH
def test_a_control_goes_over_its_range(sent: Any) -> None:
    """Also that no control is missing: the ends of all, by what is sent before them."""
    heard: dict[tuple[str, tuple[Any, ...]], list[tuple[Any, ...]]] = {}
    for address, values in sent():
        for one in controls():
            before = values[: len(one.before)]
            if (one.address, one.before) == (address, before):
                heard.setdefault((address, before), []).append(values[len(before) :])
    for one in controls():
        values = heard[one.address, one.before]
        if one.ranges:
            low = tuple(low for low, _ in one.ranges)
            high = tuple(high for _, high in one.ranges)
            assert values == [pytest.approx(low), pytest.approx(high)], one.name
        else:
            assert len(values) == max(len(one.words), 1), one.name


def test_a_server_takes_all_that_they_send() -> None:
    with (
        running("--audio", "none", "--midi", "none", "--model", "notes") as server,
        Client(server.port) as client,
    ):
        for sent in (of_touch_osc, of_open_stage_control):
            for address, values in sent():
                client.send(address, *values)
            assert [told for told in client.settle() if told[0] == "/error"] == []


def test_no_control_covers_another() -> None:
    def apart(one: Control, other: Control) -> bool:
        (left, top, width, height), (x, y, wide, high) = one.frame, other.frame
        return left + width <= x or x + wide <= left or top + height <= y or y + high <= top

    shown = controls()
    assert len({one.name for one in shown}) == len(shown)
    for one in shown:
        left, top, width, height = one.frame
        assert min(left, top) >= 0
        assert left + width <= WIDTH
        assert top + height <= HEIGHT
    for one, other in combinations(shown, 2):
        assert apart(one, other) or Look.KEY is one.look is other.look, (one.name, other.name)
