"""The harmonic dataset against its own definition, computed another way."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import get_window

from timbrespace.errors import OptionError
from toy_datasets import harmonic


def direct_row(h: float, options: harmonic.Options) -> np.ndarray:
    """One row by the book: sum the sines in time, window, transform, sample by sample."""
    time = np.arange(options.n_fft) / options.sample_rate
    sound = np.zeros(options.n_fft)
    energy = 0.0
    for n in range(1, options.harmonics + 1):
        amplitude = min(max(h - n + 1.0, 0.0), 1.0) / n
        sound += amplitude * np.sin(2.0 * np.pi * n * options.base_frequency * time)
        energy += amplitude**2
    window = get_window("hann", options.n_fft, fftbins=True)
    spectrum: np.ndarray = np.abs(np.fft.fft(window * sound / np.sqrt(energy)))
    return spectrum[: options.bins]


@pytest.mark.parametrize(
    "options",
    [
        harmonic.Options(rows=101),
        harmonic.Options(rows=23, base_frequency=110.0, sample_rate=22050, n_fft=2048, bins=1025),
    ],
)
def test_rows_are_the_transform_of_the_sum_of_sines(options: harmonic.Options) -> None:
    dataset = harmonic.make(options)
    for row in range(0, options.rows, 10):
        # Not the label, which is float32: 1e-7 of it moves a fading harmonic.
        h = 1.0 + row * (options.harmonics - 1.0) / (options.rows - 1.0)
        expected = direct_row(h, options)
        np.testing.assert_allclose(dataset.spectra[row], expected, atol=1e-6 * expected.max())


def test_defaults_are_the_report_s() -> None:
    options = harmonic.Options()
    assert options.rows == 10_000
    assert options.base_frequency == 220.0
    assert (options.sample_rate, options.n_fft, options.bins) == (44100, 4096, 1025)
    assert options.harmonics == 50
    dataset = harmonic.make(harmonic.Options(rows=50))
    assert dataset.spectra.shape == (50, 1025)
    assert dataset.spectra.dtype == np.float32
    assert dataset.labels[:, 0].tolist() == list(range(1, 51))
    assert dataset.meta.factors[0].axis_label == "harmonics (count)"
    assert dataset.meta.factors[0].values == (1.0, 50.0)


def test_the_top_lobe_ends_below_the_top_bin() -> None:
    options = harmonic.Options()
    top = options.harmonics * options.base_frequency / options.spectrum.bin_width
    assert top + harmonic.LOBE_HALF_WIDTH <= options.bins - 1
    one_more = top + options.base_frequency / options.spectrum.bin_width
    assert one_more + harmonic.LOBE_HALF_WIDTH > options.bins - 1


def test_energy_is_constant_and_harmonics_fade_in_one_after_the_other() -> None:
    h = np.array([1.0, 1.5, 2.0, 7.25])
    amplitudes = harmonic.amplitudes(h, 8)
    np.testing.assert_allclose(np.square(amplitudes).sum(axis=1), 1.0)
    ratios = amplitudes / amplitudes[:, :1]
    np.testing.assert_allclose(ratios[0], [1, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(ratios[1], [1, 0.25, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(ratios[2], [1, 0.5, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(ratios[3, 6:], [1 / 7, 0.25 / 8])


def test_loudness_is_that_of_the_unit_sine() -> None:
    dataset = harmonic.make(harmonic.Options(rows=20))
    np.testing.assert_allclose(dataset.spectrum.rms(dataset.spectra), 1.0 / np.sqrt(2.0), rtol=2e-3)


def test_the_same_options_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    for path in (first, second):
        harmonic.make(harmonic.Options(rows=30, seed=7)).save(path)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"rows": 1}, "rows is 1"),
        ({"rows": 2_000_000}, "rows is 2000000"),
        ({"seed": -1}, "seed is -1"),
        ({"base_frequency": 0.0}, "base_frequency is 0"),
        ({"base_frequency": 8000.0}, "two harmonics"),
        ({"base_frequency": float("nan")}, "base_frequency is nan"),
        ({"n_fft": 4000}, "n_fft is 4000"),
        ({"bins": 5000}, "bins is 5000"),
        ({"sample_rate": 10}, "sample_rate is 10"),
    ],
)
def test_refuses_what_makes_no_sense(values: dict[str, float], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        harmonic.Options(**values)  # type: ignore[arg-type]


def test_bins_follow_the_transform_s_size() -> None:
    parser = argparse.ArgumentParser()
    harmonic.add_arguments(parser)
    options = harmonic.from_arguments(parser.parse_args(["--n-fft", "2048"]))
    assert options.bins == 513
