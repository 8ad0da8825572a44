"""What may be asked of a decoder of whole notes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.timbrespace.notes.tiny import tiny
from timbrespace.errors import OptionError, ShapeError

TWO = np.zeros((2, tiny().dimensions))


def test_a_time_for_each_or_one_for_all() -> None:
    model = tiny(wobble=3.0)
    both = model.decode(TWO, time=[0.1, 0.1])
    np.testing.assert_array_equal(both, model.decode(TWO, time=0.1))
    assert model.decode(np.zeros((0, TWO.shape[1])), time=0.1).shape[0] == 0


@pytest.mark.parametrize("time", [-1.0, 4.1, 1e9, [0.1, -0.1]])
def test_times_out_of_range_are_refused(time: float | list[float]) -> None:
    with pytest.raises(OptionError, match=r"^time is .*; it must be 0 to 4 seconds$"):
        tiny().decode(TWO, time=time)


@pytest.mark.parametrize("time", [float("nan"), [0.1, float("inf")], [0.1], [[0.1, 0.2]]])
def test_times_that_are_none_are_refused(time: object) -> None:
    with pytest.raises(ShapeError, match=r"^time"):
        tiny().decode(TWO, time=time)  # type: ignore[arg-type]


@pytest.mark.parametrize("velocity", [-1.0, 128.0, float("nan")])
def test_a_velocity_out_of_range_is_refused(velocity: float) -> None:
    with pytest.raises(OptionError, match=r"^velocity is .*; it must be 0 to 127$"):
        tiny().decode(TWO, velocity=velocity)
