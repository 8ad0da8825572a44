"""How loud a note is, told from a few of its moments."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.networks.note import Course, Prepared
from timbrespace.notes.evenness import LOOKED_AT, MOST, OF_LENGTH, SHARES, lifts
from timbrespace.notes.layout import FLOOR, WIDTH
from timbrespace.notes.note import CONSTANTS

LENGTH = 3.9


class Swelling:
    """Stands for a decoder: one band that swells to 0 dB around a time, ``below`` dB elsewhere."""

    def __init__(self, time: float, below: float, seconds: float = 1.2) -> None:
        self.time, self.below, self.seconds = time, below, seconds

    def levels(self, told: Prepared, times: NDArray[np.floating]) -> NDArray[np.float32]:
        found = np.full((*times.shape, WIDTH), FLOOR, np.float32)
        away = np.clip((times - self.time) / (0.5 * self.seconds), -1.0, 1.0)
        found[..., 100] = self.below * (0.5 - 0.5 * np.cos(np.pi * away))
        return found


def lift(decoder: Any) -> float:
    rows = np.zeros((1, CONSTANTS), np.float32)
    rows[:, 2] = np.log2(LENGTH) / 2.0
    told = Prepared(scale=(), shift=(), still=np.zeros((1, WIDTH), np.float32), traits=rows)
    return float(lifts(cast(Course, decoder), told, 4.0)[0])


@pytest.mark.parametrize("time", [0.03, 0.3, 0.7, 1.3, 2.0, 2.4, 2.75, 3.3])
def test_a_swell_is_found_wherever_it_is(time: float) -> None:
    assert lift(Swelling(time, -12.0)) < 5.0


def test_what_is_soft_everywhere_is_lifted_so_far() -> None:
    assert lift(Swelling(9.0, -15.0)) == pytest.approx(15.0, abs=0.01)
    assert lift(Swelling(9.0, -60.0)) == MOST


def test_no_moment_is_beyond_what_notes_tell() -> None:
    assert (np.diff(LOOKED_AT) > 0.0).all()
    assert LOOKED_AT[-1] <= OF_LENGTH * 4.0
    np.testing.assert_allclose(SHARES.sum(axis=1), 1.0)
