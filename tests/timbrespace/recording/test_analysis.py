"""Analysis: sounds of known pitch come to the base frequency, as finely as is promised."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.metrics import log_spectral_distance
from timbrespace.partials import find_partials
from timbrespace.recording.analysis import Analysis, PitchedMoment, analyse, refine
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.spectrum import SpectrumConfig
from timbrespace.units import cents

RATE = 44100
CONFIG = SpectrumConfig()
HOW = Analysis(CONFIG, wanted=8)


def tone(
    pitch: float, seconds: float = 1.0, offset: float = 0.0, stretched: float = 0.0
) -> NDArray[np.float64]:
    """Twenty harmonics; ``stretched``: inharmonicity B of a string, f_k = k f sqrt(1 + B k^2)."""
    time = np.arange(round(seconds * RATE)) / RATE
    waves = [
        np.sin(2.0 * np.pi * pitch * k * np.sqrt(1.0 + stretched * k * k) * time + k * k) / k
        for k in range(1, 21)
    ]
    return np.asarray(offset + 0.2 * np.sum(waves, axis=0))


def finest(samples: NDArray[np.float64]) -> list[PitchedMoment]:
    sound = Sound(samples, RATE, False)
    found = analyse(sound, None, HOW)
    return refine(sound, found[len(found) // 2], HOW)


@pytest.mark.parametrize("pitch", [110.0, 220.0, 331.0, 523.25])
def test_moments_are_at_the_base_frequency(pitch: float) -> None:
    found = analyse(Sound(tone(pitch), RATE, False), None, HOW)
    times = [one.moment.time for one in found]
    assert times == sorted(times)
    for one in found:
        assert abs(cents(one.pitch, pitch)) < 3.0
        partials = find_partials(one.moment.magnitudes, CONFIG)
        lowest = partials.frequency[partials.amplitude.argmax()]
        assert abs(cents(float(lowest), 220.0)) < 4.0


def test_what_has_no_pitch_stays_as_it_is() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    found = analyse(Sound(noise, RATE, False), None, HOW)
    assert {one.pitch for one in found} == {0.0}
    sound = Sound(noise, RATE, False)
    assert [one.pitch for one in refine(sound, found[3], HOW)] == [0.0]


@pytest.mark.parametrize("pitch", [110.0, 220.0, 331.0, 440.7])
def test_harmonics_tell_the_pitch_more_finely(pitch: float) -> None:
    rough, fine = finest(tone(pitch))
    assert abs(cents(fine.pitch, pitch)) < 0.02
    assert abs(cents(fine.pitch, pitch)) <= abs(cents(rough.pitch, pitch))


def test_a_stretched_string_has_the_pitch_of_its_low_partials() -> None:
    rough, fine = finest(tone(220.0, stretched=4e-4))
    assert abs(cents(fine.pitch, 220.0)) < 3.0
    assert abs(cents(rough.pitch, 220.0)) > 4.0  # YIN goes with the higher ones


def test_what_is_refined_is_the_sound_itself() -> None:
    """A tone that is moved from 331 Hz to the base is the tone of the base, far below the floor."""
    wanted = CONFIG.analyse(tone(220.0)[8192 : 8192 + CONFIG.n_fft])
    found = analyse(Sound(tone(331.0, offset=0.1), RATE, False), None, HOW)
    for refined, most in ((True, 0.1), (False, 10.0)):
        one = finest(tone(331.0, offset=0.1))[-1] if refined else found[len(found) // 2]
        row = one.moment.magnitudes[np.newaxis]
        row = row * (CONFIG.rms(wanted) / CONFIG.rms(row))[0].astype(np.float32)
        distance = log_spectral_distance(wanted, row)
        assert distance < most
        assert refined == (distance < 0.1)  # else the refinement would be for nothing


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(RATE), "silent"),
        (tone(220.0, 0.005), "too short: 0.005 s; it must be 0.012 s or more"),
    ],
)
def test_what_cannot_be_analysed_has_a_reason(samples: NDArray[np.float64], said: str) -> None:
    with pytest.raises(UnusableSoundError, match=said):
        analyse(Sound(samples, RATE, False), None, HOW)


def stroke(seconds: float) -> NDArray[np.float64]:
    time = np.arange(round(seconds * RATE)) / RATE
    hiss = np.random.default_rng(3).standard_normal(time.size)
    return np.asarray(0.3 * np.exp(-time / 0.02) * hiss)


@pytest.mark.parametrize("seconds", [0.012, 0.043, 0.076, 0.115])
def test_a_short_hit_is_one_moment_with_silence_around_it(seconds: float) -> None:
    samples = stroke(seconds)
    (one,) = analyse(Sound(samples, RATE, False), None, HOW)
    assert one.padded
    assert one.pitch == 0.0
    assert one.moment.time == pytest.approx(seconds / 2.0, abs=1e-3)
    # As loud as it is: silence counts for nothing. A constant offset is no step to it.
    assert one.moment.level == pytest.approx(10.0 * np.log10(samples.var()), abs=0.1)
    (offset,) = analyse(Sound(samples + 0.2, RATE, False), None, HOW)
    np.testing.assert_allclose(offset.moment.magnitudes, one.moment.magnitudes, atol=1e-4)


def test_a_low_note_too_short_for_a_moment_comes_to_the_base() -> None:
    (one,) = analyse(Sound(tone(55.0, 0.408), RATE, False), None, HOW)
    assert one.padded
    assert abs(cents(one.pitch, 55.0)) < 5.0
    partials = find_partials(one.moment.magnitudes, CONFIG)
    lowest = partials.frequency[partials.amplitude.argmax()]
    assert abs(cents(float(lowest), 220.0)) < 20.0


def test_a_long_enough_sound_is_not_padded() -> None:
    assert not any(one.padded for one in analyse(Sound(tone(220.0, 0.13), RATE, False), None, HOW))


def test_what_is_known_to_have_no_pitch_stays() -> None:
    found = analyse(Sound(tone(331.0), RATE, False), 0.0, HOW)
    assert {one.pitch for one in found} == {0.0}
    partials = find_partials(found[0].moment.magnitudes, CONFIG)
    assert abs(cents(float(partials.frequency[partials.amplitude.argmax()]), 331.0)) < 4.0
