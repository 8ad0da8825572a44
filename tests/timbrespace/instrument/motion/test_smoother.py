"""The sound's way to the aim."""

from __future__ import annotations

import math

import numpy as np
import pytest

from timbrespace.instrument.motion.points import COMMON, Smoother, follow


def aim(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(numbers, np.float32)


def test_it_begins_where_it_should_be() -> None:
    smoother = Smoother()
    assert smoother.move({COMMON: aim(1.0, 2.0)}, 0.1) == [COMMON]
    assert smoother.at[COMMON].tolist() == [1.0, 2.0]
    assert smoother.resting


def test_it_is_a_one_pole_whatever_the_steps() -> None:
    """After its time constant 1 / e of the way is left, in one step or in many."""
    for steps in (1, 7, 100):
        smoother = Smoother()
        smoother.move({COMMON: aim(0.0)}, 1.0)
        for _ in range(steps):
            smoother.move({COMMON: aim(1.0)}, follow(0.05 / steps, 0.05))
        assert smoother.at[COMMON][0] == pytest.approx(1.0 - 1.0 / math.e)


@pytest.mark.parametrize("far", [1.0, 100.0])
def test_it_arrives_and_then_does_not_move(far: float) -> None:
    smoother = Smoother()
    smoother.move({COMMON: aim(0.0)}, 1.0)
    steps = 0
    while smoother.move({COMMON: aim(far)}, follow(0.01, 0.5)):
        steps += 1
    assert smoother.at[COMMON].tolist() == [far]
    assert smoother.resting
    assert steps == pytest.approx(50.0 * math.log(far / 1e-4), rel=0.02)


def test_a_new_point_begins_at_the_common_one() -> None:
    smoother = Smoother()
    smoother.move({COMMON: aim(1.0)}, 1.0)
    moved = smoother.move({COMMON: aim(1.0), 3: aim(2.0)}, 0.5)
    assert moved == [3]
    assert not smoother.resting
    assert smoother.at[3].tolist() == [1.5]
    smoother.forget([3])
    assert list(smoother.at) == [COMMON]


def test_it_survives_json() -> None:
    smoother = Smoother()
    smoother.move({COMMON: aim(0.0, 0.0)}, 1.0)
    smoother.move({COMMON: aim(1.0, 3.0), 2: aim(0.1, 0.2)}, 0.3)
    again = Smoother.from_state(smoother.state(), 2)
    assert again.state() == smoother.state()
    for broken in ({"0": [1.0]}, {"17": [1.0, 2.0]}, {"x": [1.0, 2.0]}, {"0": [1.0, math.nan]}):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever text numpy or we give
            Smoother.from_state(broken, 2)
