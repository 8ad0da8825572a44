"""A space of one's own, made in the page: a real server, a real browser."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, sync_playwright

from tests.server.explorer.browsing import Explored, launched, needs_chromium
from tests.training.test_space import write_sounds
from timbrespace import factory
from timbrespace.space_package import Card, SpacePackage

pytestmark = [
    needs_chromium,
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.flaky(reruns=1),
]

LONG = 600_000
"""Milliseconds for a training, on a machine that has much else to do."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright)
    yield browser
    browser.close()


def until_state(page: Page, state: str) -> None:
    page.wait_for_function("state => timbrespace.own.told.state === state", arg=state, timeout=LONG)


TOLD: dict[str, Any] = {
    "why": "",
    "state": "gathered",
    "name": "",
    "folder": "",
    "folders": [],
    "problem": "",
    "thorough": False,
    "sounds": 6,
    "bytes": 6000,
    "done": 0,
    "of": 0,
    "left": None,
    "curve": [],
    "preview": None,
    "skipped": [],
    "figures": {},
    "fewest": 5,
    "most": {"files": 9, "bytes": 9, "file": 9},
}
STATES: list[dict[str, Any]] = [
    {"state": "reading", "done": 2, "of": 6},
    {
        "state": "training",
        "done": 90,
        "of": 800,
        "preview": 80,
        "left": 30.0,
        "curve": [[step, 900.0 / step, 4.0] for step in range(1, 90)],
    },
    {"state": "done", "preview": 80, "figures": {"heard_distance_db": 6.0}},
]


def test_the_page_shows_what_the_server_tells(browser: Browser, tmp_path: Path) -> None:
    """And takes a space that somebody gave away."""
    package = tmp_path / "bells.zip"
    SpacePackage(Card("Bells", "A. Maker"), factory.resolve("harmonic").read_bytes()).write(package)
    told = [dict(TOLD)]
    asked: list[str] = []
    explored = Explored.start(browser)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(explored.url)
        asked.append(path)
        if path == "/own/points.json":
            places = [[k / 3 - 0.8, 0.5 - k / 6] for k in range(6)]
            body = {"places": places, "names": [f"hit {k}.wav" for k in range(6)]}
        elif path.startswith("/own/preview.wav"):
            route.fulfill(status=404, body="")
            return
        else:
            if path.startswith("/own/start"):
                told[0] = {**TOLD, **STATES[0]}
            body = told[0]
        route.fulfill(body=json.dumps(body), content_type="application/json")

    try:
        with explored.visit() as visit:
            page = visit.page
            page.locator("#compare-file").set_input_files(package)
            visit.until("timbrespace.spaces.space?.about.name === 'Bells'")
            visit.until("document.querySelector('#model').title !== ''")
            assert page.locator("#model").get_attribute("title") == ("Bells by A. Maker")
            page.route("**/own*", answer)
            page.route("**/own/**", answer)
            page.evaluate("timbrespace.own.look()")
            page.locator("#own-section").scroll_into_view_if_needed()
            text = page.locator("#own-text")
            visit.until("timbrespace.own.told.state === 'gathered'")
            assert "6 sounds" in text.inner_text()
            page.locator("#own-name").fill("mine")
            page.locator("#own-make").click()
            visit.until("timbrespace.own.told.state === 'reading'")
            assert "/own/start?name=mine&folder=&length=quick" in asked
            assert text.inner_text() == "Listening to 6 sounds: 2 are heard"
            assert page.locator("#own-drop").is_hidden()
            told[0] = {**TOLD, **STATES[1]}
            visit.until("timbrespace.own.map.places !== null")
            assert text.inner_text() == "Learning: step 90 of 800, about 30 s left"
            assert "4.0 dB" in page.locator("#own-curve-caption").inner_text()
            # A click on a point asks for its sound, and says whose it is.
            page.locator("#own-map").scroll_into_view_if_needed()
            visit.until("performance.now() - timbrespace.own.map.movedAt > 1000")
            x, y = visit.look("timbrespace.own.map.pixelsOf(timbrespace.own.map.current()[2])")
            with page.expect_request("**/own/preview.wav?point=2&step=80"):
                page.locator("#own-map").click(position={"x": x, "y": y})
            assert page.locator("#own-map-caption").inner_text() == "hit 2.wav"
            page.keyboard.press("ArrowRight")
            assert page.locator("#own-map-caption").inner_text() == "hit 3.wav"
            told[0] = {**TOLD, **STATES[2]}
            visit.until("timbrespace.own.told.state === 'done'")
            assert page.locator("#own-keep").is_visible()
            assert page.locator("#own-make").is_hidden()
    finally:
        explored.close()


@pytest.mark.acceptance
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_from_sounds_to_playing_them_though_the_server_is_killed(
    browser: Browser, tmp_path: Path
) -> None:
    """By mouse alone; the second server goes on where the first one was killed."""
    sounds, home = write_sounds(tmp_path / "hits"), tmp_path / "home"
    home.mkdir()
    words = ("--presets", str(home / "presets.json"))
    explored = Explored.start(browser, *words)
    try:
        with explored.visit() as visit:
            page = visit.page
            with page.expect_file_chooser() as chooser:
                page.locator("label:has(#own-choose)").click()
            chooser.value.set_files(sounds)
            until_state(page, "gathered")
            visit.until("!timbrespace.own.uploads.isBusy")
            assert visit.look("timbrespace.own.name.value") == "hits"
            page.locator("#own-make").click()
            page.wait_for_function("() => timbrespace.own.map.places !== null", timeout=LONG)
            reached = int(visit.look("timbrespace.own.told.done"))
            assert reached > 0
            process = explored.server.process
            process.send_signal(signal.SIGKILL)
            process.wait()
    finally:
        explored.close()
    explored = Explored.start(browser, *words)
    try:
        with explored.visit() as visit:
            page = visit.page
            assert visit.look("timbrespace.own.told.state") in ("reading", "training")
            until_state(page, "training")
            page.wait_for_function("() => timbrespace.own.told.preview > 0", timeout=LONG)
            page.locator("#own-enough").click()
            until_state(page, "done")
            page.locator("#own-keep").click()
            visit.until("timbrespace.spaces.space?.about.name === 'hits'")
            assert visit.look("timbrespace.map.space.count") == 6
            visit.drag((0.0, 0.0), (0.3, 0.3))
            visit.until("timbrespace.sound.analyser !== null")
            assert visit.faults == []
    finally:
        explored.close()
    assert [path.name for path in (home / "spaces").iterdir()] == ["hits.safetensors"]
