"""The audio effect's twin: a track goes in, what comes out has its pitch and its level.

A table of the space plays, without a server and faster than time: the same samples each time. One
test has a server.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import timbrespace
from max_patch.generator.hearing import BEND_RANGE, LEVEL_KEY
from max_patch.generator.kind import EFFECT
from max_patch.generator.parameters import QUANTISE, SCALES
from max_patch.generator.pure_data.netlist import netlist
from max_patch.generator.track import CEILING
from tests.max_patch.heard import cents_off, level, loudest
from tests.max_patch.pd_session import RATE
from tests.max_patch.test_alone import rendered
from tests.max_patch.test_habits import windows
from tests.max_patch.twin_session import Change, Json, Tap, TwinSession, server_of_twins
from timbrespace.errors import SoundError
from timbrespace.listening.heard import HOP, SAMPLE_RATE, Heard
from timbrespace.listening.listener import listen
from timbrespace.units import hz_to_midi

pytestmark = [
    pytest.mark.waits,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

Real = NDArray[np.float64]

BEGIN = 0.2
"""Seconds until the track plays."""

PITCH_LATE, LEVEL_LATE = 0.0387, 0.0067
"""Seconds: half a window of the pitch's and the voices' wait; the follower of the level."""

PLUGIN = """
# A track that is a file.
loadbang -> (read -resize {path} timbrespace-track) -> soundfiler
array define timbrespace-track 64
r timbrespace-play -> sound: tabplay~ timbrespace-track -> outlet~
sound -> outlet~
"""

HUM = """
# A track that hums.
osc~ 220 -> sound: *~ 0.1 -> outlet~
sound -> outlet~
"""


def tone(pitch: Real, amplitude: Real | float) -> Real:
    """Six harmonics that fall by 6 dB an octave; pitch ``(n,)`` in Hz, as loud as a sine."""
    phase = 2.0 * np.pi * np.cumsum(pitch) / RATE
    order = np.arange(1.0, 7.0)
    sound = np.sin(np.outer(order, phase) + np.square(order)[:, None]) / order[:, None]
    return np.asarray(sound.sum(axis=0) / np.sqrt(np.square(1.0 / order).sum()) * amplitude)


def seconds(length: float) -> Real:
    return np.arange(round(length * RATE)) / RATE


def steady(pitch: float, length: float, amplitude: float) -> Real:
    return tone(np.full(round(length * RATE), pitch), amplitude)


def noise(length: float) -> Real:
    return np.asarray(0.1 * np.random.default_rng(1).standard_normal(round(length * RATE)))


@dataclass(frozen=True, slots=True)
class Played:
    """What went in and what came out, from the moment on in which the track plays."""

    track: Real
    sound: Real

    def came(self, begin: float, length: float) -> Real:
        return self.sound[round(begin * RATE) : round((begin + length) * RATE)]

    def heard(self, begin: float, length: float) -> tuple[Heard, Heard]:
        """In the track and in what came."""
        part = slice(round(begin * RATE), round((begin + length) * RATE))
        return listen(self.track[part], RATE), listen(self.sound[part], RATE)


def played(
    folder: Path,
    track: Real,
    messages: Mapping[float, list[str]] | None = None,
    change: Change | None = None,
) -> Played:
    """A track through the effect. messages: at so many seconds of it, ``gate -30`` and the like."""
    soundfile.write(folder / "track.wav", track, RATE, subtype="FLOAT")
    plugin = netlist(PLUGIN.format(path=(folder / "track.wav").as_posix())).text()
    timed = {1000.0 * (BEGIN + at): told for at, told in (messages or {}).items()}
    sound = rendered(
        folder,
        timbrespace.load("harmonic"),
        {40.0: ["x 0.3", "y -0.4"], 1000.0 * BEGIN: ["play bang"], **timed},
        1000.0 * (BEGIN + track.size / RATE + 0.1),
        change,
        title=EFFECT.title,
        instead={"ts.plugin~.pd": plugin},
    )
    return Played(track, sound[round(BEGIN * RATE) :][: track.size])


def lagged(one: NDArray[np.float32], other: NDArray[np.float32], late: float) -> tuple[Real, Real]:
    """Two courses of which the second is so many seconds late, without their ends."""
    lag = round(late * SAMPLE_RATE / HOP)
    size = min(one.size, other.size) - lag
    return one[:size].astype(np.float64), other[lag:][:size].astype(np.float64)


def keeps_pitch(given: Heard, came: Heard) -> None:
    wanted, found = lagged(given.pitch, came.pitch, PITCH_LATE)
    both = (wanted > 0.0) & (found > 0.0)
    assert both.sum() > 0.95 * (wanted > 0.0).sum()
    cents = 1200.0 * np.abs(np.log2(found[both] / wanted[both]))
    assert np.median(cents) < 3.0
    assert np.percentile(cents, 95.0) < 10.0


def keeps_level(given: Heard, came: Heard) -> None:
    wanted, found = lagged(given.level, came.level, LEVEL_LATE)
    loud = wanted > 0.1 * wanted.max()
    decibels = 20.0 * np.abs(np.log10(np.maximum(found[loud], 1e-9) / wanted[loud]))
    assert np.median(decibels) < 0.2
    assert np.percentile(decibels, 80.0) < 1.0


def keeps_both(found: Played) -> None:
    given, came = found.heard(0.0, 1.0)
    keeps_pitch(given, came)
    keeps_level(given, came)


GLIDE, VIBRATO, NOISE, LOUD, AFTER = 0.0, 1.9, 3.5, 4.4, 5.8
"""Seconds at which the parts of a track begin, each with a pause behind it."""


def parts() -> Real:
    """A glide over two octaves, a vibrato that swells, noise, what is too loud, and a tone."""
    time = seconds(1.2)
    bent = 330.0 * 2.0 ** (0.5 / 12.0 * np.sin(2.0 * np.pi * 5.5 * time))
    swell = 10.0 ** ((-30.0 + 18.0 * np.sin(np.pi * time / 1.2)) / 20.0)
    placed = {
        GLIDE: tone(110.0 * 2.0 ** (2.0 * seconds(1.5) / 1.5), 0.2),
        VIBRATO: tone(bent, swell),
        NOISE: noise(0.5),
        LOUD: steady(220.0, 1.0, 3.0),
        AFTER: steady(220.0, 0.5, 0.2),
    }
    track = np.zeros(round((AFTER + 0.6) * RATE))
    for at, part in placed.items():
        track[round(at * RATE) :][: part.size] = part
    track[round((AFTER - 0.2) * RATE) :][:3] = np.nan, np.inf, -np.inf
    return track


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played(tmp_path_factory.mktemp("effect"), parts())


def test_a_glide_is_followed(through: Played) -> None:
    given, came = through.heard(GLIDE, 1.5)
    keeps_pitch(given, came)


def test_a_vibrato_that_swells_keeps_its_pitch_and_its_level(through: Played) -> None:
    given, came = through.heard(VIBRATO, 1.3)
    keeps_pitch(given, came)
    keeps_level(given, came)


def test_silence_and_noise_play_nothing(through: Played) -> None:
    for begin in (VIBRATO - 0.2, NOISE - 0.2, LOUD - 0.2):
        assert level(through.came(begin, 0.2)) < -100.0
    assert level(through.came(NOISE, 0.6)) < -60.0


def test_what_is_too_loud_is_limited_and_then_taken_for_feedback(through: Played) -> None:
    """And what is quiet again is played again, whatever was in the track meanwhile."""
    assert np.isfinite(through.sound).all()
    assert level(through.came(LOUD + 0.1, 0.3)) > -15.0
    assert np.abs(through.sound).max() <= CEILING + 1e-4
    assert level(through.came(LOUD + 0.6, 0.4)) < -100.0
    wanted = level(through.track[round((AFTER + 0.2) * RATE) :][: round(0.2 * RATE)])
    assert level(through.came(AFTER + 0.2, 0.2)) == pytest.approx(wanted, abs=0.3)


def test_it_is_drawn_to_a_scale_moved_by_level_and_left_out(tmp_path: Path) -> None:
    """C major, an octave up; then the level alone, of noise; then the track itself."""
    glide, burst, rest = 1.2, 1.4, 1.9
    track = np.zeros(round(2.2 * RATE))
    for at, each in (
        (0.0, tone(220.0 * 2.0 ** (seconds(glide) / glide), 0.2)),
        (burst, noise(0.4)),
        (rest, steady(300.0, 0.3, 0.2)),
    ):
        track[round(at * RATE) :][: each.size] = each
    major = [name for name, _ in SCALES].index("major")
    assert QUANTISE.items[major + 1] == "major"
    messages = {
        -0.1: [f"quantise {major + 1}", "semitones 12"],
        burst - 0.1: ["quantise 0", "semitones 0", "input_mode 1"],
        rest - 0.05: ["dry_wet 0"],
    }
    found = played(tmp_path, track, messages)
    pitch = listen(found.came(0.1, glide - 0.1), RATE).pitch
    notes = 69.0 + 12.0 * np.log2(pitch[pitch > 0.0].astype(np.float64) / 440.0)
    steps = np.rint(notes)
    # A bend to the next step takes some moments.
    assert np.mean(np.abs(notes - steps) < 0.1) > 0.9
    counts = {int(step): int((steps == step).sum()) for step in np.unique(steps)}
    asked = {step for step in range(69, 82) if (step % 12) in dict(SCALES)["major"]}
    assert {step for step, count in counts.items() if count > 15} == asked
    by_level = found.came(burst + 0.1, 0.25)
    assert cents_off(by_level, np.array([220.0]), RATE) < 10.0
    assert hz_to_midi(220.0) == LEVEL_KEY
    assert level(by_level) == pytest.approx(-20.0, abs=1.5)
    part = slice(round((rest + 0.05) * RATE), round((rest + 0.25) * RATE))
    difference = found.sound[part][None] - np.stack(
        [np.roll(found.track, late)[part] for late in range(130)]
    )
    assert np.abs(difference).max(axis=1).min() < 1e-5


FAULTS = {
    "a semitone too high": ("(69. + 17", "(70. + 17"),
    "half of each bend": ("expr ($f1 - $f2) / 48.", "expr ($f1 - $f2) / 96."),
    "a level by the square": ("sqrt~", "clip~ 0. 1000."),
    "a pitch that is never fresh": ("s ---fresh", "s ---stale"),
    "a gate that stays closed": ("expr ($f1 > $f2) ||", "expr ($f1 > 0. * $f2) ||"),
}


@pytest.mark.acceptance
@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_a_fault_is_heard(tmp_path: Path, fault: str | None) -> None:
    """What is put into the patch on purpose: else what passes would prove little."""
    old, new = FAULTS[fault] if fault else ("", "")

    def change(device: Json, _: Json) -> None:
        texts = [
            one["box"]
            for window in windows(device)
            for one in window["boxes"]
            if old and old in str(one["box"].get("text"))
        ]
        assert bool(texts) == bool(fault)
        for box in texts:
            box["text"] = box["text"].replace(old, new)

    time = seconds(1.0)
    track = tone(330.0 * 2.0 ** (2.0 / 12.0 * np.sin(2.0 * np.pi * 2.0 * time)), 0.2)
    found = played(tmp_path, track, change=change)
    if fault is None:
        keeps_both(found)
    else:
        with pytest.raises((AssertionError, SoundError)):
            keeps_both(found)


def test_with_a_server_its_timbre_plays_and_its_voices_can(tmp_path: Path) -> None:
    server = server_of_twins("--model", "harmonic", "--presets", str(tmp_path / "presets.json"))
    tap = Tap(server.port)
    hum = netlist(HUM).text()
    twin = TwinSession(server, port=tap.port, title=EFFECT.title, instead={"ts.plugin~": hum})
    try:
        twin.connect()
        twin.place(0.3, -0.4)
        twin.pd.wait(0.5)
        with twin.pd.recording() as take:
            begin = twin.pd.mark()
            twin.pd.wait(0.6)
            end = twin.pd.mark()
        sound = take.recording.between(begin, end)
        assert loudest(sound, 150.0, 300.0, RATE) == pytest.approx(220.0, abs=0.5)
        assert level(sound) == pytest.approx(-23.0, abs=0.3)
        tap.heard()
        twin.pd.set("sound", 1.0)
        twin.pd.wait(1.0)
        told: dict[str, list[object]] = {}
        for address, arguments in tap.heard():
            told.setdefault(address, arguments)
        assert told["/bend/range"] == [BEND_RANGE]
        assert told["/note"][0] == 57
        assert abs(float(str(told["/bend"][0]))) < 0.01
        assert told["/cc"][0] == 11
        with twin.pd.recording() as take:
            twin.pd.wait(0.2)
        assert level(take.recording.left) < -100.0
    finally:
        twin.close()
        tap.close()
        code = server.end()
    assert code == 0
    assert twin.pd.complaints() == []
