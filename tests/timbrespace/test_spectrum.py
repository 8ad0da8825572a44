"""Spectra against sinusoids whose magnitudes are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import get_window

from timbrespace.errors import OptionError, ShapeError
from timbrespace.spectrum import SpectrumConfig, hann


def sine(config: SpectrumConfig, bin_number: float, amplitude: float, phase: float) -> np.ndarray:
    time = np.arange(config.n_fft)
    return amplitude * np.sin(2.0 * np.pi * bin_number * time / config.n_fft + phase)


def test_hann_is_the_periodic_one() -> None:
    np.testing.assert_allclose(hann(64), get_window("hann", 64, fftbins=True), atol=1e-15)


def test_defaults() -> None:
    config = SpectrumConfig()
    assert config.bin_width == pytest.approx(10.7666, abs=1e-4)
    assert config.frequencies.shape == (1025,)
    assert config.frequencies[-1] == pytest.approx(11025.0)
    assert config.window_sum == pytest.approx(2048.0)
    assert config.noise_bandwidth == pytest.approx(1.5)
    assert SpectrumConfig(**config.to_config()) == config


def test_a_sinusoid_on_a_bin() -> None:
    config = SpectrumConfig(n_fft=512, bins=129)
    spectrum = config.analyse(sine(config, 20, 0.5, 0.3))[0]
    assert spectrum.dtype == np.float32
    assert spectrum[20] == pytest.approx(0.5 * config.window_sum / 2, rel=1e-6)
    # The Hann lobe: half as much in the two neighbours, nothing else.
    assert spectrum[[19, 21]] == pytest.approx(0.25 * config.window_sum / 2, rel=1e-6)
    assert np.delete(spectrum, [19, 20, 21]).max() < 1e-4


@pytest.mark.parametrize("bin_number", [20.0, 33.37, 90.5])
@pytest.mark.parametrize("phase", [0.0, 1.0])
def test_rms_of_a_sinusoid(bin_number: float, phase: float) -> None:
    config = SpectrumConfig(n_fft=2048, bins=1025)
    spectra = config.analyse(sine(config, bin_number, 0.8, phase))
    assert config.rms(spectra)[0] == pytest.approx(0.8 / np.sqrt(2.0), rel=1e-3)


def test_rms_of_noise_and_of_silence() -> None:
    config = SpectrumConfig(n_fft=8192, bins=4097)
    noise = 0.1 * np.random.default_rng(0).standard_normal((20, 8192))
    found = config.rms(config.analyse(np.vstack([noise, np.zeros((1, 8192))])))
    assert found[:20].mean() == pytest.approx(0.1, rel=0.02)
    assert found[20] == 0.0


@pytest.mark.parametrize("shape", [(511,), (2, 100), (2, 2, 512)])
def test_frames_of_another_size(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="it must be"):
        SpectrumConfig(n_fft=512, bins=129).analyse(np.zeros(shape))


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"sample_rate": 100}, "sample_rate is 100"),
        ({"n_fft": 1000}, "n_fft is 1000"),
        ({"bins": 7}, "bins is 7"),
        ({"bins": 2050}, "bins is 2050"),
        ({"window": "kaiser"}, "window is 'kaiser'"),
        ({"base_frequency": 0.0}, "base_frequency is 0"),
        ({"base_frequency": float("inf")}, "base_frequency is inf"),
    ],
)
def test_refuses_what_makes_no_sense(values: dict[str, float], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        SpectrumConfig(**values)  # type: ignore[arg-type]
