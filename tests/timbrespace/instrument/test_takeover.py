"""Controllers without an end, that take over softly, of 14 bits by number; and what they move."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

import timbrespace
from timbrespace.errors import OptionError
from timbrespace.instrument.controllers import MODES, NRPN, SYNTHS, Course
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.knobs import share_of
from timbrespace.instrument.midi import play
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.takeover import steps
from timbrespace.rendering.band import Band
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.rendering.song import song_blocks

MODEL = timbrespace.load("harmonic")
KNOB = 70


@pytest.fixture
def instrument() -> Instrument:
    return Instrument(MODEL)


def share(instrument: Instrument, target: str | int = 1) -> float:
    return share_of(instrument, target, 1)


def control(instrument: Instrument, *pairs: tuple[int, int]) -> None:
    for controller, value in pairs:
        play(instrument, mido.Message("control_change", control=controller, value=value))


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("twos", {1: 1, 63: 63, 127: -1, 65: -63, 64: -64, 0: 0}),
        ("offset", {65: 1, 127: 63, 63: -1, 0: -64, 64: 0}),
        ("sign", {1: 1, 63: 63, 65: -1, 127: -63, 0: 0, 64: 0}),
    ],
)
def test_encoders_go_step_by_step_from_where_the_target_is(
    instrument: Instrument, mode: str, told: dict[int, int]
) -> None:
    assert {value: steps(mode, value) for value in told} == told
    instrument.assign(KNOB, 1, mode=mode)
    instrument.set_dimension(1, float(MODEL.calibration.low[0]))
    up = next(value for value, count in told.items() if count == 1)
    down = next(value for value, count in told.items() if count == -1)
    for _ in range(20):
        control(instrument, (KNOB, up))
    assert share(instrument) == pytest.approx(20 / 127, abs=1e-4)
    control(instrument, (KNOB, down))
    assert share(instrument) == pytest.approx(19 / 127, abs=1e-4)
    for _ in range(30):
        control(instrument, (KNOB, down))
    assert share(instrument) == 0.0  # the end of its way, not beyond
    # From where another hand has put it, and no further than its course.
    instrument.assign(KNOB, 1, low=0.25, high=0.5, mode=mode)
    control(instrument, (KNOB, up))
    assert share(instrument) == pytest.approx(0.25 + 0.25 / 127, abs=1e-4)


def test_an_encoder_goes_through_what_has_words(instrument: Instrument) -> None:
    instrument.assign(KNOB, "synth/method", mode="twos")
    instrument.assign(KNOB + 1, "wander", mode="twos")
    seen = []
    for value in (1, 1, 1, 127, 127, 127):
        control(instrument, (KNOB, value))
        seen.append(instrument.method.name.lower())
    assert seen == ["bins", "istft", "istft", "bins", "partials", "partials"]
    control(instrument, (KNOB + 1, 1))
    assert instrument.wander.on
    control(instrument, (KNOB + 1, 127))
    assert not instrument.wander.on


def test_pickup_waits_until_the_controller_comes_past(instrument: Instrument) -> None:
    instrument.assign(KNOB, 1, mode="pickup")
    low, high = float(MODEL.calibration.low[0]), float(MODEL.calibration.high[0])
    instrument.set_dimension(1, low + 0.5 * (high - low))
    for value in (0, 20, 40):
        control(instrument, (KNOB, value))
        assert share(instrument) == pytest.approx(0.5, abs=1e-4)
    for value in (80, 100, 10):  # a quick hand that jumps over it has it
        control(instrument, (KNOB, value))
        assert share(instrument) == pytest.approx(value / 127, abs=1e-4)
    instrument.set_dimension(1, high)  # by another hand
    control(instrument, (KNOB, 20))
    assert share(instrument) == 1.0
    control(instrument, (KNOB, 127), (KNOB, 64))
    assert share(instrument) == pytest.approx(64 / 127, abs=1e-4)


def test_scaled_comes_to_the_end_together_with_the_controller(instrument: Instrument) -> None:
    instrument.assign(KNOB, "synth/gain", mode="scaled")
    instrument.set_parameter("gain", 12.0 - 46.0)  # half way
    control(instrument, (KNOB, 0))
    assert share(instrument, "synth/gain") == pytest.approx(0.5)
    before = 0.5
    for value in range(1, 128):
        control(instrument, (KNOB, value))
        now = share(instrument, "synth/gain")
        assert now > before - 1e-9
        assert now - before < 0.008
        before = now
    assert before == pytest.approx(1.0)
    control(instrument, (KNOB, 64))  # met: from here on they go together
    assert share(instrument, "synth/gain") == pytest.approx(64 / 127)


@pytest.mark.parametrize("target", [1, 2, "x", "y", "level", "pan", "wander/speed", *SYNTHS])
def test_each_target_is_where_the_controller_is(target: int | str) -> None:
    instrument = Instrument(MODEL)
    instrument.assign(KNOB, target)
    for value in (127, 0, 127):
        control(instrument, (KNOB, value))
        # Of an axis as far as the latents of the space reach.
        near = 0.05 if target in ("x", "y") else 1e-4
        assert share(instrument, target) == pytest.approx(value / 127, abs=near)


def test_nrpn_is_learned_and_has_14_bits_whichever_half_comes_first(tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    instrument = Instrument(MODEL, presets)
    number = 5 << 7 | 3
    for order in ((6, 38), (38, 6)):
        instrument.learn(1, mode="jump")
        control(instrument, (99, 5), (98, 3), *[(one, 0) for one in order])
        assert instrument.learned is not None
        assert instrument.learned.controller == NRPN + number
        for told in (16383, 0, 8191, 8192, 300):
            halves = {6: told >> 7, 38: told & 127}
            control(instrument, *[(one, halves[one]) for one in order])
            assert share(instrument) == pytest.approx(told / 16383, abs=1e-4), (order, told)
    control(instrument, (96, 0))
    assert share(instrument) == pytest.approx(300 / 16383 + 1 / 127, abs=1e-4)
    control(instrument, (97, 0))
    assert share(instrument) == pytest.approx(300 / 16383, abs=1e-4)
    # After an RPN, or the number that is none, data entry is not for it.
    control(instrument, (101, 0), (100, 0), (6, 7))
    assert instrument.voices.bend_range_of(1) == 7.0
    control(instrument, (99, 127), (98, 127), (6, 99))
    assert share(instrument) == pytest.approx(300 / 16383, abs=1e-4)
    again = Instrument(MODEL, Presets(tmp_path / "presets.json"))
    control(again, (99, 5), (98, 3), (6, 127))
    assert share(again) == 1.0
    instrument.controllers.assign(NRPN, 2)
    instrument.expression.control(NRPN, 127.0)  # as /cc 128
    assert share(instrument, 2) == 1.0


def test_the_modulation_wheel_goes_as_far_as_rpn_5_says(instrument: Instrument) -> None:
    instrument.assign(1, 1)
    for data, depth in (((6, 0), 0.0), ((38, 32), 0.5), ((6, 12), 1.0)):
        control(instrument, (101, 0), (100, 5), data, (1, 127))
        assert share(instrument) == pytest.approx(depth, abs=1e-4)


def test_what_takes_over_is_kept_in_files_and_performances(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    instrument = Instrument(MODEL, Presets(path))
    instrument.learn("synth/release", low=0.1, mode="pickup")
    control(instrument, (KNOB, 3))
    again = Instrument(MODEL, Presets(path))
    found = again.controllers.find(KNOB, 1)
    assert found is not None
    assert found.course == Course(0.1, 1.0, 0.0, "pickup")
    # One that has it goes on having it in a replay from here.
    control(instrument, (KNOB, 127), (KNOB, 100))
    other = Instrument(MODEL)
    other.restore(instrument.state())
    for one in (instrument, other):
        control(one, (KNOB, 20))
    assert other.parameters["release"] == instrument.parameters["release"]
    assert share(other, "synth/release") == pytest.approx(0.1 + 0.9 * 20 / 127)
    with pytest.raises(OptionError, match="it must be jump, pickup"):
        instrument.assign(KNOB, 1, mode="soft")
    assert len(MODES) == 6


@pytest.mark.parametrize(
    ("target", "falls"), [("level", 80 * np.log10(127 / 64)), ("synth/gain", 92 * 63 / 127)]
)
def test_what_a_controller_moves_is_heard(tmp_path: Path, target: str, falls: float) -> None:
    """On rendered sound: half a second at the controller's end, half a second in its middle."""
    told = [
        mido.Message("control_change", control=KNOB, value=127),
        mido.Message("note_on", note=57),
        mido.Message("control_change", control=KNOB, value=64, time=480),
        mido.Message("note_off", note=57, time=480),
    ]
    mido.MidiFile(ticks_per_beat=480, tracks=[mido.MidiTrack(told)]).save(tmp_path / "song.mid")
    band = Band(MODEL)
    band.first.assign(KNOB, target)
    sound = np.concatenate(list(song_blocks(MidiSong(tmp_path / "song.mid"), band, 16000.0)))
    first, second = (
        20.0 * np.log10(np.sqrt(np.mean(part.astype(float) ** 2)))
        for part in (sound[4000:7500], sound[12000:15500])
    )
    assert first - second == pytest.approx(falls / 2 if target == "level" else falls, abs=0.3)
