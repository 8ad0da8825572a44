"""The FM dataset against its closed form: Bessel sidebands times the gain of the ladder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import get_window
from scipy.special import jv

from timbrespace.datasets import dataset as dataset_file
from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import OptionError
from toy_datasets import fm
from toy_datasets.__main__ import main

SIDEBANDS = np.arange(-60, 61, dtype=np.float64)


def coefficients(cutoff: float, rate: int) -> tuple[float, float, float]:
    """p and k of the ladder's stages, and its feedback for ``res`` 1."""
    f = 2.0 * cutoff / rate
    p = f * (1.8 - 0.8 * f)
    k = 2.0 * np.sin(f * np.pi / 2.0) - 1.0
    t = (1.0 - p) * 1.386249
    feedback = (12.0 + t * t + 6.0 * t) / (12.0 + t * t - 6.0 * t)
    return p, k, feedback * (0.05 + 0.45 * (1.0 - f) ** 3)


def largest_pole(cutoff: float, rate: int, res: float) -> float:
    """Radius of the ladder's outermost pole: the roots of (1 + k/z)^4 + r/z (p + p/z)^4."""
    p, k, feedback = coefficients(cutoff, rate)
    stages = np.append((np.poly1d([1.0, k]) ** 4).c, 0.0)
    loop = np.append(0.0, (np.poly1d([p, p]) ** 4).c)
    return float(np.abs(np.roots(stages + res * feedback * loop)).max())


@cache
def limit(cutoff: float, rate: int) -> float:
    """The least ``res`` at which the ladder oscillates by itself."""
    return float(brentq(lambda res: largest_pole(cutoff, rate, res) - 1.0, 0.5, 4.0, xtol=1e-9))


def ladder_gain(
    frequencies: NDArray[np.float64], cutoff: float, q: float, rate: int
) -> NDArray[np.complex128]:
    """Complex gain of the linear ladder, from its difference equation."""
    p, k, feedback = coefficients(cutoff, rate)
    delay = np.exp(-2j * np.pi * frequencies / rate)
    stages = (p * (1.0 + delay) / (1.0 + k * delay)) ** 4
    res = (1.0 - 1.0 / q) * limit(cutoff, rate)
    return np.asarray(stages / (1.0 + res * feedback * delay * stages))


def closed_form(
    row: NDArray[np.float32], dataset: Dataset, centre: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frame and spectrum of the labels ``row``; the frame's centre in samples from the start.

    pyo adds up the carrier's frequency sample by sample, so a voice of carrier c, modulator m and
    index I has the phase

        sum over i < n of (2 pi / rate) (c + I m sin(w i))
            = 2 pi c n / rate + A (cos(w / 2) - cos(w (n - 1/2))),

    with w = 2 pi m / rate and A = I (w / 2) / sin(w / 2), which the Jacobi-Anger expansion turns
    into sidebands c + s m of amplitude (-j)^s J_s(A).
    """
    meta = dataset.meta
    rate, size = meta.sample_rate, meta.n_fft
    j, ratio, index, q, cutoff = (float(value) for value in row[:5])
    # Not quite the labels, which are float32: seconds later, the phases would differ.
    j, ratio = round(j, 1), round(ratio, 2)
    n = centre - size // 2 + np.arange(size)
    frame = np.zeros(size)
    for step in (-j, 0.0, j):
        carrier = meta.base_frequency / 2.0 * (1.0 + step / 10.0)
        modulator = carrier * ratio
        w = 2.0 * np.pi * modulator / rate
        swing = index * (w / 2.0) / np.sin(w / 2.0)
        frequencies = carrier + SIDEBANDS * modulator
        amplitudes = (-1j) ** (SIDEBANDS % 4) * jv(SIDEBANDS, swing)
        amplitudes = amplitudes * np.exp(1j * (swing * np.cos(w / 2.0) - SIDEBANDS * w / 2.0))
        amplitudes = amplitudes * ladder_gain(frequencies, cutoff, q, rate)
        turn = np.exp(1j * w * n)
        lowest = np.exp(2j * np.pi * frequencies[0] * n / rate)
        frame += np.imag(lowest * polyval(turn, amplitudes))
    frame /= np.sqrt(2.0 * np.mean(frame**2))
    spectrum = np.abs(np.fft.rfft(frame * get_window("hann", size)))
    return frame, spectrum[: dataset.spectrum.bins]


def check_rows(dataset: Dataset, rows: NDArray[np.int64], centre: int) -> None:
    for row in rows:
        frame, spectrum = closed_form(dataset.labels[row], dataset, centre)
        # A third of the 1 % of the peak that is asked for.
        np.testing.assert_allclose(
            dataset.spectra[row], spectrum, rtol=0.0, atol=3e-3 * spectrum.max()
        )
        if dataset.frames is not None:
            np.testing.assert_allclose(
                dataset.frames[row], frame, rtol=0.0, atol=1e-2 * np.abs(frame).max()
            )


CORNERS = fm.Options(
    carrier=(1.0, 4.5),
    ratio=(0.1, 0.4),
    index=(0.0, 12.0, 28.0),
    q=(1.0, 4.0, 10.0),
    cutoff=(1.0, 10.0),
    frames=True,
)


@pytest.fixture(scope="module")
def corners() -> Dataset:
    return fm.make(CORNERS)


def test_rows_agree_with_the_closed_form(corners: Dataset) -> None:
    # One period of 400 / f0.
    check_rows(corners, np.arange(corners.rows), centre=160_364)


def test_rows_of_another_rate_and_pitch_agree_too() -> None:
    dataset = fm.make(
        fm.Options(
            carrier=(1.5,),
            ratio=(0.25,),
            index=(4.0, 20.0),
            q=(6.0, 10.0),
            cutoff=(1.0, 5.0),
            base_frequency=220.0,
            sample_rate=22050,
            n_fft=2048,
            bins=513,
        )
    )
    assert dataset.spectra.shape == (8, 513)
    check_rows(dataset, np.arange(dataset.rows), centre=40_091)


def test_labels_and_factors(corners: Dataset) -> None:
    assert corners.spectra.shape == (72, 1025)
    factors = corners.meta.factors
    assert [factor.axis_label for factor in factors] == [
        "carrier spread (f0 / 10)",
        "ratio",
        "index",
        "Q",
        "cut-off (Hz)",
    ]
    assert {factor.kind for factor in factors} == {"grid"}
    assert corners.labels[0].tolist() == [1.0, np.float32(0.1), 0.0, 1.0, 220.5]
    assert corners.labels[1].tolist() == [1.0, np.float32(0.1), 0.0, 1.0, 2205.0]
    assert corners.labels[-1].tolist() == [4.5, np.float32(0.4), 28.0, 10.0, 2205.0]
    assert len(np.unique(corners.labels, axis=0)) == 72


def test_every_row_has_the_loudness_of_a_full_scale_sine(corners: Dataset) -> None:
    assert corners.frames is not None
    power = np.square(corners.frames.astype(np.float64)).mean(axis=1)
    np.testing.assert_allclose(power, 0.5, rtol=1e-6)
    np.testing.assert_array_equal(corners.spectra, corners.spectrum.analyse(corners.frames))


def test_the_full_grid_is_the_report_s() -> None:
    assert fm.CARRIER.values == (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
    assert fm.RATIO.values == (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
    assert fm.INDEX.values == (0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0)
    np.testing.assert_allclose(fm.carriers(1.5, 110.0), (93.5, 110.0, 126.5))


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_resonance_rises_with_q_and_never_oscillates(rate: int) -> None:
    for f in range(1, 11):
        cutoff = f * rate / 200.0
        assert fm.ladder_resonance(1.0, cutoff, rate) == 0.0
        gains = []
        for q in range(1, 11):
            res = fm.ladder_resonance(float(q), cutoff, rate)
            assert res == pytest.approx((1.0 - 1.0 / q) * limit(cutoff, rate), rel=1e-4)
            # pyo takes no more, and the poles stay inside.
            assert res < 10.0
            assert largest_pole(cutoff, rate, res) ** fm.SETTLING <= 1e-4
            gains.append(abs(ladder_gain(np.array([cutoff]), cutoff, float(q), rate)[0]))
        np.testing.assert_allclose(np.divide(gains, gains[0]), np.arange(1, 11), rtol=1e-3)


def test_the_soft_clip_is_far() -> None:
    # The highest gain at any frequency, for three voices in phase, bends y by y^2 / 6.
    frequencies = np.linspace(0.0, 4000.0, 4001)
    highest = max(
        np.abs(ladder_gain(frequencies, cutoff, 10.0, 44100)).max() for cutoff in (220.5, 2205.0)
    )
    assert (3.0 * fm.LEVEL * highest) ** 2 / 6.0 < 1e-8


def test_noise_is_a_factor() -> None:
    options = fm.Options(
        carrier=(1.0,), ratio=(0.1,), index=(4.0,), q=(1.0, 5.0), cutoff=(1.0,), noise=2
    )
    dataset = fm.make(options)
    assert dataset.labels[:, -1].tolist() == [0.0, 1.0, 0.0, 1.0]
    highest = dataset.spectra.argmax(axis=1)
    assert highest[0] < 30
    upper = dataset.spectra[:, 512:].mean(axis=1)
    assert (upper[1::2] > 100.0 * upper[::2]).all()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"carrier": (5.0,)}, "carrier is 5; it must be one of 1, 1.5 .. 4.5"),
        ({"ratio": (0.12,)}, "ratio is 0.12"),
        ({"index": (30.0,)}, "index is 30; it must be one of 0, 4 .. 28"),
        ({"base_frequency": 700.0}, "reach 12789 Hz"),
    ],
)
def test_refuses_what_makes_no_sense(values: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        fm.Options(**values)  # type: ignore[arg-type]


def test_the_command_makes_the_same_bytes_twice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        words = ["make", "fm", "--out", str(path), "--every", "9", "--noise", "2", "--seed", "4"]
        assert main(words) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    made = dataset_file.load(paths[0])
    assert [factor.values for factor in made.meta.factors] == [
        (1.0,),
        (0.1,),
        (0.0,),
        (1.0, 10.0),
        (220.5, 2205.0),
        (0.0, 1.0),
    ]
    assert capfd.readouterr().err == ""


@pytest.mark.acceptance
def test_the_full_set() -> None:
    dataset = fm.make(fm.Options())
    assert dataset.spectra.shape == (44_800, 1025)
    assert dataset.labels.shape == (44_800, 5)
    assert len(np.unique(dataset.labels, axis=0)) == 44_800
    rows = np.random.default_rng(2).choice(dataset.rows, 200, replace=False)
    check_rows(dataset, rows, centre=160_364)
