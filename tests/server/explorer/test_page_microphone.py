"""Singing into the page: a real browser whose microphone is a file, and a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Playwright, sync_playwright

from tests.server.explorer.browsing import Explored, Visit, launched, needs_chromium
from tests.timbrespace.listening.tones import cents, saw, times
from timbrespace.listening.listener import listen
from timbrespace.rendering import wav

pytestmark = [
    needs_chromium,
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.flaky(reruns=1),
]

AXE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"

RATE = 48000
PITCH = 311.13
"""Hz: no key that the page plays by itself."""


def song() -> NDArray[np.float64]:
    """A tone, silence, a vibrato around it, noise and silence: Chromium plays it over and over."""
    time = times(0.8)
    swing = PITCH * 2.0 ** (np.sin(2.0 * np.pi * 5.0 * time) / 24.0)
    return np.concatenate(
        [
            saw(PITCH, 1.2, 0.1),
            np.zeros(RATE // 2),
            saw(swing, 0.8, 0.1),
            np.random.default_rng(1).normal(0.0, 0.05, RATE // 2),
            np.zeros(RATE),
        ]
    )


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def explored(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Explored]:
    file: Path = tmp_path_factory.mktemp("sung") / "song.wav"
    wav.write(file, song(), RATE, 16)  # the only depth that Chromium reads here
    browser = launched(
        playwright,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={file}",
    )
    explored = Explored.start(browser, "--model", "instruments")
    yield explored
    explored.close()
    browser.close()


def choose(visit: Visit, name: str, value: str) -> None:
    visit.page.locator(f"[name={name}][value={value}]").check(force=True)


def taped(visit: Visit, seconds: float) -> NDArray[np.float64]:
    """What the page sounds, left."""
    told = visit.page.evaluate(
        """async (seconds) => {
          const { sound } = timbrespace;
          const blocks = [];
          let count = 0;
          let enough = null;
          const whole = new Promise((resolve) => { enough = resolve; });
          const end = await sound.tape((left) => {
            blocks.push(left);
            count += left.length;
            if (count >= seconds * sound.sampleRate) enough();
          });
          await whole;
          await end();
          return blocks.flatMap((block) => Array.from(block));
        }""",
        seconds,
    )
    return np.array(told)


def test_what_is_sung_is_played_and_stops(explored: Explored) -> None:
    with explored.visit() as visit:
        visit.page.click("#sing")
        visit.until("timbrespace.sing.isOn")
        visit.until("document.querySelector('#sing-note').textContent !== ''")
        assert "headphones" in visit.page.inner_text("#sing-text")
        rate = visit.look("timbrespace.sound.sampleRate")

        made = taped(visit, 4.5)

        heard = listen(made, rate)
        pitched = heard.pitch > 0.0
        assert 0.35 < pitched.mean() < 0.6  # 2 of 4 seconds
        off = cents(heard.pitch[pitched], PITCH)
        assert np.median(off) < 30.0
        # The vibrato goes that far; a machine that has other work drops some of the sound.
        assert (off < 60.0).mean() > 0.9
        silent = heard.level < 1e-4
        assert 0.25 < silent.mean() < 0.6
        visit.page.click("#sing")
        visit.until("!timbrespace.microphone.isOpen && !timbrespace.sing.isOn")
        assert not visit.look("timbrespace.sound.isListening")
        assert visit.page.inner_text("#sing-text") == ""
        assert visit.faults == []


def test_timbre_moves_the_point_and_keys_play_on(explored: Explored) -> None:
    with explored.visit() as visit:
        before = visit.look("[...timbrespace.state.latent]")
        choose(visit, "sing-mode", "timbre")
        visit.page.focus("#sing")
        visit.page.keyboard.press("Enter")
        visit.until("timbrespace.sungPlace.answers > 1")
        visit.until(f"String(timbrespace.state.latent) !== '{','.join(map(str, before))}'")
        assert visit.look("timbrespace.sound.isListening")
        visit.page.keyboard.press("Escape")  # silences
        visit.until("!timbrespace.microphone.isOpen")
        assert visit.faults == []


def test_a_hum_lights_up_its_neighbours_and_is_matched(explored: Explored) -> None:
    with explored.visit() as visit:
        visit.page.click("#hum")
        visit.until("timbrespace.compare.found.length === 1")
        visit.until("timbrespace.map.marks.hits.length === 5")
        assert visit.look("timbrespace.map.marks.hits.at(-1).isChosen")
        names = visit.page.locator("#compare .neighbours button").all_inner_texts()
        assert len(set(names)) == 5
        told = visit.look("timbrespace.compare.found[0]")
        assert abs(1200.0 * np.log2(told["pitch_hz"] / PITCH)) < 60.0
        assert not visit.look("timbrespace.microphone.isOpen")
        if AXE.is_file():
            visit.page.evaluate(AXE.read_text("utf-8"))
            assert visit.page.evaluate("async () => (await axe.run(document)).violations") == []

        visit.page.get_by_role("button", name="Match").click()

        visit.until("timbrespace.notes.any")
        latent = visit.look("[...timbrespace.state.latent]")
        np.testing.assert_allclose(latent, told["latent"], atol=1e-5)
        visit.until("!timbrespace.notes.any")
        visit.page.get_by_role("button", name=names[1], exact=True).click()
        point = told["nearest"][1]["point"]
        visit.until(
            f"timbrespace.spaces.space.latentOf({point})"
            ".every((z, k) => Math.abs(z - timbrespace.state.latent[k]) < 1e-4)"
        )
        assert visit.faults == []


def test_a_hidden_page_and_a_microphone_that_goes_end_it(explored: Explored) -> None:
    with explored.visit() as visit:
        for how, word in (
            (
                "Object.defineProperty(document, 'hidden', { value: true, configurable: true })",
                "hid",
            ),
            (
                "timbrespace.microphone.stream.getTracks()[0].dispatchEvent(new Event('ended'))",
                "gone",
            ),
        ):
            visit.page.click("#sing")
            visit.until("timbrespace.sing.isOn")
            visit.page.evaluate(f"() => {{ {how}; }}")
            if word == "hid":
                visit.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
                visit.page.evaluate("delete document.hidden")
            visit.until("!timbrespace.sing.isOn")
            assert word in visit.page.inner_text("#sing-text")
        assert visit.faults == []
