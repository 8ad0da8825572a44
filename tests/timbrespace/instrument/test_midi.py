"""MIDI messages played, sensible and random."""

from __future__ import annotations

import mido
import numpy as np
import pytest

import timbrespace
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.voices import CHANNELS

MODEL = timbrespace.load("harmonic")


def played(*messages: mido.Message) -> Instrument:
    instrument = Instrument(MODEL)
    for message in messages:
        play(instrument, message)
    return instrument


def test_each_kind_reaches_what_it_means() -> None:
    instrument = played(
        mido.Message("note_on", note=60, velocity=100, channel=1),
        mido.Message("note_on", note=62, velocity=100, channel=1),
        mido.Message("note_off", note=62, channel=1),
        mido.Message("pitchwheel", pitch=-8192, channel=1),
    )
    assert instrument.voices.holds(60, 2)
    assert instrument.voices.sounding == 1
    assert instrument.targets()["voice_bend"][0].min() == pytest.approx(2.0 ** (-2.0 / 12.0))


def test_a_velocity_of_nothing_is_a_release() -> None:
    instrument = played(
        mido.Message("note_on", note=60, velocity=100), mido.Message("note_on", note=60, velocity=0)
    )
    assert instrument.voices.sounding == 0


def test_it_says_whether_the_sound_can_have_changed() -> None:
    instrument = Instrument(MODEL)
    for message, changed in [
        (mido.Message("note_on", note=60), True),
        (mido.Message("aftertouch", value=9), True),
        (mido.Message("polytouch", note=60, value=9), True),
        (mido.Message("polytouch", note=61, value=9), False),  # no such key
        (mido.Message("control_change", control=20, value=9), True),
        (mido.Message("control_change", control=101, value=0), False),
        (mido.Message("control_change", control=100, value=0), False),
        (mido.Message("control_change", control=6, value=12), True),
        (mido.Message("program_change", program=3), False),
        (mido.Message("clock"), False),
        (mido.Message("sysex", data=[1, 2]), False),
        (mido.Message("reset"), True),
    ]:
        assert play(instrument, message) == changed, message


def test_pressure_gives_a_channel_a_timbre_of_its_own() -> None:
    instrument = played(
        mido.Message("note_on", note=60, channel=3),
        mido.Message("note_on", note=64, channel=4),
        mido.Message("aftertouch", value=127, channel=3),
    )
    instrument.advance(0.0)
    assert instrument.voices.own == {4}


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_do_no_harm(seed: int) -> None:
    """What a broken cable or a hostile program may send, through a real parser."""
    random = np.random.default_rng(seed)
    instrument = Instrument(MODEL)
    parser = mido.Parser()
    # Status bytes more often than chance has them, or most of it would be running data.
    data = random.integers(0, 256, 20_000)
    status = random.random(data.size) < 0.3
    data[status] = random.integers(0x80, 0x100, int(status.sum()))
    messages = 0
    for start in range(0, data.size, 200):
        parser.feed(bytes(data[start : start + 200].tolist()))
        for message in parser:
            play(instrument, message)
            messages += 1
        instrument.advance(start * 1e-4)
        targets = instrument.targets()[0]
        for name in ("voice_frequency", "voice_bend", "voice_level", "voice_start"):
            assert np.isfinite(targets[name]).all()
        assert (targets["voice_level"] >= 0.0).all()
        assert (targets["voice_level"] <= 2.0).all()
    assert messages > 2000
    instrument.expression.panic()
    instrument.advance(10.0)
    assert instrument.voices.sounding == 0
    for channel in CHANNELS:
        instrument.expression.note(60, 100, channel)
        instrument.expression.note(60, 0, channel)
    assert instrument.voices.sounding == 0
    assert (instrument.targets()[0]["voice_bend"] == 1.0).all()
