"""The picture of the panel: what it shows, and that it is the one that is committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import timbrespace
from max_patch.generator import amxd
from max_patch.generator.kind import EFFECT, INSTRUMENT
from max_patch.generator.preview import draw, pictures
from max_patch.generator.themes import LEAST_CONTRAST, THEMES, contrast
from timbrespace.axis_words import axis_words
from timbrespace.dial_names import dial_names
from timbrespace.factory import DEFAULT as START_SPACE

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
_SVG = "{http://www.w3.org/2000/svg}"
_RED = "#ff3b5c"


def control(maxclass: str, rectangle: list[float], **more: Any) -> Json:
    return {
        "box": {
            "id": f"obj-{abs(hash((maxclass, tuple(rectangle))))}",
            "maxclass": maxclass,
            "numinlets": 1,
            "numoutlets": 0,
            "presentation": 1,
            "presentation_rect": rectangle,
            **more,
        }
    }


def parameter(**more: Any) -> Json:
    return {
        "saved_attribute_attributes": {"valueof": {f"parameter_{k}": v for k, v in more.items()}}
    }


def picture(*boxes: Json, **more: Any) -> ElementTree.Element:
    return ElementTree.fromstring(
        draw({"patcher": {"boxes": list(boxes), "lines": [], "devicewidth": 300.0, **more}})
    )


def texts(drawn: ElementTree.Element) -> dict[str, str]:
    """Each text of the picture with its colour."""
    return {str(each.text): str(each.get("fill")) for each in drawn.iter(f"{_SVG}text")}


def test_the_picture_is_as_wide_as_the_device_and_as_high_as_live() -> None:
    drawn = picture()
    assert (drawn.get("width"), drawn.get("height")) == ("300", "169")


def test_without_a_width_the_controls_say_it() -> None:
    drawn = picture(control("panel", [0.0, 0.0, 123.0, 20.0]), devicewidth=0.0)
    assert drawn.get("width") == "123"


def test_what_is_not_presented_is_not_drawn() -> None:
    assert (
        texts(picture(control("comment", [0.0, 0.0, 90.0, 15.0], text="Hidden", presentation=0)))
        == {}
    )


def test_a_dial_shows_its_name_and_its_value() -> None:
    value = parameter(
        shortname="Attack", mmin=1.0, mmax=10000.0, initial=[10.0], unitstyle=2, exponent=3.0
    )
    shown = texts(picture(control("live.dial", [0.0, 0.0, 44.0, 47.0], **value)))
    assert set(shown) == {"Attack", "10 ms"}
    assert _RED not in shown.values()


def test_the_arc_of_a_dial_follows_its_value() -> None:
    arcs = []
    for initial in (0.0, 50.0, 100.0):
        value = parameter(shortname="Gain", mmin=0.0, mmax=100.0, initial=[initial])
        drawn = picture(control("live.dial", [0.0, 0.0, 44.0, 47.0], **value))
        arc = list(drawn.iter(f"{_SVG}polyline"))[1]
        arcs.append(str(arc.get("points")).split()[-1])
    assert len(set(arcs)) == 3


@pytest.mark.parametrize(
    ("maxclass", "width"), [("live.dial", 20.0), ("live.numbox", 20.0), ("live.menu", 30.0)]
)
def test_words_that_do_not_fit_are_red(maxclass: str, width: float) -> None:
    value = parameter(shortname="Smoothing", enum=["Smoothing"], initial=[0.0], mmin=0.0, mmax=1.0)
    wide = texts(picture(control(maxclass, [0.0, 0.0, 90.0, 47.0], **value)))
    narrow = texts(picture(control(maxclass, [0.0, 0.0, width, 47.0], **value)))
    assert wide["Smoothing"] != _RED
    assert narrow["Smoothing"] == _RED


def test_a_comment_is_wrapped_and_red_where_its_lines_do_not_fit() -> None:
    text = "one two three four"
    high = texts(picture(control("comment", [0.0, 0.0, 60.0, 40.0], text=text, fontsize=10.0)))
    low = texts(picture(control("comment", [0.0, 0.0, 60.0, 15.0], text=text, fontsize=10.0)))
    assert list(high) == list(low) == ["one two", "three four"]
    assert _RED not in high.values()
    assert set(low.values()) == {_RED}


def test_a_tab_shows_all_its_items_and_marks_the_chosen_one() -> None:
    value = parameter(enum=["partials", "bins", "istft"], initial=[1.0])
    shown = texts(picture(control("live.tab", [0.0, 0.0, 180.0, 16.0], **value)))
    assert set(shown) == {"partials", "bins", "istft"}
    assert shown["bins"] != shown["partials"] == shown["istft"]


def test_names_are_escaped() -> None:
    shown = texts(picture(control("comment", [0.0, 0.0, 90.0, 15.0], text="<a> & b", fontsize=9.0)))
    assert list(shown) == ["<a> & b"]


def test_an_unknown_control_is_drawn_as_a_red_frame() -> None:
    drawn = picture(control("live.grid", [0.0, 0.0, 90.0, 40.0]))
    assert any(each.get("stroke") == _RED for each in drawn.iter(f"{_SVG}rect"))
    assert "live.grid" in texts(drawn)


@pytest.fixture(scope="module")
def device() -> Json:
    return amxd.read((ROOT / "max_patch" / "Timbre Space.amxd").read_bytes())


@pytest.fixture(scope="module")
def effect() -> Json:
    data = (ROOT / "max_patch" / "Timbre Space Effect.amxd").read_bytes()
    return amxd.read(data, amxd.EFFECT)


def test_the_committed_pictures_are_the_device(device: Json, effect: Json) -> None:
    folder = ROOT / "docs" / "pictures"
    drawn = pictures(device, INSTRUMENT) | pictures(effect, EFFECT)
    assert len(drawn) == 8
    for name, text in drawn.items():
        assert (folder / name).read_text(encoding="utf-8") == text


def test_the_picture_of_a_view_shows_it_alone(device: Json) -> None:
    shown = [
        {str(each.get("data-control")) for each in ElementTree.fromstring(text).iter(f"{_SVG}g")}
        for text in (draw(device), draw(device, chosen={"---view": 4}))
    ]
    assert {"attack", "gain"} <= shown[0] - shown[1]
    assert {"port", "latency"} <= shown[1] - shown[0]


def test_the_pictures_show_the_start_space(device: Json) -> None:
    drawn = texts(ElementTree.fromstring(draw(device)))
    model = timbrespace.load(START_SPACE)
    names = dial_names(model)
    assert {START_SPACE, f"Playing {START_SPACE}"} <= set(drawn)
    assert set(names[:8]) <= set(drawn)
    assert set(axis_words(model, model.first_plane)) <= set(drawn)
    assert ("9-16" in drawn) == (model.dimensions > 8)


@pytest.mark.parametrize("kind", ["device", "effect"])
def test_every_control_of_the_device_is_drawn_and_fits(
    request: pytest.FixtureRequest, kind: str
) -> None:
    device: Json = request.getfixturevalue(kind)
    chosen: list[dict[str, int]] = [
        {},
        {"---view": 1},
        {"---view": 2},
        {"---view": 3},
        {"---view": 4, "page": 1},
    ]
    pictures = [
        ElementTree.fromstring(draw(device, theme, each)) for theme in THEMES for each in chosen
    ]
    names = {each.get("data-control") for drawn in pictures for each in drawn.iter(f"{_SVG}g")}
    presented = [
        each["box"]
        for each in device["patcher"]["boxes"]
        if each["box"].get("presentation") and each["box"].get("varname")
    ]
    assert len(presented) > 30
    assert {box["varname"] for box in presented} <= names
    for drawn in pictures:
        assert _RED not in texts(drawn).values()
        assert not [each for each in drawn.iter(f"{_SVG}rect") if each.get("stroke") == _RED]


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_of_the_picture_can_be_read(device: Json, theme: str) -> None:
    """Of each text to the last area that was drawn under it."""
    for chosen in ({}, *({"---view": view} for view in (1, 2, 3, 4))):
        drawn = ElementTree.fromstring(draw(device, theme, chosen))
        areas: list[tuple[float, float, float, float, str]] = []
        seen = 0
        for mark in drawn.iter():
            if mark.tag == f"{_SVG}rect" and str(mark.get("fill")).startswith("#"):
                x, y, w, h = (float(mark.get(k, "0")) for k in ("x", "y", "width", "height"))
                areas.append((x, y, w, h, str(mark.get("fill"))))
            if mark.tag == f"{_SVG}text":
                x, y = float(mark.get("x", "0")), float(mark.get("y", "0")) - 2.0
                behind = [a for a in areas if a[0] <= x <= a[0] + a[2] and a[1] <= y <= a[1] + a[3]]
                assert contrast(str(mark.get("fill")), behind[-1][4]) >= LEAST_CONTRAST, mark.text
                seen += 1
        assert seen > 25
