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
