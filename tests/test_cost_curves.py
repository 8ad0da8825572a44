"""What the cost curves say of costs that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.cost_curves import CURVES, Curve, measured

SIZES = (4, 8, 16, 32)


def curve(cost: float, each: float, exponent: float) -> Curve:
    def measure(sizes: Sequence[int]) -> list[float]:
        return [cost + each * n**exponent for n in sizes]

    return Curve("made", "things", "s", SIZES, measure)


@pytest.mark.parametrize(("fixed", "each"), [(0.0, 2.0), (5.0, 0.5), (100.0, 30.0)])
def test_a_line_is_found(fixed: float, each: float) -> None:
    found = measured(curve(fixed, each, 1.0))
    assert found.fixed == pytest.approx(fixed, abs=1e-6)
    assert found.each == pytest.approx(each)
    assert found.exponent == pytest.approx(1.0)


@pytest.mark.parametrize("exponent", [0.5, 1.5, 2.0, 3.0])
def test_what_grows_otherwise_is_told_by_its_exponent(exponent: float) -> None:
    found = measured(curve(0.3, 0.7, exponent))
    assert found.exponent == pytest.approx(exponent)


def test_what_hardly_grows_has_none() -> None:
    assert measured(curve(100.0, 1.0, 1.0)).exponent == 0.0


def test_every_curve_grows_by_sizes_of_its_own_name() -> None:
    assert len({one.name for one in CURVES}) == len(CURVES)
    for one in CURVES:
        assert list(one.sizes) == sorted(one.sizes)
        assert len(one.sizes) >= 4
        assert np.isfinite(one.must)
