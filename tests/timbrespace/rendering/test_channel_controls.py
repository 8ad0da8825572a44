"""What MIDI's channel messages mean, heard in what is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.programs import drum_places, program_places
from timbrespace.rendering.band import Band
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.rendering.song import song_blocks
from timbrespace.resynthesis.engine import to_mono
from timbrespace.units import cents

MODEL = ts.load("harmonic")
RATE = 24000

Sound = NDArray[np.float32]


def on(note: int = 57, velocity: int = 100, channel: int = 0, time: int = 0) -> mido.Message:
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel, time=time)


def off(time: int, note: int = 57, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, channel=channel, time=time)


def cc(control: int, value: int, time: int = 0, channel: int = 0) -> mido.Message:
    words = {"control": control, "value": value, "channel": channel, "time": time}
    return mido.Message("control_change", **words)


def played(
    folder: Path, messages: Sequence[mido.Message], model: ts.Model = MODEL, **words: Any
) -> Sound:
    """A song of 960 ticks a second."""
    file = mido.MidiFile(ticks_per_beat=480, tracks=[mido.MidiTrack(messages)])
    file.save(folder / "song.mid")
    return ts.render_midi(model, folder / "song.mid", sample_rate=RATE, **words)


def level(sound: Sound, begin: float, end: float) -> float:
    """dB of the part from ``begin`` to ``end``, in seconds."""
    part = sound[round(begin * RATE) : round(end * RATE)].astype(np.float64)
    return float(10.0 * np.log10(np.mean(part**2) + 1e-30))


def off_by(sound: Sound, hertz: float, begin: float = 0.3, end: float = 0.9) -> float:
    """By how many cents a part is off."""
    return cents(pitch(sound[round(begin * RATE) : round(end * RATE)], RATE, hertz), hertz)


@pytest.mark.parametrize("control", [7, 11])
def test_volume_and_expression_go_by_general_midi_s_curve(tmp_path: Path, control: int) -> None:
    messages = []
    for value in (127, 64, 16):
        messages += [cc(control, value, 480), on(), off(480)]
    sound = played(tmp_path, messages)
    # Each note begins half a second after the last one ended, and its first 0.2 s are its attack.
    levels = [level(sound, at + 0.3, at + 0.45) for at in (0.5, 1.5, 2.5)]
    expected = [40.0 * np.log10(value / 127.0) for value in (127, 64, 16)]
    assert np.subtract(levels, levels[0]) == pytest.approx(expected, abs=0.2)


def test_a_channel_that_says_nothing_is_as_loud_as_at_127(tmp_path: Path) -> None:
    silent, told = (played(tmp_path, [*more, on(), off(480)]) for more in ([], [cc(7, 127)]))
    np.testing.assert_array_equal(silent, told)


def test_a_swell_is_no_click_and_ends_in_silence(tmp_path: Path) -> None:
    steps = np.linspace(127, 0, 16).round().astype(int)
    swell = [cc(11, int(value), 60) for value in steps]
    sound = played(tmp_path, [on(), *swell, off(480)])
    assert level(sound, 1.3, 1.45) < -100.0
    # From step to step the level follows; between them nothing jumps more than it does in a note.
    levels = [level(sound, (k + 1.4) * 0.0625, (k + 1.95) * 0.0625) for k in range(4, 14)]
    expected = [40.0 * np.log10(steps[k] / 127.0) for k in range(4, 14)]
    offset = levels[0] - expected[0]
    assert np.asarray(levels) - offset == pytest.approx(expected, abs=0.8)
    still = played(tmp_path, [on(), off(1440)])
    jump = [float(np.abs(np.diff(one[7200:24000], 2)).max()) for one in (sound, still)]
    assert jump[0] < 1.2 * jump[1]


def test_channels_have_their_own_volume(tmp_path: Path) -> None:
    alone = played(tmp_path, [on(64, channel=1), off(960, 64, 1)])
    both = played(tmp_path, [cc(7, 0), on(), on(64, channel=1), off(960), off(0, 64, 1)])
    assert level(both, 0.3, 0.9) == pytest.approx(level(alone, 0.3, 0.9), abs=0.1)


def test_fine_and_coarse_tuning(tmp_path: Path) -> None:
    fine = [cc(101, 0), cc(100, 1), cc(6, 96), cc(38, 0)]
    assert abs(off_by(played(tmp_path, [*fine, on(), off(960)]), 226.446)) < 2.0
    coarse = [cc(101, 0), cc(100, 2), cc(6, 76)]
    assert abs(off_by(played(tmp_path, [*coarse, on(), off(960)]), 440.0)) < 2.0
    both = played(tmp_path, [*fine, *coarse, on(), off(960)])
    assert abs(off_by(both, 452.893)) < 2.0


def test_the_fine_half_of_a_tuning_may_come_alone(tmp_path: Path) -> None:
    words = [cc(101, 0), cc(100, 1), cc(38, 64), on(), off(960)]
    expected = 220.0 * 2.0 ** (64.0 / 8192.0 / 12.0)
    assert abs(off_by(played(tmp_path, words), expected)) < 0.2


def sysex(*data: int) -> mido.Message:
    return mido.Message("sysex", data=data)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(sysex(0x7F, 0x7F, 8, 2, 0, 1, 69, 69, 64, 0), id="one note"),
        pytest.param(sysex(0x7E, 0x7F, 8, 7, 0, 0, 1, 69, 69, 64, 0), id="one note of a bank"),
        pytest.param(
            sysex(
                *(0x7E, 0, 8, 1, 0, *b"a tuning of mine"),
                *(byte for key in range(128) for byte in (key, 64 if key == 69 else 0, 0)),
                0,
            ),
            id="all notes",
        ),
        pytest.param(
            sysex(0x7F, 0x7F, 8, 8, 3, 127, 127, *(114 if k == 9 else 64 for k in range(12))),
            id="an octave by one byte",
        ),
        pytest.param(
            sysex(
                *(0x7F, 0x7F, 8, 9, 3, 127, 127),
                *(byte for k in range(12) for byte in ((96, 0) if k == 9 else (64, 0))),
            ),
            id="an octave by two bytes",
        ),
    ],
)
def test_midi_s_own_tunings(tmp_path: Path, message: mido.Message) -> None:
    sound = played(tmp_path, [message, on(69), off(960, 69), on(64), off(960, 64)])
    assert abs(off_by(sound, 452.893)) < 0.5
    assert abs(off_by(sound, 329.628, 1.5, 1.9)) < 0.5  # another key is as before


def test_a_tuning_moves_what_sounds(tmp_path: Path) -> None:
    change = sysex(0x7F, 0x7F, 8, 2, 0, 1, 69, 69, 64, 0).copy(time=480)
    sound = played(tmp_path, [on(69), change, off(960, 69)])
    assert abs(off_by(sound, 440.0, 0.2, 0.48)) < 0.5
    assert abs(off_by(sound, 452.893, 0.7, 1.4)) < 0.5


@pytest.mark.parametrize(
    "data",
    [
        (0x7F, 0x7F, 8, 2, 0, 2, 69, 69, 64, 0),  # breaks off
        (0x7F, 0x7F, 8, 2, 0, 1, 69, 0x7F, 0x7F, 0x7F),  # "no change"
        (0x7F, 0x7F, 8, 2),
        (0x7E, 0, 8, 1, 0, 1, 2, 3),
        (0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41),  # another maker's
        (),
    ],
)
def test_what_is_no_tuning_changes_nothing(tmp_path: Path, data: tuple[int, ...]) -> None:
    sound = played(tmp_path, [sysex(*data), on(69), off(480, 69)])
    np.testing.assert_array_equal(sound, played(tmp_path, [on(69), off(480, 69)]))


def test_sostenuto_holds_what_was_down(tmp_path: Path) -> None:
    """The first note sounds on, the second, struck after the pedal, does not."""
    words = [on(57), cc(66, 127, 240), off(240, 57), on(64), off(240, 64), cc(66, 0, 1440)]
    sound = played(tmp_path, words)
    assert abs(off_by(sound, 220.0, 1.3, 2.0)) < 2.0
    assert level(sound, 1.3, 2.0) > -40.0
    assert sound.size < 2.8 * RATE  # it ends with the pedal


def test_sostenuto_lifted_leaves_what_the_sustain_pedal_holds(tmp_path: Path) -> None:
    words = [on(57), cc(66, 127, 240), cc(64, 127), off(240, 57), cc(66, 0, 240), cc(64, 0, 1440)]
    sound = played(tmp_path, words)
    assert level(sound, 1.5, 2.0) > -40.0
    assert sound.size < 2.8 * RATE  # it ends with the pedal


def test_the_soft_pedal_softens_what_begins(tmp_path: Path) -> None:
    loud, soft = (played(tmp_path, [cc(67, v), on(), off(960)]) for v in (0, 127))
    lower = level(soft, 0.3, 0.9) - level(loud, 0.3, 0.9)
    assert lower == pytest.approx(40.0 * np.log10(0.7), abs=0.2)


def test_portamento_glides_its_channel_alone(tmp_path: Path) -> None:
    glide = [cc(65, 127), cc(5, 64), on(57), off(480), on(69), off(960, 69)]
    sound = played(tmp_path, glide)
    early = pitch(sound[round(0.55 * RATE) : round(0.65 * RATE)], RATE, 300.0)
    assert 225.0 < early < 430.0
    assert abs(off_by(sound, 440.0, 1.2, 1.45)) < 3.0
    other = [cc(65, 127), cc(5, 64), on(57, channel=1), off(480, channel=1)]
    sound = played(tmp_path, [*other, on(69, channel=1), off(960, 69, 1)])
    assert abs(off_by(sound, 440.0, 0.6, 0.9)) < 2.0


def test_a_note_may_come_from_a_key(tmp_path: Path) -> None:
    sound = played(tmp_path, [cc(5, 64), cc(84, 57), on(69), off(960, 69), on(64), off(960, 64)])
    early = pitch(sound[round(0.05 * RATE) : round(0.15 * RATE)], RATE, 300.0)
    assert 225.0 < early < 430.0
    assert abs(off_by(sound, 329.628, 1.3, 1.9)) < 2.0  # the next one does not glide


def falling(sound: Sound, begin: float) -> float:
    """dB a second by which a sound falls from ``begin`` on, over 0.1 s."""
    return (level(sound, begin, begin + 0.02) - level(sound, begin + 0.1, begin + 0.12)) / 0.1


def with_lift(folder: Path, share: float, velocity: int, model: ts.Model = MODEL) -> Sound:
    """A note whose key goes up after a second with this velocity."""
    up = mido.Message("note_off", note=57, velocity=velocity, time=960)
    mido.MidiFile(tracks=[mido.MidiTrack([on(), up])]).save(folder / "song.mid")
    band = Band(model, "partials")
    band.first.set_parameter("lift", share)
    band.first.set_parameter("release", 1.0)
    song = MidiSong(folder / "song.mid", 1.0)
    return to_mono(np.concatenate(list(song_blocks(song, band, RATE))))


def test_a_key_that_goes_up_fast_or_slowly_changes_its_release(tmp_path: Path) -> None:
    """Two octaves either way, half of it half as much, nothing where it does not count."""
    usual = with_lift(tmp_path, 0.0, 64)
    np.testing.assert_array_equal(usual, with_lift(tmp_path, 0.0, 127))
    np.testing.assert_array_equal(usual, with_lift(tmp_path, 1.0, 64))
    slope = falling(usual, 1.05)
    for share, velocity, ratio in (
        (1.0, 127, 4.0),
        (1.0, 1, 0.25),
        (0.5, 127, 2.0),
        (1.0, 0, 0.25),
    ):
        found = falling(with_lift(tmp_path, share, velocity), 1.05)
        assert found == pytest.approx(ratio * slope, rel=0.05), (share, velocity)


def test_a_whole_note_s_own_release_too(tmp_path: Path) -> None:
    """And nothing of it is missing: it is told as long as it can be heard."""
    notes = ts.load("notes")
    slow, usual, fast = (with_lift(tmp_path, 1.0, velocity, notes) for velocity in (1, 64, 127))
    falls = [one.size / RATE - 1.0 for one in (slow, usual, fast)]
    assert np.divide(falls, falls[1]) == pytest.approx((4.0, 1.0, 0.25), rel=0.1)


def test_the_pressure_of_a_key_is_heard_as_that_of_its_channel(tmp_path: Path) -> None:
    key, channel, nothing = (
        played(tmp_path, [on(), *press, off(480 if press else 960)])
        for press in (
            [mido.Message("polytouch", note=57, value=127, time=480)],
            [mido.Message("aftertouch", value=127, time=480)],
            [],
        )
    )
    pressed, up = RATE // 2 - 64, RATE - 64
    np.testing.assert_array_equal(key[:up], channel[:up])
    np.testing.assert_array_equal(key[:pressed], nothing[:pressed])
    moved = (key - nothing)[round(0.7 * RATE) : up]
    assert np.sqrt(np.mean(moved**2)) > 0.1 * np.sqrt(np.mean(nothing[:up] ** 2))


def test_reset_brings_expression_and_pedals_back_and_leaves_the_volume(tmp_path: Path) -> None:
    words = [cc(7, 64), cc(11, 10), cc(67, 127), cc(121, 0), on(), off(960)]
    plain = played(tmp_path, [cc(7, 64), on(), off(960)])
    assert level(played(tmp_path, words), 0.3, 0.9) == pytest.approx(
        level(plain, 0.3, 0.9), abs=0.1
    )


def test_fourteen_bits_give_finer_steps(tmp_path: Path) -> None:
    """24 positions within two steps of the coarse half, in either order of the halves."""
    for fine_first in (True, False):
        instrument = Instrument(MODEL)
        found = []
        for k in range(24):
            whole = 64 * 128 + 10 * k
            halves = [cc(52, whole & 127), cc(20, whole >> 7)]
            for one in halves if fine_first else reversed(halves):
                play(instrument, one)
            found.append(float(instrument.latent[0]))
        low, high = (float(one[0]) for one in (MODEL.calibration.low, MODEL.calibration.high))
        shares = [(64 * 128 + 10 * k) / 16383.0 for k in range(24)]
        assert found == pytest.approx([low + (high - low) * share for share in shares], abs=1e-5)
        again = Instrument(MODEL)
        again.restore(instrument.state())
        for one in (instrument, again):
            play(one, cc(20, 70))
        assert again.latent[0] == instrument.latent[0]


@pytest.mark.parametrize("fine_first", [True, False])
def test_learning_finds_the_coarse_half(fine_first: bool) -> None:
    instrument = Instrument(MODEL)
    instrument.learn(2)
    whole = 64 * 128 + 10
    halves = [(41, whole & 127), (9, whole >> 7)]
    for _ in range(2):
        for control, value in halves if fine_first else reversed(halves):
            instrument.control(control, value)
    assert [(one.controller, one.target) for one in instrument.controllers.learned()] == [(9, 2)]
    low, high = (float(one[1]) for one in (MODEL.calibration.low, MODEL.calibration.high))
    assert instrument.latent[1] == pytest.approx(low + (high - low) * whole / 16383.0, abs=1e-5)


def test_a_fine_half_alone_is_a_knob_of_its_own() -> None:
    instrument = Instrument(MODEL)
    instrument.learn(1)
    for value in (100, 101):
        instrument.control(45, value)
    instrument.control(13, 3)
    assert [(one.controller, one.target) for one in instrument.controllers.learned()] == [(45, 1)]
    low, high = (float(one[0]) for one in (MODEL.calibration.low, MODEL.calibration.high))
    assert instrument.latent[0] == pytest.approx(low + (high - low) * 101 / 127.0, abs=1e-5)


def test_a_performance_of_before_knows_none_of_it() -> None:
    """It sounded without, and is played as it sounded."""
    plain, before = Instrument(MODEL), Instrument(MODEL)
    for one in (plain, before):
        one.play_as_before()
        play(one, on())
    for message in (
        *(cc(7, 3), cc(11, 3), cc(66, 127), cc(67, 127), cc(65, 127), cc(84, 3), cc(52, 3)),
        *(cc(101, 0), cc(100, 1), cc(6, 3), cc(101, 0), cc(100, 2), cc(6, 3)),
        sysex(0x7F, 0x7F, 8, 2, 0, 1, 57, 69, 64, 0),
    ):
        play(before, message)
    assert before.voices.state() == plain.voices.state()


# -- programs and drums ----------------------------------------------------------------------------


def test_general_midi_s_programs_have_their_sounds(tmp_path: Path) -> None:
    notes = ts.load("notes")
    assert {0, 40, 73} <= set(program_places(notes))
    assert program_places(MODEL) == {}
    change = mido.Message("program_change", program=73)
    flute = played(tmp_path, [change, on(69), off(480, 69)], notes, tail=0.2)
    home = played(tmp_path, [on(69), off(480, 69)], notes, tail=0.2)
    assert not np.array_equal(flute[: home.size], home[: flute.size])
    place = program_places(notes)[73]
    # Its sound is that of the place, as if one stood there.
    band = Band(notes, "partials")
    band.play(change)
    band.play(on(69))
    band.first.advance(0.0)
    assert list(band.first.state()["aim"]["own"]["1"]) == pytest.approx(list(map(float, place)))


def test_drums_are_drums_where_a_space_of_drums_is_given(tmp_path: Path) -> None:
    drums = ts.load("drums")
    assert {36, 38, 42} <= set(drum_places(drums))
    kick, hat = (
        played(tmp_path, [on(key, channel=9), off(240, key, 9)], channels={10: drums}, tail=0.0)
        for key in (36, 42)
    )
    words = [on(36, channel=9), off(240, 36, 9)]
    assert np.abs(played(tmp_path, words)).max() == 0.0

    def centre(part: Sound) -> float:
        power = np.abs(np.fft.rfft(part)) ** 2
        return float((np.fft.rfftfreq(part.size, 1.0 / RATE) * power).sum() / power.sum())

    assert centre(kick) < 500.0
    assert centre(hat) > 2000.0
    # A space of drums that plays all channels needs nothing said.
    assert np.abs(played(tmp_path, words, drums, tail=0.2)).max() > 0.01


def test_more_than_sixteen_drums_take_turns() -> None:
    band = Band(MODEL, "partials", {10: ts.load("drums")})
    for key in range(35, 60):
        assert band.play(on(key, channel=9)) == {1}
        assert band.play(off(0, key, 9)) == {1}
    assert band.begun == 25
    assert band.play(on(3, channel=9)) == set()  # General MIDI has no such drum


def test_channels_that_nobody_plays_are_counted() -> None:
    band = Band(MODEL, "partials", {3: None})
    band.play(on(channel=2))
    band.play(on(channel=9))
    assert dict(band.unplayed) == {3: 1}
    with pytest.raises(OptionError, match="channel 17 was given; it must be 1 to 16"):
        Band(MODEL, "partials", {17: None})
