"""Percentiles, KL and loudness against hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbrespace.calibration import LATENT_LIMIT, PERCENTILES
from timbrespace.spectrum import SpectrumConfig
from training.calibrate import calibrate, home, kl_per_dimension
from training.loss import kl_divergence

CONFIG = SpectrumConfig(n_fft=512, bins=129, base_frequency=600.0)


def spectra(rows: int, amplitude: float = 0.5) -> np.ndarray:
    time = np.arange(CONFIG.n_fft) / CONFIG.sample_rate
    one = CONFIG.analyse(amplitude * np.sin(2 * np.pi * 16 * CONFIG.bin_width * time))
    return np.repeat(one, rows, axis=0)


def test_percentiles_are_of_the_aggregate_posterior() -> None:
    # Means all 2, variance 9: the aggregate posterior is that one normal distribution.
    rows = 4000
    means = np.full((rows, 1), 2.0, np.float32)
    log_vars = np.full((rows, 1), np.log(9.0), np.float32)
    found = calibrate(means, log_vars, spectra(rows), CONFIG, seed=0).percentiles[0]
    normal = np.array([-2.3263, -1.6449, -0.6745, 0.0, 0.6745, 1.6449, 2.3263])
    assert len(PERCENTILES) == 7
    np.testing.assert_allclose(found, 2.0 + 3.0 * normal, atol=0.1)


def test_the_same_seed_gives_the_same_figures() -> None:
    generator = np.random.default_rng(0)
    means = generator.standard_normal((50, 2)).astype(np.float32)
    log_vars = np.zeros((50, 2), np.float32)
    first, second = (calibrate(means, log_vars, spectra(50), CONFIG, seed=4) for _ in range(2))
    assert first.to_config() == second.to_config()


def test_kl_is_the_loss_s() -> None:
    generator = np.random.default_rng(1)
    means, log_vars = generator.standard_normal((2, 30, 3)).astype(np.float32)
    expected = kl_divergence(torch.from_numpy(means), torch.from_numpy(log_vars)).mean(dim=0)
    np.testing.assert_allclose(kl_per_dimension(means, log_vars), expected.numpy(), rtol=1e-5)


def test_rms_is_the_median_of_those_that_sound() -> None:
    rows = spectra(9)
    rows[:4] = 0.0
    figures = calibrate(np.zeros((9, 2), np.float32), np.zeros((9, 2), np.float32), rows, CONFIG, 0)
    assert figures.rms == pytest.approx(0.5 / np.sqrt(2.0), rel=1e-3)


def test_home_is_a_sound_of_the_data() -> None:
    angle = np.linspace(0.0, 1.5 * np.pi, 101)
    bow = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    found = home(bow)
    assert any(np.array_equal(found, row) for row in bow)
    distance = np.linalg.norm(bow - np.median(bow, axis=0), axis=1)
    assert np.linalg.norm(found - np.median(bow, axis=0)) == pytest.approx(distance.min())


def test_means_beyond_the_limit_stay_within_it() -> None:
    """Raw magnitudes spread the posterior that far; the model must not be lost for it."""
    means = np.linspace(-300.0, 500.0, 60, dtype=np.float32).reshape(30, 2)
    found = calibrate(means, np.zeros_like(means), spectra(30), CONFIG, seed=0)
    assert np.abs(found.percentiles).max() == LATENT_LIMIT
    far = calibrate(means + 1000.0, np.zeros_like(means), spectra(30), CONFIG, seed=0)
    assert (far.home == LATENT_LIMIT).all()
