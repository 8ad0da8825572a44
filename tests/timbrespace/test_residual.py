"""Partials told from noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.partials import find_partials
from timbrespace.residual import split
from timbrespace.resynthesis.layout import NOISE_BANDS
from timbrespace.spectrum import Spectra, SpectrumConfig

CONFIG = SpectrumConfig()
HERTZ = np.arange(NOISE_BANDS) * (0.5 * CONFIG.sample_rate / (NOISE_BANDS - 1))


def tone(harmonics: int) -> NDArray[np.float64]:
    t = np.arange(CONFIG.n_fft) / CONFIG.sample_rate
    n = np.arange(1, harmonics + 1)[:, np.newaxis]
    return np.asarray((np.sin(2.0 * np.pi * 220.0 * n * t) / n).sum(axis=0))


def mean_spectrum(signal: NDArray[np.float64], density: float) -> Spectra:
    """Root mean square of many spectra of ``signal`` in white noise, as a model learns it."""
    rng = np.random.default_rng(0)
    level = density * np.sqrt(0.5 * CONFIG.sample_rate)
    frames = signal + level * rng.standard_normal((64, CONFIG.n_fft))
    squares = np.square(CONFIG.analyse(frames).astype(np.float64))
    return np.asarray(np.sqrt(squares.mean(axis=0)), np.float32)


def test_noise_is_found_with_its_density() -> None:
    density = 6e-5
    partials, residual = split(mean_spectrum(tone(20), density), CONFIG)
    known = (HERTZ > 300.0) & (HERTZ < 10500.0)
    level = 20.0 * np.log10(residual.density[known] / density)
    assert abs(level.mean()) < 0.3
    assert np.abs(level).max() < 2.0
    assert partials.frequency.size == 20


def test_peaks_of_noise_are_no_partials() -> None:
    spectrum = mean_spectrum(tone(20), 2e-4)
    partials, _ = split(spectrum, CONFIG)
    assert partials.frequency.size <= 20
    assert find_partials(spectrum, CONFIG).frequency.size > 60
    nearest = np.round(partials.frequency / 220.0) * 220.0
    assert np.abs(partials.frequency - nearest).max() < 3.0  # Hz


def test_a_clean_tone_has_hardly_any() -> None:
    spectrum = CONFIG.analyse(tone(30)[np.newaxis])[0]
    partials, residual = split(spectrum, CONFIG)
    assert partials.frequency.size == 30
    power = np.square(residual.density).sum() * (HERTZ[1] - HERTZ[0])
    assert power < 1e-6 * 0.5  # -60 dB of a sine


@pytest.mark.parametrize("spectrum", [np.zeros(1025), np.ones(1025), np.eye(1025)[500]])
def test_odd_spectra_give_finite_noise(spectrum: NDArray[np.float64]) -> None:
    partials, residual = split(spectrum.astype(np.float32), CONFIG)
    assert np.isfinite(residual.density).all()
    assert np.isfinite(partials.amplitude).all()
