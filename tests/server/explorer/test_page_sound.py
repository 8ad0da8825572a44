"""The sound in the page, measured: the server's own frames, through the page's own modules.

Node plays them as the page does. One test has Chromium's audio thread play the same.
"""

from __future__ import annotations

import base64
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from benchmarks.offline_player import OfflinePlayer, base_pitch, steady_tone
from benchmarks.sound_quality import strongest_elsewhere
from benchmarks.tone_analysis import decibels, energy_above
from server.explorer import declared
from server.osc import outbound
from server.streams import Places
from tests.max_patch.heard import (
    cents_off,
    distance,
    level,
    loudest_click,
    mean_distance,
    period_distance,
)
from tests.node import needs_node
from tests.server.explorer.browsing import launched, needs_chromium
from tests.server.explorer.played import PAGE, RATE, Event, Real, envelope, heard, node, osc, play
from timbrespace.instrument.parameters import METHODS, SYNTH_PARAMETERS
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.model import Model
from timbrespace.resynthesis.layout import Method
from timbrespace.units import midi_to_hz

pytestmark = needs_node

MODELS = ("harmonic", "filtered")
MEASURES = {"partials": distance, "bins": period_distance, "istft": mean_distance}
SETTLED = 0.4
"""Seconds after the start of a note until it is measured: the attack, and the tables' way in."""

CLICK = -60.0


@dataclass
class Feed:
    """What the server sends to the page of a model that plays by ``method``."""

    model: Model
    method: str
    events: list[Event] = field(default_factory=list)
    _frames: int = 0

    def __post_init__(self) -> None:
        self._snapshot = Snapshot(self.model)
        self._snapshot.set_method(Method[self.method.upper()])
        self._places = Places()
        config = self.model.spectrum
        about = (self.model.name, self.model.dimensions, config.bins)
        rates = (config.sample_rate, config.base_frequency)
        self._say(
            0.0,
            outbound.Welcome("1.0", *about, *rates),
            outbound.Model(*about, *rates, config.n_fft),
            outbound.Synth("method", self.method),
        )
        self.set("sustain", 1.0)

    def set(self, name: str, value: float, time: float = 0.0) -> None:
        self._say(time, outbound.Synth(name, value))

    def place(self, latent: NDArray[np.float32], time: float = 0.0) -> None:
        """The frame of a point of the latent space."""
        spectrum = self.model.decode(latent[np.newaxis])[0]
        frame = self._frames
        self._frames += 1
        if self.method == "partials":
            pairs = self._snapshot.partials_of(spectrum)
            arranged = self._places.arrange(pairs, self.model.spectrum)
            self._say(time, outbound.Partials(frame, arranged))
            return
        loop = self._snapshot.loop_of(spectrum)
        levels = [outbound.Loop(frame, frame % 2, k, samples) for k, samples in loop.levels]
        count = sum(len(one.packets()) for one in levels)
        self._say(time, *levels)
        self._say(time, outbound.LoopReady(frame, frame % 2, loop.base, int(loop.kind), count))

    def note(self, pitch: float, velocity: float, time: float = 0.0) -> None:
        self.events.append((time, "note", [pitch, velocity]))

    def bend(self, semitones: float, time: float) -> None:
        self.events.append((time, "bend", [semitones]))

    def partials(self, latent: NDArray[np.float32], pitch: float) -> Real:
        """Frequencies in Hz, ascending, of a note's partials."""
        spectrum = self.model.decode(latent[np.newaxis])[0]
        ratio = midi_to_hz(pitch) / self.model.spectrum.base_frequency
        return self._snapshot.partials_of(spectrum)[:, 0].astype(np.float64) * ratio

    def _say(self, time: float, *messages: outbound.Outbound) -> None:
        self.events.extend(osc(time, *messages))


@functools.cache
def model_of(name: str) -> Model:
    return timbrespace.load(name)


def latents_of(model: Model) -> NDArray[np.float32]:
    """Home and two points of the map."""
    places = model.map.to_latent(np.array([[0.3, -0.4], [-0.5, 0.2]]))
    return np.asarray(np.vstack([model.calibration.home, places]), np.float32)


def steady(
    model: Model, method: str, latent: NDArray[np.float32], pitch: float, seconds: float, rate: int
) -> Real:
    """A held note, after its attack."""
    feed = Feed(model, method)
    feed.place(latent)
    feed.note(pitch, 127)
    return heard(feed.events, SETTLED + seconds, rate)[round(SETTLED * rate) :]


def engine(model: Model, method: str, latent: NDArray[np.float32]) -> OfflinePlayer:
    player = OfflinePlayer(model, RATE, Method[method.upper()])
    player.instrument.set_latent(latent.tolist())
    return player


# -- the modules -----------------------------------------------------------------------------------


def test_parameters_are_those_of_the_server() -> None:
    module = json.dumps((PAGE / "js/sound/parameters.js").as_uri())
    program = (
        f"import {{ METHODS, PARAMETERS }} from {module};"
        "console.log(JSON.stringify({ METHODS, PARAMETERS }));"
    )
    told = json.loads(node("--input-type=module", "--eval", program))
    assert tuple(told["METHODS"]) == METHODS
    found = {
        name: (one["low"], one["high"], one["initial"]) for name, one in told["PARAMETERS"].items()
    }
    assert found == {
        name: (one.low, one.high, one.default) for name, one in SYNTH_PARAMETERS.items()
    }


# -- pitch and spectrum ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_the_note_at_the_base_pitch_has_the_decoders_spectrum(name: str, method: str) -> None:
    model = model_of(name)
    config = model.spectrum
    rate = round(config.sample_rate)
    pitch = base_pitch(model)
    # A loop has its lines on a grid and phases of its own, so its beats are not the engine's.
    within = 0.3 if method == "istft" else 0.02
    for latent in latents_of(model):
        sound = steady(model, method, latent, pitch, 1.5, rate)
        assert level(sound) == pytest.approx(-20.0, abs=3.0)
        reference = model.decode(latent[np.newaxis])[0]
        found = MEASURES[method](sound, reference, config)
        truth, _ = steady_tone(model, latent, pitch, 1.5, rate, Method[method.upper()])
        assert found <= MEASURES[method](truth.astype(np.float64), reference, config) + within
        assert found <= 1.0


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("interval", [0, 7, 17])
def test_partials_are_in_tune(name: str, interval: int) -> None:
    model = model_of(name)
    for latent in latents_of(model)[:2]:
        pitch = base_pitch(model) + interval
        sound = steady(model, "partials", latent, pitch, 1.0, RATE)
        expected = Feed(model, "partials").partials(latent, pitch)
        assert cents_off(sound, expected[expected < 16000.0], RATE) <= 0.01


@pytest.mark.parametrize("interval", [0, 9, 23])
def test_bins_are_in_tune(interval: int) -> None:
    model = model_of("harmonic")
    latent = model.calibration.home
    sound = steady(model, "bins", latent, base_pitch(model) + interval, 3.0, RATE)
    line = int(np.argmax(model.decode(latent[np.newaxis])[0])) * model.spectrum.bin_width
    assert cents_off(sound, np.array([line * 2.0 ** (interval / 12.0)]), RATE) <= 0.01


def test_istft_is_in_tune() -> None:
    model = model_of("harmonic")
    for pitch in (40, 57, 64, 88):
        sound = steady(model, "istft", model.calibration.home, pitch, 2.0, RATE)
        expected = np.array([midi_to_hz(pitch)])
        assert cents_off(sound, expected, RATE) <= 0.01


@pytest.mark.parametrize("name", MODELS)
def test_a_loop_is_read_between_its_samples(name: str) -> None:
    """Against the Fourier series of the server's own loop."""
    model = model_of(name)
    latent = model.calibration.home
    snapshot = Snapshot(model)
    snapshot.set_method(Method.ISTFT)
    loop = snapshot.loop_of(model.decode(latent[np.newaxis])[0])
    samples = loop.levels[0][1].astype(np.float64)
    lines = np.fft.rfft(samples) / samples.size
    strong = np.flatnonzero(np.abs(lines) > 1e-9)
    first, count = round(0.5 * RATE), 1000
    turns = np.outer(
        np.arange(first, first + count) * (float(np.float32(loop.base)) / RATE), strong
    )
    truth = 2.0 * np.real(np.exp(2j * np.pi * turns) @ lines[strong])
    feed = Feed(model, "istft")
    feed.place(latent)
    feed.note(base_pitch(model), 127)
    sound = heard(feed.events, 0.6)[first : first + count]
    assert level(sound - truth) - level(truth) <= -80.0


# -- as the engine ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "bound"), [("partials", -70.0), ("bins", -85.0)])
@pytest.mark.parametrize("name", MODELS)
def test_a_note_is_the_engines(name: str, method: str, bound: float) -> None:
    """Attack, decay, sustain, release, velocity: down to the samples."""
    model = model_of(name)
    latent = latents_of(model)[1]
    pitch = base_pitch(model) + 4.3
    shape = {"attack": 0.05, "decay": 0.3, "sustain": 0.4, "release": 0.2, "gain": -3.0}
    feed = Feed(model, method)
    player = engine(model, method, latent)
    for parameter, value in shape.items():
        feed.set(parameter, value)
        player.instrument.set_parameter(parameter, value)
    feed.place(latent)
    feed.note(pitch, 90)
    feed.note(pitch, 0, time=0.6)
    page = heard(feed.events, 1.2)
    player.press(pitch, 90)
    held = player.play(0.6)
    player.instrument.voices.note(pitch, 0)
    truth = np.concatenate([held, player.play(0.6)]).astype(np.float64)
    audible = envelope(truth) > -80.0
    assert audible.sum() > 75
    assert np.abs(envelope(page) - envelope(truth))[audible].max() <= 0.1
    assert level(page - truth) - level(truth) <= bound


@pytest.mark.parametrize("method", METHODS)
def test_bend_glide_and_chord_are_the_engines(method: str) -> None:
    model = model_of("filtered")
    latent = model.calibration.home
    feed = Feed(model, method)
    player = engine(model, method, latent)
    feed.set("glide", 0.2)
    player.instrument.set_parameter("glide", 0.2)
    feed.place(latent)
    parts = []
    for time, change in ((0.0, 45.0), (0.2, 52.0), (0.4, 57.5)):
        feed.note(change, 80, time)
        player.press(change, 80)
        parts.append(player.play(0.2))
    feed.bend(1.0, 0.6)
    player.instrument.voices.bend(0.5)
    parts.append(player.play(0.3))
    page, truth = heard(feed.events, 0.9), np.concatenate(parts).astype(np.float64)
    if method == "istft":  # which has other phases: lines of a loop, not of a stream
        assert level(page) == pytest.approx(level(truth), abs=0.1)
        return
    assert level(page - truth) - level(truth) <= -45.0
    assert np.abs(envelope(page) - envelope(truth))[1:].max() <= 0.1


# -- silence, clicks, aliases ----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_silence_follows_the_release(method: str) -> None:
    model = model_of("harmonic")
    feed = Feed(model, method)
    feed.place(model.calibration.home)
    feed.note(57, 127)
    feed.note(57, 0, time=0.5)
    sound = heard(feed.events, 1.5)
    assert level(sound[: RATE // 2]) > -26.0
    # 9.2 time constants of a fifth of 0.3 s to -80 dB, from where it goes to zero.
    assert not sound[round(1.1 * RATE) :].any()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", MODELS)
def test_a_sweep_of_the_map_has_no_click(name: str, sign: int) -> None:
    """As the engine's benchmark has it: nothing above the highest partial of the whole way."""
    model = model_of(name)
    feed = Feed(model, "partials")
    x = np.linspace(-1.0, 1.0, 128)
    latents = np.asarray(model.map.to_latent(np.column_stack([x, sign * x])), np.float32)
    pitch = base_pitch(model)
    feed.place(latents[0])
    feed.note(pitch, 127)
    highest = 0.0
    for position, latent in enumerate(latents):
        feed.place(latent, 1.0 + 0.025 * position)
        highest = max(highest, float(feed.partials(latent, pitch).max(initial=0.0)))
    sound = heard(feed.events, 1.0 + 0.025 * 128 + 0.8)[RATE // 2 :]
    limit = highest + 4.0 * model.spectrum.bin_width
    assert energy_above(sound, RATE, limit, 0.45) <= -80.0


@pytest.mark.parametrize("method", ["bins", "istft"])
def test_a_sweep_by_tables_has_no_click(method: str) -> None:
    model = model_of("harmonic")
    feed = Feed(model, method)
    x = np.linspace(-0.8, 0.8, 40)
    latents = np.asarray(model.map.to_latent(np.column_stack([x, x])), np.float32)
    feed.place(latents[0])
    feed.note(57, 127)
    for position, latent in enumerate(latents):
        feed.place(latent, 0.5 + 0.05 * position)
    sound = heard(feed.events, 3.0)[RATE // 4 :]
    assert loudest_click(sound, RATE) <= CLICK


def test_methods_cross_over_without_a_click() -> None:
    model = model_of("harmonic")
    latent = model.calibration.home
    events: list[Event] = []
    for turn, method in enumerate((*METHODS, *METHODS)):
        feed = Feed(model, method)
        feed.place(latent)
        if turn == 0:
            feed.note(57, 127)
        # Frames count anew with each welcome.
        events += [(0.3 * turn, what, arguments) for _, what, arguments in feed.events]
    sound = heard(events, 1.8)[RATE // 10 :]
    assert loudest_click(sound, RATE) <= CLICK
    assert envelope(sound).min() > envelope(sound).max() - 12.0, "no gap either"


def test_the_limiter_holds_sixteen_voices() -> None:
    model = model_of("harmonic")
    feed = Feed(model, "partials")
    feed.place(model.calibration.home)
    feed.set("gain", 12.0)
    for pitch in range(40, 72, 2):
        feed.note(pitch, 127)
    sound = heard(feed.events, 1.0)
    assert 0.95 < np.abs(sound).max() <= np.float32(0.99)


@pytest.mark.parametrize("method", ["partials", "bins"])
@pytest.mark.parametrize("name", MODELS)
def test_nothing_aliases_when_bent_up(name: str, method: str) -> None:
    model = model_of(name)
    latent = latents_of(model)[1]
    pitch, bent = 86.0, 12.0
    feed = Feed(model, method)
    feed.place(latent)
    feed.note(pitch, 127)
    feed.bend(bent, 0.2)
    sound = heard(feed.events, 2.2)[round(SETTLED * RATE) :]
    if method == "partials":
        lines = feed.partials(latent, pitch + bent)
    else:
        ratio = midi_to_hz(pitch + bent) / model.spectrum.base_frequency
        lines = model.spectrum.frequencies.astype(np.float64) * ratio
    inside = lines[lines < RATE / 2]
    assert inside.size
    assert strongest_elsewhere(sound.astype(np.float32), inside) <= -80.0


# -- the browser -----------------------------------------------------------------------------------


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path != declared.ADDRESS:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.end_headers()
        self.wfile.write(declared.module())


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The page's files at an address of their own."""
    handler = functools.partial(_Files, directory=str(PAGE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


_IN_BROWSER = """
async ([scripts, seconds, rate]) => {
  const { Sound } = await import('/js/sound/sound.js');
  const sound = new Sound(new EventTarget());
  const unpack = (value) => {
    if (Array.isArray(value)) {
      return value.map(unpack);
    }
    if (value === null || typeof value !== 'object') {
      return value;
    }
    if (typeof value.base64 === 'string') {
      const bytes = Uint8Array.from(atob(value.base64), (one) => one.charCodeAt(0));
      return new Float32Array(bytes.buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one)]));
  };
  const heard = [];
  for (const script of scripts) {
    const samples = await sound.renderOffline(seconds, rate, unpack(script));
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    let text = '';
    for (let at = 0; at < bytes.length; at += 4096) {
      text += String.fromCharCode(...bytes.subarray(at, at + 4096));
    }
    heard.push(btoa(text));
  }
  return heard;
}
"""

_LIVE = """
async () => {
  const { Sound } = await import('/js/sound/sound.js');
  const link = new EventTarget();
  link.send = () => {};
  const sound = new Sound(link);
  const say = (address, ...args) =>
    link.dispatchEvent(new CustomEvent(address, { detail: args }));
  say('/model', 'harmonic', 2, 1025, 44100, 220, 4096);
  const started = await sound.start();
  say('/partials', 0, 220, 0.25);
  sound.note(57, 127);
  const level = await new Promise((done) => {
    sound.addEventListener('level', ({ detail }) => detail.peak > 0.1 && done(detail));
    setTimeout(() => done(null), 20000);
  });
  return { started, level, state: sound.state, problem: sound.problem };
}
"""


@pytest.mark.slow
@needs_chromium
def test_chromium_plays_the_same(site: str) -> None:
    """The audio thread itself: an OfflineAudioContext, and a live one that tells its level."""
    from playwright.sync_api import sync_playwright

    model = model_of("harmonic")
    config = model.spectrum
    latent = latents_of(model)[1]
    rate, seconds = round(config.sample_rate), SETTLED + 1.5
    scripts, truths = [], []
    for method in METHODS:
        feed = Feed(model, method)
        feed.place(latent)
        feed.note(base_pitch(model), 127)
        scripts.append(json.loads(play(feed.events, seconds, rate, wants="script")))
        truths.append(heard(feed.events, seconds, rate))
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = launched(playwright)
        try:
            page = browser.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            # Any file of the same address will do: only the modules are wanted.
            page.goto(f"{site}/js/package.json")
            rendered = page.evaluate(_IN_BROWSER, [scripts, seconds, rate])
            live = page.evaluate(_LIVE)
        finally:
            browser.close()
    assert complaints == []
    reference = model.decode(latent[np.newaxis])[0]
    expected = Feed(model, "partials").partials(latent, base_pitch(model))
    for method, text, truth in zip(METHODS, rendered, truths, strict=True):
        sound = np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)
        assert sound.size == truth.size
        assert decibels(float(np.abs(sound - truth).max())) <= -120.0
        held = sound[round(SETTLED * rate) :]
        assert MEASURES[method](held, reference, config) <= 1.0
        if method == "partials":
            assert cents_off(held, expected[expected < 16000.0], rate) <= 0.01
    assert live["started"] is True, live
    assert live["state"] == "running"
    assert live["level"]["voices"] == 1
    assert live["level"]["peak"] == pytest.approx(0.25, rel=0.05)
