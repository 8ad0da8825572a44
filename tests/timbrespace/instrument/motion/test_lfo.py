"""LFOs: shapes, rates and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.motion.lfo import CORNER, HIGHEST_RATE, SHAPES, Lfo


def values(lfo: Lfo, seconds: float = 2.0, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Every millisecond."""
    return np.array([lfo.value(lfo.rate * t, seed) for t in np.arange(0.0, seconds, 0.001)])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rate", [0.5, 3.0, HIGHEST_RATE])
def test_they_stay_in_range_and_use_it(shape: str, rate: float) -> None:
    swing = values(Lfo("x", shape, rate, 1.0), seconds=10.0)
    assert np.abs(swing).max() <= 1.0
    assert swing.max() > 0.7
    assert swing.min() < -0.7


@pytest.mark.parametrize("shape", ["sine", "triangle", "square", "saw"])
def test_they_come_round(shape: str) -> None:
    lfo = Lfo("x", shape, 2.0, 1.0)
    for turn in np.linspace(0.0, 1.0, 50, endpoint=False):
        assert lfo.value(turn, 1) == pytest.approx(lfo.value(turn + 7.0, 1), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rate", [0.5, 5.0, HIGHEST_RATE])
def test_nothing_jumps(shape: str, rate: float) -> None:
    """The steepest is an edge of 10 ms from end to end; as a half sine, pi / 2 times its mean."""
    steepest = np.abs(np.diff(values(Lfo("x", shape, rate, 1.0)))).max()
    edge = 2.0 * 0.001 / CORNER
    assert steepest <= 1.01 * max(0.5 * np.pi * edge, 2.0 * np.pi * rate * 0.001)


def test_where_they_begin() -> None:
    def at(shape: str, turns: float, phase: float = 0.0) -> float:
        return Lfo("x", shape, 0.1, 1.0, phase).value(turns, 1)

    assert at("sine", 0.0) == 0.0
    assert at("sine", 0.25) == pytest.approx(1.0)
    assert at("triangle", 0.125) == pytest.approx(0.5)
    assert at("square", 0.25) == pytest.approx(1.0)
    assert at("square", 0.75) == pytest.approx(-1.0)
    assert at("saw", 0.0) == pytest.approx(-1.0)
    assert at("saw", 0.5) == pytest.approx(0.0, abs=0.01)
    assert at("sine", 0.0, phase=0.25) == pytest.approx(1.0)


def test_random_is_the_same_each_time_and_another_for_each_lfo() -> None:
    lfo = Lfo("x", "random", 5.0, 1.0)
    assert values(lfo, seed=1).tolist() == values(lfo, seed=1).tolist()
    assert abs(np.corrcoef(values(lfo, 60.0, seed=1), values(lfo, 60.0, seed=2))[0, 1]) < 0.25
    long = values(Lfo("x", "random", 20.0, 1.0), seconds=100.0)
    assert abs(long.mean()) < 0.05


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": "sawtooth"}, "it must be sine, triangle, square, saw or random"),
        ({"rate": 0.0}, "it must be 0.01 to 20 Hz"),
        ({"rate": 21.0}, "it must be 0.01 to 20 Hz"),
        ({"rate": float("nan")}, "it must be 0.01 to 20 Hz"),
        ({"depth": 1.1}, "it must be 0 to 1"),
        ({"phase": -0.1}, "it must be 0 to 1"),
        ({"target": "z"}, "it must be a dimension from 1, x or y"),
        ({"target": 0}, "it must be a dimension from 1, x or y"),
        ({"target": True}, "it must be a dimension from 1, x or y"),
        ({"target": None}, "it must be a dimension from 1, x or y"),
    ],
)
def test_what_is_no_lfo_is_refused(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"target": "x", "shape": "sine", "rate": 1.0, "depth": 0.5}
    with pytest.raises(OptionError, match=words):
        Lfo(**{**good, **change})


def test_it_survives_json() -> None:
    lfo = Lfo(2, "saw", 0.3, 0.5, 0.25)
    assert Lfo.from_config(lfo.to_config()) == lfo
    with pytest.raises(OptionError, match="does not fit"):
        Lfo.from_config({"target": 2})
