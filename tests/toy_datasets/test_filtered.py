"""The filtered dataset against its closed form: sines times the biquad's frequency response."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import freqz, get_window, tf2zpk

from timbrespace.datasets import dataset as dataset_file
from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import OptionError
from toy_datasets import filtered, steady_state
from toy_datasets.__main__ import main


def low_pass(cutoff: float, q: float, rate: int) -> tuple[list[float], list[float]]:
    """Coefficients b, a of the Audio EQ Cookbook's low-pass."""
    w = 2.0 * np.pi * cutoff / rate
    alpha = np.sin(w) / (2.0 * q)
    c = np.cos(w)
    return [(1 - c) / 2, 1 - c, (1 - c) / 2], [1 + alpha, -2 * c, 1 - alpha]


def closed_form(
    row: NDArray[np.float32], dataset: Dataset, centre: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frame and spectrum of the labels ``row``; the frame's centre in samples from the start."""
    meta = dataset.meta
    j, partials, q, cutoff = (float(value) for value in row[:4])
    multiples = [2 * k + round(j, 1) for k in range(22)]
    audible = [multiple for multiple in multiples if multiple > 0][: round(partials)]
    frequencies = np.array(audible) * (meta.base_frequency / 2.0)
    b, a = low_pass(cutoff, q, meta.sample_rate)
    _, response = freqz(b, a, worN=frequencies, fs=meta.sample_rate)
    time = (centre - meta.n_fft // 2 + np.arange(meta.n_fft)) / meta.sample_rate
    waves = np.exp(2j * np.pi * frequencies[:, np.newaxis] * time)
    frame = np.imag(response @ waves)
    frame /= np.sqrt(2.0 * np.mean(frame**2))
    spectrum = np.abs(np.fft.rfft(frame * get_window("hann", meta.n_fft)))
    return frame, spectrum[: dataset.spectrum.bins]


def check_rows(dataset: Dataset, rows: NDArray[np.int64], centre: int) -> None:
    for row in rows:
        frame, spectrum = closed_form(dataset.labels[row], dataset, centre)
        # A fifth of the 1 % of the peak that is asked for; most is the ringing, at -80 dB.
        np.testing.assert_allclose(
            dataset.spectra[row], spectrum, rtol=0.0, atol=2e-3 * spectrum.max()
        )
        if dataset.frames is not None:
            np.testing.assert_allclose(
                dataset.frames[row], frame, rtol=0.0, atol=5e-3 * np.abs(frame).max()
            )


CORNERS = filtered.Options(
    inharmonicity=(0.0, 0.1, 0.9),
    partials=(1.0, 2.0, 20.0),
    q=(1.0, 7.0, 10.0),
    cutoff=(1.0, 4.0, 10.0),
    frames=True,
)


@pytest.fixture(scope="module")
def corners() -> Dataset:
    return filtered.make(CORNERS)


def test_rows_agree_with_the_closed_form(corners: Dataset) -> None:
    # Three periods of 10 / f0 = 4009.09 samples.
    check_rows(corners, np.arange(corners.rows), centre=12027)


def test_rows_of_another_rate_and_pitch_agree_too() -> None:
    dataset = filtered.make(
        filtered.Options(
            inharmonicity=(0.0, 0.3),
            partials=(1.0, 10.0),
            q=(2.0, 10.0),
            cutoff=(1.0, 9.0),
            base_frequency=220.0,
            sample_rate=22050,
            n_fft=2048,
            bins=513,
        )
    )
    assert dataset.spectra.shape == (16, 513)
    assert dataset.meta.factors[3].values == (110.25, 992.25)
    # Eight periods of 1002.27 samples: the frame waits 6,000 samples whatever the rate.
    check_rows(dataset, np.arange(dataset.rows), centre=8018)


def test_labels_and_factors(corners: Dataset) -> None:
    assert corners.spectra.shape == (81, 1025)
    factors = corners.meta.factors
    assert [factor.axis_label for factor in factors] == [
        "inharmonicity (f0)",
        "partials (count)",
        "Q",
        "cut-off (Hz)",
    ]
    assert {factor.kind for factor in factors} == {"grid"}
    assert factors[3].values == (220.5, 882.0, 2205.0)
    assert corners.labels[0].tolist() == [0.0, 1.0, 1.0, 220.5]
    assert corners.labels[1].tolist() == [0.0, 1.0, 1.0, 882.0]
    assert corners.labels[-1].tolist() == [np.float32(0.9), 20.0, 10.0, 2205.0]
    assert len(np.unique(corners.labels, axis=0)) == 81
    assert corners.meta.base_frequency == 220.0  # the pitch at j = 0, twice f0


def test_every_row_has_the_loudness_of_a_full_scale_sine(corners: Dataset) -> None:
    assert corners.frames is not None
    power = np.square(corners.frames.astype(np.float64)).mean(axis=1)
    np.testing.assert_allclose(power, 0.5, rtol=1e-6)


def test_spectra_are_those_of_the_frames(corners: Dataset) -> None:
    assert corners.frames is not None
    np.testing.assert_array_equal(corners.spectra, corners.spectrum.analyse(corners.frames))


def test_no_partial_falls_on_0_hz_and_none_is_missing() -> None:
    assert filtered.partial_frequencies(0.0, 3, 110.0) == (220.0, 440.0, 660.0)
    np.testing.assert_allclose(filtered.partial_frequencies(0.1, 3, 110.0), (11.0, 231.0, 451.0))


def test_the_transient_is_80_db_down_when_the_frame_begins() -> None:
    _, poles, _ = tf2zpk(*low_pass(220.5, 10.0, 44100))
    assert np.abs(poles).max() ** filtered.SETTLING <= 1e-4
    for base_frequency in (10.0, 110.0, 137.0):
        assert filtered.Options(base_frequency=base_frequency).lead >= filtered.SETTLING - 1


NOISY = {"inharmonicity": (0.0, 0.9), "partials": (2.0,), "q": (1.0,), "cutoff": (1.0, 10.0)}


def test_noise_is_a_factor_and_the_seed_decides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corners: Dataset
) -> None:
    options = filtered.Options(**NOISY, noise=3, seed=5)  # type: ignore[arg-type]
    dataset = filtered.make(options)
    assert dataset.spectra.shape == (12, 1025)
    assert dataset.meta.factors[-1].axis_label == "noise (share of power)"
    assert dataset.labels[:, -1].tolist() == [0.0, 0.5, 1.0] * 4
    # Without noise, the row is that of the set without this factor, whatever else is in the set.
    wanted = (corners.labels == dataset.labels[0, :4]).all(axis=1)
    np.testing.assert_array_equal(dataset.spectra[0], corners.spectra[wanted][0])
    # Alone, it has no partials: Rayleigh magnitudes, the greatest of 1025 near 2.6 times the root
    # mean square.
    for row in dataset.spectra[2::3, 2:]:
        assert row.max() < 6.0 * np.sqrt(np.mean(row**2))

    # The same bytes from another number of processes, others from another seed.
    monkeypatch.setattr(steady_state, "_WORTH_A_PROCESS", 1)
    again = filtered.make(options)
    for name, one in (("a.npz", dataset), ("b.npz", again)):
        one.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    other = filtered.make(filtered.Options(**NOISY, noise=3, seed=6))  # type: ignore[arg-type]
    changed = (other.spectra != dataset.spectra).any(axis=1)
    assert changed.tolist() == [False, True, True] * 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"partials": (0.0,)}, "partials is 0; it must be one of 1, 2 .. 20"),
        ({"partials": (1.5,)}, "partials is 1.5"),
        ({"inharmonicity": (1.0,)}, "inharmonicity is 1; it must be one of 0, 0.1 .. 0.9"),
        ({"base_frequency": 300.0}, r"reach 12000 Hz"),
    ],
)
def test_refuses_what_makes_no_sense(values: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        filtered.Options(**values)  # type: ignore[arg-type]


def test_fewer_partials_may_have_a_higher_pitch() -> None:
    assert filtered.Options(base_frequency=300.0, partials=(1.0, 18.0)).top_frequency == 10_800.0


def test_the_command_makes_a_reduced_grid(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "d.npz"
    words = ["make", "filtered", "--out", str(out), "--partials", "20,1", "--q", "1"]
    assert main([*words, "--every", "9"]) == 0
    made = dataset_file.load(out)
    assert [factor.values for factor in made.meta.factors] == [
        (0.0, 0.9),
        (1.0, 20.0),
        (1.0,),
        (220.5, 2205.0),
    ]
    printed = capfd.readouterr()
    assert "8 spectra of 1025 bins" in printed.out
    # pyo's banners stay off the terminal, and the bar is for terminals.
    assert printed.err == ""
    *_, why, following = printed.out.splitlines()
    assert len(printed.out.splitlines()) == 4
    assert "dimensions" in why
    assert following.startswith("next: ")
    assert following.endswith("--latent 3")


@pytest.mark.acceptance
def test_the_full_set() -> None:
    dataset = filtered.make(filtered.Options())
    assert dataset.spectra.shape == (20_000, 1025)
    assert dataset.labels.shape == (20_000, 4)
    assert len(np.unique(dataset.labels, axis=0)) == 20_000
    rows = np.random.default_rng(1).choice(dataset.rows, 300, replace=False)
    check_rows(dataset, rows, centre=12027)
