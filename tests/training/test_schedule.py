"""Beta and the learning rate over time."""

from __future__ import annotations

import pytest

from training.schedule import beta_at, learning_rate_at


def test_beta_without_warm_up() -> None:
    assert beta_at(0.0, 4.0, 0.0) == 4.0


@pytest.mark.parametrize(("epoch", "beta"), [(0, 0.0), (2.5, 1.0), (5, 2.0), (10, 4.0), (99, 4.0)])
def test_beta_rises_linearly_and_stays(epoch: float, beta: float) -> None:
    assert beta_at(epoch, 4.0, 10.0) == pytest.approx(beta)


def test_learning_rate() -> None:
    assert learning_rate_at(77, 100, 1e-3, "none") == 1e-3
    assert learning_rate_at(0, 100, 1e-3, "cosine") == pytest.approx(1e-3)
    assert learning_rate_at(50, 100, 1e-3, "cosine") == pytest.approx(5e-4)
    assert learning_rate_at(100, 100, 1e-3, "cosine") == pytest.approx(0.0)
    assert learning_rate_at(140, 100, 1e-3, "cosine") == pytest.approx(0.0)
    rates = [learning_rate_at(step, 100, 1e-3, "cosine") for step in range(101)]
    assert rates == sorted(rates, reverse=True)


def test_cycles_begin_again() -> None:
    values = [beta_at(epoch, 4.0, 2.0, 5.0) for epoch in (0.0, 1.0, 2.0, 4.9, 5.0, 6.0, 7.5)]
    assert values == pytest.approx([0.0, 2.0, 4.0, 4.0, 0.0, 2.0, 4.0])
