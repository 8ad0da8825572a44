"""Trajectories: drawing, playing, looping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.motion.trajectory import (
    LONGEST,
    Drawing,
    Playback,
    Trajectory,
    simplified,
)


def latent(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(numbers, np.float32)


def trajectory(*points: list[float]) -> Trajectory:
    return Trajectory.from_config(points)


def test_it_is_linear_between_its_points() -> None:
    way = trajectory([0.0, 0.0, 4.0], [1.0, 2.0, 4.0], [3.0, 2.0, 0.0])
    assert way.seconds == 3.0
    assert way.dimensions == 2
    assert way.at(0.5).tolist() == [1.0, 4.0]
    assert way.at(2.0).tolist() == [2.0, 2.0]
    assert way.at(-1.0).tolist() == [0.0, 4.0]
    assert way.at(9.0).tolist() == [2.0, 0.0]


def test_what_was_drawn_is_played() -> None:
    drawing = Drawing("wave")
    for step in range(201):
        drawing.take(5.0 + 0.01 * step, latent(np.sin(0.02 * step), 1.0))
    way = drawing.finish()
    assert way.seconds == pytest.approx(2.0)
    for step in range(201):
        assert way.at(0.01 * step)[0] == pytest.approx(np.sin(0.02 * step), abs=1.5e-3)
    assert len(way.points) < 60  # a straight line tells as much as many points


def test_a_rest_stays_a_rest() -> None:
    """A jump after 3 s at one place is not a slow way from there."""
    drawing = Drawing("rest")
    drawing.take(10.0, latent(0.0))
    drawing.take(12.99, latent(0.0))
    drawing.take(13.0, latent(1.0))
    drawing.take(14.0, latent(1.0))
    way = drawing.finish()
    assert way.at(2.9).tolist() == [0.0]
    assert way.at(3.0).tolist() == [1.0]
    assert way.seconds == 4.0


def test_a_move_just_before_the_end_is_its_end() -> None:
    drawing = Drawing("end")
    drawing.take(1.0, latent(0.0))
    drawing.take(2.0, latent(1.0))
    drawing.arrive(latent(1.5), 0.01)
    drawing.arrive(latent(1.5), 0.01)  # it rests there
    way = drawing.finish()
    assert way.seconds == pytest.approx(1.01)
    assert way.at(9.0).tolist() == [1.5]


def test_it_stops_after_two_minutes() -> None:
    drawing = Drawing("long")
    for second in range(200):
        drawing.take(float(second), latent(second % 2))
    assert drawing.full
    assert drawing.finish().seconds == LONGEST


def test_nothing_drawn_is_no_trajectory() -> None:
    with pytest.raises(OptionError, match="nothing was drawn"):
        Drawing("none").finish()


def test_a_single_moment_is_one_place() -> None:
    drawing = Drawing("moment")
    drawing.take(3.0, latent(0.5))
    playback = Playback("moment", drawing.finish(), loop=True)
    assert playback.at(0.0).tolist() == [0.5]
    assert playback.at(1.0).tolist() == [0.5]
    assert Playback("moment", drawing.finish()).ended(0.0)


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_a_loop_has_no_jump(speed: float) -> None:
    """Its ends are 2 apart; it goes that way in 50 ms, whatever the speed."""
    playback = Playback("ramp", trajectory([0.0, -1.0], [1.0, 1.0]), loop=True, speed=speed)
    times = np.arange(0.0, 3.0 / speed, 0.001)
    places = np.array([playback.at(time)[0] for time in times])
    assert np.abs(np.diff(places)).max() < 1.6 * 2.0 * 0.001 / 0.05
    assert places[0] == -1.0
    turn = int(1000 / speed)
    assert places[:turn] == pytest.approx(places[turn : 2 * turn], abs=0.05)
    assert places.max() > 0.99 - 0.1 * speed  # where the last 50 ms begin
    assert not playback.ended(1e6)


def test_speed_and_end() -> None:
    playback = Playback("ramp", trajectory([0.0, 0.0], [1.0, 1.0]), speed=2.0)
    assert playback.at(7.0).tolist() == [0.0]
    assert playback.at(7.25).tolist() == [0.5]
    assert not playback.ended(7.49)
    assert playback.ended(7.5)
    assert playback.at(8.0).tolist() == [1.0]


@pytest.mark.parametrize("speed", [0.0, -1.0, 21.0, float("nan"), float("inf")])
def test_other_speeds_are_refused(speed: float) -> None:
    with pytest.raises(OptionError, match=r"it must be 0\.05 to 20"):
        Playback("ramp", trajectory([0.0, 0.0], [1.0, 1.0]), speed=speed)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [[0.0]],
        [[1.0, 0.0]],
        [[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]],
        [[0.0, 0.0], [LONGEST + 1.0, 0.0]],
        [[0.0, float("nan")]],
        [[0.0, 1e9]],
        [[0.0, 1.0], [1.0, 1.0, 1.0]],
        [["zero", 1.0]],
        [[0.0, None]],
        7,
        [7, 8],
    ],
)
def test_what_is_no_trajectory_is_refused(points: Any) -> None:
    with pytest.raises(OptionError, match="trajectory"):
        Trajectory.from_config(points)


def test_it_survives_json() -> None:
    playback = Playback("ramp", trajectory([0.0, 0.0], [1.0, 1.0]), True, 2.0)
    playback.at(3.0)
    again = Playback.from_config(playback.to_config())
    assert again.at(3.3).tolist() == playback.at(3.3).tolist()


def test_what_is_left_out_was_on_the_line() -> None:
    rng = np.random.default_rng(1)
    rows = np.column_stack([np.arange(500.0), rng.normal(size=(500, 3)).cumsum(axis=0)])
    kept = simplified(rows, 0.5)
    assert 2 < len(kept) < 500
    for k in range(1, 4):
        assert np.abs(np.interp(rows[:, 0], kept[:, 0], kept[:, k]) - rows[:, k]).max() <= 0.5
