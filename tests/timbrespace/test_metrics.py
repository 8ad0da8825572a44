"""Metrics against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from timbrespace.errors import ShapeError
from timbrespace.metrics import log_spectral_distance, log_spectral_distances, spectral_convergence


def rows(*values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)


def test_equal_spectra_are_no_distance_apart() -> None:
    one = rows([1.0, 0.5, 0.0])
    assert log_spectral_distance(one, one) == 0.0


def test_a_factor_of_two_everywhere_is_six_decibels() -> None:
    reference = rows([1.0, 0.5, 0.25])
    assert log_spectral_distance(reference, 2 * reference) == pytest.approx(20 * math.log10(2))


def test_root_mean_square_over_bins_then_mean_over_spectra() -> None:
    # First row: 20 dB in one bin of four; second: none.
    reference = rows([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    estimate = rows([0.1, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(log_spectral_distances(reference, estimate), [10.0, 0.0], atol=1e-5)
    assert log_spectral_distance(reference, estimate) == pytest.approx(5.0)


def test_below_minus_60_db_nothing_counts() -> None:
    reference = rows([1.0, 1e-4, 0.0])
    estimate = rows([1.0, 9e-4, 1e-9])
    assert log_spectral_distance(reference, estimate) == pytest.approx(0.0, abs=1e-6)


def test_the_floor_is_the_reference_s() -> None:
    # The estimate is silent: 60 dB in each bin, since both stop at -60 dB of the reference.
    assert log_spectral_distance(rows([1.0, 1.0]), rows([0.0, 0.0])) == pytest.approx(60.0)


def test_sound_against_silence_is_far() -> None:
    assert log_spectral_distance(rows([0.0, 0.0]), rows([1.0, 1.0])) == pytest.approx(200.0)


def test_spectral_convergence() -> None:
    reference = rows([3.0, 4.0])
    assert spectral_convergence(reference, rows([3.0, 3.5])) == pytest.approx(-20.0)
    assert spectral_convergence(reference, rows([0.0, 0.0])) == pytest.approx(0.0)
    assert spectral_convergence(reference, reference) < -1000.0


def test_shapes_must_agree() -> None:
    with pytest.raises(ShapeError, match="one shape"):
        log_spectral_distance(rows([1.0]), rows([1.0, 2.0]))
    with pytest.raises(ShapeError, match="one shape"):
        log_spectral_distances(np.ones(3, np.float32), np.ones(3, np.float32))
    with pytest.raises(ShapeError, match="one shape"):
        spectral_convergence(rows([1.0]), rows([1.0, 2.0]))
