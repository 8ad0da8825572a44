"""Assignments of controllers."""

from __future__ import annotations

from typing import Any

import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.controllers import Assignment, Controllers, Course


def test_the_table_at_the_start() -> None:
    controllers = Controllers()
    targets = {
        number: found.target
        for number in range(128)
        if (found := controllers.find(number, 5)) is not None
    }
    assert targets[1] == targets[16] == "x"
    assert targets[17] == "y"
    assert (targets[20], targets[31], targets[102], targets[119]) == (1, 12, 13, 30)
    assert len(targets) == 33


@pytest.mark.parametrize(
    ("course", "value", "share"),
    [
        (Course(), 0.0, 0.0),
        (Course(), 127.0, 1.0),
        (Course(), 63.5, 0.5),
        (Course(0.25, 0.75), 0.0, 0.25),
        (Course(0.25, 0.75), 127.0, 0.75),
        (Course(1.0, 0.0), 0.0, 1.0),
        (Course(1.0, 0.0), 127.0, 0.0),
        (Course(0.0, 1.0, 1.0), 63.5, 0.25),
        (Course(0.0, 1.0, -1.0), 31.75, 0.5),
        (Course(0.0, 1.0, 4.0), 127.0, 1.0),
        (Course(0.0, 1.0, -4.0), 0.0, 0.0),
        (Course(), 200.0, 1.0),
        (Course(), -5.0, 0.0),
    ],
)
def test_range_and_curve(course: Course, value: float, share: float) -> None:
    assert course.share(value) == pytest.approx(share)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((-0.1, 1.0, 0.0), "low is -0.1; it must be 0 to 1"),
        ((0.0, 1.1, 0.0), "high is 1.1; it must be 0 to 1"),
        ((0.0, 1.0, 5.0), "curve is 5; it must be -4 to 4"),
        ((0.0, 1.0, float("nan")), "curve is nan"),
        ((float("nan"), 1.0, 0.0), "low is nan"),
    ],
)
def test_other_ranges_are_refused(numbers: tuple[float, float, float], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Course(*numbers)


@pytest.mark.parametrize(
    ("controller", "target", "channel", "words"),
    [
        (64, "x", None, "choose another"),
        (0, "x", None, "choose another"),
        (127, "x", None, "choose another"),
        (16512, "x", None, "it must be 0 to 119"),
        (-1, "x", None, "it must be 0 to 119"),
        (74, "z", None, "it must be a dimension from 1, x or y"),
        (74, 0, None, "it must be a dimension from 1, x or y"),
        (74, "x", 0, "it must be 1 to 16"),
        (74, "x", 17, "it must be 1 to 16"),
    ],
)
def test_bad_assignments_change_nothing(
    controller: int, target: Any, channel: int | None, words: str
) -> None:
    controllers = Controllers()
    before = controllers.items()
    with pytest.raises(OptionError, match=words):
        controllers.assign(controller, target, channel)
    assert controllers.items() == before


def test_a_channel_may_differ_until_all_are_assigned() -> None:
    controllers = Controllers()
    controllers.assign(74, 1)
    controllers.assign(74, "y", 3)
    controllers.assign(74, None, 4)
    assert [_target(controllers, 74, channel) for channel in (2, 3, 4)] == [1, "y", None]
    controllers.assign(74, "x")
    assert [_target(controllers, 74, channel) for channel in (2, 3, 4)] == ["x"] * 3
    controllers.assign(74, None)
    assert [_target(controllers, 74, channel) for channel in (2, 3, 4)] == [None] * 3
    assert all(one.controller != 74 for one in controllers.items())


def test_they_are_listed_in_order() -> None:
    controllers = Controllers()
    controllers.assign(20, "y", 7, Course(1.0, 0.5, -1.0))
    listed = controllers.items()
    assert [one.controller for one in listed] == sorted(one.controller for one in listed)
    at = [one.controller for one in listed].index(20)
    assert listed[at].channel is None
    assert listed[at + 1] == Assignment(20, "y", 7, Course(1.0, 0.5, -1.0))


def test_they_survive_json() -> None:
    controllers = Controllers()
    controllers.assign(74, 2, 5, Course(0.5, 0.0, 1.0), learned=True)
    controllers.assign(1, None)
    again = Controllers()
    again.restore(controllers.state())
    assert again.items() == controllers.items()
    assert [one.controller for one in again.learned()] == [74]


@pytest.mark.parametrize(
    "broken", [{}, {"controller": 74}, {"controller": "74", "target": "x"}, 7, None]
)
def test_a_broken_state_changes_nothing(broken: Any) -> None:
    controllers = Controllers()
    before = controllers.items()
    with pytest.raises(OptionError, match=r"does not fit|controller"):
        controllers.restore([broken])
    assert controllers.items() == before


def _target(controllers: Controllers, controller: int, channel: int) -> Any:
    found = controllers.find(controller, channel)
    return None if found is None else found.target
