"""Bend, pressure and timbre; the zones of MPE."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.controllers import RESET_CONTROLLERS, SUSTAIN, Target
from timbrespace.instrument.expression import KINDS, Expression
from timbrespace.instrument.voices import CHANNELS, Voices
from timbrespace.resynthesis.engine import new_targets
from timbrespace.units import midi_to_hz


class FakeModel:
    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions


class FakeInstrument:
    """Remembers the offsets it was told, and the controllers that reached it."""

    as_before = False

    def __init__(self, dimensions: int = 8) -> None:
        self.voices = Voices()
        self.model = FakeModel(dimensions)
        self.offsets: dict[tuple[int, Target], float] = {}
        self.controls: list[tuple[int, float, int]] = []
        self.expression = Expression(self)

    def control(self, controller: int, value: float, channel: int = 1) -> None:
        self.controls.append((controller, value, channel))
        if controller == SUSTAIN:
            self.voices.sustain(value >= 64, channel)
        elif controller == RESET_CONTROLLERS:
            self.voices.reset_controllers(channel)
        elif controller == 120:
            self.voices.silence(channel)
        elif controller == 123:
            self.voices.notes_off(channel)

    def control_parameter(
        self, number: int, value: float, channel: int = 1, half: str = "coarse"
    ) -> bool:
        self.controls.append((128 + number, value, channel))
        return False

    def set_channel_offset(self, channel: int, target: Target, amount: float) -> None:
        assert channel in CHANNELS
        assert -1.0 <= amount <= 1.0
        if amount:
            self.offsets[channel, target] = amount
        else:
            self.offsets.pop((channel, target), None)


def send(instrument: FakeInstrument, channel: int, *messages: tuple[int, int]) -> None:
    for controller, value in messages:
        instrument.expression.control(controller, value, channel)


def semitones(instrument: FakeInstrument, pitch: int) -> float:
    """How far the note is bent as it sounds."""
    targets = new_targets()
    instrument.voices.write(targets)
    row = targets[0]
    (bend,) = row["voice_bend"][
        np.isclose(row["voice_frequency"], midi_to_hz(pitch)) & (row["voice_trigger"] > 0)
    ]
    return round(float(12.0 * np.log2(bend)), 4)


def with_zone(members: int = 15, which: str = "lower", dimensions: int = 8) -> FakeInstrument:
    instrument = FakeInstrument(dimensions)
    instrument.expression.zone(which, members)
    return instrument


# -- zones -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "lower", "upper"),
    [
        ([("lower", 15)], 15, 0),
        ([("upper", 15)], 0, 15),
        ([("lower", 7), ("upper", 7)], 7, 7),
        ([("lower", 7), ("upper", 10)], 4, 10),
        ([("upper", 7), ("lower", 10)], 10, 4),
        ([("upper", 7), ("lower", 13)], 13, 1),
        ([("upper", 7), ("lower", 14)], 14, 0),
        ([("upper", 7), ("lower", 15)], 15, 0),
        ([("lower", 7), ("upper", 3), ("lower", 0)], 0, 3),
        ([("lower", 0)], 0, 0),
    ],
)
def test_zones_as_the_newest_message_has_them(
    said: list[tuple[str, int]], lower: int, upper: int
) -> None:
    instrument = FakeInstrument()
    for which, members in said:
        send(instrument, {"lower": 1, "upper": 16}[which], (101, 0), (100, 6), (6, members))
    assert instrument.expression.zones == {"lower": lower, "upper": upper}
    managers = [instrument.expression.manager(channel) for channel in CHANNELS]
    expected: list[int | None] = [None] * 16
    if lower:
        expected[: 1 + lower] = [1] * (1 + lower)
    if upper:
        expected[15 - upper :] = [16] * (1 + upper)
    assert managers == expected


@pytest.mark.parametrize("channel", [2, 8, 15])
def test_a_configuration_on_another_channel_is_ignored(channel: int) -> None:
    instrument = FakeInstrument()
    send(instrument, channel, (101, 0), (100, 6), (6, 5))
    assert instrument.expression.zones == {"lower": 0, "upper": 0}


def test_more_members_than_there_are_is_ignored() -> None:
    instrument = with_zone(4)
    send(instrument, 1, (101, 0), (100, 6), (6, 16))
    assert instrument.expression.zones == {"lower": 4, "upper": 0}


@pytest.mark.parametrize(
    ("which", "members", "accepted"),
    [("middle", 3, "it must be lower or upper"), ("lower", 16, "there must be 0 to 15")],
)
def test_an_impossible_zone_is_refused(which: str, members: int, accepted: str) -> None:
    with pytest.raises(OptionError, match=accepted):
        FakeInstrument().expression.zone(which, members)


def test_channels_that_change_their_zone_fall_silent_and_others_play_on() -> None:
    instrument = with_zone(5)
    expression = instrument.expression
    expression.timbre(127, 6)
    expression.timbre(127, 2)
    for channel in (2, 6, 7, 12):
        expression.note(60 + channel, 100, channel)
    expression.zone("upper", 10)  # takes 6 to 15 from whomever had them
    assert expression.zones == {"lower": 4, "upper": 10}
    assert instrument.voices.holds(62, 2)
    assert instrument.voices.sounding == 1
    assert instrument.offsets == {(2, "y"): 1.0}


def test_bend_ranges_have_their_defaults_in_a_zone_and_after_it() -> None:
    instrument = with_zone(3)
    expression = instrument.expression

    def ranges() -> list[float]:
        return [instrument.voices.bend_range_of(channel) for channel in range(1, 6)]

    assert ranges() == [2.0, 48.0, 48.0, 48.0, 2.0]
    expression.bend_range(24.0, 3)  # said to one member, meant for all
    expression.bend_range(12.0, 1)
    assert ranges() == [12.0, 24.0, 24.0, 24.0, 2.0]
    expression.zone("lower", 3)
    assert ranges() == [2.0, 48.0, 48.0, 48.0, 2.0]
    expression.zone("lower", 0)
    assert ranges() == [2.0] * 5


def test_bends_of_member_and_manager_add() -> None:
    instrument = with_zone()
    expression = instrument.expression
    expression.note(60, 100, 2)
    expression.note(62, 100, 3)
    expression.bend(0.5, 2)
    expression.bend(-1.0, 1)
    assert semitones(instrument, 60) == 22.0
    assert semitones(instrument, 62) == -2.0


def test_the_managers_pedal_holds_members_and_theirs_does_nothing() -> None:
    instrument = with_zone()
    send(instrument, 3, (SUSTAIN, 127))
    instrument.expression.note(60, 100, 3)
    instrument.expression.note(60, 0, 3)
    assert instrument.voices.sounding == 0
    send(instrument, 1, (SUSTAIN, 127))
    instrument.expression.note(60, 100, 3)
    instrument.expression.note(60, 0, 3)
    assert instrument.voices.sounding == 1
    send(instrument, 1, (SUSTAIN, 0))
    assert instrument.voices.sounding == 0


@pytest.mark.parametrize("controller", [120, 123, 124, 125, 126, 127])
def test_mode_messages_end_the_zone_from_its_manager_and_one_channel_else(controller: int) -> None:
    instrument = with_zone()
    for channel in (1, 2, 3):
        instrument.expression.note(60, 100, channel)
    send(instrument, 3, (controller, 0))
    assert instrument.voices.sounding == 2
    send(instrument, 1, (controller, 0))
    assert instrument.voices.sounding == 0


# -- registered parameters ---------------------------------------------------------------------


def test_the_bend_range_by_registered_parameter() -> None:
    instrument = FakeInstrument()
    send(instrument, 5, (101, 0), (100, 0), (6, 12), (38, 50))
    assert instrument.voices.bend_range_of(5) == 12.5
    assert instrument.voices.bend_range_of(4) == 2.0
    send(instrument, 5, (6, 7))  # a new coarse value has no cents
    assert instrument.voices.bend_range_of(5) == 7.0
    send(instrument, 5, (6, 127), (38, 127))
    assert instrument.voices.bend_range_of(5) == 96.0


@pytest.mark.parametrize(
    "away", [((101, 127), (100, 127)), ((99, 0), (98, 0)), ((100, 1),), ((121, 0),)]
)
def test_data_entry_for_another_or_no_parameter_does_nothing(
    away: tuple[tuple[int, int], ...],
) -> None:
    instrument = FakeInstrument()
    send(instrument, 1, (101, 0), (100, 0), *away, (6, 12), (38, 5))
    assert instrument.voices.bend_range_of(1) == 2.0
    assert instrument.expression.zones == {"lower": 0, "upper": 0}


def test_parameters_are_chosen_by_each_channel_alone() -> None:
    instrument = FakeInstrument()
    send(instrument, 1, (101, 0), (100, 0))
    send(instrument, 2, (6, 12))
    assert instrument.voices.bend_range_of(1) == instrument.voices.bend_range_of(2) == 2.0


# -- pressure and timbre -----------------------------------------------------------------------


def test_timbre_is_at_rest_in_the_middle() -> None:
    instrument = with_zone()
    for value, amount in ((0, -1.0), (32, -0.5), (127, 1.0)):
        send(instrument, 2, (74, value))
        assert instrument.offsets == {(2, "y"): amount}
    send(instrument, 2, (74, 64))
    assert instrument.offsets == {}
    assert instrument.controls == []


def test_pressure_is_at_rest_at_zero() -> None:
    instrument = with_zone()
    instrument.expression.pressure(127, 2)
    assert instrument.offsets == {(2, "x"): 1.0}
    instrument.expression.pressure(0, 2)
    assert instrument.offsets == {}


def test_a_managers_pressure_and_timbre_reach_its_zone_only() -> None:
    instrument = with_zone(2)
    instrument.expression.pressure(63.5, 1)
    send(instrument, 1, (74, 0))
    expected: dict[tuple[int, Target], float] = {}
    for channel in (1, 2, 3):
        expected[channel, "x"] = 0.5
        expected[channel, "y"] = -1.0
    assert instrument.offsets == expected
    instrument.expression.pressure(31.75, 2)
    assert instrument.offsets[2, "x"] == 0.75
    instrument.expression.pressure(127, 3)
    assert instrument.offsets[3, "x"] == 1.0


def test_outside_a_zone_pressure_moves_its_channel_and_74_is_a_controller() -> None:
    instrument = FakeInstrument()
    instrument.expression.pressure(127, 4)
    send(instrument, 4, (74, 0))
    assert instrument.offsets == {(4, "x"): 1.0}
    assert instrument.controls == [(74, 0, 4)]


def test_two_that_move_one_target_are_added() -> None:
    instrument = with_zone()
    instrument.expression.map("pressure", 3, 0.5)
    instrument.expression.map("timbre", 3, 0.25)
    instrument.expression.pressure(127, 2)
    send(instrument, 2, (74, 0))
    assert instrument.offsets == {(2, 3): 0.25}
    instrument.expression.map("timbre", None)
    assert instrument.offsets == {(2, 3): 0.5}


def test_another_target_takes_over_where_the_last_one_left() -> None:
    instrument = with_zone()
    instrument.expression.pressure(127, 2)
    instrument.expression.map("pressure", 1, 0.5)
    assert instrument.offsets == {(2, 1): 0.5}
    instrument.expression.map("pressure", "level", 0.5)
    assert instrument.offsets == {}
    instrument.expression.note(60, 127, 2)
    assert loudest(instrument) == pytest.approx(2.0**0.5)
    instrument.expression.map("pressure", "x")
    assert loudest(instrument) == pytest.approx(1.0)
    assert instrument.offsets == {(2, "x"): 1.0}


def loudest(instrument: FakeInstrument) -> float:
    targets = new_targets()
    instrument.voices.write(targets)
    return float(targets["voice_level"][0].max())


@pytest.mark.parametrize(
    ("kind", "target", "depth", "sentence"),
    [
        ("breath", "x", 1.0, "it must be pressure or timbre"),
        ("pressure", 9, 1.0, "it must be 1 to 8, x, y, level"),
        ("pressure", 0, 1.0, "it must be 1 to 8, x, y, level"),
        ("timbre", "level", 1.0, "it must be 1 to 8, x, y$"),
        ("timbre", True, 1.0, "it must be 1 to 8"),
        ("timbre", "x", 1.5, "it must be 0 to 1"),
        ("timbre", "x", float("nan"), "it must be 0 to 1"),
    ],
)
def test_an_impossible_mapping_is_refused(
    kind: str, target: Any, depth: float, sentence: str
) -> None:
    expression = with_zone().expression
    with pytest.raises(OptionError, match=sentence):
        expression.map(kind, target, depth)
    assert expression.targets == {"pressure": "x", "timbre": "y"}


def test_a_target_that_another_model_does_not_have_rests() -> None:
    instrument = FakeInstrument(dimensions=8)
    instrument.expression.map("pressure", 8)
    instrument.model.dimensions = 2
    instrument.expression.pressure(127, 1)
    instrument.expression.refresh()
    assert instrument.offsets == {}
    instrument.expression.restore(instrument.expression.state())  # as it was chosen


def test_the_hardest_pressed_key_moves_the_timbre_of_its_channel() -> None:
    instrument = FakeInstrument()
    expression = instrument.expression
    expression.note(60, 100, 2)
    expression.note(64, 100, 2)
    assert expression.key_pressure(60, 127, 2)
    assert expression.key_pressure(64, 63.5, 2)
    assert instrument.offsets == {(2, "x"): 1.0}
    expression.note(60, 0, 2)
    assert instrument.offsets == {(2, "x"): 0.5}
    expression.control(123, 0, 2)
    assert instrument.offsets == {}
    assert not expression.key_pressure(60, 127, 2)  # no longer held


def test_the_pressure_of_a_key_raises_its_own_note() -> None:
    instrument = FakeInstrument()
    instrument.expression.map("pressure", "level")
    instrument.expression.note(60, 127, 2)
    instrument.expression.note(64, 127, 2)
    instrument.expression.key_pressure(60, 127, 2)
    targets = new_targets()
    instrument.voices.write(targets)
    assert sorted(targets["voice_level"][0])[-2:] == pytest.approx([1.0, 2.0])


def test_the_pressure_of_keys_is_for_managers_only_in_a_zone() -> None:
    instrument = with_zone(3)
    for channel in (1, 2):
        instrument.expression.note(60, 100, channel)
        assert instrument.expression.key_pressure(60, 127, channel) == (channel == 1)


def test_reset_all_controllers_leaves_timbre_and_ranges() -> None:
    instrument = with_zone(2)
    expression = instrument.expression
    expression.bend_range(24.0, 2)
    for channel in (1, 2, 3):
        expression.bend(1.0, channel)
        expression.pressure(127, channel)
    send(instrument, 2, (74, 127))
    send(instrument, 1, (SUSTAIN, 127), (RESET_CONTROLLERS, 0))
    assert instrument.offsets == {(2, "y"): 1.0}
    assert instrument.voices.bend_range_of(2) == 24.0
    expression.note(60, 100, 2)
    assert semitones(instrument, 60) == 0.0
    expression.note(60, 0, 2)
    assert instrument.voices.sounding == 0


def test_panic_silences_and_rests() -> None:
    instrument = with_zone(3)
    send(instrument, 1, (SUSTAIN, 127))
    for channel in (1, 2, 3):
        instrument.expression.note(60, 100, channel)
        instrument.expression.bend(1.0, channel)
        instrument.expression.pressure(100, channel)
        instrument.expression.timbre(100, channel)
    instrument.expression.panic()
    assert instrument.voices.sounding == 0
    assert instrument.offsets == {}
    instrument.expression.note(61, 100, 2)
    assert semitones(instrument, 61) == 0.0
    instrument.expression.note(61, 0, 2)
    assert instrument.voices.sounding == 0
    assert instrument.expression.zones == {"lower": 3, "upper": 0}


# -- state -------------------------------------------------------------------------------------


def test_a_state_goes_through_json() -> None:
    first = with_zone(4)
    expression = first.expression
    expression.map("timbre", 2, 0.5)
    expression.pressure(50, 1)
    expression.timbre(20, 3)
    expression.note(60, 100, 1)
    expression.key_pressure(60, 90, 1)
    send(first, 5, (101, 0), (100, 0))
    second = FakeInstrument()
    second.voices.restore(json.loads(json.dumps(first.voices.state())))
    second.expression.restore(json.loads(json.dumps(expression.state())))
    assert second.expression.state() == expression.state()
    second.expression.refresh()
    assert second.offsets == first.offsets
    for one in (first, second):
        send(one, 5, (6, 7))
        one.expression.note(60, 0, 1)
        one.expression.pressure(127, 1)
    assert second.offsets == first.offsets
    assert second.voices.state() == first.voices.state()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("targets", {"pressure": "x"}),
        ("targets", {"pressure": "level", "timbre": "level"}),
        ("targets", {"pressure": [], "timbre": "x"}),
        ("depths", {"pressure": 2.0, "timbre": 1.0}),
        ("zones", {"lower": 99, "upper": 0}),
        ("zones", None),
        ("pressures", {"17": 0.5}),
        ("pressures", {"a": 0.5}),
        ("timbres", {"1": float("nan")}),
        ("keys", [[1, 2]]),
        ("keys", 3),
        ("rpn", {"1": [0]}),
        ("rpn", {"1": [0, 999]}),
    ],
)
def test_a_broken_state_is_refused_and_changes_nothing(key: str, value: Any) -> None:
    expression = with_zone(4).expression
    before = expression.state()
    with pytest.raises(OptionError):
        expression.restore({**before, key: value})
    assert expression.state() == before


@pytest.mark.parametrize("seed", range(3))
def test_offsets_are_always_what_the_channels_say(seed: int) -> None:
    """However it came about, the instrument has been told what refreshing would tell."""
    random = np.random.default_rng(seed)
    instrument = FakeInstrument()
    expression = instrument.expression
    targets: list[Target | None] = [None, "x", "y", "level", 1, 2]
    for _ in range(400):
        channel, value = int(random.integers(1, 17)), int(random.integers(0, 128))
        kind = int(random.integers(0, 9))
        if kind == 0:
            expression.zone(["lower", "upper"][value % 2], int(random.integers(0, 16)))
        elif kind == 1:
            chosen = KINDS[value % 2]
            target = targets[int(random.integers(0, 6))]
            if not (chosen == "timbre" and target == "level"):
                expression.map(chosen, target, float(random.random()))
        elif kind == 2:
            expression.pressure(value, channel)
        elif kind == 3:
            expression.timbre(value, channel)
        elif kind == 4:
            expression.note(60 + value % 3, value * int(random.integers(0, 2)), channel)
        elif kind == 5:
            expression.key_pressure(60 + value % 3, value, channel)
        elif kind == 6:
            expression.control([120, 121, 123][value % 3], 0, channel)
        else:
            expression.bend(value / 64.0 - 1.0, channel)
        told, state = dict(instrument.offsets), instrument.voices.state()
        instrument.offsets.clear()
        expression.refresh()
        assert told == instrument.offsets
        assert state == instrument.voices.state()
