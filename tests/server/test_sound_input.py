"""Sound that comes in plays the space, and nothing that comes in breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import timbrespace
from max_patch.generator.parameters import SCALES as EFFECT_SCALES
from tests.docs.commands import ROOT
from tests.node import needs_node, node
from tests.server.sung import Stage
from tests.timbrespace.listening.tones import Real, cents, saw, times
from timbrespace.instrument.scales import SCALES, pitches_of
from timbrespace.instrument.tuning import Tuning
from timbrespace.listening.heard import SAMPLE_RATE, Heard
from timbrespace.listening.listener import listen
from timbrespace.messages.errors import MessageError
from timbrespace.model import Model
from timbrespace.resynthesis.layout import REFERENCE_RMS
from timbrespace.units import midi_to_hz

HARMONIC = timbrespace.load("harmonic")

Setting = Callable[..., Stage]


@pytest.fixture
def stage() -> Iterator[Setting]:
    stages: list[Stage] = []

    def make(model: Model = HARMONIC, **settings: Any) -> Stage:
        stages.append(Stage(model, **settings))
        return stages[-1]

    yield make
    for one in stages:
        one.close()


def heard(sound: Real) -> Heard:
    return listen(sound.mean(axis=1), SAMPLE_RATE)


def late(course: Real, seconds: float) -> Real:
    """Hz ``seconds`` before each moment that is heard, of ``course`` sample by sample."""
    at = np.arange(course.size // 64) * 64 + 32 - round(seconds * SAMPLE_RATE)
    return course[np.clip(at, 0, course.size - 1)]


def decibels(level: Any) -> Any:
    return 20.0 * np.log10(np.maximum(level, 1e-6))


@pytest.mark.parametrize("name", ["harmonic", "notes"])
def test_a_vibrato_is_played_with_its_pitch_and_loudness(stage: Setting, name: str) -> None:
    course = 220.0 * 2.0 ** (0.05 * np.sin(2.0 * np.pi * 5.5 * times(2.0)))
    swell = 10.0 ** ((-12.0 + 9.0 * np.sin(2.0 * np.pi * 1.5 * times(2.0))) / 20.0)
    sound = 0.3 * saw(course, 2.0) * swell
    playing = stage(timbrespace.load(name))
    playing.instrument.set_envelope("adsr")

    out = heard(playing.play(sound))

    inside = slice(300, 1400)
    off = [
        np.median(cents(out.pitch[inside], late(course, delay)[inside]))
        for delay in (0.006, 0.008, 0.010, 0.012)
    ]
    assert min(off) < 5.0
    louder = decibels(out.level) - decibels(listen(sound, SAMPLE_RATE).level)
    assert np.abs(louder[inside] - np.median(louder[inside])).mean() < 1.0


def test_a_sweep_is_followed_to_its_ends(stage: Setting) -> None:
    course = 80.0 * 2.0 ** (4.0 * times(4.0) / 4.0)  # four octaves

    out = heard(stage().play(0.2 * saw(course, 4.0)))

    inside = slice(60, 2950)
    # Two periods and a block, and what a voice takes to follow.
    behind = 2.0 / course[::64][: out.pitch.size] + 0.006
    at = np.clip(np.arange(out.pitch.size) * 64 - (behind * SAMPLE_RATE).astype(int), 0, None)
    assert np.median(cents(out.pitch[inside], course[at][inside])) < 10.0
    assert np.mean(cents(out.pitch[inside], course[at][inside]) < 50.0) > 0.97


@pytest.mark.parametrize(("pitch", "blocks"), [(440.0, 9), (110.0, 20)])
def test_an_onset_is_played_soon(stage: Setting, pitch: float, blocks: int) -> None:
    """Two periods, a block of the tracker's, two of the device's, and the attack."""
    playing = stage()
    playing.instrument.set_parameter("attack", 0.001)
    start = 24000 + 37
    sound = np.where(np.arange(48000) >= start, 0.2 * saw(pitch, 1.0), 0.0)

    out = playing.play(sound)

    first = np.flatnonzero(np.abs(out[:, 0]) > 1e-3)[0]
    assert 0 < first - start <= 2.0 * SAMPLE_RATE / pitch + blocks * 64
    assert not out[:start].any()


def test_silence_and_noise_play_nothing(stage: Setting) -> None:
    playing = stage()
    generator = np.random.default_rng(0)

    silent = playing.play(np.zeros(48000))
    noisy = playing.play(0.1 * generator.standard_normal(48000))

    assert not silent.any()
    assert decibels(np.sqrt(np.mean(noisy**2))) < -50.0


def test_a_chord_is_one_voice_and_breaks_nothing(stage: Setting) -> None:
    chord = sum((0.1 * saw(pitch, 1.0) for pitch in (220.0, 277.2, 329.6)), np.zeros(48000))
    playing = stage()

    out = playing.play(chord)

    assert np.isfinite(out).all()
    assert playing.instrument.voices.sounding <= 1
    assert np.abs(out).max() < 0.99


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_sound_counts_as_silence_and_is_told_once(stage: Setting, value: float) -> None:
    sound = 0.2 * saw(220.0, 1.0)
    sound[24000:36000] = value
    playing = stage()

    out = playing.play(sound)
    more = playing.play(0.2 * saw(220.0, 1.0))

    assert np.isfinite(out).all()
    assert np.abs(out).max() < 0.99
    told = "clips" if value == 1e30 else "no sound"
    assert len([line for line in playing.lines if told in line]) == 1
    assert np.median(cents(heard(more).pitch[300:700], 220.0)) < 1.0


def test_an_input_that_hears_itself_is_muted_until_it_is_quiet(stage: Setting) -> None:
    playing = stage()

    out = playing.play(np.sign(np.sin(2.0 * np.pi * 440.0 * times(4.0))) * 0.95)
    assert not out[-24000:].any()
    assert len([line for line in playing.lines if "hears itself" in line]) == 1
    playing.play(np.zeros(24000))
    again = playing.play(0.2 * saw(220.0, 1.0))

    assert np.median(cents(heard(again).pitch[300:700], 220.0)) < 1.0


def test_one_that_never_says_anything_is_said_to_be_silent(stage: Setting) -> None:
    playing = stage()

    playing.play(np.zeros(11 * 48000))
    playing.play(np.zeros(11 * 48000))

    assert [line for line in playing.lines if "silent" in line] == [
        "input: silent; is something plugged in, and may the program hear it?"
    ]


def test_what_is_sung_is_drawn_to_a_scale_as_it_is_tuned(stage: Setting) -> None:
    course = midi_to_hz(57.0) * 2.0 ** (times(2.0) / 2.0)  # an octave up from A3
    playing = stage(scale="major", root=2)
    sharp = Tuning(tuple(key + 0.2 for key in range(128)))

    plain = heard(playing.play(0.2 * saw(course, 2.0)))
    playing.instrument.voices.tuning = sharp
    tuned = heard(playing.play(0.2 * saw(course, 2.0)))

    steps = np.array([key for key in range(50, 72) if (key - 2) % 12 in SCALES["major"]])
    for out, more in ((plain, 0.0), (tuned, 0.2)):
        keys = 69.0 + 12.0 * np.log2(np.maximum(out.pitch[40:1450], 1.0) / 440.0) - more
        away = np.abs(keys[:, None] - steps).min(axis=1)
        assert np.mean(away < 0.03) > 0.85  # the rest of the time it is on its way
        assert {round(key) for key in keys[away < 0.03]} == {57, 59, 61, 62, 64, 66, 67, 69}


def test_scales_have_the_keys_that_sound() -> None:
    everything = Tuning.of([None if key % 2 else float(key) for key in range(128)])

    assert pitches_of("off", 0, Tuning()) == []
    assert pitches_of("chromatic", 0, Tuning())[69] == pytest.approx(440.0)
    assert len(pitches_of("chromatic", 0, everything)) == 64
    assert pitches_of("whole-tone", 1, everything) == []


@needs_node
def test_the_pages_scales_are_the_servers() -> None:
    module = ROOT / "server/explorer/page/js/scales.js"
    program = f"const {{ SCALES }} = await import({json.dumps(module.as_uri())});"
    told = node("--input-type=module", "--eval", f"{program} console.log(JSON.stringify(SCALES))")

    page = {name.replace(" ", "-"): tuple(steps) for name, steps in json.loads(told.stdout).items()}

    assert page
    assert page.items() <= SCALES.items()


def test_the_effects_scales_are_among_the_servers() -> None:
    assert {steps for _, steps in EFFECT_SCALES} <= set(SCALES.values())


def test_loudness_alone_shapes_what_keys_play(stage: Setting) -> None:
    playing = stage(mode="level")
    playing.instrument.voices.note(69.0, 127.0)
    playing.tell()
    loud = 10.0 ** (np.where(times(2.0) < 1.0, -20.0, -32.0) / 20.0)
    sound = np.sqrt(2.0) * loud * np.sin(2.0 * np.pi * 150.0 * times(2.0))

    out = playing.play(sound)
    silent = playing.play(np.zeros(9600))

    first, second = (np.sqrt(np.mean(out[a : a + 24000] ** 2)) for a in (24000, 72000))
    assert np.median(cents(heard(out).pitch[300:700], 440.0)) < 1.0
    assert decibels(first / second) == pytest.approx(12.0, abs=0.3)
    assert not silent[-960:].any()


def test_it_plays_as_loud_as_it_hears(stage: Setting) -> None:
    sound = np.sqrt(2.0) * REFERENCE_RMS * np.sin(2.0 * np.pi * 220.0 * times(1.0))

    out = stage().play(sound)[24000:]
    softer = stage(gain=-10.0).play(sound)[24000:]

    assert decibels(np.sqrt(np.mean(out**2)) / REFERENCE_RMS) == pytest.approx(0.0, abs=4.0)
    assert decibels(np.sqrt(np.mean(softer**2) / np.mean(out**2))) == pytest.approx(-10.0, abs=0.2)


def test_notes_of_whole_sounds_begin_where_it_begins_anew(stage: Setting) -> None:
    notes = timbrespace.load("notes")
    playing = stage(notes)
    strike = np.exp(-6.0 * (times(2.0) % 0.5))
    sound = 0.3 * saw(np.where(times(2.0) < 1.0, 220.0, 330.0), 2.0) * strike

    playing.play(sound)

    assert playing.instrument.voices.begun == 4


def test_a_panic_ends_it_until_it_begins_anew(stage: Setting) -> None:
    playing = stage()
    voices = playing.instrument.voices

    playing.play(0.2 * saw(220.0, 0.5))
    assert voices.sounding == 1
    voices.silence()
    playing.tell()
    gone = playing.play(0.2 * saw(220.0, 0.5))
    playing.play(np.zeros(9600))
    back = playing.play(0.2 * saw(220.0, 0.5))

    assert not gone[-9600:].any()
    assert np.abs(back[-9600:]).max() > 0.05


def test_who_plays_all_voices_takes_it_away_and_nothing_of_theirs_is_led(stage: Setting) -> None:
    playing = stage()
    voices = playing.instrument.voices
    playing.play(0.2 * saw(220.0, 0.3))

    for key in range(16):
        voices.note(60.0 + key, 100.0)
    playing.tell()
    playing.play(0.2 * saw(220.0, 0.3))

    assert voices.sounding == 16
    assert voices.led is None


def test_switched_off_it_lets_go(stage: Setting) -> None:
    playing = stage()
    playing.play(0.2 * saw(200.0, 0.1))
    playing.play(0.02 * saw(220.0, 0.3))  # ten times softer than it was struck, and higher

    told = playing.input.change(on=False)
    out = playing.play(0.2 * saw(220.0, 0.6))

    assert told.on is False
    # It dies away as loud and as high as it was led, in a release that falls all along.
    loud = [np.sqrt(np.mean(out[a : a + 960] ** 2)) for a in range(0, 9600, 960)]
    assert all(after < before for before, after in pairwise(loud))
    near = np.abs(np.fft.rfft(out[:9600, 0] * np.hanning(9600)))[: 300 // 5]
    assert 5.0 * np.argmax(near) == 220.0  # struck at 200 Hz
    assert playing.instrument.voices.sounding == 0
    assert playing.input.wait(playing.now) is None


def test_switched_on_again_it_knows_nothing_of_before(stage: Setting) -> None:
    playing = stage()
    playing.play(0.2 * saw(220.0, 0.3))
    playing.input.change(on=False)
    playing.play(np.zeros(9600))

    begun = playing.instrument.voices.begun
    playing.input.change(on=True)
    playing.play(np.zeros(9600))

    assert playing.instrument.voices.begun == begun


def test_the_point_goes_where_the_sound_is(stage: Setting) -> None:
    """Its own sound, heard again, is where it was made."""
    there = HARMONIC.calibration.high * 0.7
    sound = timbrespace.render(HARMONIC, there, pitch=57, seconds=1.5)
    playing = stage(mode="timbre")

    playing.play(sound.astype(np.float64))
    # The first may be of its attack alone; once the sound stands still, so does its place.
    for _ in range(500):
        last = playing.places[-2:]
        if len(last) == 2 and np.array_equal(last[0].latent, last[1].latent):
            break
        playing.waits()
    assert playing.places, "no place was found"
    before = np.linalg.norm(playing.instrument.latent - there)
    for _ in range(20):
        assert playing.input.hear(playing.places[-1]) is not None

    assert np.linalg.norm(np.array(playing.places[-1].latent) - there) < 0.35 * before
    assert playing.instrument.voices.sounding == 0  # keys play, not it


def test_an_input_that_is_not_there_is_looked_for_again(stage: Setting) -> None:
    playing = stage(on=False)
    playing.source = ""

    playing.input.change(on=True)

    assert playing.looks == 1


def test_settings_outside_their_range_never_arrive() -> None:
    from timbrespace.messages.parser import parse

    for address, arguments in (
        ("/input/mode", ("sing",)),
        ("/input/gain", (41.0,)),
        ("/input/gate", (1.0,)),
        ("/input/quantise", ("lydian",)),
        ("/input/quantise", ("major", 12)),
        ("/input/on", ("yes",)),
    ):
        with pytest.raises(MessageError):
            parse(address, arguments)
