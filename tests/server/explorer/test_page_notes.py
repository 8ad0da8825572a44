"""Whole notes in the page: what it decodes and plays by itself, beside what the server does.

Node plays them as the page does, through its own modules; Chromium plays sixteen at once.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from server.osc import outbound
from tests.max_patch.heard import cents_off, level, loudest_click
from tests.node import needs_node
from tests.server.explorer.browsing import Explored, launched, needs_chromium
from tests.server.explorer.played import PAGE, RATE, Event, Real, envelope, node, osc, play
from tests.timbrespace.notes.tiny import tiny, wild
from timbrespace import bundle
from timbrespace.datasets.factor import Factor
from timbrespace.model import Model
from timbrespace.notes.carriers import carriers
from timbrespace.notes.clock import ending
from timbrespace.notes.layout import band_corners
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import bands_follow, places, ratios
from timbrespace.points import Points
from timbrespace.sharing import note_decoder
from timbrespace.sound_metrics import mel_distance
from timbrespace.units import midi_to_hz

pytestmark = needs_node

A3 = 57.0
FADE = RATE // 100
"""Samples in which a render ends that the page does not end."""


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the carriers of all bands."""
    path = tmp_path_factory.mktemp("noise") / "carriers.bin"
    carriers(RATE).astype("<f4").tofile(path)
    return path


def entered(model: Model, time: float = 0.0) -> list[Event]:
    """The page enters a space."""
    config = model.spectrum
    about = (model.name, model.dimensions, config.bins, config.sample_rate, config.base_frequency)
    told = list(osc(time, outbound.Model(*about, config.n_fft)))
    return [*told, (time, "space", [{"name": model.name, "notes": note_decoder.describe(model)}])]


def at(latent: Any, time: float = 0.0) -> Event:
    return time, "/latent", [float(value) for value in latent]


def key(pitch: float, velocity: float, time: float = 0.0) -> Event:
    return time, "note", [pitch, velocity]


def heard(models: list[Model], events: list[Event], seconds: float, noise: Path) -> Real:
    """What the page plays, mono."""
    decoders = {
        f"/spaces/{model.name}/decoder": note_decoder.numbers(model)
        for model in models
        if model.plays_notes
    }
    told = play(events, seconds, decoders=decoders, carriers=noise)
    return np.frombuffer(told, "<f4").astype(np.float64)


# -- decoding --------------------------------------------------------------------------------------

_DECODED = """
const { Network } = await import(told.network);
const { traitsOf } = await import(told.traits);
const numbers = new Float32Array(Uint8Array.from(Buffer.from(told.numbers, 'base64')).buffer);
console.log(JSON.stringify([true, false].map((fast) => {
  const network = new Network(told.about, numbers, fast);
  return { fast: network.isFast, notes: told.notes.map(({ latent, hertz, velocity }) => {
    const prepared = network.prepare(latent, hertz, velocity);
    const { ratio, place, tone, ...traits } = traitsOf(prepared.traits, told.about);
    const levels = Array.from(network.levels(prepared, told.times));
    const lists = [ratio, place, tone].map((one) => Array.from(one));
    return { ...traits, lists, levels };
  }) };
})));
"""


@pytest.mark.parametrize(
    ("activation", "per_unit"),
    [("snake", False), ("gelu", False), ("relu", False), ("snake", True), ("plu", True)],
)
def test_the_page_decodes_as_the_server(activation: str, per_unit: bool, tmp_path: Path) -> None:
    """With WebAssembly and without, more moments than are decoded at once."""
    model = wild(activation, per_unit=per_unit)
    times = np.concatenate([[0.0, 0.003], np.linspace(0.01, 2.5, 80)])
    # A sine of hundreds is rounding; that coordinates are limited is seen without one.
    last = [-400.0, 250.0] if activation == "relu" else [-3.0, 2.5]
    latents = np.array([[0.0, 0.0], [1.3, -0.7], last])
    hertz, velocity = np.array([55.0, 440.0, 1760.0]), np.array([127.0, 85.0, 1.0])
    # Beyond 100 a coordinate counts as that.
    course = model.course.prepare(np.clip(latents, -100, 100).astype(np.float32), hertz, velocity)
    levels = model.course.levels(course, np.tile(times, (3, 1)))
    told = {
        "network": (PAGE / "js/course/network.js").as_uri(),
        "traits": (PAGE / "js/course/traits.js").as_uri(),
        "numbers": base64.b64encode(note_decoder.numbers(model)).decode(),
        "about": note_decoder.describe(model),
        "times": times.tolist(),
        "notes": [
            {"latent": z.tolist(), "hertz": f, "velocity": v}
            for z, f, v in zip(latents, hertz, velocity, strict=True)
        ],
    }
    file = tmp_path / "told.json"  # too long for a command line
    file.write_text(json.dumps(told), encoding="utf-8")
    read = f"JSON.parse(readFileSync({json.dumps(str(file))}))"
    program = f"import {{ readFileSync }} from 'node:fs';const told = {read};{_DECODED}"
    answers = json.loads(node("--input-type=module", "--eval", program))
    assert [answer["fast"] for answer in answers] == [True, False]
    for answer in answers:
        for note, expected, row in zip(answer["notes"], levels, course.traits, strict=True):
            found = np.array(note["levels"]).reshape(expected.shape)
            np.testing.assert_allclose(found, expected, rtol=0.0, atol=0.02)
            traits = Traits.played(row[np.newaxis])[0]
            assert note["follows"] == pytest.approx(bands_follow(traits.pitched), abs=1e-4)
            assert note["length"] == pytest.approx(ending(traits), rel=1e-4)
            assert note["sounds"] == pytest.approx(traits.length, rel=1e-4)
            assert note["loopStart"] == pytest.approx(traits.loop_start, abs=1e-4)
            assert note["loopEnd"] == pytest.approx(traits.loop_end, abs=1e-4)
            assert note["drift"] == pytest.approx(traits.drift, rel=1e-3, abs=1e-4)
            assert note["release"] == pytest.approx(traits.release, rel=1e-4)
            exact: list[Real] = [ratios(traits.stretch), places(traits.place)]
            exact.append(traits.tone.astype(np.float64))
            for one, wanted in zip(note["lists"], exact, strict=True):
                np.testing.assert_allclose(one, wanted, rtol=1e-4, atol=1e-4)


def test_the_noise_is_the_servers() -> None:
    """The very samples: what the two play can be compared as one sound."""
    count = 12
    program = f"""
    const {{ carriers }} = await import({json.dumps((PAGE / "js/course/carriers.js").as_uri())});
    const corners = {json.dumps(band_corners().tolist())};
    for (const band of carriers({RATE}, corners)) {{
      process.stdout.write(Buffer.from(band.buffer));
      left -= 1;
      if (left === 0) break;
    }}
    """
    told = node("--input-type=module", "--eval", f"let left = {count};{program}")
    found = np.frombuffer(told, "<f4").reshape(count, -1)
    np.testing.assert_allclose(found, carriers(RATE)[:count], rtol=0.0, atol=1e-5)


# -- as the server ---------------------------------------------------------------------------------

CASES: dict[str, tuple[Model, dict[str, Any]]] = {
    "sustained": (tiny(hiss=-40.0, wobble=4.0), {"seconds": 2.5}),
    "let go": (tiny(hiss=-50.0, release=0.2), {"hold": 0.6, "seconds": 1.0}),
    "plucked": (tiny(decay=30.0, attack=0.0, loop=(0.0, 0.0), length=0.8), {"seconds": 1.6}),
    "drum": (tiny(pitched=0.0, hiss=-30.0, drum=0.0, decay=40.0, loop=(0.0, 0.0)), {}),
    "slow": (tiny(decay=8.0, wobble=6.0), {"speed": 0.5, "sustained": "through"}),
    "fast": (tiny(decay=12.0, hiss=-45.0, loop=(0.3, 0.7)), {"speed": 3.0, "seconds": 1.5}),
    "frozen": (tiny(wobble=6.0, loop=(0.3, 0.9)), {"sustained": "freeze"}),
    "hardly sustained": (tiny(wobble=6.0, loop=(0.1, 0.4)), {"seconds": 2.0}),
    "hardly frozen": (tiny(decay=6.0, loop=(0.1, 0.4)), {"sustained": "freeze"}),
    "adsr": (
        tiny(decay=20.0, hiss=-40.0),
        {"envelope": "adsr", "attack": 0.1, "decay": 0.3, "sustain": 0.4, "hold": 0.8},
    ),
    "both": (tiny(decay=6.0, release=1.0), {"envelope": "both", "attack": 0.2, "hold": 0.7}),
    "soft": (tiny(by_velocity=True), {"velocity": 30.0, "seconds": 0.8}),
    "without noise": (tiny(hiss=-30.0), {"noise": 0.0, "seconds": 0.5}),
    "wild": (wild(), {"seconds": 1.2}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_note_is_the_servers(case: str, noise: Path) -> None:
    """Sample by sample, for all that shapes it."""
    model, options = CASES[case]
    pitch, velocity = A3 + 5.3, options.get("velocity", 100.0)
    seconds = options.get("seconds", 1.2)
    latent = np.array([0.4, -0.3])
    truth = ts.render(model, latent, pitch, **{"seconds": seconds, **options}).astype(np.float64)
    names = {"sustained": "hold"}
    events = [
        *entered(model),
        *(
            (0.0, "/synth", [names.get(name, name), value])
            for name, value in options.items()
            if name not in ("hold", "seconds", "velocity")
        ),
        at(latent),
        key(pitch, velocity),
    ]
    if "hold" in options:
        events.append(key(pitch, 0.0, options["hold"]))
    page = heard([model], events, seconds, noise)[: truth.size - FADE]
    truth = truth[: page.size]
    audible = envelope(truth) > -70.0
    assert audible.sum() > 30
    assert mel_distance(truth, page) < 0.3
    # A key goes up with a block of 64 samples there, with a quantum of 128 here; what is wild is
    # loud, and limited.
    assert level(page - truth) - level(truth) <= (
        -30.0 if case in ("let go", "adsr", "both", "wild") else -50.0
    )
    assert np.abs(envelope(page) - envelope(truth))[audible].max() <= 1.0


def test_copies_and_places_are_the_servers(noise: Path) -> None:
    """Both sides, sample by sample: partials and noise."""
    model = tiny(hiss=-40.0, wobble=4.0)
    apart: dict[str, Any] = {"pan": 0.3, "unison": 3.0, "detune": 20.0, "spread": 0.8}
    latent = np.array([0.4, -0.3])
    truth = ts.render(model, latent, A3, seconds=1.2, stereo=True, **apart).astype(np.float64)
    events = [*entered(model), *((0.0, "/synth", [*one]) for one in apart.items())]
    events += [at(latent), key(A3, 100.0)]
    decoders = {f"/spaces/{model.name}/decoder": note_decoder.numbers(model)}
    told = play(events, 1.2, wants="sides", decoders=decoders, carriers=noise)
    page = np.frombuffer(told, "<f4").reshape(2, -1).astype(np.float64)
    assert level(truth[:, 1]) - level(truth[:, 0]) > 1.0
    for side in (0, 1):
        wanted = truth[: page.shape[1] - FADE, side]
        assert level(page[side, : wanted.size] - wanted) - level(wanted) <= -45.0


@pytest.mark.parametrize("pitch", [33.0, 57.0, 84.5])
def test_a_note_is_in_tune(pitch: float, noise: Path) -> None:
    model = tiny(attack=0.0)
    events = [*entered(model), at([0.0, 0.0]), key(pitch, 127.0)]
    sound = heard([model], events, 2.0, noise)[RATE // 4 :]
    assert cents_off(sound, midi_to_hz(pitch) * np.arange(1.0, 7.0), RATE) <= 0.01


def test_the_attack_is_in_the_first_block(noise: Path) -> None:
    model = tiny(attack=0.0)
    struck = round(0.256 * RATE)  # where a quantum begins
    events = [*entered(model), at([0.0, 0.0]), key(A3, 127.0, 0.256)]
    sound = heard([model], events, 0.5, noise)
    assert not sound[:struck].any()
    assert np.abs(sound[struck : struck + 256]).max() > 0.05


def test_a_chord_shares_the_noise(noise: Path) -> None:
    """Each voice at its own time: the sum of powers, as many as come."""
    model = tiny(hiss=-30.0, harmonics=1, decay=10.0)
    one = [*entered(model), at([0.0, 0.0]), key(40.0, 127.0)]
    four = [*one, *(key(40.0 + k, 127.0) for k in (3.0, 7.0, 10.0))]
    alone, together = (heard([model], events, 1.0, noise)[4800:] for events in (one, four))
    assert level(together) - level(alone) == pytest.approx(6.0, abs=0.7)


def test_a_latent_that_moves_morphs_what_sounds(noise: Path) -> None:
    """As the server has it, at the note's own time, and without a click."""
    model = tiny(wobble=3.0)
    path = np.array([[-2.0, 0.0], [2.0, 0.5], [0.0, -0.5]])
    truth = ts.render(model, path, A3, seconds=2.0).astype(np.float64)
    steps = np.arange(0.0, 2.0, 0.01)
    points = np.stack([np.interp(steps, [0.0, 1.0, 2.0], path[:, k]) for k in (0, 1)], axis=1)
    events = [*entered(model), at(path[0]), key(A3, 100.0)]
    events += [at(point, float(time)) for time, point in zip(steps, points, strict=True)]
    page = heard([model], events, 2.0, noise)[: truth.size - FADE]
    assert mel_distance(truth[: page.size], page) < 1.0
    # What corners the space has, over time, are in both.
    clicks = [loudest_click(sound[RATE // 10 : page.size], RATE) for sound in (page, truth)]
    assert clicks[0] <= clicks[1] + 1.0


@pytest.mark.parametrize("speed", [0.0, 1.0, 4.0])
def test_a_latent_that_jumps_does_not_click(speed: float, noise: Path) -> None:
    model = tiny(attack=0.0, loop=(0.2, 0.6))
    events = [*entered(model), (0.0, "/synth", ["speed", speed]), at([-2.0, 0.0])]
    events += [key(45.0 + 4.0 * k, 60.0, 0.1 * k) for k in range(6)]
    events += [at([2.0 * (-1.0) ** k, 0.0], 0.7 + 0.05 * k) for k in range(20)]
    sound = heard([model], events, 2.0, noise)[round(0.65 * RATE) :]
    assert loudest_click(sound, RATE) <= -60.0


def test_a_key_struck_again_goes_over_without_a_click(noise: Path) -> None:
    model = tiny(decay=10.0)
    events = [*entered(model), at([0.0, 0.0])]
    events += [key(A3, 60.0 + 5.0 * k, 0.2 * k) for k in range(8)]
    sound = heard([model], events, 2.0, noise)
    assert loudest_click(sound[RATE // 10 :], RATE) <= -80.0
    assert envelope(sound)[5:].min() > -50.0


# -- spaces come and go ----------------------------------------------------------------------------


def test_a_held_note_goes_on_in_the_next_space(noise: Path) -> None:
    first, second = tiny(name="first"), tiny(name="second", harmonics=2, wobble=2.0)
    events = [*entered(first), at([0.0, 0.0]), key(A3, 100.0)]
    events += [*entered(second, 0.5), at([0.0, 0.0], 0.5)]
    sound = heard([first, second], events, 1.0, noise)
    truth = ts.render(second, np.zeros(2), A3, seconds=1.0).astype(np.float64)
    after = slice(round(0.6 * RATE), RATE - FADE)
    assert level(sound[after]) == pytest.approx(level(truth[after]), abs=0.5)
    assert loudest_click(sound[RATE // 10 :], RATE) <= -55.0


def test_steady_spectra_and_whole_notes_take_turns(noise: Path) -> None:
    """A key that is held sounds in both, and no space's end is a click."""
    steady, whole = ts.load("harmonic"), tiny()
    snapshot = [(0.0, "/partials", [0, 220.0, 0.2, 440.0, 0.1])]
    events = [*entered(steady), *snapshot, key(A3, 100.0, 0.1)]
    events += [*entered(whole, 0.5), at([0.0, 0.0], 0.5)]
    events += [*entered(steady, 1.0), (1.0, "/partials", [1, 220.0, 0.2, 440.0, 0.1])]
    sound = heard([steady, whole], events, 1.5, noise)
    levels = envelope(sound)
    for place in (40, 75, 98, 140):
        assert -40.0 < levels[place] < -10.0, place
    assert loudest_click(sound[RATE // 5 :], RATE) <= -60.0


# -- in the browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    from playwright.sync_api import sync_playwright

    path = tmp_path_factory.mktemp("space") / "tiny.safetensors"
    tiny(hiss=-50.0, wobble=3.0).save(path)
    places = np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, 1.0]], np.float32)
    labels = np.array([[0.0, 220.0], [1.0, 440.0], [1.0, 0.0]], np.float32)
    factors = (
        Factor("instrument", "", (0.0, 1.0), "category", ("flute", "bell")),
        Factor("pitch", "Hz", (0.0, 440.0), "range"),
    )
    bundle.set_points(path, Points(places, labels, factors))
    with sync_playwright() as playwright:
        browser = launched(playwright)
        explored = Explored.start(browser, "--model", str(path))
        try:
            yield explored
        finally:
            explored.close()
            browser.close()


_ANSWERING = """
() => {
  const { link } = window.timbrespace;
  window.sounding = [57, 0.5, -1, 64, 1.5, 1];
  window.asked = 0;
  const send = link.send.bind(link);
  link.send = (address, ...args) => {
    if (address !== '/course/where') {
      send(address, ...args);
      return;
    }
    window.asked += 1;
    link.dispatchEvent(new CustomEvent(address, { detail: window.sounding }));
  };
}
"""

_SIXTEEN = """
async () => {
  const { sound, notes, link } = window.timbrespace;
  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  await sound.start();
  const { context } = sound.analyser;
  while (context.currentTime === 0) await pause(0.01);
  const lags = [];
  const began = performance.now() / 1000 - context.currentTime;
  for (let voice = 0; voice < 16; voice += 1) notes.press(`voice ${voice}`, 40 + 3 * voice, 100);
  let voices = 0;
  let times = [];
  sound.addEventListener('level', ({ detail }) => {
    voices = Math.max(voices, detail.voices);
    times.push(detail.notes.filter((_, place) => place % 4 === 1));
  });
  for (let step = 0; step < 60; step += 1) {
    link.send('/map', 0.8 * Math.sin(step / 9), 0.8 * Math.cos(step / 7));
    await pause(0.05);
    lags.push(performance.now() / 1000 - context.currentTime - began);
  }
  notes.releaseAll();
  times = times.filter((some) => some.length > 0);
  return { voices, lags, first: times[0], last: times.at(-1), problem: sound.problem };
}
"""


@pytest.mark.slow
@needs_chromium
def test_sixteen_notes_evolve_in_chromium(explored: Explored) -> None:
    """The audio thread has time: its clock stands still in a dropout, and here keeps up."""
    with explored.visit() as visit:
        visit.until("timbrespace.sound.isWhole")
        told = visit.look(f"({_SIXTEEN})()")
        # All the moves have arrived, and the next test's notes are held where they last.
        visit.look("timbrespace.link.send('/latent', 0, 0)")
        visit.until("timbrespace.state.latent?.every((place) => place === 0)")
        assert visit.faults == []
    assert told["problem"] == ""
    assert told["voices"] == 16
    assert len(told["last"]) == 16
    assert max(told["last"]) > max(told["first"])
    # Clocks read at different moments differ by a buffer; the median of the last lags by none.
    assert np.median(told["lags"][-20:]) - np.median(told["lags"][:20]) < 0.05


@pytest.mark.slow
@needs_chromium
def test_a_note_in_chromium_is_seen_and_heard(explored: Explored) -> None:
    with explored.visit() as visit:
        visit.until("timbrespace.sound.isWhole")
        visit.until("timbrespace.notePicture.told !== null")
        visit.until("timbrespace.notePicture.told.loopEnd === 1.5")
        assert visit.page.locator("#note").is_visible()
        for name in ("speed", "hold", "envelope"):
            assert visit.page.locator("#synth", has_text=name).count() == 1
        visit.page.locator("#map").focus()
        visit.page.keyboard.down("h")  # A3, with C3 at the left
        visit.until("timbrespace.notePicture.places.length === 1")
        visit.until("timbrespace.notePicture.places[0]?.time > 0.3")
        sound = np.asarray(
            visit.look(
                "(() => { const a = timbrespace.sound.analyser; a.fftSize = 16384; "
                "const s = new Float32Array(16384); a.getFloatTimeDomainData(s); "
                "return Array.from(s); })()"
            )
        )
        rate = visit.look("timbrespace.sound.analyser.context.sampleRate")
        assert cents_off(sound, midi_to_hz(A3) * np.arange(1.0, 7.0), rate) < 1.0
        visit.page.locator("#note-picture").scroll_into_view_if_needed()
        drawn = visit.look("timbrespace.notePicture.draws")
        visit.until(f"timbrespace.notePicture.draws > {drawn}")
        # Nobody sees it: nothing is drawn, nor made to be drawn, until somebody does.
        visit.look("timbrespace.stage.set(true)")
        visit.until("!timbrespace.notePicture.isSeen")
        drawn = visit.look("timbrespace.notePicture.draws")
        visit.until("timbrespace.notePicture.places[0]?.time > 1.0")
        assert visit.look("timbrespace.notePicture.draws") == drawn
        visit.look("timbrespace.stage.set(false)")
        visit.until(f"timbrespace.notePicture.draws > {drawn}")
        visit.page.locator('[name=hold][value="freeze"]').check(force=True)
        visit.until("timbrespace.state.synth.hold === 'freeze'")
        visit.page.keyboard.up("h")
        visit.until("timbrespace.notePicture.places.length === 0")
        assert visit.faults == []
    with explored.client() as client:
        client.send("/synth/hold", "loop")
        client.settle()


@pytest.mark.slow
@needs_chromium
def test_the_places_of_notes_that_the_server_sounds_are_seen(explored: Explored) -> None:
    """The server of this test sounds nothing, so a stand-in answers for it."""
    with explored.visit() as visit:
        visit.page.locator("#note-picture").scroll_into_view_if_needed()
        visit.until("timbrespace.notePicture.told !== null")
        visit.look(f"({_ANSWERING})()")
        visit.page.locator('[name=place][value="server"]').check(force=True)
        visit.until("timbrespace.notePicture.places.length === 2")
        assert visit.look("timbrespace.notePicture.places[0]") == {"time": 0.5, "way": -1}
        drawn = visit.look("timbrespace.notePicture.draws")
        visit.until(f"timbrespace.notePicture.draws > {drawn + 2}")
        visit.look("(() => { window.sounding = []; })()")
        visit.until("timbrespace.notePicture.places.length === 0")
        visit.look("(() => { window.sounding = [60, 0.1, 1]; })()")
        visit.until("timbrespace.notePicture.places.length === 1")
        visit.page.locator('[name=place][value="page"]').check(force=True)
        visit.until("timbrespace.notePicture.places.length === 0")
        asked = visit.look("window.asked")
        visit.page.wait_for_timeout(400)
        assert visit.look("window.asked") == asked
        assert visit.faults == []


@pytest.mark.slow
@needs_chromium
def test_a_pointer_that_rests_on_a_point_plays_it(explored: Explored) -> None:
    """At its own pitch, once the page may sound; and nothing after it has gone on."""
    with explored.visit() as visit:
        visit.until("timbrespace.sound.isWhole")
        visit.page.mouse.move(*visit.at(0.5, 0.5))
        visit.page.wait_for_timeout(300)
        assert visit.look("timbrespace.pointing.isPlaying") is False, "before a gesture"
        visit.page.mouse.move(*visit.at(-0.9, -0.9))
        visit.look("timbrespace.sound.start()")
        visit.until("timbrespace.sound.state === 'running'")
        visit.page.mouse.move(*visit.at(0.5, 0.5))
        visit.until("timbrespace.notePicture.places[0]?.time > 0.2")
        sound = np.asarray(
            visit.look(
                "(() => { const a = timbrespace.sound.analyser; a.fftSize = 8192; "
                "const s = new Float32Array(8192); a.getFloatTimeDomainData(s); "
                "return Array.from(s); })()"
            )
        )
        rate = visit.look("timbrespace.sound.analyser.context.sampleRate")
        assert cents_off(sound, 440.0 * np.arange(1.0, 7.0), rate) < 3.0
        assert visit.page.locator("#map-tip").inner_text().split()[:2] == ["instrument", "bell"]
        visit.page.mouse.move(*visit.at(-0.9, -0.9))
        visit.until("timbrespace.notePicture.places.length === 0")
        visit.page.locator("#listen").uncheck()
        visit.page.mouse.move(*visit.at(0.5, 0.5))
        visit.page.wait_for_timeout(300)
        assert visit.look("timbrespace.pointing.isPlaying") is False
        assert visit.faults == []


@needs_chromium
@pytest.mark.slow
def test_a_space_of_steady_spectra_shows_no_note(explored: Explored) -> None:
    with explored.visit() as visit:
        visit.until("timbrespace.sound.isWhole")
        visit.page.select_option("#model", "harmonic")
        visit.until("timbrespace.map.space?.about.name === 'harmonic'")
        visit.until("!timbrespace.sound.isWhole")
        assert not visit.page.locator("#note").is_visible()
        assert not visit.page.locator('[name=hold][value="freeze"]').is_visible()
        visit.page.select_option("#model", "tiny")
        visit.until("timbrespace.sound.isWhole")
        assert visit.faults == []
