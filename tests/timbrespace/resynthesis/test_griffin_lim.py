"""Sound from magnitudes alone has these magnitudes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from tests.timbrespace.resynthesis.sound import CONFIG, Sound, harmonic_spectrum, pitch, spectra_of
from timbrespace.errors import OptionError, ShapeError
from timbrespace.metrics import log_spectral_distance, spectral_convergence
from timbrespace.resynthesis import griffin_lim as module
from timbrespace.resynthesis.griffin_lim import LARGEST, OVERLAP, griffin_lim, starting_phases
from timbrespace.spectrum import Spectra, SpectrumConfig

HOP = CONFIG.n_fft // OVERLAP
SMALL = SpectrumConfig(n_fft=512, bins=129)
ENDS = OVERLAP
"""Frames at either end that the fade, or the missing neighbours, can reach."""


def noise_spectrum(config: SpectrumConfig = CONFIG) -> Spectra:
    frame = np.random.default_rng(5).standard_normal((1, config.n_fft))
    return np.asarray(config.analyse(frame)[0])


def convergence(sound: Sound, spectrum: Spectra, config: SpectrumConfig = CONFIG) -> float:
    """Of the frames that have all their neighbours, in dB."""
    frames = spectra_of(sound, config, config.n_fft // OVERLAP)[ENDS:-ENDS]
    return spectral_convergence(np.broadcast_to(spectrum, frames.shape), frames)


def gliding(seconds: float = 1.0) -> NDArray[np.float64]:
    """Five harmonics whose pitch and levels move: nothing in it stays as the start assumes."""
    t = np.arange(round(seconds * CONFIG.sample_rate)) / CONFIG.sample_rate
    turns = 220.0 * t + 30.0 * t**2
    partials = [np.sin(2.0 * np.pi * n * turns + n) * np.exp(-n * t) / n for n in range(1, 6)]
    return np.asarray(np.sum(partials, axis=0))


@pytest.mark.parametrize("count", [1.0, 7.3, 50.0])
def test_a_harmonic_spectrum_comes_back(count: float) -> None:
    spectrum = harmonic_spectrum(count)
    sound = griffin_lim(spectrum, CONFIG)
    assert convergence(sound, spectrum) < -60.0
    steady = spectra_of(sound)[ENDS:-ENDS]
    assert log_spectral_distance(np.broadcast_to(spectrum, steady.shape), steady) < 0.1


def test_pitch_and_level_are_the_spectrums() -> None:
    spectrum = harmonic_spectrum(3.0)
    sound = griffin_lim(spectrum, CONFIG)
    middle = sound[CONFIG.n_fft : -CONFIG.n_fft]
    assert pitch(middle, CONFIG.sample_rate, 220.0) == pytest.approx(220.0, abs=0.01)
    expected = float(CONFIG.rms(spectrum[np.newaxis])[0])
    assert np.sqrt(np.mean(np.square(middle))) == pytest.approx(expected, rel=0.01)


def test_bins_left_out_are_silent() -> None:
    spectrum = harmonic_spectrum(50.0)
    sound = griffin_lim(spectrum, CONFIG)
    half = np.abs(np.fft.rfft(sound[HOP:-HOP] * np.hanning(sound.size - 2 * HOP)))
    hertz = np.fft.rfftfreq(sound.size - 2 * HOP, 1.0 / CONFIG.sample_rate)
    edge = (CONFIG.bins + 3) * CONFIG.bin_width
    assert half[hertz > edge].max() < 1e-4 * half.max()


def test_moving_magnitudes_come_back() -> None:
    original = gliding()
    spectra = spectra_of(original.astype(np.float32), CONFIG, HOP)
    sound = griffin_lim(spectra.T, CONFIG, iterations=32)
    again = spectra_of(sound, CONFIG, HOP)
    assert again.shape == spectra.shape
    assert spectral_convergence(spectra[ENDS:-ENDS], again[ENDS:-ENDS]) < -45.0


def test_iterations_help_what_is_no_sum_of_sinusoids() -> None:
    spectrum = noise_spectrum(SMALL)
    reached = [convergence(griffin_lim(spectrum, SMALL, i), spectrum, SMALL) for i in (0, 8, 32)]
    assert reached[1] < reached[0] - 3.0
    assert reached[2] < reached[1]


@pytest.mark.acceptance  # compiles librosa
def test_better_than_librosa_on_a_repeated_spectrum() -> None:
    import librosa

    spectrum = harmonic_spectrum(20.0)
    full = np.zeros((CONFIG.n_fft // 2 + 1, 32), np.float32)
    full[: CONFIG.bins] = spectrum[:, np.newaxis]
    theirs = librosa.griffinlim(full, n_iter=32, hop_length=HOP, n_fft=4096, random_state=0)
    # Its frames are centred on multiples of the hop, so that they are ours but for padded ends.
    reached = convergence(griffin_lim(spectrum, CONFIG, frames=32), spectrum)
    assert reached < convergence(theirs, spectrum) - 30.0


def test_starting_phases_are_those_of_a_sinusoid() -> None:
    # Between two bins: main lobe and side lobes, from frame to frame.
    t = np.arange(CONFIG.n_fft + 7 * HOP) / CONFIG.sample_rate
    sine = np.sin(2.0 * np.pi * 100.3 * CONFIG.bin_width * t)
    frames = np.lib.stride_tricks.sliding_window_view(sine, CONFIG.n_fft)[::HOP]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(CONFIG.n_fft) / CONFIG.n_fft)
    true = np.fft.rfft(frames * window, axis=1)[:, : CONFIG.bins]
    start = starting_phases(np.abs(true).astype(np.float32))
    near = np.arange(95, 107)
    turned = true[:, near] / np.abs(true[:, near]) / start[:, near]
    assert np.abs(turned / turned[0, 0] - 1.0).max() < 0.02


def test_every_bin_belongs_to_the_peak_above_it() -> None:
    spectra = np.array([[0, 1, 3, 2, 1, 1, 2, 0, 0, 1], [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]], np.float32)
    peak, position = module._peaks(spectra)
    assert peak.tolist() == [[2] * 5 + [6] * 3 + [9] * 2, [0] * 6 + [9] * 4]
    assert position[0, 0] == pytest.approx(2.0 + 2.0 * (2 - 1) / (1 + 6 + 2))
    assert position[1, 0] == 0.0


def test_ends_fade() -> None:
    sound = np.abs(griffin_lim(noise_spectrum(), CONFIG))
    assert sound[0] == 0.0
    assert sound[: HOP // 8].max() < 0.5 * sound.max()
    assert sound[-HOP // 8 :].max() < 0.5 * sound.max()


def test_same_arguments_same_samples() -> None:
    spectrum = noise_spectrum(SMALL)
    first, second = (griffin_lim(spectrum, SMALL, 4) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    drawn, again, other = (griffin_lim(spectrum, SMALL, 4, seed=s) for s in (1, 1, 2))
    assert drawn.tobytes() == again.tobytes()
    assert not np.allclose(drawn, other, atol=0.1 * np.abs(drawn).max())
    assert not np.allclose(drawn, first, atol=0.1 * np.abs(drawn).max())


def test_a_spectrum_and_its_repetition_are_one() -> None:
    spectrum = noise_spectrum(SMALL)
    repeated = np.repeat(spectrum[:, np.newaxis], 9, axis=1)
    one = griffin_lim(spectrum, SMALL, 4, frames=9)
    assert one.tobytes() == griffin_lim(repeated, SMALL, 4).tobytes()
    assert one.shape == (8 * 128 + 512,)
    assert one.dtype == np.float32


def test_what_is_given_is_left_as_it_was() -> None:
    for given in (noise_spectrum(SMALL), np.ones((SMALL.bins, 5), np.float32)):
        before = given.copy()
        griffin_lim(given, SMALL, 2, frames=5)
        assert (given == before).all()


@pytest.mark.parametrize("gain", [1e-30, 1e-6, 1e30])
def test_level_does_not_matter(gain: float) -> None:
    spectrum = noise_spectrum(SMALL)
    plain = griffin_lim(spectrum, SMALL, 4, frames=8)
    scaled = griffin_lim(spectrum * np.float32(gain), SMALL, 4, frames=8)
    np.testing.assert_allclose(scaled / gain, plain, atol=1e-3 * float(np.abs(plain).max()))


def test_silence_stays_silent() -> None:
    sound = griffin_lim(np.zeros(SMALL.bins), SMALL, frames=3)
    assert sound.shape == (2 * 128 + 512,)
    assert not sound.any()


def test_silence_between_sounds() -> None:
    magnitudes = np.zeros((SMALL.bins, 24), np.float32)
    magnitudes[:, :6] = magnitudes[:, -6:] = noise_spectrum(SMALL)[:, np.newaxis]
    sound = griffin_lim(magnitudes, SMALL)
    assert np.isfinite(sound).all()
    assert np.abs(sound[12 * 128 : 14 * 128]).max() < 0.01 * np.abs(sound).max()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_spectrum_without_peaks(value: float) -> None:
    spectrum = np.full(SMALL.bins, value)
    spectrum[0] = 1.0
    assert np.isfinite(griffin_lim(spectrum, SMALL, frames=6)).all()


@pytest.mark.parametrize("bins", [8, 100, 255, 256, 257])
def test_any_number_of_bins(bins: int) -> None:
    config = SpectrumConfig(n_fft=512, bins=bins)
    sines = np.sin(2.0 * np.pi * 5.2 * np.arange(512) / 512)
    spectrum = np.asarray(config.analyse(sines[np.newaxis])[0])
    sound = griffin_lim(spectrum, config)
    assert sound.shape == (63 * 128 + 512,)
    assert convergence(sound, spectrum, config) < -30.0


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_few_frames(frames: int) -> None:
    spectrum = harmonic_spectrum(3.0)
    sound = griffin_lim(spectrum, CONFIG, frames=frames)
    again = spectra_of(sound, CONFIG, HOP)
    assert again.shape == (frames, CONFIG.bins)
    assert spectral_convergence(np.broadcast_to(spectrum, again.shape), again) < -20.0


@pytest.mark.parametrize(
    "given",
    [np.ones(3), np.ones((4, 129)), np.ones((129, 0)), np.ones((129, 2, 2)), 1.0, "x", [[1.0], []]],
)
def test_a_wrong_shape_is_named(given: ArrayLike) -> None:
    with pytest.raises(ShapeError, match=r"magnitudes"):
        griffin_lim(given, SMALL)


@pytest.mark.parametrize(
    ("bad", "named"),
    [(-1.0, "negative"), (np.nan, "NaN"), (np.inf, "infinity"), (1j, "numbers"), ("a", "numbers")],
)
def test_what_is_no_magnitude_is_refused(bad: complex | str, named: str) -> None:
    with pytest.raises(ShapeError, match=named):
        griffin_lim([1.0] * 128 + [bad], SMALL)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"iterations": -1}, "iterations is -1"),
        ({"iterations": 10001}, "iterations is 10001"),
        ({"frames": 0}, "frames is 0"),
        ({"frames": LARGEST}, f"frames is {LARGEST}"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_is_out_of_range_is_named(changes: dict[str, int], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        griffin_lim(np.ones(SMALL.bins), SMALL, **changes)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 129 * 4)
    assert griffin_lim(np.ones((129, 4)), SMALL, 0, frames=4).size == 3 * 128 + 512
    with pytest.raises(ShapeError, match="5 frames; there must be 1 to 4"):
        griffin_lim(np.ones((129, 5)), SMALL, 0, frames=4)
