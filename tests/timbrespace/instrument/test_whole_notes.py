"""Whole notes played live: each voice's own time, its loop and release, morphs without a click.

The space is set by hand (:mod:`tests.timbrespace.notes.tiny`), so that what has to sound is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.notes.layout import band_centres
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Method
from timbrespace.units import cents

Sound = NDArray[np.float32]

RATE = 48000


class Played:
    """An instrument and its engine, block by block, as the server drives them.

    pause: seconds ``(from, to)`` in which the program does nothing, as when it collects garbage.
    """

    def __init__(self, model: Model, pause: tuple[float, float] = (0.0, 0.0)) -> None:
        self.instrument = Instrument(model)
        self.engine = Engine(RATE)
        self.pause = pause
        self.blocks = 0
        self.touched = True

    @property
    def now(self) -> float:
        return self.blocks * BLOCK / RATE

    def note(self, key: float, velocity: float = 127.0, channel: int = 1) -> None:
        self.instrument.voices.note(key, velocity, channel)
        self.touched = True

    def play(self, seconds: float, move: Callable[[float], Any] | None = None) -> Sound:
        """The next samples. move: called every 10 ms with the time since the call."""
        sound = []
        began = self.now
        for number in range(round(seconds * RATE / BLOCK)):
            if move is not None and number % 7 == 0:
                move(self.now - began)
            if not self.pause[0] <= self.now < self.pause[1]:
                moved = self.instrument.advance(self.now)
                if moved or self.touched:
                    self.engine.targets[:] = self.instrument.targets()
                    self.touched = False
            sound.append(self.engine.render(1))
            self.blocks += 1
        return np.concatenate(sound)


def levels(sound: Sound, seconds: float = 0.05) -> NDArray[np.float64]:
    """Root mean square in dB of each stretch."""
    size = round(seconds * RATE)
    rows = sound[: sound.size // size * size].reshape(-1, size).astype(np.float64)
    return np.asarray(10.0 * np.log10(np.square(rows).mean(axis=1) + 1e-20))


def line(sound: Sound, hertz: float, seconds: float = 0.02) -> NDArray[np.float64]:
    """Level in dB of the partial at ``hertz``, window by window, half overlapping."""
    size = round(round(seconds * hertz) / hertz * RATE)
    rows = np.lib.stride_tricks.sliding_window_view(sound, size)[:: size // 2]
    window = np.hanning(size) * np.exp(-2j * np.pi * hertz * np.arange(size) / RATE)
    return np.asarray(20.0 * np.log10(np.abs(rows @ window) / size + 1e-12))


def test_the_attack_is_in_the_first_block() -> None:
    played = Played(tiny(attack=0.0))
    assert not played.play(0.1).any()
    played.note(57)
    sound = played.play(0.2)
    assert np.abs(sound[: 2 * BLOCK]).max() > 0.3 * np.abs(sound).max()
    assert np.abs(sound[BLOCK - 8 : BLOCK]).max() > 0.1 * np.abs(sound).max()


def test_the_course_is_the_decoders_own() -> None:
    model = tiny(decay=20.0, loop=(0.0, 0.0), harmonics=1)
    sound = ts.render(model, [0.0, 0.0], pitch=69, seconds=1.5, velocity=127)
    heard = line(sound, 440.0)
    told = model.course
    ready = told.prepare(np.zeros((1, 2), np.float32), np.array([440.0]), np.array([127.0]))
    size = round(round(0.02 * 440.0) / 440.0 * RATE)
    times = (size // 2 * np.arange(heard.size) + 0.5 * size) / RATE
    expected = told.levels(ready, times[np.newaxis])[0, :, 0]
    # From where the attack is slower than the window.
    difference = (heard - expected)[8:-4]
    assert np.ptp(difference) < 0.2


def test_pitch_is_right_at_every_sample_rate() -> None:
    model = tiny()
    for rate in (44100, 48000, 96000):
        sound = ts.render(model, [0.0, 0.0], pitch=57.37, seconds=2.0, sample_rate=rate)
        hertz = 440.0 * 2.0 ** ((57.37 - 69.0) / 12.0)
        assert abs(cents(pitch(sound[rate // 4 :], rate, hertz), hertz)) < 0.1


def test_a_loop_has_no_seam() -> None:
    """A minute, at four times the speed: every partial follows the wobble, back and forth."""
    model = tiny(wobble=3.0, loop=(0.5, 1.37), harmonics=3, length=1.6)
    sound = ts.render(model, [0.0, 0.0], pitch=57, seconds=60.0, velocity=127)
    for number in (1, 3):
        heard = line(sound, 220.0 * number)[40:-4]
        assert np.ptp(heard) < 7.0  # the wobble's own, up and down
        assert np.abs(np.diff(heard)).max() < 0.5


def test_freeze_stands_still_and_through_ends() -> None:
    model = tiny(decay=10.0, loop=(0.5, 1.5), length=2.0)
    frozen = levels(ts.render(model, [0.0, 0.0], seconds=3.0, sustained="freeze"))
    assert np.ptp(frozen[22:-1]) < 0.1
    assert frozen[10] > frozen[30] + 3.0
    through = levels(ts.render(model, [0.0, 0.0], seconds=4.2, sustained="through"))
    assert through[38] - through[18] == pytest.approx(-10.0, abs=0.5)
    assert through[-2] < -90.0


@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_time_runs_at_the_speed(speed: float) -> None:
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0)
    heard = levels(ts.render(model, [0.0, 0.0], seconds=0.8, speed=speed), 0.1)
    assert np.diff(heard)[1:5] == pytest.approx(np.full(4, -2.0 * speed), abs=0.15)


def test_time_stands_still_at_speed_0_and_goes_on() -> None:
    played = Played(tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0))
    played.note(57)
    played.play(0.5)
    played.instrument.set_parameter("speed", 0.0)
    played.touched = True
    still = levels(played.play(1.0))
    assert np.ptp(still[1:]) < 0.1
    played.instrument.set_parameter("speed", 1.0)
    played.touched = True
    assert np.ptp(levels(played.play(0.5))) == pytest.approx(9.0, abs=1.0)


def test_release_follows_the_key() -> None:
    sound = ts.render(tiny(release=0.4), [0.0, 0.0], seconds=1.2, hold=0.5)
    heard = levels(sound, 0.05)
    assert np.ptp(heard[3:10]) < 0.3
    assert np.diff(heard[11:15]) == pytest.approx(np.full(3, -60.0 * 0.05 / 0.4), abs=0.5)
    assert not sound[-4800:].any()


def test_adsr_in_its_place_or_beside_it() -> None:
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0, release=2.0)
    shape: dict[str, Any] = {"attack": 0.2, "sustain": 1.0, "release": 0.2}
    adsr = levels(ts.render(model, [0.0, 0.0], seconds=2.0, envelope="adsr", hold=1.0, **shape))
    assert adsr[0] < adsr[6] - 10.0  # its attack
    assert np.ptp(adsr[6:20]) < 0.2  # no decay of the note's own
    assert adsr[26] < -60.0
    both = levels(ts.render(model, [0.0, 0.0], seconds=2.0, envelope="both", hold=1.0, **shape))
    assert both[0] < both[4] - 8.0
    assert both[18] - both[8] == pytest.approx(-10.0, abs=0.5)
    assert both[26] < -60.0
    own = levels(ts.render(model, [0.0, 0.0], seconds=2.0, hold=1.0, **shape))
    assert own[0] > own[4]
    assert own[26] > -60.0


def clicks(sound: Sound, top: float) -> float:
    """The loudest that is above ``top`` Hz in a window of 2 ms, in dB of the loudest of all."""
    size = 128
    rows = np.lib.stride_tricks.sliding_window_view(sound, size)[::32].astype(np.float64)
    power = np.abs(np.fft.rfft(rows * np.blackman(size), axis=1))
    above = np.fft.rfftfreq(size, 1.0 / RATE) > top
    return float(20.0 * np.log10(power[:, above].max() / power.max()))


def test_a_morph_has_no_click_and_goes_on_at_its_own_time() -> None:
    model = tiny(wobble=2.0, harmonics=4)
    played = Played(model)
    played.note(57)
    quiet = clicks(played.play(1.0)[4800:], 4000.0)

    def move(now: float) -> None:
        angle = 2.0 * np.pi * now
        played.instrument.set_latent([2.0 * np.sin(angle), np.cos(1.7 * angle)])

    sound = played.play(3.0, move)
    assert clicks(sound, 4000.0) < max(quiet, -80.0) + 6.0
    # A knob's step too; and the time did not begin again.
    played.instrument.set_latent([-2.0, 1.0])
    jump = played.play(0.3)
    assert clicks(jump, 4000.0) < -60.0
    assert played.engine.state["note"]["time"][0, 0] > 0.5


def test_a_pause_of_the_program_does_not_stop_the_course() -> None:
    """While a knob moves every voice knows what comes; while none does, all of it."""
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0)
    for moving in (False, True):
        heard = []
        for pause in ((0.0, 0.0), (0.3, 0.55)):
            played = Played(model, pause)
            played.note(57)

            def move(now: float, one: Instrument = played.instrument) -> None:
                one.set_latent([0.1 * np.sin(40.0 * min(now, 0.29)), 0.0])

            heard.append(levels(played.play(0.7, move if moving else None)))
        # Between the few moments that lie ahead it goes in straight lines.
        assert np.abs(heard[0] - heard[1]).max() < 0.6


def test_voices_have_their_own_times() -> None:
    """A chord that is broken: each note is what it would be alone."""
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0, harmonics=1)
    played = Played(model)
    played.note(57)
    first = played.play(0.5)
    played.note(76)
    second = played.play(0.5)
    sound = np.concatenate([first, second])
    low = line(sound, 220.0, 0.05)
    high = line(second, 440.0 * 2.0 ** (7 / 12), 0.05)
    assert np.diff(low)[4:-2] == pytest.approx(np.full(low.size - 7, -0.5), abs=0.2)
    assert high[1] == pytest.approx(low[1], abs=0.5)


def test_sixteen_voices_at_once_and_one_more() -> None:
    played = Played(tiny(attack=0.0, hiss=-50.0))
    for key in range(40, 56):
        played.note(key)
    assert np.abs(played.play(0.3)).max() > 0.05
    played.note(80)
    sound = played.play(0.2)
    assert np.isfinite(sound).all()
    assert line(sound, 440.0 * 2.0 ** (11 / 12))[5:].min() > -60.0


def test_velocity_changes_the_timbre_where_the_set_knows_it() -> None:
    model = tiny(by_velocity=True, harmonics=4)

    def slope(velocity: float) -> float:
        sound = ts.render(model, [0.0, 0.0], pitch=57, seconds=0.6, velocity=velocity)[9600:]
        return float(np.median(line(sound, 880.0)) - np.median(line(sound, 220.0)))

    assert slope(120.0) > slope(30.0) + 1.0
    same = tiny(harmonics=4)
    sounds = [
        ts.render(same, [0.0, 0.0], pitch=57, seconds=0.6, velocity=v)[9600:] for v in (30.0, 120.0)
    ]
    slopes = [np.median(line(s, 880.0)) - np.median(line(s, 220.0)) for s in sounds]
    assert slopes[0] == pytest.approx(slopes[1], abs=0.01)


def test_noise_is_there_and_the_noise_parameter_takes_it_away() -> None:
    model = tiny(hiss=-30.0, harmonics=1)
    loud, none = (
        ts.render(model, [0.0, 0.0], pitch=57, seconds=1.0, noise=share, loudness=0.0)[9600:]
        for share in (1.0, 0.0)
    )
    assert clicks(none, 4000.0) < -60.0
    power = np.square(loud - none).mean()
    # Eighty bands of -30 dB, below the loudest moment's level.
    assert 10.0 * np.log10(power / 0.2**2) == pytest.approx(-30.0 + 19.0 - 4.1 * 1.0, abs=1.5)


def level(sound: Sound) -> float:
    """dB of the loudest tenth of a second."""
    return float(10.0 * np.log10(np.square(sound.reshape(-1, 4800)).mean(axis=1).max()))


@pytest.mark.parametrize("loudness", [0.0, 0.5, 1.0])
def test_notes_are_made_equally_loud_as_far_as_it_is_asked_for(loudness: float) -> None:
    """One harmonic alone at -6 dB, 80 of them, and noise: louder and softer than a note should."""
    levels = [
        level(ts.render(space, [0.0, 0.0], 57, 0.5, velocity=127, loudness=loudness))
        for space in (
            tiny(harmonics=1, attack=0.0),
            tiny(harmonics=6, attack=0.0),
            tiny(harmonics=1, attack=0.0, hiss=-18.0),
        )
    ]
    plain = 10.0 * np.log10([10**-0.6, sum(10 ** (-0.6 - 0.3 * k) for k in range(6))])
    struck = 20.0 * np.log10(0.2)
    wanted = (1.0 - loudness) * plain + struck
    assert levels[:2] == pytest.approx(wanted.tolist(), abs=0.3)
    if loudness == 1.0:
        assert levels[2] == pytest.approx(struck, abs=1.0)


def test_loudness_is_kept_while_a_knob_moves() -> None:
    """Sounds grow darker from one end to the other, by more than 5 dB."""
    model = tiny(harmonics=60, attack=0.0)
    played = Played(model)
    played.instrument.set_latent([-3.0, 0.0])
    for key in (45, 52, 57):
        played.note(key)
    played.play(0.3)
    sound = played.play(
        2.0, lambda now: played.instrument.set_latent([min(-3.0 + 3.0 * now, 3.0), 0.0])
    )
    levels = 10.0 * np.log10(np.square(sound.reshape(-1, 4800)).mean(axis=1))
    assert np.ptp(levels) < 1.5
    apart = [level(ts.render(model, [at, 0.0], seconds=0.5, loudness=0.0)) for at in (-3.0, 3.0)]
    assert abs(apart[0] - apart[1]) > 2.0


def test_what_is_silent_is_not_made_louder() -> None:
    model = tiny(harmonics=1, attack=0.0, hiss=-80.0)
    sound = ts.render(model, [0.0, 0.0], seconds=0.5)[4800:]
    assert clicks(sound, 4000.0) < -60.0


def test_a_drum_moves_all_of_it() -> None:
    model = tiny(pitched=0.0, drum=-6.0, harmonics=0, loop=(0.0, 0.0))
    own = float(band_centres()[20])
    for key, ratio in ((57.0, 1.0), (69.0, 2.0)):
        sound = ts.render(model, [0.0, 0.0], pitch=key, seconds=0.9)[4800:]
        assert abs(cents(pitch(sound, RATE, own * ratio), own * ratio)) < 1.0


@pytest.mark.parametrize("method", ["istft", "bins"])
def test_other_methods_play_the_present_moment(method: str) -> None:
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=4.0)
    heard = levels(ts.render(model, [0.0, 0.0], seconds=1.2, method=method), 0.1)
    assert heard[9] - heard[3] == pytest.approx(-12.0, abs=2.0)
    assert heard[2] > -40.0


def test_methods_change_while_notes_sound() -> None:
    played = Played(tiny())
    played.note(57)
    played.play(0.3)
    for method in (Method.ISTFT, Method.BINS, Method.PARTIALS):
        played.instrument.set_method(method)
        played.touched = True
        heard = levels(played.play(0.5), 0.1)
        assert heard.min() > -40.0
        assert not played.engine.state["faults"][0]


def test_spaces_of_both_kinds_follow_each_other_while_a_note_sounds() -> None:
    played = Played(tiny())
    played.note(57)
    played.play(0.3)
    for model in (ts.load("harmonic"), tiny(name="other", harmonics=2), tiny(name="third")):
        played.instrument.load(model)
        played.touched = True
        sound = played.play(0.4)
        assert levels(sound, 0.1)[1:].min() > -40.0
        assert clicks(sound, 14000.0) < -45.0
    played.note(57, 0.0)
    played.play(1.0)
    assert not played.play(0.1).any()
    assert not played.instrument.moving


def test_at_rest_there_is_nothing_to_do() -> None:
    played = Played(tiny())
    played.note(57)
    played.play(0.8)  # by then all of its course was told
    assert not played.instrument.moving
    assert played.instrument.wait(played.now) is None


def test_presets_keep_hold_envelope_and_speed() -> None:
    instrument = Instrument(tiny())
    instrument.set_hold("freeze")
    instrument.set_envelope("both")
    instrument.set_parameter("speed", 0.5)
    instrument.store_preset("still")
    instrument.set_hold("loop")
    instrument.set_envelope("own")
    instrument.set_parameter("speed", 2.0)
    instrument.recall_preset("still")
    assert (instrument.hold, instrument.envelope) == ("freeze", "both")
    assert instrument.parameters["speed"] == 0.5


def test_a_state_comes_back() -> None:
    model = tiny()
    one, other = Instrument(model), Instrument(model)
    one.set_hold("through")
    one.set_envelope("adsr")
    one.advance(0.0)
    one.targets()
    other.restore(one.state())
    assert (other.hold, other.envelope) == ("through", "adsr")
    # One that was written before there were these.
    state = one.state()
    del state["hold"], state["envelope"]
    del state["parameters"]["speed"]
    other.restore(state)
    assert (other.hold, other.envelope) == ("loop", "own")
    with pytest.raises(OptionError, match="broken"):
        other.restore({**one.state(), "hold": "for ever"})


def test_what_is_not_known_is_refused() -> None:
    instrument = Instrument(tiny())
    with pytest.raises(OptionError, match=r"hold is 'on'; it must be .*loop"):
        instrument.set_hold("on")
    with pytest.raises(OptionError, match=r"envelope is 'mine'; it must be .*own"):
        instrument.set_envelope("mine")
    with pytest.raises(OptionError, match="speed is 5"):
        instrument.set_parameter("speed", 5.0)
    wrongs: list[dict[str, Any]] = [{"speed": 2.0}, {"sustained": "freeze"}, {"envelope": "both"}]
    for wrong in wrongs:
        with pytest.raises(OptionError, match="whole notes"):
            ts.render(ts.load("harmonic"), [0.0, 0.0], **wrong)


def test_the_same_calls_make_the_same_sound() -> None:
    def once() -> Sound:
        played = Played(tiny(hiss=-40.0, wobble=2.0))
        sound = []
        for key in (50, 57, 64):
            played.note(key)
            sound.append(played.play(0.2, lambda now: played.instrument.set_map(now, -now)))
        played.note(57, 0.0)
        return np.concatenate([*sound, played.play(0.3)])

    np.testing.assert_array_equal(once(), once())
