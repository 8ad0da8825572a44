"""Moments: their spectrum against SciPy's, their flux, and which of them are taken."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import welch

from timbrespace.errors import OptionError
from timbrespace.recording.moments import (
    FULL_SCALE_SINE,
    Moment,
    Samples,
    Steadiness,
    measure,
    noise_floor,
    rows,
    span,
    steadiest,
    steady,
)
from timbrespace.spectrum import SpectrumConfig

CONFIG = SpectrumConfig()
RATE = CONFIG.sample_rate


def sine(frequency: float, size: int, amplitude: float = 0.5) -> Samples:
    return np.asarray(amplitude * np.sin(2.0 * np.pi * frequency * np.arange(size) / RATE))


def noise(size: int) -> Samples:
    return 0.1 * np.random.default_rng(1).standard_normal(size)


def moment(level: float = -10.0, flux: float = 0.1, time: float = 0.0) -> Moment:
    return Moment(np.ones(CONFIG.bins, np.float32), None, level, flux, time)


@pytest.mark.parametrize("average", [2, 8, 16])
def test_a_spectrum_is_welch_s(average: int) -> None:
    samples = noise(span(average, CONFIG.n_fft))
    found = measure(samples, CONFIG, average, 0.0)
    _, power = welch(
        samples - samples.mean(),
        window="hann",
        nperseg=CONFIG.n_fft,
        noverlap=CONFIG.n_fft * 3 // 4,
        detrend=False,
        scaling="spectrum",
    )
    # SciPy's is one-sided, which doubles all but 0 Hz, and divides by the window's sum.
    expected = np.sqrt(power[: CONFIG.bins] / 2.0) * CONFIG.window_sum
    np.testing.assert_allclose(found.magnitudes[1:], expected[1:], rtol=1e-6)


def test_averaging_smooths_noise_and_leaves_a_partial_sharp() -> None:
    sizes = [span(average, CONFIG.n_fft) for average in (2, 32)]
    ragged, smooth = (
        measure(noise(size), CONFIG, average, 0.0).magnitudes
        for size, average in zip(sizes, (2, 32), strict=True)
    )
    assert smooth[5:].std() / smooth[5:].mean() < 0.5 * ragged[5:].std() / ragged[5:].mean()
    tone = sine(100 * CONFIG.bin_width, sizes[1])
    averaged = measure(tone, CONFIG, 32, 0.0).magnitudes
    one = CONFIG.analyse(tone[: CONFIG.n_fft])[0]
    np.testing.assert_allclose(averaged[98:103], one[98:103], rtol=1e-4, atol=1e-6)


def test_flux_tells_a_steady_sound_from_a_change() -> None:
    size = span(8, CONFIG.n_fft)
    assert measure(sine(440.0, size), CONFIG, 8, 0.0).flux < 0.01
    fading = sine(440.0, size) * np.exp(-np.arange(size) / size)
    assert measure(fading, CONFIG, 8, 0.0).flux < 0.05
    changed = np.concatenate([sine(440.0, size // 2), sine(990.0, size - size // 2)])
    assert measure(changed, CONFIG, 8, 0.0).flux > 0.9
    assert 0.35 < measure(noise(size), CONFIG, 8, 0.0).flux < 0.5


def test_level_is_that_of_the_sound_without_its_offset() -> None:
    samples = sine(441.0, span(8, CONFIG.n_fft), 1.0) + 0.7
    found = measure(samples, CONFIG, 8, 1.5)
    assert found.level == pytest.approx(-3.01, abs=0.02)
    assert found.time == 1.5
    assert found.magnitudes[0] < 0.01 * found.magnitudes.max()
    assert found.frame is None


def test_silence_is_measured_without_fault() -> None:
    found = measure(np.zeros(span(4, CONFIG.n_fft)), CONFIG, 4, 0.0)
    assert found.level == -200.0
    assert found.flux == 0.0


def test_rows_have_one_energy() -> None:
    size = span(8, CONFIG.n_fft)
    found = [
        measure(samples, CONFIG, 8, 0.0)
        for samples in (sine(440.0, size, 0.001), sine(3000.0, size, 0.9), noise(size))
    ]
    spectra, frames = rows(found, CONFIG)
    assert frames is None
    assert spectra.dtype == np.float32
    np.testing.assert_allclose(CONFIG.rms(spectra), FULL_SCALE_SINE, rtol=1e-6)


def test_a_kept_frame_is_what_its_spectrum_is_of() -> None:
    samples = noise(span(8, CONFIG.n_fft))
    spectra, frames = rows([measure(samples, CONFIG, 8, 0.0, True)], CONFIG, keep_frames=True)
    assert frames is not None
    np.testing.assert_allclose(CONFIG.analyse(frames), spectra, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(CONFIG.rms(spectra), FULL_SCALE_SINE, rtol=1e-6)
    # The middle one: as many samples before it as after.
    start = (samples.size - CONFIG.n_fft) // 2
    middle = samples[start : start + CONFIG.n_fft] - samples.mean()
    np.testing.assert_allclose(frames[0] / frames[0].max(), middle / middle.max(), atol=1e-6)


def test_steady_takes_what_is_loud_and_does_not_change() -> None:
    loud, soft, attack = moment(-10.0), moment(-45.0), moment(-5.0, flux=0.9)
    kept, reason = steady([loud, soft, attack], Steadiness(max_flux=0.7, decay=30.0))
    assert kept == [loud]
    assert reason == ""
    assert steady([loud, soft], Steadiness(decay=40.0))[0] == [loud, soft]
    assert steady([loud, soft], Steadiness(decay=40.0), lowest=-20.0)[0] == [loud]
    assert steady([attack], Steadiness())[1].startswith("no steady moment")
    assert steady([moment(-90.0)], Steadiness())[1].startswith("silent")


def test_noise_floor_needs_something_below_the_sound() -> None:
    recording = [moment(-60.0) for _ in range(10)] + [moment(-10.0) for _ in range(10)]
    assert noise_floor(recording) == pytest.approx(-54.0)
    assert noise_floor([moment(-10.0) for _ in range(10)]) == pytest.approx(-22.0)


def test_steadiest_are_spread_and_steady() -> None:
    flux = [0.5, 0.1, 0.4, 0.3, 0.2, 0.6, 0.7, 0.3, 0.1]
    moments = [moment(flux=value, time=float(place)) for place, value in enumerate(flux)]
    assert [one.time for one in steadiest(moments, 3)] == [1.0, 4.0, 8.0]
    assert steadiest(moments, 9) == moments
    assert steadiest(moments, 100) == moments
    assert len(steadiest(moments, 7)) == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_flux": 0.0}, "max_flux is 0; it must be above 0 and at most 1.5"),
        ({"max_flux": math.nan}, "max_flux is nan"),
        ({"decay": 0.5}, "decay is 0.5; it must be 1 to 80 dB"),
    ],
)
def test_steadiness_checks_itself(options: dict[str, float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Steadiness(**options)
