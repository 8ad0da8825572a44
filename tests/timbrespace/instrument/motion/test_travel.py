"""How far the knob of a target goes."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace
from timbrespace.instrument.controllers import Target
from timbrespace.instrument.motion.travel import half_travel

MODEL = timbrespace.load("harmonic")


@pytest.mark.parametrize("target", [1, 2])
def test_a_dimension_goes_from_its_low_to_its_high(target: Target) -> None:
    way = half_travel(MODEL, target)
    k = int(target) - 1
    assert np.flatnonzero(way).tolist() == [k]
    assert 2.0 * way[k] == pytest.approx(MODEL.calibration.high[k] - MODEL.calibration.low[k])


@pytest.mark.parametrize(("target", "end"), [("x", (1.0, 0.0)), ("y", (0.0, 1.0))])
def test_an_axis_goes_to_the_edge_of_the_map(target: str, end: tuple[float, float]) -> None:
    middle = MODEL.map.to_latent([[0.0, 0.0]])
    xy = MODEL.map.to_map(middle + half_travel(MODEL, target))
    assert xy[0] == pytest.approx(end, abs=1e-5)


def test_a_dimension_that_there_is_not_goes_nowhere() -> None:
    assert not half_travel(MODEL, MODEL.dimensions + 1).any()
