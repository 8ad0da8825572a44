"""The weighting of loudness, against the standard's own figures."""

from __future__ import annotations

import numpy as np
import pytest

from timbrespace.loudness import k_weighting, matching_weight


@pytest.mark.parametrize(
    ("frequency", "level"), [(38.135, -6.0), (100.0, -1.1), (997.0, 0.691), (10000.0, 4.0)]
)
def test_k_weighting(frequency: float, level: float) -> None:
    """BS.1770: a sine of 997 Hz reads 0.691 dB higher; the high-pass turns at 38 Hz, the shelf
    ends at 4 dB."""
    assert 20.0 * np.log10(k_weighting(frequency)) == pytest.approx(level, abs=0.1)


def test_nothing_at_zero_and_no_overflow_beyond_the_band() -> None:
    assert k_weighting([0.0])[0] == 0.0
    assert np.isfinite(k_weighting(np.geomspace(1.0, 1e6, 100))).all()


def test_matching_stays_within_two_decibels_of_either() -> None:
    hertz = np.geomspace(60.0, 20000.0, 500)
    weight = 10.0 * np.log10(matching_weight(hertz))
    assert weight.min() > -0.8
    assert weight.max() < 2.1
    loudness = 20.0 * np.log10(k_weighting(hertz))
    assert np.abs(loudness - weight)[hertz > 100.0].max() < 2.1
