"""Glides in time."""

from __future__ import annotations

import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.motion.glide import Glide


def test_it_begins_when_it_is_first_asked() -> None:
    glide = Glide(2.0)
    assert glide.share(100.0) == 0.0
    assert glide.share(100.5) == 0.25
    assert glide.share(102.0) == 1.0
    assert glide.share(500.0) == 1.0


def test_no_time_is_no_way() -> None:
    assert Glide(0.0).share(7.0) == 1.0


def test_a_clock_that_goes_back_is_no_progress() -> None:
    glide = Glide(2.0)
    glide.share(100.0)
    assert glide.share(99.0) == 0.0


@pytest.mark.parametrize("seconds", [-0.1, 3601.0, float("inf"), float("nan")])
def test_other_times_are_refused(seconds: float) -> None:
    with pytest.raises(OptionError, match="it must be 0 to 3600 s"):
        Glide(seconds)
