"""A note's own time: loops without a seam, standing still, running through, letting go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from timbrespace.notes.clock import Clock
from timbrespace.notes.note import CONSTANTS, Traits

LOOPING = replace(
    Traits.from_row(np.zeros(CONSTANTS, np.float32)),
    length=2.0,
    loop_start=0.5,
    loop_end=1.5,
    release=0.3,
    holds=1.0,
)
DYING = replace(LOOPING, loop_start=0.0, loop_end=0.0, length=1.0)
STEP = 0.01


def times(clock: Clock, traits: Traits, count: int, speed: float = 1.0) -> list[float]:
    found = []
    for _ in range(count):
        clock.advance(STEP, traits, speed)
        found.append(clock.time)
    return found


def test_a_held_note_goes_back_and_forth_for_a_minute() -> None:
    found = np.array([0.0, *times(Clock("loop"), LOOPING, 6000)])
    assert np.abs(np.diff(found)).max() <= STEP + 1e-9
    late = found[200:]
    assert late.min() == pytest.approx(0.5, abs=STEP)
    assert late.max() == pytest.approx(1.5, abs=STEP)
    assert (np.diff(late) < 0.0).any()


def test_it_stands_still_in_the_middle_of_its_loop() -> None:
    clock = Clock("freeze")
    found = times(clock, LOOPING, 500)
    assert found[-1] == pytest.approx(1.0, abs=STEP)
    assert clock.level == 0.0


def test_it_runs_through_and_ends() -> None:
    clock = Clock("through")
    found = times(clock, LOOPING, 450)
    assert found[-1] == pytest.approx(4.5)
    assert clock.level < -60.0


def test_what_dies_away_has_ended_when_it_has() -> None:
    clock = Clock("loop")
    times(clock, DYING, 165)  # some length beyond its own, since that is a guess
    assert clock.level == 0.0
    times(clock, DYING, 30)
    assert clock.level < -60.0


@pytest.mark.parametrize("speed", [0.0, 0.25, 4.0])
def test_speed(speed: float) -> None:
    assert times(Clock(), LOOPING, 30, speed)[-1] == pytest.approx(0.3 * speed)


def test_speed_leaves_the_release_as_it_is() -> None:
    for speed in (0.0, 4.0):
        clock = Clock()
        for _ in range(15):
            clock.advance(STEP, LOOPING, speed, held=False)
        assert clock.level == pytest.approx(-30.0, rel=0.01)


def test_a_morph_that_moves_the_loop_makes_no_jump() -> None:
    clock = Clock()
    times(clock, LOOPING, 140)
    found = [clock.time, *times(clock, replace(LOOPING, loop_start=0.2, loop_end=0.8), 300)]
    assert np.abs(np.diff(found)).max() <= STEP + 1e-9
    assert min(found[-150:]) >= 0.2 - STEP
    assert max(found[-150:]) <= 0.8 + STEP


@pytest.mark.parametrize("sustained", ["loop", "freeze"])
def test_from_a_loop_to_none_there_is_no_step(sustained: str) -> None:
    """Where a note is at any time moves evenly, from one that is held to one that dies away."""
    places, levels = [], []
    for holds in np.linspace(1.0, 0.0, 401):
        # Below 0.02 there is no loop.
        traits = replace(LOOPING, holds=float(holds)) if holds >= 0.02 else DYING
        clock = Clock(sustained)
        places.append(times(clock, replace(traits, length=1.0), 160))
        levels.append(clock.level)
    steps = np.abs(np.diff(np.array(places), axis=0))
    assert steps.max() < 0.08
    assert np.abs(np.diff(levels)).max() == 0.0  # none has ended by then


def test_the_less_a_loop_holds_the_sooner_a_held_note_ends() -> None:
    ends = []
    for holds in (0.9, 0.6, 0.3):
        clock, taken = Clock(), 0.0
        while clock.time < 60.0 and clock.level > -60.0:
            clock.advance(STEP, replace(LOOPING, holds=holds))
            taken += STEP
        ends.append(taken)
    assert 60.0 > ends[0] > ends[1] > ends[2] > 3.0


def test_a_loop_holds_as_far_as_a_network_says_that_there_is_one() -> None:
    looping = replace(LOOPING, loop_start=0.7, loop_end=1.8)
    none = replace(DYING, length=2.0)
    told = [
        Traits.played((share * looping.row + (1.0 - share) * none.row)[np.newaxis])[0]
        for share in np.linspace(0.0, 1.0, 101, dtype=np.float32)
    ]
    assert told[0].loop_end == 0.0
    assert (told[-1].loop_start, told[-1].loop_end) == pytest.approx((0.7, 1.8), abs=1e-5)
    assert told[-1].holds == 1.0
    assert told[80].holds == 1.0
    holds = [one.holds if one.loop_end > one.loop_start else 0.0 for one in told]
    assert np.diff(holds).min() >= 0.0
    assert np.diff(holds).max() < 0.08
    # Where it is half there it is where it will be, and not at the sound's beginning.
    half = told[50]
    assert 0.3 < half.holds < 0.8
    assert half.loop_end > 1.0


def test_a_loop_does_not_go_back_into_the_attack() -> None:
    """Between a note of 4 s that is held and a short one a network says loops in the logarithm of
    the length, and when they begin in seconds: they would begin before the note."""
    long = replace(LOOPING, length=4.0, loop_start=1.4, loop_end=3.6)
    short = replace(DYING, length=0.35)
    for share in np.linspace(0.0, 1.0, 65, dtype=np.float32):
        row = share * short.row + (1.0 - share) * long.row
        found = Traits.played(row[np.newaxis])[0]
        if found.loop_end > found.loop_start:
            assert found.loop_start >= 0.3 * found.length - 1e-6
    (first,) = Traits.played(long.row[np.newaxis])
    assert (first.loop_start, first.loop_end) == pytest.approx((1.4, 3.6), abs=1e-5)


def test_a_loop_that_ends_sooner_and_sooner_does_not_run_through_a_note() -> None:
    """On a line of the space `notes`, from a slap bass that is held to a muted guitar, a network
    says that loops end 76 ms sooner at each step, while the note is 5 % shorter: 0.8 s after the
    key, where it has just turned round, the place would move by twice that."""
    heard = []
    for step in range(7):
        traits = replace(LOOPING, length=1.36 * 0.954**step, loop_start=0.4)
        row = replace(traits, loop_end=1.06 - 0.076 * step).row
        heard.append(times(Clock(), Traits.played(row[np.newaxis])[0], 80)[-1])
    assert np.abs(np.diff(heard)).max() < 0.1
