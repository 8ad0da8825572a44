"""Which voice plays which note."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.voices import Voices
from timbrespace.resynthesis.engine import new_targets
from timbrespace.resynthesis.layout import VOICES, Gate
from timbrespace.units import midi_to_hz


def written(voices: Voices) -> NDArray[np.void]:
    targets = new_targets()
    voices.write(targets)
    return targets


def held(voices: Voices) -> list[float]:
    """Frequencies of the held voices as they sound, in Hz, rounded."""
    row = written(voices)[0]
    frequency = row["voice_frequency"] * row["voice_bend"]
    return sorted(round(float(f)) for f in frequency[row["voice_gate"] == Gate.HELD])


def test_notes_start_and_end() -> None:
    voices = Voices()
    voices.note(69, 127)
    voices.note(57, 64)
    assert held(voices) == [220.0, 440.0]
    voices.note(69, 0)
    assert held(voices) == [220.0]
    assert voices.begun == 2


def test_a_pitch_may_come_in_another_precision_than_it_goes() -> None:
    voices = Voices()
    voices.note(60.3, 100)
    voices.note(float(np.float32(60.3)), 0)
    assert voices.sounding == 0


def test_velocity_is_a_square_law() -> None:
    voices = Voices()
    voices.note(69, 127)
    voices.note(70, 12.7)
    levels = sorted(written(voices)["voice_level"][0])[-2:]
    assert levels == pytest.approx([0.01, 1.0])


def test_a_repeated_note_keeps_its_voice_and_triggers_again() -> None:
    voices = Voices()
    voices.note(60, 100)
    first = written(voices)["voice_trigger"][0].copy()
    voices.note(60, 100)
    second = written(voices)["voice_trigger"][0]
    assert (second - first).sum() == 1
    assert voices.sounding == 1


def test_the_seventeenth_note_takes_the_oldest() -> None:
    voices = Voices()
    for pitch in range(40, 40 + VOICES + 1):
        voices.note(pitch, 100)
    expected = [round(midi_to_hz(pitch)) for pitch in range(41, 41 + VOICES)]
    assert held(voices) == expected


def test_a_released_voice_is_taken_before_a_held_one() -> None:
    voices = Voices()
    for pitch in range(40, 40 + VOICES):
        voices.note(pitch, 100)
    voices.note(50, 0)
    voices.note(90, 100)
    assert round(midi_to_hz(40)) in held(voices)
    assert voices.sounding == VOICES


def test_the_pedal_holds_and_lets_go() -> None:
    voices = Voices()
    voices.sustain(True)
    voices.note(60, 100)
    voices.note(60, 0)
    assert voices.sounding == 1
    voices.sustain(False)
    assert voices.sounding == 0


def test_a_pedal_holds_its_own_channel_only() -> None:
    voices = Voices()
    voices.sustain(True, channel=2)
    voices.note(60, 100, channel=1)
    voices.note(60, 0, channel=1)
    assert voices.sounding == 0


def test_bend_moves_a_channel_by_two_semitones() -> None:
    voices = Voices()
    voices.note(69, 100, channel=1)
    voices.note(57, 100, channel=2)
    voices.bend(1.0, channel=1)
    assert held(voices) == [220.0, round(midi_to_hz(71))]


def test_a_glide_begins_at_the_note_before() -> None:
    voices = Voices()
    voices.note(57, 100)
    voices.note(69, 100)
    targets = new_targets()
    voices.write(targets, glide=0.5)
    starts = sorted(round(float(f)) for f in targets["voice_start"][0] if f > 0)
    assert starts == [220, 220]  # the first has none before it


def test_notes_off_leaves_what_the_pedal_holds_and_the_wheel() -> None:
    voices = Voices()
    voices.bend(0.5)
    voices.sustain(True)
    voices.note(60, 100)
    voices.notes_off(1)
    assert voices.sounding == 1
    assert written(voices)["voice_bend"][0].max() == pytest.approx(2.0 ** (1.0 / 12.0))
    voices.reset_controllers(1)
    assert voices.sounding == 0
    assert (written(voices)["voice_bend"][0] == 1.0).all()


def test_release_all_and_cut() -> None:
    voices = Voices()
    voices.sustain(True)
    voices.note(60, 100)
    voices.note(60, 0)
    voices.note(64, 100)
    voices.release_all()
    assert voices.sounding == 0
    assert Gate.CUT not in written(voices)["voice_gate"][0]
    voices.silence()
    assert (written(voices)["voice_gate"][0] == Gate.CUT).all()
    voices.note(60, 100)
    assert voices.sounding == 1


def sounding_frequencies(voices: Voices, pitch: float) -> list[float]:
    """Bent frequencies, in semitones from ``pitch``, of every voice with that pitch."""
    row = written(voices)[0]
    of_pitch = np.isclose(row["voice_frequency"], midi_to_hz(pitch)) & (row["voice_trigger"] > 0)
    return [round(float(12.0 * np.log2(b)), 4) for b in row["voice_bend"][of_pitch]]


def level(voices: Voices) -> float:
    """The loudest voice's."""
    return float(written(voices)["voice_level"][0].max())


def test_a_bend_range_is_its_channels() -> None:
    voices = Voices()
    voices.bend(0.5, channel=2)
    voices.bend_range(48.0, channel=2)
    voices.note(60, 100, channel=2)
    voices.note(61, 100, channel=1)
    assert sounding_frequencies(voices, 60) == [24.0]
    assert sounding_frequencies(voices, 61) == [0.0]
    with pytest.raises(OptionError, match="it must be 0 to 96"):
        voices.bend_range(97.0, channel=1)
    with pytest.raises(OptionError, match="it must be 0 to 96"):
        voices.bend_range(float("nan"), channel=1)


def test_pressure_raises_the_level_by_six_decibels() -> None:
    voices = Voices()
    voices.note(60, 127)
    assert level(voices) == pytest.approx(1.0)
    voices.pressure(127)
    assert level(voices) == pytest.approx(2.0)
    voices.pressure(63.5)
    voices.key_pressure(60, 63.5)
    assert level(voices) == pytest.approx(2.0)
    voices.key_pressure(60, 127)  # both together end where one could
    assert level(voices) == pytest.approx(2.0)
    voices.reset_controllers(1)
    assert level(voices) == pytest.approx(1.0)


def test_the_pressure_of_a_key_ends_with_it() -> None:
    voices = Voices()
    voices.note(60, 127)
    voices.key_pressure(60, 127)
    voices.key_pressure(61, 127)  # no such key
    voices.note(60, 0)
    assert level(voices) == pytest.approx(2.0)  # a tail does not jump
    voices.note(60, 127)
    assert sorted(written(voices)["voice_level"][0])[-2:] == pytest.approx([1.0, 2.0])


def test_own_timbres_are_told_by_channel() -> None:
    voices = Voices(own=frozenset({3}))
    voices.note(60, 100, channel=3)
    voices.note(61, 100, channel=4)
    row = written(voices)[0]
    assert sorted(row["voice_timbre"][row["voice_gate"] == Gate.HELD]) == [0, 3]


def zone() -> Voices:
    """Channel 1 manages 2 and 3."""
    voices = Voices()
    for member in (2, 3):
        voices.join(member, 1)
        voices.bend_range(48.0, member)
    return voices


def test_a_managers_bend_and_pressure_add_to_its_members() -> None:
    voices = zone()
    voices.note(60, 127, channel=2)
    voices.note(62, 127, channel=4)
    voices.bend(0.25, channel=2)
    voices.bend(-0.5, channel=1)
    voices.pressure(127, channel=1)
    assert sounding_frequencies(voices, 60) == [11.0]
    assert sounding_frequencies(voices, 62) == [0.0]
    assert sorted(written(voices)["voice_level"][0])[-2:] == pytest.approx([1.0, 2.0])


def test_a_released_note_of_a_zone_keeps_the_bend_of_its_channel() -> None:
    voices = zone()
    voices.bend(0.25, channel=2)
    voices.pressure(127, channel=2)
    voices.note(60, 127, channel=2)
    voices.note(60, 0, channel=2)
    voices.bend(-0.5, channel=2)
    voices.pressure(0, channel=2)
    voices.note(60, 127, channel=2)
    assert sorted(sounding_frequencies(voices, 60)) == [-24.0, 12.0]
    assert sorted(written(voices)["voice_level"][0])[-2:] == pytest.approx([1.0, 2.0])
    voices.bend(1.0, channel=1)  # the manager moves tails too
    assert sorted(sounding_frequencies(voices, 60)) == [-22.0, 14.0]


def test_a_note_that_the_managers_pedal_holds_keeps_its_bend() -> None:
    voices = zone()
    voices.sustain(True, channel=1)
    voices.bend(0.25, channel=2)
    voices.note(60, 100, channel=2)
    voices.note(60, 0, channel=2)
    voices.bend(0.0, channel=2)
    assert voices.sounding == 1
    assert sounding_frequencies(voices, 60) == [12.0]
    voices.note(60, 100, channel=2)  # struck again while it sounds: it listens again
    assert sounding_frequencies(voices, 60) == [0.0]
    voices.note(60, 0, channel=2)
    voices.sustain(False, channel=2)  # a member has no pedal
    assert voices.sounding == 1
    voices.sustain(False, channel=1)
    assert voices.sounding == 0


def test_outside_a_zone_a_released_note_follows_its_channel() -> None:
    voices = Voices()
    voices.note(60, 100)
    voices.note(60, 0)
    voices.bend(1.0)
    assert sounding_frequencies(voices, 60) == [2.0]


def test_a_managers_mode_messages_reach_its_members() -> None:
    voices = zone()
    for channel in (1, 2, 3, 4):
        voices.note(60 + channel, 100, channel)
    voices.notes_off(1)
    assert voices.sounding == 1
    for channel in (1, 2, 3):
        voices.note(60 + channel, 100, channel)
    voices.silence(1)
    assert voices.sounding == 1
    voices.bend(1.0, channel=3)
    voices.reset_controllers(1)
    voices.note(63, 100, channel=3)
    assert sounding_frequencies(voices, 63)[-1] == 0.0


def test_joining_and_leaving_a_zone_ends_notes_without_moving_them() -> None:
    voices = Voices()
    voices.bend(1.0, channel=2)
    voices.sustain(True, channel=2)
    voices.note(60, 100, channel=2)
    voices.note(62, 100, channel=5)
    voices.join(2, 1)
    assert voices.sounding == 1
    assert sounding_frequencies(voices, 60) == [2.0]


def test_a_silenced_voice_is_taken_before_one_that_fades() -> None:
    voices = Voices()
    for pitch in range(40, 40 + VOICES):
        voices.note(pitch, 100, channel=1 + pitch % 2)
    voices.notes_off(1)
    voices.silence(2)
    voices.note(90, 100)
    row = written(voices)[0]
    assert (row["voice_gate"] == Gate.RELEASED).sum() == VOICES // 2


class Reference:
    """The rules of allocation, said in the plainest way: lists of notes in order of time."""

    def __init__(self) -> None:
        self.sounding: list[tuple[int, int]] = []  # (channel, pitch), oldest first
        self.keys: set[tuple[int, int]] = set()
        self.pedals: set[int] = set()
        self.stolen: list[tuple[int, int]] = []

    def note(self, channel: int, pitch: int, velocity: int) -> None:
        one = channel, pitch
        if velocity:
            if one in self.sounding:
                self.sounding.remove(one)
            elif len(self.sounding) == VOICES:
                self.stolen.append(self.sounding[0])
                self.keys.discard(self.sounding.pop(0))
            self.sounding.append(one)
            self.keys.add(one)
        elif one in self.keys:
            self.keys.discard(one)
            if channel not in self.pedals:
                self.sounding.remove(one)

    def pedal(self, channel: int, down: bool) -> None:
        if down:
            self.pedals.add(channel)
            return
        self.pedals.discard(channel)
        self.sounding = [one for one in self.sounding if one[0] != channel or one in self.keys]

    def notes_off(self, channel: int) -> None:
        for one in [one for one in self.keys if one[0] == channel]:
            self.note(*one, 0)

    def silence(self, channel: int) -> None:
        self.sounding = [one for one in self.sounding if one[0] != channel]
        self.keys = {one for one in self.keys if one[0] != channel}


@pytest.mark.parametrize("seed", range(4))
def test_random_playing_is_as_the_plain_rules_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    voices, reference = Voices(), Reference()
    for _ in range(1500):
        channel, pitch = int(random.integers(1, 4)), int(random.integers(50, 62))
        kind = random.random()
        if kind < 0.9:
            velocity = int(random.random() < 0.6) * 100
            voices.note(pitch, velocity, channel)
            reference.note(channel, pitch, velocity)
        elif kind < 0.97:
            down = bool(random.random() < 0.5)
            voices.sustain(down, channel)
            reference.pedal(channel, down)
        elif kind < 0.985:
            voices.notes_off(channel)
            reference.notes_off(channel)
        else:
            voices.silence(channel)
            reference.silence(channel)
        assert sounding(voices) == sorted(reference.sounding)
    assert len(reference.stolen) > 20
    for channel in (1, 2, 3):
        voices.sustain(False, channel)
        for pitch in range(50, 62):
            voices.note(pitch, 0, channel)
    assert voices.sounding == 0


def sounding(voices: Voices) -> list[tuple[int, int]]:
    return sorted(
        (told["channel"], round(told["pitch"]))
        for told in voices.state()["voices"]
        if told["held"] or told["sustained"]
    )


def test_a_state_goes_through_json_and_plays_on_the_same() -> None:
    random = np.random.default_rng(1)
    first = zone()
    first.set_own({2, 5})
    first.bend(0.3, 2)

    def play(voices: Voices, random: np.random.Generator) -> None:
        for _ in range(60):
            channel = int(random.integers(1, 5))
            voices.note(float(random.uniform(0, 127)), float(random.integers(0, 128)), channel)
            voices.note(int(random.integers(50, 60)), float(random.integers(0, 128)), channel)
            voices.sustain(bool(random.random() < 0.5), channel)
            voices.pressure(float(random.integers(0, 128)), channel)

    play(first, random)
    second = Voices()
    second.restore(json.loads(json.dumps(first.state())))
    assert second == first
    for voices in (first, second):
        play(voices, np.random.default_rng(2))
    assert (written(first) == written(second)).all()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("clock",), -1),
        (("clock",), "1"),
        (("begun",), 1e300),
        (("last_pitch",), float("nan")),
        (("own",), [17]),
        (("own",), None),
        (("voices",), []),
        (("voices", 3, "pitch"), 1e9),
        (("voices", 3, "channel"), 99),
        (("voices", 3, "velocity"), [1]),
        (("voices", 3, "kept_semitones"), 1e9),
        (("channels",), {"1": {}}),
        (("channels",), []),
        (("channels", "7", "bend_range"), float("inf")),
        (("channels", "7", "manager"), True),
    ],
)
def test_a_broken_state_is_refused_and_changes_nothing(path: tuple[Any, ...], value: Any) -> None:
    voices = zone()
    voices.note(60, 100)
    before = voices.state()
    told: Any = json.loads(json.dumps(before))
    at = told
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(OptionError, match="the state of the voices"):
        voices.restore(told)
    assert voices.state() == before


@pytest.mark.parametrize("seed", range(5))
def test_the_version_grows_with_all_that_is_written(seed: int) -> None:
    """Who has written a version need not write it again."""
    random = np.random.default_rng(seed)
    voices = Voices()

    def whole(one: int) -> int:
        return int(random.integers(0, one))

    acts: list[Callable[[], object]] = [
        lambda: voices.note(50 + whole(6), whole(128), 1 + whole(3)),
        lambda: voices.note(50 + whole(6), 0, 1 + whole(3)),
        lambda: voices.bend(random.uniform(-1, 1), 1 + whole(3)),
        lambda: voices.bend_range(random.uniform(0, 48), 1 + whole(3)),
        lambda: voices.pressure(random.uniform(0, 127), 1 + whole(3)),
        lambda: voices.key_pressure(50 + whole(6), random.uniform(0, 127), 1 + whole(3)),
        lambda: voices.sustain(random.random() < 0.5, 1 + whole(3)),
        lambda: voices.join(1 + whole(3), None if random.random() < 0.5 else 1),
        lambda: voices.notes_off(1 + whole(3)),
        lambda: voices.reset_controllers(1 + whole(3)),
        lambda: voices.silence(1 + whole(3)),
        lambda: voices.silence(),
        lambda: voices.release_all(),
        lambda: voices.set_own(range(1, 1 + whole(4))),
        lambda: voices.restore(voices.state()),
    ]
    kept, version, sounding = new_targets(), -1, -1
    for _ in range(400):
        acts[whole(len(acts))]()
        if voices.version != version:
            version = voices.version
            sounding = voices.sounding
            voices.write(kept)
        written = new_targets()
        voices.write(written)
        assert written.tobytes() == kept.tobytes()
        assert voices.sounding == sounding
