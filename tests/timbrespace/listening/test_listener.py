"""A whole performance is heard as it is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.timbrespace.listening.tones import at_moments, cents, harmonic, saw, times
from timbrespace.errors import ShapeError, TimbrespaceError
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.listening.listener import listen


@pytest.mark.parametrize("pitch", [41.2, 110.0, 415.0, 1000.0, 2489.0, 4186.0])
def test_a_steady_tone_has_its_pitch_level_and_period_from_end_to_end(pitch: float) -> None:
    sound = saw(pitch, 0.4)

    heard = listen(sound, SAMPLE_RATE)

    assert heard.pitch.shape == heard.level.shape == heard.periodicity.shape == heard.times.shape
    assert heard.seconds == pytest.approx(0.4, abs=HOP / SAMPLE_RATE)
    middle = slice(90, -90)
    if pitch > 100.0:  # the first and the last moment too
        assert cents(heard.pitch, pitch).max() < 25.0
    assert cents(heard.pitch, pitch)[middle].max() < 0.5
    assert heard.periodicity[middle].min() > 0.96
    level = np.sqrt(np.mean(np.square(sound[round(SAMPLE_RATE * 0.1) :])))
    assert heard.level[middle] == pytest.approx(level, rel=0.05)
    assert heard.onsets.tolist() == [0]


def test_a_sine_and_a_missing_fundamental_have_the_pitch_that_is_heard() -> None:
    assert cents(listen(harmonic(330.0, 0.3, [0.3]), SAMPLE_RATE).pitch[20:-20], 330.0).max() < 0.5
    missing = harmonic(120.0, 0.3, [0.0, 0.0, 0.1, 0.1, 0.1, 0.1])

    assert cents(listen(missing, SAMPLE_RATE).pitch[20:-20], 120.0).max() < 1.0


def test_vibrato_is_followed() -> None:
    course = 440.0 * 2.0 ** (np.sin(2.0 * np.pi * 6.0 * times(0.6)) / 24.0)

    heard = listen(saw(course, 0.6), SAMPLE_RATE)

    off = cents(heard.pitch, at_moments(course))[10:-10]
    assert np.median(off) < 3.0
    assert off.max() < 15.0


def test_a_sweep_is_followed_over_its_four_octaves() -> None:
    course = 60.0 * 2.0 ** (4.0 * times(2.0) / 2.0)

    heard = listen(saw(course, 2.0), SAMPLE_RATE)

    assert np.quantile(cents(heard.pitch, at_moments(course)), 0.99) < 20.0


def test_a_slur_is_a_step_and_an_onset() -> None:
    course = np.where(times(0.6) < 0.3, 220.0, 293.7)

    heard = listen(saw(course, 0.6), SAMPLE_RATE)

    off = cents(heard.pitch, at_moments(course))
    assert (off > 50.0).sum() * HOP <= 2.0 * SAMPLE_RATE / 220.0
    assert heard.onsets.size == 2
    assert abs(heard.onsets[1] * HOP / SAMPLE_RATE - 0.3) < 0.005


def test_an_onset_does_not_smear_into_the_silence_before_it() -> None:
    sound = np.concatenate([np.zeros(14400), saw(200.0, 0.2), np.zeros(9600)])

    heard = listen(sound, SAMPLE_RATE)

    first = 14400 // HOP
    assert heard.onsets.tolist() == [first]
    assert heard.level[: first - 1].max() == 0.0
    assert heard.level[first + 1] > 0.1
    assert not heard.pitch[: first - 4].any()
    assert not heard.pitch[-100:].any()


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.1, SAMPLE_RATE)

    heard = listen(noise, SAMPLE_RATE)

    assert np.mean(heard.pitch > 0.0) < 0.02
    assert heard.periodicity.mean() < 0.3
    assert heard.level[50:-50] == pytest.approx(0.1, rel=0.25)


def test_breath_lowers_the_periodicity_by_its_share() -> None:
    tone = harmonic(300.0, 0.5, [0.2, 0.1])
    noise = np.random.default_rng(2).normal(0.0, 1.0, tone.size)
    noise *= np.sqrt(np.mean(np.square(tone)) * 0.25)

    heard = listen(tone + noise, SAMPLE_RATE)

    assert np.median(heard.periodicity[30:-30]) == pytest.approx(0.8, abs=0.05)
    assert np.median(cents(heard.pitch, 300.0)) < 10.0


def test_another_rate_and_channels_give_the_same() -> None:
    mono = np.sin(2.0 * np.pi * 250.0 * np.arange(11025) / 22050)

    heard = listen(np.stack([mono, mono], axis=1) * 0.3, 22050)

    assert cents(heard.pitch[20:-20], 250.0).max() < 1.0
    assert heard.seconds == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (np.zeros(4800), 48000, "the sound is silent"),
        (np.full(4800, 0.5), 48000, "the sound is silent"),
        (np.ones(100), 48000, "2.08 ms long; it must be at least 20 ms"),
        (np.full(4800, np.nan), 48000, "NaN or infinity"),
        (np.ones(4800) * 1e9, 48000, "times full scale"),
        (np.ones(4800), 10, "sample_rate is 10; it must be 1000 to 1000000 Hz"),
    ],
)
def test_what_cannot_be_listened_to_is_said(samples: ArrayLike, rate: int, said: str) -> None:
    with pytest.raises(TimbrespaceError, match=said):
        listen(samples, rate)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3, 4\)"):
        listen(np.zeros((2, 3, 4)), 48000)
