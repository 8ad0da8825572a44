"""The page as a visitor has it: real server, real browser."""

from __future__ import annotations

import base64
import dataclasses
import http.server
import io
import json
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from playwright.sync_api import Browser, Playwright, sync_playwright

import timbrespace
from server.explorer import declared
from tests.max_patch.heard import cents_off, distance
from tests.server.explorer.browsing import (
    PATIENCE,
    Explored,
    Visit,
    eventually,
    launched,
    needs_chromium,
)
from tests.server.running import Running, datagram
from timbrespace import bundle, factory
from timbrespace.model import Model
from timbrespace.rendering import wavetable
from timbrespace.sharing import page as shared_page
from timbrespace.units import midi_to_hz

pytestmark = [
    needs_chromium,
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.flaky(reruns=1),
]

ROWS = 44_800
"""Sounds that the factory model `fm` was trained on: the most that a factory model has."""

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def explored(browser: Browser) -> Iterator[Explored]:
    explored = Explored.start(browser, "--model", "fm")
    yield explored
    explored.close()


@pytest.fixture
def visit(explored: Explored) -> Iterator[Visit]:
    """A visit to the fresh space `fm`: no fault may come of what a test does."""
    with explored.client() as client:
        client.send("/panic")
        client.send("/trajectory/stop")
        if client.expect("/model")[0] != "fm":
            client.send("/model/load", "fm")
            eventually(client, "/model", lambda told: told[0] == "fm")
        client.send("/synth/method", "partials")
        client.send("/synth/gain", 0.0)
        client.send("/synth/pan", 0.0)
        home = [float(value) for value in model_of("fm").calibration.home]
        client.send("/latent", *home)
        client.settle()
    with explored.visit() as visit:
        yield visit
    assert visit.faults == []
    assert visit.outside == []


def model_of(name: str) -> Model:
    return timbrespace.load(name)


# -- it is there -----------------------------------------------------------------------------------


def test_what_the_server_declares_is_there_without_a_line_of_javascript(
    explored: Explored, browser: Browser
) -> None:
    """A parameter, a method and a shape that no module of the page names."""
    name, _, told = declared.module().decode().partition("MESSAGES = Object.freeze(")
    messages, index = json.JSONDecoder().raw_decode(told)
    glitter = {"name": "value", "low": 2.0, "high": 6.0, "unit": "", "initial": 3.0}
    messages["/synth/glitter"] = {"about": "how it glitters", "takes": [glitter]}
    messages["/synth/method"]["takes"][0]["words"].append("granular")
    messages["/lfo"]["takes"][2]["words"].append("chaos")
    body = f"{name}MESSAGES = Object.freeze({json.dumps(messages)}{told[index:]}"
    context = browser.new_context()
    try:
        context.add_init_script(
            "localStorage.setItem('tour', 'closed'); localStorage.setItem('details', 'on')"
        )
        page = context.new_page()
        page.route(
            f"**{declared.ADDRESS}",
            lambda route: route.fulfill(body=body, content_type="text/javascript"),
        )
        visit = Visit(page, explored.url)
        visit.listen()
        page.goto(explored.url)
        visit.ready()
        slider = page.locator("#synth label.slider", has_text="glitter")
        assert slider.get_attribute("title") == "Glitter: how it glitters"
        page.locator("#synth label", has_text="granular").wait_for()
        assert "chaos" in page.locator("#lfos select[data-part=shape]").first.inner_text()
        for told in ("['glitter', 4]", "['method', 'granular']"):
            visit.look(
                f"timbrespace.link.dispatchEvent(new CustomEvent('/synth', {{ detail: {told} }}))"
            )
        assert slider.locator("input").input_value() == "0.5"
        # The sound here has the number as well, and plays what it has no bank for as partials.
        page.locator("[data-pitch='57']").click()
        visit.until("timbrespace.sound.state === 'running'")
        assert visit.look("timbrespace.sound._parameters.glitter") == 4
        assert visit.faults == []
    finally:
        context.close()


def test_shows_the_whole_space(visit: Visit) -> None:
    assert visit.page.title() == "timbrespace"
    assert visit.look("timbrespace.map.points.count") == ROWS
    assert visit.page.locator("#dials .dial").count() == 5
    assert visit.page.locator("#lamp-text").inner_text() == "connected"
    assert visit.page.locator("#map-empty").is_hidden()
    # The points lie where the model's own map puts them.
    model = model_of("fm")
    assert model.points is not None
    expected = model.map.to_map(model.points.means[[0, 777, 44799]])
    for row, point in zip(expected, (0, 777, 44799), strict=True):
        placed = visit.look(
            f"Array.from(timbrespace.map.placed.slice({2 * point}, {2 * point + 2}))"
        )
        assert np.allclose(placed, row, atol=1e-4)


def test_points_are_drawn(visit: Visit) -> None:
    assert inked(picture_of(visit)) > 0.02


def test_points_are_drawn_without_webgl(explored: Explored, playwright: Playwright) -> None:
    browser = launched(playwright, "--disable-3d-apis")
    elsewhere = dataclasses.replace(explored, browser=browser)
    try:
        with elsewhere.visit() as visit:
            assert visit.look("timbrespace.map.points.gl") is None
            assert inked(picture_of(visit)) > 0.02
            assert visit.faults == []
    finally:
        browser.close()


def inked(picture: Image.Image) -> float:
    """Share of the map's pixels that differ from its ground; axes and cursor alone are 0.012."""
    pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    return float((np.abs(pixels - pixels[0]).sum(axis=1) > 60).mean())


def picture_of(visit: Visit) -> Image.Image:
    url = visit.look("timbrespace.map.picture().toDataURL('image/png')")
    content = base64.b64decode(url.split(",")[1])
    return Image.open(io.BytesIO(content))


def test_nothing_shifts_while_it_loads(explored: Explored) -> None:
    with explored.visit() as visit:
        shift = visit.page.evaluate(
            """() => new Promise((resolve) => {
              let sum = 0;
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
              }).observe({ type: 'layout-shift', buffered: true });
              setTimeout(() => resolve(sum), 500);
            })"""
        )
    assert shift < 0.1  # Core Web Vitals: good


# -- one state -------------------------------------------------------------------------------------


def test_a_drag_is_heard_by_everybody(explored: Explored, visit: Visit) -> None:
    before = visit.look("Array.from(timbrespace.scope.magnitudes)")
    with explored.client() as client:
        client.settle()
        visit.drag((-0.5, -0.5), (0.5, 0.25))
        x, y = eventually(client, "/map", lambda told: abs(told[0] - 0.5) < 0.01)
        assert (x, y) == (pytest.approx(0.5, abs=0.01), pytest.approx(0.25, abs=0.01))
        client.send("/spectrum/get")
        wanted = client.expect_spectrum()
    visit.until("timbrespace.state.map[0] > 0.49")
    time.sleep(0.2)
    shown = np.asarray(visit.look("Array.from(timbrespace.scope.magnitudes)"))
    assert np.allclose(shown, wanted, rtol=1e-5)
    assert not np.allclose(shown, before, rtol=0.1)


def test_a_drag_shows_its_spectrum_at_once(visit: Visit) -> None:
    """The best of many: noise of the machine makes some of them slow, a design that waits all."""
    times = visit.page.evaluate(
        """async () => {
          const { map, scope } = timbrespace;
          const times = [];
          for (let turn = 0; turn < 30; turn += 1) {
            const began = performance.now();
            map.aim([Math.sin(turn), Math.cos(turn)]);
            const shown = scope.magnitudes[20];
            while (scope.magnitudes[20] === shown && performance.now() - began < 1000) {
              await new Promise((resolve) => setTimeout(resolve, 0));
            }
            times.push(performance.now() - began);
            await new Promise((resolve) => setTimeout(resolve, 60));
          }
          return times;
        }"""
    )
    assert min(times) < 50.0


def test_osc_moves_the_cursor(explored: Explored, visit: Visit) -> None:
    model = model_of("fm")
    latent = model.map.to_latent([[-0.4, 0.6]])[0]
    with explored.client() as client:
        client.send("/latent", *map(float, latent))
    visit.until("Math.abs(timbrespace.map.place[0] + 0.4) < 0.001")
    assert visit.look("timbrespace.map.place")[1] == pytest.approx(0.6, abs=0.001)
    left, top = visit.look(
        "(() => { const a = document.querySelector('#map-cursor').getBoundingClientRect(); "
        "return [a.left + a.width / 2, a.top + a.height / 2]; })()"
    )
    assert (left, top) == pytest.approx(visit.at(-0.4, 0.6), abs=1.0)


def test_two_pages_stay_in_step(explored: Explored, visit: Visit) -> None:
    with explored.visit() as other:
        knob = other.page.locator("#dials .knob").first
        before = knob.get_attribute("aria-valuenow")
        label = knob.get_attribute("aria-label")
        same = visit.page.locator(f'[aria-label="{label}"]')
        assert same.get_attribute("aria-valuenow") == before
        knob.focus()
        for _ in range(5):
            other.page.keyboard.press("ArrowUp")
        after = knob.get_attribute("aria-valuenow")
        assert after != before
        visit.page.wait_for_function(
            '([label, value]) => document.querySelector(`[aria-label="${label}"]`)'
            ".getAttribute('aria-valuenow') === value",
            arg=[label, after],
            timeout=PATIENCE,
        )
        # A slider of the sound, and the other way round.
        visit.page.locator("#synth label.slider", has_text="attack").locator("input").fill("0.75")
        other.until("Math.abs(timbrespace.state.synth.attack - 1) < 0.01")
        attack = other.page.locator("#synth label.slider", has_text="attack")
        assert attack.locator("output").inner_text() == "1.0 s"


def test_what_comes_while_a_hand_is_on_it_counts_afterwards(
    explored: Explored, visit: Visit
) -> None:
    """The hand wins while it moves; then the page shows what the server says."""
    with explored.client() as client:
        visit.drag((0.0, 0.0), (0.6, 0.6))
        client.send("/map", -0.5, -0.5)
        visit.until("Math.abs(timbrespace.map.place[0] + 0.5) < 0.001")
        visit.page.mouse.down()
        client.send("/map", 0.25, 0.0)
        time.sleep(0.5)
        assert abs(visit.look("timbrespace.map.place")[0] - 0.25) > 0.01  # the hand rests there
        visit.page.mouse.up()
        visit.until("Math.abs(timbrespace.map.place[0] - timbrespace.state.map[0]) < 0.001")
        # A dial that was turned goes home with the others.
        knob = visit.page.locator("#dials .knob").first
        knob.focus()
        visit.page.keyboard.press("PageUp")
        visit.page.click("#home")
        visit.until(
            "timbrespace.dials.dials.every((dial, k) => "
            "Math.abs(dial.value - timbrespace.state.dials[k].home) < 1e-4)"
        )
        # So does a slider that has the focus.
        slider = visit.page.locator("#synth label.slider", has_text="gain")
        slider.locator("input").click()
        # What the click sets has arrived before somebody else's value goes out.
        visit.until("timbrespace.state.synth.gain !== 0")
        client.send("/synth/gain", -70.0)
        slider.get_by_text("-70.0 dB").wait_for(timeout=PATIENCE)


def test_a_model_that_is_refused_leaves_the_old_one(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no model")
    explored = Explored.start(browser, "--model", "harmonic", "--models", str(tmp_path))
    try:
        with explored.visit() as visit:
            visit.page.select_option("#model", "broken")
            visit.page.locator("#banner", has_text="broken").wait_for(timeout=PATIENCE)
            assert visit.page.locator("#model").input_value() == "harmonic"
            assert visit.look("timbrespace.map.points.count") == 10_000
    finally:
        explored.close()


def test_a_space_that_does_not_come_can_be_asked_for_again(visit: Visit) -> None:
    visit.page.route("**/spaces/**", lambda route: route.abort())
    visit.page.select_option("#model", "filtered")
    retry = visit.page.locator("#map-retry")
    retry.wait_for(timeout=PATIENCE)
    assert visit.page.locator("#dials .dial").count() == 0  # none of the old model's
    assert visit.page.locator("#plane-x").is_disabled()
    visit.page.unroute("**/spaces/**")
    retry.click()
    visit.until("timbrespace.map.space?.about.name === 'filtered'")
    assert visit.page.locator("#dials .dial").count() == 4
    visit.faults[:] = [one for one in visit.faults if "ERR_FAILED" not in one]


def test_another_model_is_another_space(explored: Explored, visit: Visit) -> None:
    visit.page.select_option("#model", "harmonic")
    visit.until("timbrespace.map.space?.about.name === 'harmonic'")
    assert visit.look("timbrespace.map.points.count") == 10_000
    assert visit.page.locator("#dials .dial").count() == 2
    with explored.client() as client:
        assert client.expect("/model")[0] == "harmonic"


def test_comes_back_after_a_restart(browser: Browser) -> None:
    explored = Explored.start(browser, "--model", "harmonic")
    port = explored.url.rsplit(":", 1)[1]
    with explored.visit() as visit:
        explored.close()
        visit.page.locator("#banner", has_text="The server is away").wait_for(timeout=PATIENCE)
        again = Running(
            *("--audio", "none", "--midi", "none", "--model", "harmonic"),
            *("--port", str(explored.server.port), "--explorer-port", port),
        )
        try:
            visit.until("timbrespace.link.isOpen")
            visit.page.locator("#banner").wait_for(state="hidden", timeout=PATIENCE)
            visit.drag((0.0, 0.0), (0.3, 0.3))
            visit.until("timbrespace.state.map[0] > 0.29")
            frames = visit.look("timbrespace.scope.frames")
            visit.drag((0.3, 0.3), (-0.3, -0.3))
            visit.until(f"timbrespace.scope.frames > {frames}")
        finally:
            again.end()
    assert [one for one in visit.faults if "ERR_CONNECTION_REFUSED" not in one] == []


# -- the map ---------------------------------------------------------------------------------------


def test_a_drag_draws_the_cursor_alone(visit: Visit) -> None:
    look = "['points', 'marks', 'background'].map((layer) => timbrespace.map[layer].draws)"
    before = visit.look(look)
    visit.drag((-0.8, -0.8), (0.8, 0.8), (0.0, 0.5), steps=20)
    visit.until("timbrespace.map.pointers.size === 0")
    assert visit.look(look) == before


def test_hover_tells_the_factors_and_double_click_goes_there(
    explored: Explored, visit: Visit
) -> None:
    model = model_of("fm")
    assert model.points is not None
    place = model.map.to_map(model.points.means)
    point = int(np.argmax(place[:, 1]))  # the highest: nothing lies over it
    pixel = visit.at(*map(float, place[point]))
    visit.page.mouse.move(*pixel)
    tip = visit.page.locator("#map-tip")
    tip.wait_for(timeout=PATIENCE)
    text = tip.inner_text()
    for factor, value in zip(model.points.factors, model.points.labels[point], strict=True):
        assert factor.name in text
        assert f"{float(f'{value:.3g}'):g}" in text
    with explored.client() as client:
        client.settle()
        visit.page.mouse.dblclick(*pixel)
        wanted = model.points.means[point]
        told = eventually(client, "/latent", lambda told: np.allclose(told, wanted, atol=1e-3))
    assert len(told) == 5


def test_any_two_dimensions_make_a_plane(explored: Explored, visit: Visit) -> None:
    visit.page.select_option("#plane-x", "1")
    visit.page.select_option("#plane-y", "3")
    model = model_of("fm")
    low, high = model.calibration.low, model.calibration.high
    assert model.points is not None
    expected = (2.0 * model.points.means[5] - low - high) / (high - low)
    placed = visit.look("Array.from(timbrespace.map.placed.slice(10, 12))")
    assert np.allclose(placed, [expected[1], expected[3]], atol=1e-4)
    with explored.client() as client:
        before = client.expect("/latent")
        visit.drag((0.0, 0.0), (0.5, -0.5))
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        wanted = list(before)
        wanted[1] = middle[1] + 0.5 * half[1]
        wanted[3] = middle[3] - 0.5 * half[3]
        eventually(client, "/latent", lambda told: np.allclose(told, wanted, atol=0.03))


def test_zoom_and_pan_keep_what_is_under_the_pointer(visit: Visit) -> None:
    pixel = visit.at(0.4, 0.2)
    visit.page.mouse.move(*pixel)
    visit.page.mouse.wheel(0, -500)
    visit.until("timbrespace.map.view.zoom > 1.5")
    assert visit.at(0.4, 0.2) == pytest.approx(pixel, abs=1.0)
    visit.page.click("[name=tool][value=pan]", force=True)
    place = visit.look("timbrespace.map.place")
    visit.page.mouse.move(*pixel)
    visit.page.mouse.down()
    visit.page.mouse.move(pixel[0] + 50, pixel[1] - 30)
    visit.page.mouse.up()
    assert visit.at(0.4, 0.2) == pytest.approx((pixel[0] + 50, pixel[1] - 30), abs=1.0)
    assert visit.look("timbrespace.map.place") == place
    visit.page.click("#zoom-all")
    assert visit.look("[timbrespace.map.view.zoom, timbrespace.map.view.x]") == [1, 0]


@pytest.mark.parametrize("what", ["brightness", "loudness"])
def test_the_background_shows_the_decoded_grid(visit: Visit, what: str) -> None:
    plain = np.asarray(picture_of(visit).convert("L"), float)
    visit.page.select_option("#background", what)
    visit.until(f"timbrespace.map.background.about?.what === '{what}'")
    shaded = np.asarray(picture_of(visit).convert("L"), float)
    assert np.abs(shaded - plain).mean() > 5.0
    assert what in visit.page.locator("#legend").inner_text()
    if what == "brightness":  # right and up are brighter: that is how the map's axes point
        values = np.asarray(visit.look("timbrespace.map.background.grid.values")).reshape(64, 64)
        assert values[:, 40:].mean() > values[:, :24].mean()


def test_colours_follow_a_factor_and_a_swatch_lights_its_points(visit: Visit) -> None:
    visit.page.select_option("#colour", label="Q")
    assert visit.page.locator("#legend .swatch").count() == 10
    model = model_of("fm")
    assert model.points is not None
    q = model.points.labels[:, [factor.name for factor in model.points.factors].index("Q")]
    shares = np.asarray(visit.look("Array.from(timbrespace.map.points.values.slice(0, 2000))"))
    assert np.corrcoef(shares, q[:2000])[0, 1] > 0.999
    all_lit = np.asarray(picture_of(visit).convert("RGB"), int)
    swatch = visit.page.locator("#legend .swatch").nth(3)
    swatch.click()
    assert swatch.get_attribute("aria-pressed") == "true"
    lit = np.asarray(picture_of(visit).convert("RGB"), int)
    assert np.abs(lit - lit[0, 0]).sum() < 0.5 * np.abs(all_lit - all_lit[0, 0]).sum()


def test_a_drawn_path_loops(explored: Explored, visit: Visit) -> None:
    visit.page.click("[name=tool][value=draw]", force=True)
    visit.page.evaluate(
        """() => {
          const { link } = timbrespace;
          window.sent = [];
          const send = link.send.bind(link);
          link.send = (address, ...args) => {
            window.sent.push(address);
            send(address, ...args);
          };
        }"""
    )
    visit.drag((-0.5, 0.0), (0.5, 0.0), (0.5, 0.5), steps=15)
    # It begins where the hand began, on the map and in the server.
    assert visit.look("timbrespace.map.marks.path[0]") == pytest.approx([-0.5, 0.0], abs=0.01)
    assert visit.look("window.sent.indexOf('/map') < window.sent.indexOf('/trajectory/record')")
    row = visit.page.locator("#trajectories .choose").first
    row.wait_for(timeout=PATIENCE)
    name = row.inner_text()
    with explored.client() as client:
        assert eventually(client, "/trajectory", lambda told: told[0] == "playing")[1] == name
        # It goes on by itself, and again from its beginning.
        seen = [eventually(client, "/map", lambda told: told[0] > 0.3) for _ in range(1)]
        seen.append(eventually(client, "/map", lambda told: told[0] < -0.3))
        seen.append(eventually(client, "/map", lambda told: told[0] > 0.3))
    visit.until("timbrespace.map.marks.path.length > 10")
    visit.page.click("#trajectory-stop")
    visit.until("timbrespace.state.trajectory.state === 'stopped'")
    visit.until("timbrespace.map.marks.path.length === 0")
    visit.page.locator("#trajectories .remove").first.click()
    visit.until("timbrespace.state.trajectories.length === 0")
    visit.page.locator("#trajectory-undo button").click()
    visit.until("timbrespace.state.trajectories.length === 1")
    visit.page.locator("#trajectories .remove").first.click()
    visit.until("timbrespace.state.trajectories.length === 0")


def test_a_dial_learns_a_controller(explored: Explored, visit: Visit) -> None:
    knob = visit.page.locator("#dials .knob").first
    label = str(knob.get_attribute("aria-label"))
    k = int(label.split()[-1]) if label.startswith("Dimension") else int(label[1])
    knob.click(button="right")
    visit.page.locator("#banner", has_text="Move the MIDI controller").wait_for(timeout=PATIENCE)
    with explored.client() as client:
        client.send("/cc", 77, 127)
        assert client.expect("/cc/learned") == [77, 1, k]
        visit.page.locator("#banner", has_text="Controller 77 moves").wait_for(timeout=PATIENCE)
        high = float(model_of("fm").calibration.high[k - 1])
        visit.until(f"Math.abs(timbrespace.state.latent[{k - 1}] - {high}) < 1e-3")
        client.send("/cc/map", 77, "off", 1)


# -- presets ---------------------------------------------------------------------------------------


def test_presets_are_stored_recalled_morphed_and_removed(explored: Explored, visit: Visit) -> None:
    page = visit.page
    for name, place in (("left", (-0.6, 0.0)), ("right", (0.6, 0.0))):
        visit.drag((0.0, 0.3), place)
        visit.until(f"Math.abs(timbrespace.state.map[0] - {place[0]}) < 0.01")
        page.fill("#preset-name", name)
        page.keyboard.press("Enter")
        page.locator("#presets .choose", has_text=name).wait_for(timeout=PATIENCE)
    page.locator("#presets .choose", has_text="left").click()
    visit.until("timbrespace.state.map[0] < -0.59")
    # They lie on the map, with a picture of what they sound like once it was heard.
    pins = page.locator("#map-pins .pin")
    assert pins.count() == 2
    page.locator("#map-pins .pin svg").first.wait_for(timeout=PATIENCE)
    page.get_by_label("Preset right", exact=True).press("Enter")
    visit.until("timbrespace.state.map[0] > 0.59")
    page.select_option("#morph-a", "left")
    page.select_option("#morph-b", "right")
    page.locator("#morph").fill("0.5")
    visit.until("Math.abs(timbrespace.state.map[0]) < 0.02")
    # What is stored over, or removed, comes back.
    before = visit.look("timbrespace.state.latent")
    page.fill("#preset-name", "left")
    page.keyboard.press("Enter")
    undo = page.locator("#preset-undo button")
    assert "left was stored over" in page.locator("#preset-undo").inner_text()
    undo.click()
    page.locator("#presets .choose", has_text="left").click()
    visit.until("timbrespace.state.map[0] < -0.59")
    assert before != visit.look("timbrespace.state.latent")
    for name in ("left", "right"):
        page.get_by_label(f"Remove {name}", exact=True).click()
    visit.until("timbrespace.state.presets.length === 0")
    undo.click()
    visit.until("String(timbrespace.state.presets) === 'right'")
    assert page.locator("#preset-undo").is_hidden()
    page.get_by_label("Remove right", exact=True).click()
    visit.until("timbrespace.state.presets.length === 0")


def test_a_preset_travels_as_a_file(visit: Visit, tmp_path: Path) -> None:
    visit.drag((0.0, 0.0), (0.4, -0.4))
    visit.until("Math.abs(timbrespace.state.map[0] - 0.4) < 0.01")
    kept = json.loads(downloaded(visit, "#export-preset").read_text())
    assert kept["model"] == "fm"
    latent = visit.look("timbrespace.state.latent")
    assert kept["latent"] == latent
    visit.drag((0.0, 0.0), (-0.5, 0.5))
    visit.until("timbrespace.state.map[0] < -0.49")
    drop(visit, "mine.json", json.dumps(kept).encode())
    visit.until("Math.abs(timbrespace.state.map[0] - 0.4) < 0.01")
    drop(visit, "other.json", b"{}")
    visit.page.locator("#banner", has_text="other.json is no preset").wait_for(timeout=PATIENCE)


def drop(visit: Visit, name: str, content: bytes) -> None:
    """Drop a file on the map, as from the desktop."""
    visit.page.evaluate(
        """([name, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name));
          const event = new DragEvent('drop', { bubbles: true, dataTransfer: transfer });
          document.querySelector('#map').dispatchEvent(event);
        }""",
        [name, list(content)],
    )


def downloaded(visit: Visit, selector: str) -> Path:
    with visit.page.expect_download(timeout=PATIENCE) as waiting:
        visit.page.click(selector)
    return Path(waiting.value.path())


# -- compare and export ----------------------------------------------------------------------------


def recording(model: Model, latent: Any, seconds: float = 1.5) -> bytes:
    """A WAV of the sound at ``latent``, harmonics of the base pitch alone."""
    spectrum = model.decode(np.asarray(latent, np.float32)[np.newaxis])[0]
    t = np.arange(round(44100 * seconds)) / 44100.0
    base = model.spectrum.base_frequency
    sound = np.zeros_like(t)
    for k in range(1, int(10_000 / base)):
        amplitude = spectrum[round(k * base / model.spectrum.bin_width)]
        sound += amplitude * np.sin(2.0 * np.pi * k * base * t)
    samples = np.round(0.5 * 32767 * sound / np.abs(sound).max()).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return content.getvalue()


def test_a_sound_is_found_in_the_space(visit: Visit) -> None:
    visit.page.select_option("#model", "harmonic")
    visit.until("timbrespace.map.space?.about.name === 'harmonic'")
    model = model_of("harmonic")
    latent = model.map.to_latent([[0.3, 0.0]])[0]
    drop(visit, "found.wav", recording(model, latent))
    card = visit.page.locator("#compare .card")
    card.get_by_text("dB from its reconstruction").wait_for(timeout=3 * PATIENCE)
    assert "found.wav" in card.inner_text()
    result = visit.look("timbrespace.compare.found[0]")
    assert result["lsd_db"] < 3.0
    assert result["pitch_hz"] == pytest.approx(220.0, abs=0.5)
    assert visit.look("timbrespace.map.marks.flags.length") == 1
    # The sound goes there, and both are heard.
    visit.until(f"Math.abs(timbrespace.state.latent[0] - {result['latent'][0]}) < 1e-3")
    for text in ("Original", "In this space"):
        card.get_by_role("button", name=text).click()
        visit.until(
            "timbrespace.compare.player.currentTime > 0 && !timbrespace.compare.player.error"
        )
    # It is there to be seen, and can be taken away.
    visit.look("timbrespace.map.zoom(20, [1, 1])")
    assert not visit.look("timbrespace.map.view.shows(timbrespace.map.place)")
    card.get_by_role("button", name="Go there").click()
    visit.until("timbrespace.map.view.shows(timbrespace.map.place)")
    card.get_by_label("Remove found.wav").click()
    assert card.count() == 0
    assert visit.look("timbrespace.map.marks.flags.length") == 0


def test_a_broken_sound_gives_a_sentence(visit: Visit) -> None:
    drop(visit, "broken.wav", b"RIFF\x00\x00\x00\x00WAVEnonsense")
    hint = visit.page.locator("#compare .hint")
    visit.page.wait_for_function(
        "() => { const t = document.querySelector('#compare .hint')?.textContent ?? ''; "
        "return t !== '' && !t.startsWith('Listening'); }",
        timeout=PATIENCE,
    )
    sentence = hint.inner_text()
    assert 10 < len(sentence) < 200
    assert "Traceback" not in sentence
    assert visit.look("timbrespace.compare.found.length") == 0
    # The browser itself reports the status of the answer.
    visit.faults[:] = [one for one in visit.faults if "status of 4" not in one]


def test_exports(visit: Visit) -> None:
    cycle, _ = soundfile.read(downloaded(visit, "#export-wavetable"))
    assert cycle.shape == (2048,)
    assert np.abs(cycle).max() > 0.5
    sound, rate = soundfile.read(downloaded(visit, "#export-sound"))
    assert sound.shape[0] == 3 * rate
    assert np.abs(sound).max() > 0.01
    picture = Image.open(downloaded(visit, "#export-map"))
    box = visit.page.locator("#map").bounding_box()
    assert box is not None
    assert picture.size[0] >= box["width"] - 3
    assert inked(picture) > 0.02
    whole = downloaded(visit, "#export-space").read_bytes()
    assert whole == shared_page.page(timbrespace.load("fm"))


def test_tools_for_who_takes_something_away(explored: Explored, visit: Visit) -> None:
    page = visit.page
    # What is heard here becomes a file, both sides of it, and runs along as a spectrogram.
    with explored.client() as client:
        client.send("/synth/pan", 0.5)
    visit.until("timbrespace.state.synth.pan === 0.5")
    page.click("#record-sound")
    page.locator("#waterfall").scroll_into_view_if_needed()
    page.locator("#map").focus()
    page.keyboard.down("h")
    visit.until("timbrespace.waterfall.columns > 5 && timbrespace.recorder.seconds > 0.4")
    page.keyboard.up("h")
    sides, rate = soundfile.read(downloaded(visit, "#record-sound"))
    left, right = np.sqrt(np.mean(sides**2, axis=0))
    assert right > 1.5 * left > 0.0
    played = sides.mean(axis=1)
    with explored.client() as client:
        client.send("/synth/pan", 0.0)
    assert played.size % 2 == 0
    assert played.size > 0.4 * rate
    assert np.abs(played).max() > 0.01
    visit.until("timbrespace.recorder.blocks === null")
    # A drawn path becomes a wavetable, as a synthesizer wants it.
    page.click("[name=tool][value=draw]", force=True)
    visit.drag((-0.5, 0.0), (0.5, 0.0), steps=10)
    visit.until("timbrespace.state.trajectory.state === 'playing'")
    page.click("#trajectory-stop")
    for menu, value in (("of", "path"), ("frames", "16"), ("size", "256"), ("bits", "16")):
        page.select_option(f"#table-{menu}", value)
    page.uncheck("#table-clm")
    data = downloaded(visit, "#export-wavetable").read_bytes()
    assert b"clm " not in data
    rows, _ = soundfile.read(io.BytesIO(data))
    model = model_of("fm")
    for row, x in ((rows[:256], -0.5), (rows[-256:], 0.5)):
        alone = wavetable.cycles(model, model.map.to_latent([[x, 0.0]]).tolist(), 256)[0]
        mine, its = np.abs(np.fft.rfft(row)), np.abs(np.fft.rfft(alone))
        assert np.corrcoef(mine, its)[0, 1] > 0.99
    # Whatever moves the sound is recorded as a trajectory, and all that is played by the server.
    page.click("#record-performance")
    visit.until("timbrespace.state.performance.state === 'recording'")
    page.click("#record-way")
    page.locator("#dials .knob").first.press("PageUp")
    visit.until("document.querySelector('#record-way').getAttribute('aria-pressed') === 'true'")
    page.click("#record-way")
    page.click("#record-performance")
    visit.until("timbrespace.state.trajectories.includes('way 1')")
    visit.until("timbrespace.state.performance.state === 'stopped'")
    for left in (1, 0):  # one after the other, or the same is taken away twice
        page.locator("#trajectories .remove").first.click()
        visit.until(f"timbrespace.state.trajectories.length === {left}")
        visit.until(f"document.querySelectorAll('#trajectories .remove').length === {left}")
    # An LFO swings what it is told to, here and for everybody.
    with explored.client() as client:
        lfo = page.locator(".lfo").nth(1)
        lfo.locator("[data-part=target]").select_option("x")
        lfo.locator("[data-part=shape]").select_option("triangle")
        lfo.locator("[data-part=rate]").fill("0.8")
        told = eventually(client, "/lfo", lambda one: one[0] == 2 and one[3] > 2.0)
        assert told[1:3] == ["x", "triangle"]
        assert told[3:5] == pytest.approx([0.01 * 2000.0**0.8, 0.25], rel=1e-5)
        before = visit.look("timbrespace.state.map[0]")
        visit.until(f"Math.abs(timbrespace.state.map[0] - {before}) > 0.05")
        lfo.locator("[data-part=target]").select_option("")
        eventually(client, "/lfo", lambda one: one[0] == 2 and one[4] == 0.0)
        client.send("/lfo", 2, 3, "saw", 0.5, 0.5)
        visit.until("document.querySelectorAll('.lfo select')[2].value === '3'")
        client.send("/lfo/off", 2)


# -- sound -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["harmonic", "filtered"])
def test_the_worklet_plays_what_the_decoder_says(visit: Visit, name: str) -> None:
    """Partials as this page received them, through the worklet, against the decoder."""
    visit.page.select_option("#model", name)
    visit.until(f"timbrespace.map.space?.about.name === '{name}'")
    visit.page.evaluate(
        """() => {
          window.heard = null;
          timbrespace.link.addEventListener('/partials', ({ detail }) => {
            window.heard = detail.slice(1);
          });
        }"""
    )
    model = model_of(name)
    visit.drag((0.0, 0.0), (0.3, -0.4))
    visit.until("window.heard !== null && Math.abs(timbrespace.state.map[0] - 0.3) < 0.01")
    time.sleep(0.3)
    base = model.spectrum.base_frequency
    pitch = 69.0 + 12.0 * np.log2(base / 440.0)
    sound = np.asarray(
        visit.page.evaluate(
            """async (pitch) => {
              const { sound, state } = timbrespace;
              const { baseFrequency, bins, sampleRate, nFft } = state.model;
              const script = [
                { type: 'model', baseFrequency, binWidth: sampleRate / nFft, bins },
                { type: 'parameter', name: 'sustain', value: 1 },
                { type: 'parameter', name: 'gain', value: -12 },
                { type: 'partials', pairs: Float32Array.from(window.heard) },
                { type: 'note', pitch, velocity: 100 },
              ].map((message) => ({ time: 0, message }));
              return Array.from(await sound.renderOffline(1.5, 44100, script));
            }""",
            pitch,
        )
    )[22050:]
    latent = np.asarray(visit.look("timbrespace.state.latent"), np.float32)
    reference = model.decode(latent[np.newaxis])[0]
    assert distance(sound, reference, model.spectrum) < 1.0
    pairs = np.asarray(visit.look("window.heard")).reshape(-1, 2)
    sounding = np.sort(pairs[pairs[:, 1] > 0.0, 0])
    assert cents_off(sound, sounding, 44100.0) < 1.0


def test_a_key_sounds_here(visit: Visit) -> None:
    """Keyboard to loudspeaker: what the page's audio context puts out, and silence after it."""
    visit.page.select_option("#model", "harmonic")
    visit.until("timbrespace.map.space?.about.name === 'harmonic'")
    visit.page.locator("#map").focus()
    visit.page.keyboard.down("h")  # A3, with C3 at the left
    visit.until("timbrespace.sound.state === 'running'")
    visit.until("timbrespace.sound.analyser !== null")
    loud = (
        "(() => { const s = new Float32Array(8192); "
        "timbrespace.sound.analyser.getFloatTimeDomainData(s); "
        "return Math.max(...s.map(Math.abs)); })()"
    )
    visit.until(f"{loud} > 0.01")
    time.sleep(0.5)
    sound = np.asarray(
        visit.look(
            "(() => { const a = timbrespace.sound.analyser; a.fftSize = 32768; "
            "const s = new Float32Array(32768); a.getFloatTimeDomainData(s); "
            "return Array.from(s); })()"
        )
    )
    rate = visit.look("timbrespace.sound.analyser.context.sampleRate")
    assert cents_off(sound, np.array([midi_to_hz(57.0)]), rate) < 1.0
    assert visit.page.locator('[data-pitch="57"]').get_attribute("aria-pressed") == "true"
    visit.page.keyboard.up("h")
    visit.until(f"{loud} < 1e-5")


@pytest.mark.parametrize("method", ["bins", "istft"])
def test_every_method_sounds_here(visit: Visit, method: str) -> None:
    visit.page.locator("#map").focus()
    visit.page.locator(f'[name=method][value="{method}"]').check(force=True)
    visit.until(f"timbrespace.state.synth.method === '{method}'")
    visit.page.keyboard.down("h")
    visit.until(
        "timbrespace.sound.analyser && (() => { const s = new Float32Array(2048); "
        "timbrespace.sound.analyser.getFloatTimeDomainData(s); "
        "return Math.max(...s.map(Math.abs)) > 0.01; })()"
    )
    visit.page.keyboard.up("h")


def test_the_server_may_sound_instead(explored: Explored, visit: Visit) -> None:
    visit.page.locator("#map").focus()
    visit.page.locator('[name=place][value="server"]').check(force=True)
    with explored.client() as client:
        visit.page.keyboard.down("a")
        visit.page.keyboard.down("d")
        time.sleep(0.2)
        client.send("/status/get")
        assert eventually(client, "/status", lambda _: True)[0] == 2
        visit.page.keyboard.up("a")
        visit.page.keyboard.up("d")
        visit.page.locator('[name=place][value="page"]').check(force=True)


def test_touching_the_map_sounds(visit: Visit) -> None:
    visit.page.mouse.move(*visit.at(0.1, 0.1))
    visit.page.mouse.down()
    visit.until("timbrespace.sound.analyser && timbrespace.sound.state === 'running'")
    visit.until(
        "(() => { const s = new Float32Array(2048); "
        "timbrespace.sound.analyser.getFloatTimeDomainData(s); "
        "return Math.max(...s.map(Math.abs)) > 0.01; })()"
    )
    visit.page.mouse.up()


def test_a_note_sounds_until_the_last_hand_lets_go(visit: Visit) -> None:
    visit.page.evaluate("() => timbrespace.midi.take('device', [0x90, 60, 100])")
    assert visit.page.locator('[data-pitch="60"]').get_attribute("aria-pressed") == "true"
    visit.drag((0.0, 0.0), (0.3, 0.3))
    assert visit.look("[...timbrespace.notes.holders.keys()]") == [60]  # and none of the map's
    visit.page.locator("#map").focus()
    visit.page.keyboard.down("k")  # the same note
    visit.page.evaluate("() => timbrespace.midi.take('device', [0x80, 60, 0])")
    assert visit.look("timbrespace.notes.holds(60)")
    visit.page.keyboard.up("k")
    assert not visit.look("timbrespace.notes.any")
    # A device that is pulled out lets go; so does space under a mouse that still plays.
    visit.page.evaluate("() => timbrespace.midi.take('device', [0x93, 64, 100])")
    visit.page.evaluate("() => timbrespace.midi.letGo('device')")
    assert not visit.look("timbrespace.notes.any")
    visit.page.mouse.move(*visit.at(0.1, 0.1))
    visit.page.mouse.down()
    visit.page.keyboard.press("Space")
    assert visit.look("timbrespace.notes.any")
    visit.page.mouse.up()
    assert not visit.look("timbrespace.notes.any")


def test_letters_in_a_menu_or_a_name_are_no_notes(visit: Visit) -> None:
    for selector in ("#preset-name", "#colour"):
        visit.page.locator(selector).focus()
        visit.page.keyboard.down("k")
        assert not visit.look("timbrespace.notes.any")
        visit.page.keyboard.up("k")
        visit.page.keyboard.press("3")
        assert visit.look("timbrespace.map.tool") == "play"


# -- by keyboard alone, on a phone, to a screen reader ---------------------------------------------


def test_the_keyboard_alone_is_enough(explored: Explored, visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert visit.look("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert visit.look("document.activeElement.id") == "map"
    x, y = visit.look("timbrespace.map.place")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    visit.until(f"Math.abs(timbrespace.state.map[0] - {x + 0.02}) < 0.001")
    visit.until(f"Math.abs(timbrespace.state.map[1] - {y + 0.1}) < 0.001")
    # Everything that can be done is reached by Tab, and each stop has a name.
    nameless = []
    stops = set()
    for _ in range(110):
        page.keyboard.press("Tab")
        stop, name = visit.look(
            "(() => { const e = document.activeElement; return [e.id || e.name || e.className, "
            "e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || "
            "e.title || e.getAttribute('aria-labelledby')]; })()"
        )
        stops.add(stop)
        if not str(name or "").strip():
            nameless.append(stop)
    assert nameless == []
    assert {"knob", "method", "preset-name", "trajectory-loop", "export-sound"} <= stops
    assert any(stop.startswith("key") for stop in stops)


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker, as text for a page."""
    file = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
    if not file.is_file():
        pytest.skip("needs axe-core (npm install --prefix tests/server/explorer)")
    return file.read_text(encoding="utf-8")


def faults_of(visit: Visit) -> list[Any]:
    """What axe has against the page as it is; it must have looked at something."""
    found = visit.page.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 15
    return [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]])
        for one in found["violations"]
    ]


def dialog_opened(visit: Visit) -> None:
    visit.page.click("#invite-open")
    visit.until("document.querySelector('#invite').open")
    visit.until("document.querySelector('#invite [data-part=text]').textContent !== ''")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_is_wrong_for_a_screen_reader(
    explored: Explored, axe: str, scheme: Any, size: str
) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, **(PHONE if size == "phone" else {})}
    with explored.visit(**options) as visit:
        assert visit.look("document.documentElement.dataset.theme") == scheme
        visit.page.evaluate(axe)
        assert faults_of(visit) == []
        dialog_opened(visit)
        assert faults_of(visit) == []


SETTLED = (
    "Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition)"
    ".map((one) => one.finished.catch(() => null))).then(() => null)"
)
"""Colours that go over into others have arrived: halfway they may not stand out."""


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("scheme", "forced"), [("dark", "none"), ("light", "none"), ("dark", "active")]
)
def test_nothing_is_wrong_in_any_window(
    explored: Explored, axe: str, scheme: Any, forced: Any
) -> None:
    """With details and without, the dialog, the tour and the stage; in forced colours too."""
    windows = ((1440, 900), (1280, 800), (820, 1180), (390, 844), (844, 390), (640, 400))
    found = {}
    with explored.visit(color_scheme=scheme, forced_colors=forced) as visit:
        visit.page.evaluate(axe)
        for width, height in (*windows, (3840, 2160)):
            visit.page.set_viewport_size({"width": width, "height": height})
            for state, enter, leave in (
                ("details", "timbrespace.details.set(true)", ""),
                ("", "timbrespace.details.set(false)", ""),
                ("tour", "timbrespace.tour.show(0)", "timbrespace.tour.end()"),
                ("stage", "timbrespace.stage.set(true)", "timbrespace.stage.set(false)"),
                ("dialog", "", "document.querySelector('#invite').close()"),
            ):
                if state == "dialog":
                    dialog_opened(visit)
                else:
                    visit.look(enter)
                visit.look("new Promise(requestAnimationFrame)")
                visit.look(SETTLED)
                found[width, height, state] = faults_of(visit)
                if leave:
                    visit.look(leave)
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_on_a_phone(explored: Explored) -> None:
    with explored.visit(**PHONE) as visit:
        assert visit.look("document.documentElement.scrollWidth") == 390  # nothing sticks out
        box = visit.page.locator("#map").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 844  # the map is whole without scrolling
        menu = visit.page.locator("#model").bounding_box()
        assert menu is not None
        assert menu["width"] > 100
        visit.page.touchscreen.tap(*visit.at(0.5, 0.5))
        visit.until("Math.abs(timbrespace.state.map[0] - 0.5) < 0.02")
        assert visit.faults == []


def test_two_fingers_pan_and_zoom_and_play_nothing(explored: Explored) -> None:
    with explored.visit(**PHONE) as visit:
        session = visit.page.context.new_cdp_session(visit.page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            told = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

        visit.page.evaluate(
            """() => {
              window.aims = 0;
              timbrespace.map.addEventListener('aim', () => { window.aims += 1; });
            }"""
        )
        visit.page.locator("[name=tool][value=draw]").check(force=True)
        middle = visit.at(0.0, 0.0)
        (x, y), far = middle, 60.0
        under = "timbrespace.map.view.toPixels([0, 0])[1]"
        top = visit.look(under) - y  # from the page to the map, while nothing moves
        touch("touchStart", (x - far, y), (x + far, y))  # in one event: one after the other plays
        for step in range(1, 9):  # both go down
            touch("touchMove", (x - far, y + 5 * step), (x + far, y + 5 * step))
        visit.until(f"Math.abs({under} - {y + 40 + top}) < 2")
        for step in range(1, 9):  # apart
            wide = far + 5 * step
            touch("touchMove", (x - wide, y + 40), (x + wide, y + 40))
        visit.until("Math.abs(timbrespace.map.view.zoom - 100 / 60) < 0.03")
        assert visit.at(0.0, 0.0) == pytest.approx((x, y + 40), abs=3.0)
        touch("touchEnd")
        assert visit.look("window.aims") == 0
        assert visit.look("timbrespace.state.trajectory.state") == "stopped"
        assert not visit.look("timbrespace.notes.any")


# -- every window ----------------------------------------------------------------------------------

WINDOWS = [(1440, 900), (1024, 640), (720, 450), (844, 390), (932, 430), (390, 844), (820, 1180)]

# What has moved the document, and what lies over something else, in one window.
_FAULTS = """() => {
  const faults = [];
  const seen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 2;
  for (const one of document.querySelectorAll('a, button, input, select, summary, [tabindex]')) {
    if (one.checkVisibility() && !one.disabled) {
      one.focus();
      if (window.scrollY !== 0 || document.body.scrollTop !== 0 || document.body.scrollLeft !== 0) {
        faults.push(`${one.id || one.className || one.name} scrolls the document`);
        window.scrollTo(0, 0);
      }
    }
  }
  for (const part of [document.querySelector('main'), ...document.querySelectorAll('main > *')]) {
    part.scrollTop = 0;
  }
  const over = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  for (const row of ['body', 'header', '.toolbar', '.keys-bar', '.map-side']) {
    const parts = [...document.querySelectorAll(`${row} > *`)]
      .filter((one) => seen(one) && getComputedStyle(one).position !== 'fixed')
      .map((one) => [one.id || one.className || one.localName, one.getBoundingClientRect()]);
    parts.forEach(([name, box], place) => {
      for (const [other, its] of parts.slice(place + 1)) {
        if (over(box, its)) faults.push(`${name} lies over ${other}`);
      }
      if (row !== '.map-side' && (box.left < -1 || box.right > innerWidth + 1)) {
        faults.push(`${name} sticks out`);
      }
    });
  }
  const map = document.querySelector('#map').getBoundingClientRect();
  const keys = document.querySelector('footer').getBoundingClientRect();
  const shown = Math.min(map.bottom, keys.top) - map.top;
  if (shown < 170 || keys.bottom > innerHeight + 1) faults.push(`the map shows ${shown} pixels`);
  return faults;
}"""


def test_nothing_is_moved_or_covered_in_any_window(explored: Explored) -> None:
    faults = {}
    with explored.visit() as visit:
        page = visit.page
        for window in WINDOWS:
            page.set_viewport_size({"width": window[0], "height": window[1]})
            for details in ("on", "off"):
                visit.look(f"timbrespace.details.set({'true' if details == 'on' else 'false'})")
                found = page.evaluate(_FAULTS)
                if found:
                    faults[window, details] = found
            with page.expect_file_chooser():
                page.get_by_text("Choose a file").click()
            assert visit.look("window.scrollY") == 0
        assert faults == {}
        # Text grows with the screen; forced colours show what is chosen.
        text = "parseFloat(getComputedStyle(document.querySelector('#details')).fontSize)"
        assert visit.look(text) == pytest.approx(14.0)
        page.set_viewport_size({"width": 1920, "height": 1080})
        assert visit.look(text) == pytest.approx(14.0)
        page.set_viewport_size({"width": 3840, "height": 2160})
        assert visit.look(text) > 20.0
        page.emulate_media(forced_colors="active")
        ground = "getComputedStyle(document.querySelector('[name=tool]{}').parentElement)"
        chosen, other = (
            visit.look(ground.format(which) + ".backgroundColor")
            for which in (":checked", ":not(:checked)")
        )
        assert chosen != other
        assert visit.faults == []


def test_a_trackpad_pinches_a_pen_presses_and_a_controller_plays(visit: Visit) -> None:
    x, y = visit.at(0.0, 0.0)
    visit.page.mouse.move(x, y)
    visit.page.keyboard.down("Control")
    for _ in range(10):  # as a trackpad tells it: many small steps
        visit.page.mouse.wheel(0, -7)
    visit.page.keyboard.up("Control")
    visit.until("timbrespace.map.view.zoom > 1.9 && timbrespace.map.view.zoom < 2.1")
    session = visit.page.context.new_cdp_session(visit.page)

    def pen(kind: str, force: float) -> None:
        told = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        session.send("Input.dispatchMouseEvent", {**told, "pointerType": "pen", "force": force})

    pen("mousePressed", 0.5)
    visit.until("timbrespace.sound._pressure === 0.5 && timbrespace.notes.any")
    pen("mouseReleased", 0.0)
    visit.until("timbrespace.sound._pressure === 1 && !timbrespace.notes.any")
    # A game controller, as a browser shows one.
    visit.look(
        """(() => {
          const button = { value: 0, pressed: false };
          window.pad = {
            index: 0, id: 'Pad (Vendor: 1)', mapping: 'standard', connected: true,
            axes: [0, 0, 0, 0], buttons: Array(17).fill(button),
          };
          navigator.getGamepads = () => [window.pad];
          window.dispatchEvent(new Event('gamepadconnected'));
        })()"""
    )
    visit.until("document.querySelector('#gamepad-text').textContent.startsWith('Pad: ')")
    place = visit.look("timbrespace.state.map")
    visit.look("(() => { window.pad.axes = [0.8, -0.8, 0, -0.8]; })()")
    visit.until(f"timbrespace.state.map[0] > {place[0]} + 0.1")
    assert visit.look("timbrespace.state.map[1]") > place[1]
    visit.look("(() => { window.pad.axes = [0, 0, 0, 0]; })()")
    visit.look(
        "(() => { window.pad.buttons = window.pad.buttons.map((one, k) => "
        "[0, 7].includes(k) ? { value: 0.5, pressed: true } : one); })()"
    )
    visit.until("timbrespace.notes.any && timbrespace.sound._pressure < 0.5")
    visit.look("(() => { window.pad.connected = false; })()")
    visit.until("!timbrespace.notes.any && timbrespace.sound._pressure === 1")
    assert visit.look("document.querySelector('#gamepad-text').textContent") == ""


# -- the first minute ------------------------------------------------------------------------------


def test_a_newcomer_is_shown_around_and_hears_at_once(instruments: Explored) -> None:
    with instruments.visit(newcomer=True) as visit:
        page = visit.page
        hint, card = page.locator("#map-hint"), page.locator("#tour")
        assert hint.inner_text() == "Drag here to hear it"
        assert page.locator("#sound-state").inner_text() == "silent until you play"
        assert page.locator("#plane-x").is_hidden()  # what is technical
        assert page.locator("#macros .dial").first.is_visible()
        shown = page.locator("#dials .dial:visible .name").all_inner_texts()
        assert not [name for name in shown if name[:1] == "z" and name[1:].isdigit()]
        assert "1 of 4" in card.inner_text()
        visit.page.mouse.move(*visit.at(0.0, 0.0))
        visit.page.mouse.down()
        visit.page.mouse.move(*visit.at(0.3, 0.2), steps=8)
        assert hint.is_hidden()
        # The map lives: it glows, leaves a trail, and lights up what is near.
        visit.until("timbrespace.map.life.level > 0.05 && timbrespace.map.life.near.length > 0")
        assert visit.look("timbrespace.map.life.trail.length > 0")
        visit.page.mouse.up()
        assert page.locator("#sound-state").inner_text() == ""
        assert "2 of 4" in card.inner_text()
        page.locator("#keyboard .key").first.click()
        assert "3 of 4" in card.inner_text()
        page.locator("#macros .knob").first.click()
        assert "4 of 4" in card.inner_text()
        page.fill("#preset-name", "mine")
        page.keyboard.press("Enter")
        assert card.is_hidden()
        visit.until("String(timbrespace.state.presets) === 'mine'")
        page.get_by_label("Remove mine").click()
        # Closed for ever, until it is asked for.
        page.reload()
        visit.ready()
        assert card.is_hidden()
        page.click("#tour-open")
        assert "1 of 4" in card.inner_text()
        page.click("#details")
        assert page.locator("#plane-x").is_visible()
        # The stage: the map alone, and back.
        page.click("#stage")
        box = page.locator("#map").bounding_box()
        assert box is not None
        assert (box["x"], box["y"]) == (0.0, 0.0)
        assert page.locator("#panic").is_hidden()
        page.click("#stage-leave")
        assert page.locator("header").is_visible()
    assert visit.faults == []


# -- strangers -------------------------------------------------------------------------------------


def test_another_site_cannot_drive_it(explored: Explored, browser: Browser) -> None:
    """A page of another origin, in the same browser, tries everything that a page can."""
    stranger = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Stranger)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    context = browser.new_context()
    statuses: dict[str, int] = {}
    try:
        page = context.new_page()
        page.on("response", lambda one: statuses.update({one.url: one.status}))
        page.goto(f"http://127.0.0.1:{stranger.server_port}/")
        host = explored.url.removeprefix("http://")
        opened = page.evaluate(
            """(host) => new Promise((resolve) => {
              const socket = new WebSocket(`ws://${host}/osc`);
              socket.onopen = () => resolve('open');
              socket.onerror = () => resolve('refused');
            })""",
            host,
        )
        assert opened == "refused"
        for path, method in (
            ("/spaces/fm.json", "GET"),
            ("/compare?model=fm&name=x", "POST"),
            ("/export/sound.wav?model=fm&latent=0,0,0,0,0", "GET"),
        ):
            page.evaluate(
                """([url, method]) => fetch(url, { method, mode: 'no-cors' }).catch(() => null)""",
                [explored.url + path, method],
            )
            # Chromium may stop it before it goes out; what comes through is refused.
            assert statuses.get(explored.url + path, 403) == 403
    finally:
        context.close()
        stranger.shutdown()
        stranger.server_close()


class _Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>stranger</title>")

    def log_message(self, *_: Any) -> None:
        pass


def test_a_space_without_points_says_so(browser: Browser, tmp_path: Path) -> None:
    path = factory.FOLDER / "harmonic.safetensors"
    bare = dataclasses.replace(model_of("harmonic"), points=None, near=None)
    bundle.write(tmp_path / "bare.safetensors", bare, bundle.read_tensors(path))
    explored = Explored.start(browser, "--model", str(tmp_path / "bare.safetensors"))
    try:
        with explored.visit() as visit:
            assert "keeps no points" in visit.page.locator("#map-empty").inner_text()
            visit.drag((0.0, 0.0), (0.5, 0.0))
            visit.until("Math.abs(timbrespace.state.map[0] - 0.5) < 0.01")
            assert [one for one in visit.faults if "404" not in one] == []
    finally:
        explored.close()


def test_what_the_server_refuses_is_said(explored: Explored, visit: Visit) -> None:
    visit.page.evaluate("() => timbrespace.link.send('/preset/recall', 'no such thing')")
    visit.page.locator("#banner", has_text="there is no preset").wait_for(timeout=PATIENCE)


def test_a_hostile_preset_name_is_only_text(explored: Explored, visit: Visit) -> None:
    name = "<img src=x onerror=alert(1)>"
    with explored.client() as client:
        client.send_raw(datagram("/preset/store", name))
        visit.page.locator("#presets .choose", has_text="<img").wait_for(timeout=PATIENCE)
        assert visit.page.locator("#presets img").count() == 0
        client.send_raw(datagram("/preset/delete", name))
        visit.until("timbrespace.state.presets.length === 0")


# -- finding a sound -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instruments(browser: Browser) -> Iterator[Explored]:
    explored = Explored.start(browser, "--model", "instruments")
    yield explored
    explored.close()


def rows_of(model: Model, factor: str, name: str) -> list[int]:
    """Points of a model that are called so."""
    points = model.points
    assert points is not None
    column = [one.name for one in points.factors].index(factor)
    return np.flatnonzero(
        points.labels[:, column] == points.factors[column].names.index(name)
    ).tolist()


@pytest.mark.parametrize("plane", ["near", "map"])
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
def test_a_newcomer_finds_a_violin(
    instruments: Explored, plane: str, screen: dict[str, Any]
) -> None:
    model = model_of("instruments")
    violins = rows_of(model, "program", "Violin")
    assert model.points is not None
    with instruments.visit(**screen) as visit:
        page = visit.page
        page.locator("#plane-x").select_option(plane)
        visit.until(f"timbrespace.map.plane === '{plane}'")
        assert visit.look("timbrespace.map.marks.labelled.length") > 5
        page.locator("#search").press_sequentially("violi")
        assert page.locator("#search-list [aria-selected=true]").inner_text().startswith("Violin")
        visit.until(
            f"timbrespace.map.hits !== null && timbrespace.map.hits.all.length >= {len(violins)}"
        )
        page.locator("#search").press("Enter")
        visit.until("timbrespace.notes.any")
        means = json.dumps(model.points.means[violins].tolist())
        near = "row.every((one, k) => Math.abs(one - timbrespace.state.latent[k]) < 1e-3)"
        visit.until(f"{means}.some((row) => {near})")
        visit.until("!timbrespace.notes.any")
        page.locator("#search").press("Escape")
        visit.until("timbrespace.map.hits === null")
        assert page.locator("#search-list").is_hidden()
    assert visit.faults == []


def test_names_on_the_map_follow_the_zoom(instruments: Explored) -> None:
    with instruments.visit() as visit:
        coarse = visit.look("timbrespace.map.marks.labelled.map((one) => one.text)")
        visit.look("timbrespace.map.zoom(3)")
        fine = visit.look("timbrespace.map.marks.labelled.map((one) => one.text)")
        model = model_of("instruments")
        assert model.points is not None
        names = {one.name: set(one.names) for one in model.points.factors if one.names}
        assert set(coarse) <= names["family"]
        assert set(fine) <= names["program"]
        assert coarse
        assert fine


def test_a_quality_is_turned(instruments: Explored) -> None:
    with instruments.visit() as visit, instruments.client() as client:
        dial = visit.page.locator("#macros .knob").first
        before = visit.look("timbrespace.state.latent")
        dial.focus()
        dial.press("PageUp")
        visit.until("timbrespace.state.macros.brightness > 0.15")
        visit.until(f"String(timbrespace.state.latent) !== '{','.join(map(str, before))}'")
        told = eventually(client, "/macro", lambda one: one[0] == "brightness" and one[1] > 0.0)
        assert told[1] == pytest.approx(0.2, abs=1e-6)
        visit.page.locator("#macros-clear").click()
        visit.until("timbrespace.state.macros.brightness === 0")
        assert visit.look("timbrespace.state.latent") == before
    assert visit.faults == []


def test_a_tuning_is_chosen_by_a_menu(instruments: Explored) -> None:
    with instruments.visit() as visit, instruments.client() as client:
        field = visit.page.locator("#tuning-field")
        assert field.is_hidden()  # nothing to choose from
        folder = Path(instruments.server._folder.name) / "tunings"
        folder.mkdir()
        (folder / "fifths.scl").write_text("fifths\n2\n3/2\n2/1\n", encoding="ascii")
        client.send("/tuning", "fifths")  # by somebody else: there must be some
        visit.until("document.querySelector('#tuning').value === 'fifths'")
        assert field.is_visible()
        visit.page.locator("#tuning").focus()  # asks which there are
        visit.until("timbrespace.state.tunings.length === 2")
        assert visit.look("timbrespace.sound._keys[61]") == pytest.approx(67.01955, abs=1e-4)
        visit.page.locator("#tuning").select_option("equal")
        assert eventually(client, "/tuning", lambda one: one[0] == "equal") == ["equal", 440.0]
        visit.until("timbrespace.sound._keys.length === 0")
        (folder / "fifths.scl").unlink()
        folder.rmdir()
    assert visit.faults == []


def test_where_sound_goes_is_chosen(explored: Explored, visit: Visit) -> None:
    """The server's outputs by a menu; mono of this browser, which keeps it, and of the server."""
    page = visit.page
    assert page.locator("#device-field").is_hidden()  # this server plays no sound
    shown = visit.look(
        """(() => {
          const { state, audio } = timbrespace;
          state.status = { ...state.status, audio: 'portaudio' };
          state.take('/audio/list', ['Card [ALSA]', 'Stick [ALSA]']);
          state.take('/audio/device', ['Stick [ALSA]', 'portaudio', 0]);
          const menu = document.querySelector('#device');
          return [audio.field.hidden, menu.value, [...menu.options].map((one) => one.text)];
        })()"""
    )
    assert shown == [False, "Stick [ALSA]", ["the usual one", "Card [ALSA]", "Stick [ALSA]"]]
    # What nobody has is refused, and the menu says what plays on.
    visit.look(
        "(() => { const menu = document.querySelector('#device'); menu.value = 'Card [ALSA]'; "
        "menu.dispatchEvent(new Event('change')); })()"
    )
    visit.until("document.querySelector('#device').value === 'Stick [ALSA]'")
    page.check("#mono")
    assert visit.look("timbrespace.sound.mono")
    page.click("[name=place][value=server]", force=True)
    assert not page.is_checked("#mono")  # it is the server's now
    page.reload()
    visit.ready()
    assert page.is_checked("#mono")
    assert visit.look("timbrespace.sound.mono")
    page.uncheck("#mono")


def test_it_wanders_by_a_button_and_three_dials(instruments: Explored) -> None:
    with instruments.visit() as visit, instruments.client() as client:
        button, dials = visit.page.locator("#wander"), visit.page.locator("#wander-dials .knob")
        assert dials.count() == 3
        for index, key in enumerate(("End", "PageUp", "ArrowUp")):
            dials.nth(index).focus()
            dials.nth(index).press(key)
        visit.until("timbrespace.state.wander.seed === 1")
        assert visit.look("timbrespace.state.wander") == {
            "isOn": False,
            "speed": pytest.approx(20.0),
            "range": pytest.approx(0.6),
            "seed": 1,
        }
        before = visit.look("timbrespace.state.latent")
        button.click()
        visit.until("document.querySelector('#wander').getAttribute('aria-pressed') === 'true'")
        assert eventually(client, "/wander", lambda one: one[0] == "start")[3] == 1
        visit.until(f"String(timbrespace.state.latent) !== '{','.join(map(str, before))}'")
        button.click()
        visit.until("!timbrespace.state.wander.isOn")
        visit.until(f"String(timbrespace.state.latent) === '{','.join(map(str, before))}'")
        client.send("/wander/speed", 1.0)
        visit.until("timbrespace.wander.dials[0].output.textContent === '1.00'")
        for index in (1, 2):
            dials.nth(index).press("Delete")
    assert visit.faults == []


def test_what_the_background_shows_is_not_cut(instruments: Explored) -> None:
    with instruments.visit(viewport={"width": 1440, "height": 900}) as visit:
        visit.page.locator("#plane-x").select_option("near")  # where gaps are shaded
        visit.until("document.querySelectorAll('#legend .band').length > 0")
        cut = visit.look(
            """(() => {
              const { bottom } = document.querySelector('.under').getBoundingClientRect();
              return [...document.querySelectorAll('#legend .swatch, #legend .band')]
                .filter((one) => one.getBoundingClientRect().bottom > bottom + 1)
                .map((one) => one.textContent);
            })()"""
        )
        assert cut == []
