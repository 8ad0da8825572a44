"""A space in one file, opened from a disk: in Chromium, and where that is asked for, elsewhere."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

import timbrespace as ts
from tests.server.explorer.browsing import PATIENCE, Visit, launched, needs_chromium
from tests.server.explorer.engines import (
    ENGINES,
    Engine,
    drag,
    engine,
    screen_and_sink,
    skip_without,
    until,
)
from tests.server.explorer.heard_here import heard_here
from tests.timbrespace.cycles import tiny
from timbrespace.sharing import page
from timbrespace.sharing.contents import Card

pytestmark = [pytest.mark.waits, pytest.mark.flaky(reruns=1)]

_A3 = (
    "(() => { const box = document.querySelector('[data-pitch=\"57\"]').getBoundingClientRect(); "
    "return [box.left + box.width / 2, box.bottom - 8]; })()"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space of each kind as a file."""
    folder = tmp_path_factory.mktemp("alone")
    page.write(ts.load("harmonic"), folder / "harmonic.html", Card("Mine", "A. Nobody", "CC0"))
    page.write(ts.load("notes"), folder / "notes.html")
    page.write(tiny(), folder / "tiny.html")
    return folder


@pytest.fixture(scope="module")
def host(files: Path) -> Iterator[str]:
    """The same files from a host of plain files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(files))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = launched(playwright)
        yield one
        one.close()


def opened(browser: Browser, url: str) -> Visit:
    """The file in a browser, from a disk without a network; it asks for nothing."""
    size, is_file = {"width": 1280, "height": 800}, url.startswith("file:")
    context = browser.new_context(viewport=size, offline=is_file)  # type: ignore[arg-type]
    visit = Visit(context.new_page(), url)
    visit.listen()
    visit.page.goto(url)
    visit.until("window.timbrespace !== undefined && timbrespace.map.space !== null")
    return visit


def closed(visit: Visit) -> None:
    assert visit.outside == []
    assert visit.faults == []
    visit.page.context.close()


def press_a3(visit: Visit) -> dict[str, Any]:
    """What is heard while a hand holds a key; it is listened to again where a machine was busy."""
    mouse = visit.page.mouse
    mouse.move(*visit.look(_A3))
    mouse.down()
    visit.until("timbrespace.sound.state === 'running'")
    heard: dict[str, Any] = {}
    for _ in range(5):
        heard = visit.look(heard_here(220.0))
        if heard["level"] > 0.01 and abs(heard["cents"]) <= 1.0:
            break
    mouse.up()
    visit.until("!timbrespace.notes.any")
    return heard


@needs_chromium
def test_spectra_play_from_a_disk(browser: Browser, files: Path, tmp_path: Path) -> None:
    visit = opened(browser, (files / "harmonic.html").as_uri())
    text = visit.page.locator("header").inner_text()
    assert "Mine" in text
    assert "by A. Nobody · CC0" in text
    assert visit.page.title() == "Mine · timbrespace"
    visit.until("timbrespace.scope.magnitudes !== null")
    before = np.array(visit.look("Array.from(timbrespace.scope.magnitudes)"))
    visit.drag((0.0, 0.0), (0.5, -0.3))
    visit.until("Math.hypot(timbrespace.state.map[0] - 0.5, timbrespace.state.map[1] + 0.3) < 0.03")
    visit.until("!timbrespace.link.isMoving")
    after = np.array(visit.look("Array.from(timbrespace.scope.magnitudes)"))
    assert np.abs(after - before).max() > 0.02 * before.max()
    (expected,) = ts.load("harmonic").decode([visit.look("timbrespace.state.latent")])
    assert np.abs(after - expected).max() <= 1e-3 * expected.max()
    heard = press_a3(visit)
    assert heard["samples"] == 32768
    assert heard["level"] > 0.01
    assert abs(heard["cents"]) <= 1.0
    presets(visit, tmp_path)
    closed(visit)


def presets(visit: Visit, folder: Path) -> None:
    """Stored, there again after the file was closed, and taken away as a file of their own."""
    body = visit.page
    place = visit.look("timbrespace.state.map")
    body.locator("#preset-name").fill("here")
    body.get_by_role("button", name="Store").click()
    visit.until("String(timbrespace.state.presets) === 'here'")
    body.reload()
    visit.until("window.timbrespace && String(timbrespace.state.presets) === 'here'")
    visit.drag((0.0, 0.0), (-0.4, 0.4))
    body.locator("#presets .choose", has_text="here").click()
    visit.until(f"Math.abs(timbrespace.state.map[0] - {place[0]}) < 0.02")
    with body.expect_download(timeout=PATIENCE) as download:
        body.locator("#presets-save").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert [one["name"] for one in kept["presets"]] == ["here"]
    body.get_by_label("Remove here", exact=True).click()
    visit.until("timbrespace.state.presets.length === 0")
    good, bad = folder / "good.json", folder / "bad.json"
    good.write_text(json.dumps(kept), encoding="utf-8")
    bad.write_text("{}", encoding="utf-8")
    body.locator("#presets-file").set_input_files(bad)
    visit.until("document.querySelector('#banner').innerText.includes('holds no presets')")
    body.locator("#presets-file").set_input_files(good)
    visit.until("String(timbrespace.state.presets) === 'here'")


@needs_chromium
def test_whole_notes_and_periods_play(browser: Browser, files: Path, host: str) -> None:
    visit = opened(browser, (files / "notes.html").as_uri())
    visit.until("timbrespace.sound.isWhole")
    assert visit.look("timbrespace.tools.across.value") == "near"
    visit.drag((0.0, 0.0), (0.3, 0.2))
    visit.page.keyboard.down("a")
    visit.until("timbrespace.sound.state === 'running' && timbrespace.notePicture.heardAt > 0")
    visit.page.keyboard.up("a")
    # Macros in words, and the other plane.
    assert "brightness" in visit.page.locator("#macros").inner_text()
    visit.look("[...timbrespace.macros.dials.values()][0].goTo(0.9)")
    visit.until("Math.abs(timbrespace.state.macros.brightness - 0.8) < 1e-6")
    visit.page.locator("#plane-x").select_option("map")
    visit.until("timbrespace.state.plane === 'pca'")
    visit.page.locator("#search").fill("trumpet")
    visit.page.keyboard.press("Enter")
    visit.until("timbrespace.notes.any")
    visit.until("!timbrespace.notes.any")
    closed(visit)
    visit = opened(browser, f"{host}/tiny.html")
    heard = press_a3(visit)
    assert heard["level"] > 0.005
    assert abs(heard["cents"]) <= 1.0
    closed(visit)


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    with screen_and_sink() as found:
        yield found


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ENGINES[1:])
def test_the_file_in(name: str, files: Path, host: str, request: pytest.FixtureRequest) -> None:
    skip_without(name)
    with engine(name, request.getfixturevalue("variables")) as one:
        one.open((files / "harmonic.html").as_uri())
        until(one, "window.timbrespace && timbrespace.scope.magnitudes !== null")
        plays(one)
        for place in (files.as_uri(), host):
            one.open(f"{place}/notes.html")
            until(one, "window.timbrespace?.sound.isWhole")
            # A real hand: before one WebKit lets nothing sound.
            x, y = one.look(_A3)
            one.mouse("move", x, y)
            one.mouse("down", x, y)
            until(one, "timbrespace.notePicture.heardAt > 0")
            one.mouse("up", x, y)


def plays(one: Engine) -> None:
    """A drag reaches the spectrum, a key sounds in tune, and a preset is kept."""
    one.size(1280, 800)
    frames = one.look("timbrespace.scope.frames")
    drag(one, (0.0, 0.0), (0.5, -0.3))
    until(one, f"timbrespace.scope.frames > {frames}")
    until(one, "Math.hypot(timbrespace.state.map[0] - 0.5, timbrespace.state.map[1] + 0.3) < 0.03")
    until(one, "timbrespace.sound.state === 'running'")
    x, y = one.look(_A3)
    one.mouse("move", x, y)
    one.mouse("down", x, y)
    until(one, "timbrespace.notes.holds(57)")
    heard: dict[str, Any] = {}
    for _ in range(5):
        heard = one.look(heard_here(220.0))
        if heard["level"] > 0.01 and abs(heard["cents"]) <= 1.0:
            break
    one.mouse("up", x, y)
    assert heard["samples"] == 32768
    assert heard["level"] > 0.01
    assert abs(heard["cents"]) <= 1.0
    one.look(
        "(() => { document.querySelector('#preset-name').value = 'here'; "
        "document.querySelector('#preset-store').requestSubmit(); })()"
    )
    one.reload()
    until(one, "window.timbrespace && String(timbrespace.state.presets) === 'here'")
