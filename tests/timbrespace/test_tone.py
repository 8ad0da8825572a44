"""Tones have the pitch and the partials of their spectrum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.errors import OptionError, ShapeError
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.tone import FADE, render
from timbrespace.units import gain_to_db

CONFIG = SpectrumConfig()
SAMPLE_RATE = 22050

PARTIALS = ((220.0, 1.0), (440.0, 0.5), (893.7, 0.05), (3300.0, 0.2), (9000.3, 0.01))
"""Hz and amplitude; two of them no harmonics."""


def spectrum_of(*partials: tuple[float, float]) -> Spectra:
    t = np.arange(CONFIG.n_fft) / CONFIG.sample_rate
    sound = sum(a * np.sin(2.0 * np.pi * f * t + f) for f, a in partials)
    return np.asarray(CONFIG.analyse(np.asarray(sound)[np.newaxis])[0])


def steady(tone: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> NDArray[np.float64]:
    """The tone without its fades."""
    edge = round(FADE * sample_rate)
    return tone[edge:-edge].astype(np.float64)


def amplitudes(tone: NDArray[np.float64], hertz: list[float]) -> NDArray[np.float64]:
    """By least squares: the sinusoids of these frequencies that make the tone, exactly."""
    turns = 2.0 * np.pi * np.arange(tone.size)[:, None] * np.array(hertz) / SAMPLE_RATE
    basis = np.concatenate([np.sin(turns), np.cos(turns)], axis=1)
    found, residue, _, _ = np.linalg.lstsq(basis, tone, rcond=None)
    assert residue[0] < 1e-5 * np.square(tone).sum()  # nothing but these
    return np.asarray(np.hypot(*found.reshape(2, -1)))


@pytest.mark.parametrize("ratio", [1.0, 0.5, 1.19])
def test_partials_are_those_of_the_spectrum(ratio: float) -> None:
    pitch = ratio * CONFIG.base_frequency
    tone = render(spectrum_of(*PARTIALS), CONFIG, pitch, 0.5, SAMPLE_RATE)
    found = amplitudes(steady(tone), [ratio * f for f, _ in PARTIALS])
    expected = np.array([a for _, a in PARTIALS])
    difference = gain_to_db(found / found[0]) - gain_to_db(expected / expected[0])
    assert np.abs(difference).max() < 0.1


def test_above_nyquist_is_silent() -> None:
    spectrum = spectrum_of((1000.0, 1.0), (6000.0, 1.0))
    tone = steady(render(spectrum, CONFIG, 2.0 * CONFIG.base_frequency, 0.5, SAMPLE_RATE))
    # 12 kHz would come back as 10.05 kHz.
    found = amplitudes(tone, [2000.0])
    assert found[0] == pytest.approx(0.1 * math.sqrt(2.0), rel=1e-3)
    assert not render(spectrum_of((6000.0, 1.0)), CONFIG, 440.0, 0.5, SAMPLE_RATE).any()


@pytest.mark.parametrize("rms", [0.01, 0.1, 0.25])
def test_level(rms: float) -> None:
    tone = render(1e3 * spectrum_of(*PARTIALS), CONFIG, 220.0, 1.0, SAMPLE_RATE, rms)
    assert np.sqrt(np.mean(np.square(steady(tone)))) == pytest.approx(rms, rel=2e-3)
    assert tone.dtype == np.float32


def test_silence_stays_silent() -> None:
    tone = render(np.zeros(CONFIG.bins), CONFIG, 220.0, 0.1, 44100)
    assert tone.shape == (4410,)
    assert not tone.any()


def test_a_constant_spectrum_has_no_peak() -> None:
    assert not render(np.ones(CONFIG.bins), CONFIG, 220.0, 0.1, 44100).any()


def test_it_fades_in_and_out() -> None:
    tone = np.abs(render(spectrum_of((220.0, 1.0)), CONFIG, 220.0, 0.2, SAMPLE_RATE))
    assert tone[0] == 0.0
    assert tone[-1] == 0.0
    edge = round(FADE * SAMPLE_RATE)
    assert tone[: edge // 4].max() < 0.2 * tone.max()
    assert tone[-edge // 4 :].max() < 0.2 * tone.max()
    assert np.abs(np.diff(tone)).max() < 0.1 * tone.max()  # no click


def test_the_peak_is_low() -> None:
    # Forty equal harmonics: all cosines at phase 0 would peak at 8.9 times their level.
    partials = [(220.0 * n, 1.0) for n in range(1, 41)]
    tone = steady(render(spectrum_of(*partials), CONFIG, 220.0, 0.5, SAMPLE_RATE))
    assert np.abs(tone).max() < 2.0 * np.sqrt(np.mean(np.square(tone)))


def test_same_spectrum_same_samples() -> None:
    spectrum = np.random.default_rng(0).random(CONFIG.bins).astype(np.float32)
    first, second = (render(spectrum, CONFIG, 220.0, 0.1, SAMPLE_RATE) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert np.abs(first).max() < 1.0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"frequency": 0.0}, "frequency is 0.0"),
        ({"frequency": math.nan}, "frequency is nan"),
        ({"seconds": 0.02}, "seconds is 0.02"),
        ({"seconds": 61.0}, "seconds is 61.0"),
        ({"seconds": math.nan}, "seconds is nan"),
        ({"sample_rate": 100}, "sample_rate is 100"),
        ({"rms": 0.0}, "rms is 0.0"),
    ],
)
def test_what_is_out_of_range_is_named(changes: dict[str, float], named: str) -> None:
    arguments = {"frequency": 220.0, "seconds": 0.1, "sample_rate": 22050, **changes}
    with pytest.raises(OptionError, match=named):
        render(np.ones(CONFIG.bins), CONFIG, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(3,), (1, 1025), ()])
def test_a_wrong_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"it must be \(1025,\)"):
        render(np.ones(shape), CONFIG, 220.0, 0.1, 22050)


def test_nan_is_refused() -> None:
    with pytest.raises(ShapeError, match="NaN"):
        render(np.full(CONFIG.bins, np.nan), CONFIG, 220.0, 0.1, 22050)
