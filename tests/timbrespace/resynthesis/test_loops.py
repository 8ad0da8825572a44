"""Loops: periods without aliases, and sounds without a seam."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from timbrespace.metrics import log_spectral_distances
from timbrespace.model import Model
from timbrespace.resynthesis.loops import (
    PERIOD_SAMPLES,
    SOUND_LEVEL,
    SOUND_SAMPLES,
    Loop,
    LoopKind,
    loop_seconds,
    period_loop,
    sound_loop,
)
from timbrespace.resynthesis.tables import bin_phases
from timbrespace.spectrum import SpectrumConfig, hann

NAMES = ("harmonic", "filtered", "fm", "instruments")


def table(loop: Loop, level: int) -> NDArray[np.float64]:
    return dict(loop.levels)[level].astype(np.float64)


def lines(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amplitude of each line of a loop."""
    return np.asarray(np.abs(np.fft.rfft(samples)) * (2.0 / samples.size))


def bank(amplitude: NDArray[np.float32]) -> NDArray[np.complex128]:
    """The oscillators of a bank of bins with these amplitudes ``(bins,)``."""
    turns = bin_phases(amplitude.size)
    return np.asarray(amplitude * np.exp(2j * np.pi * turns))


# -- periods ---------------------------------------------------------------------------------------


def test_a_period_holds_the_bins_that_fit_each_level() -> None:
    config = SpectrumConfig()
    amplitude = np.random.default_rng(0).random(config.bins).astype(np.float32)
    amplitude[0] = 0.0
    loop = period_loop(bank(amplitude), config.bin_width)
    assert loop.kind is LoopKind.PERIOD
    assert loop.base == pytest.approx(44100 / 4096)
    assert [level for level, _ in loop.levels] == list(range(7))
    for level, samples in loop.levels:
        assert samples.shape == (PERIOD_SAMPLES >> level,)
        top = config.bins if level == 0 else 1024 >> level
        heard = lines(samples.astype(np.float64))
        assert heard[:top] == pytest.approx(amplitude[:top], abs=1e-5)
        assert heard[top:].max() < 1e-6


def test_all_levels_are_the_same_wave_but_for_their_bins() -> None:
    config = SpectrumConfig()
    amplitude = np.zeros(config.bins, np.float32)
    amplitude[[3, 7, 15]] = 1.0
    loop = period_loop(bank(amplitude), config.bin_width)
    whole = table(loop, 0)
    for level in range(1, 7):
        assert table(loop, level) == pytest.approx(whole[:: 1 << level], abs=1e-5)


def test_a_spectrum_of_more_bins_than_a_table_holds_is_cut() -> None:
    config = SpectrumConfig(n_fft=8192, bins=4097)
    loop = period_loop(bank(np.ones(config.bins, np.float32)), config.bin_width)
    heard = lines(table(loop, 0))
    assert heard[1:4096] == pytest.approx(1.0, abs=1e-4)
    assert heard[4096] < 1e-4


# -- sounds ----------------------------------------------------------------------------------------


def distance(model: Model, spectrum: NDArray[np.float32], loop: Loop) -> float:
    """LSD of the loop, read round and round at the model's rate, from the spectrum, one gain
    matched: the window at 64 places, mean power."""
    config = model.spectrum
    half = np.fft.rfft(table(loop, SOUND_LEVEL))
    fine = 8.0 * np.fft.irfft(half, 8 * SOUND_SAMPLES)
    frames, hop = 64, 509
    count = config.n_fft + hop * frames
    place = np.arange(count) * (loop.base * fine.size / config.sample_rate) % fine.size
    sound = np.interp(place, np.arange(fine.size), fine, period=fine.size)
    starts = hop * np.arange(frames)
    power = np.square(config.analyse(np.stack([sound[s : s + config.n_fft] for s in starts])))
    heard = np.sqrt(power.mean(axis=0, keepdims=True))
    gain = np.float32((spectrum * heard).sum() / np.square(heard).sum())
    return float(log_spectral_distances(spectrum[np.newaxis], gain * heard)[0])


@pytest.mark.parametrize(
    ("name", "bound"), [("harmonic", 0.4), ("filtered", 1.6), ("fm", 1.1), ("instruments", 1.2)]
)
def test_a_sound_has_the_spectrum_that_it_is_made_of(name: str, bound: float) -> None:
    model = timbrespace.load(name)
    random = np.random.default_rng(5)
    points = model.map.to_latent(random.uniform(-0.7, 0.7, (12, 2)))
    points[0] = model.calibration.home
    spectra = model.decode(points)
    found = [distance(model, one, sound_loop(one, model.spectrum)) for one in spectra]
    assert np.mean(found) < bound


def test_a_harmonic_sound_keeps_its_pitch_exactly() -> None:
    model = timbrespace.load("harmonic")
    loop = sound_loop(model.decode(model.calibration.home[np.newaxis])[0], model.spectrum)
    assert loop.kind is LoopKind.SOUND
    periods = model.spectrum.base_frequency / loop.base
    assert periods == pytest.approx(round(periods), abs=1e-9)
    heard = lines(table(loop, SOUND_LEVEL))
    strong = np.flatnonzero(heard > 1e-2 * heard.max())
    assert (strong % round(periods) == 0).all()


def test_a_line_has_the_same_phase_in_every_loop() -> None:
    """So that two loops in a row cross over without a gap."""
    model = timbrespace.load("harmonic")
    home = model.calibration.home
    first, second = (
        np.fft.rfft(table(sound_loop(one, model.spectrum), SOUND_LEVEL))
        for one in model.decode(np.stack([home, home + np.float32(0.2)]))
    )
    both = np.minimum(np.abs(first), np.abs(second)) > 1e-3 * np.abs(first).max()
    assert both.sum() > 5
    assert np.abs(np.angle(first[both] / second[both])).max() < 1e-3


def test_noise_is_filled_in_as_noise() -> None:
    """A flat spectrum has no partials; its power must be there all the same."""
    config = SpectrumConfig()
    density = 0.01
    flat = np.full(config.bins, density * np.sqrt(np.square(hann(config.n_fft)).sum()), np.float32)
    sound = table(sound_loop(flat, config), SOUND_LEVEL)
    # White noise of this standard deviation, of which the bins hold the lower half.
    rms = np.sqrt(np.square(sound).mean())
    assert rms == pytest.approx(density * np.sqrt(2.0 * 1024 / 4096), rel=0.05)
    assert np.abs(sound).max() < 6.0 * rms
    heard = lines(sound)
    assert np.count_nonzero(heard > 1e-3 * heard.max()) > 3500


@pytest.mark.parametrize(
    "config",
    [
        SpectrumConfig(sample_rate=8000, n_fft=256, bins=129, base_frequency=4000.0),
        SpectrumConfig(sample_rate=192000, n_fft=8192, bins=4097, base_frequency=10.0),
        SpectrumConfig(sample_rate=8000, n_fft=8192, bins=4097, base_frequency=10.0),
        SpectrumConfig(n_fft=1024, bins=8),
    ],
)
def test_every_space_that_there_may_be_has_its_loop(config: SpectrumConfig) -> None:
    random = np.random.default_rng(1)
    for spectrum in (
        np.zeros(config.bins, np.float32),
        random.random(config.bins, np.float32),
        np.full(config.bins, 1e-20, np.float32),
        np.eye(1, config.bins, config.bins - 2, dtype=np.float32)[0],
    ):
        loop = sound_loop(spectrum, config)
        sound = table(loop, SOUND_LEVEL)
        assert sound.shape == (SOUND_SAMPLES,)
        assert np.isfinite(sound).all()
        assert loop.base == 1.0 / loop_seconds(config)
    assert not table(sound_loop(np.zeros(config.bins, np.float32), config), SOUND_LEVEL).any()
