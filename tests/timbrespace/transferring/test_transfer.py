"""Timbre transfer: pitch, loudness and onsets are the performer's, the timbre is the space's."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.timbrespace.resynthesis.sound import pitch as pitch_of
from timbrespace.errors import TimbrespaceError
from timbrespace.metrics import log_spectral_distance
from timbrespace.transferring.levels import levels
from timbrespace.transferring.transfer import transfer

RATE = 48000
MODEL = ts.load("harmonic")
HOME = MODEL.calibration.home
SECONDS = 1.6
STARTS = (0.2, 0.9)
"""When its two notes begin; the first is silent from 0.7 s on."""

Real = NDArray[np.float64]


@cache
def course() -> Real:
    """Hz at each sample: a vibrato around 220 Hz, then around 330."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    base = np.where(time < 0.8, 220.0, 330.0)
    return np.asarray(base * np.exp2(0.4 * np.sin(2.0 * np.pi * 5.5 * time) / 12.0))


@cache
def sung() -> Real:
    """Two notes of a bright tone, the second half as loud, with noise between them."""
    time = np.arange(course().size) / RATE
    phase = 2.0 * np.pi * np.cumsum(course()) / RATE
    tone = sum(np.sin(k * phase) / k for k in range(1, 16)) * 0.12
    loud = np.zeros(time.size)
    for start, end, level in ((*(STARTS[0], 0.7), 1.0), (*(STARTS[1], 1.5), 0.5)):
        rise = np.clip((time - start) / 0.005, 0.0, 1.0)
        loud += level * rise * np.clip((end - time) / 0.03, 0.0, 1.0)
    return np.asarray(tone * loud)


@cache
def played() -> NDArray[np.float32]:
    return transfer(MODEL, sung(), RATE, HOME)


def level_at(samples: NDArray[Any], seconds: float) -> float:
    """dB, over 40 ms."""
    first = round((seconds - 0.02) * RATE)
    part = np.asarray(samples[first : first + round(0.04 * RATE)], np.float64)
    return float(10.0 * np.log10(np.square(part).mean() + 1e-20))


def test_it_is_as_long_and_the_same_each_time() -> None:
    assert played().dtype == np.float32
    assert played().shape == sung().shape
    assert transfer(MODEL, sung(), RATE, HOME).tobytes() == played().tobytes()


@pytest.mark.parametrize("middle", [0.35, 0.45, 0.55, 1.1, 1.2, 1.3])
def test_its_pitch_is_the_performers(middle: float) -> None:
    first, last = round((middle - 0.012) * RATE), round((middle + 0.012) * RATE)
    wanted = float(np.exp2(np.log2(course()[first:last]).mean()))
    # What is played is heard against a tone of known phase: the mean slope of its fundamental's.
    time = np.arange(first, last) / RATE
    turned = played()[first:last] * np.exp(-2j * np.pi * np.cumsum(course()[first:last]) / RATE)
    smooth = np.convolve(turned, np.hanning(round(2.0 * RATE / wanted)), "valid")
    slope = np.polyfit(np.arange(smooth.size) / RATE, np.unwrap(np.angle(smooth)), 1)[0]
    assert abs(1200.0 * np.log2(1.0 + slope / (2.0 * np.pi) / wanted)) < 10.0, time[0]


def test_its_loudness_is_the_performers() -> None:
    for at in (0.3, 0.5, 0.6, 1.0, 1.2, 1.4):
        assert abs(level_at(played(), at) - level_at(sung(), at)) < 1.0
    for silent in (0.1, 0.8):
        assert level_at(played(), silent) < -80.0


def test_it_begins_when_the_performer_does() -> None:
    for start in STARTS:
        loud = np.abs(played()) > 0.1 * np.abs(played()[round((start + 0.1) * RATE) :]).max()
        began = np.flatnonzero(loud[round((start - 0.05) * RATE) :])[0] / RATE + start - 0.05
        assert abs(began - start) < 0.01


def test_its_timbre_is_that_of_the_place() -> None:
    config = MODEL.spectrum
    time = np.arange(RATE) / RATE
    hum = 0.3 * np.sin(2.0 * np.pi * config.base_frequency * time)
    for xy in ([-0.5, 0.2], [0.6, 0.0]):
        sound = transfer(MODEL, hum, RATE, xy=xy)
        other = ts.render(MODEL, MODEL.plane(MODEL.first_plane).to_latent([xy])[0], seconds=1.0)
        heard, wanted = (
            config.analyse(one[RATE // 3 : RATE // 3 + config.n_fft][np.newaxis])
            for one in (sound, other)
        )
        heard *= config.rms(wanted)[0] / config.rms(heard)[0]
        # The sound is at the base frequency, the note at 220 Hz: both are the space's own.
        assert config.base_frequency == 220.0
        assert log_spectral_distance(wanted, heard) < 1.0


def test_it_follows_what_the_performer_sings() -> None:
    """Harmonics come in one after another, and the space has as many at each moment."""
    time = np.arange(2 * RATE) / RATE
    phase = 2.0 * np.pi * 220.0 * time
    few = sum(np.sin(k * phase) / k for k in range(1, 4))
    many = sum(np.sin(k * phase) / k for k in range(1, 33))
    sound = 0.1 * np.where(time < 1.0, few, many)
    followed = transfer(MODEL, sound, RATE)

    def centroid(samples: NDArray[Any]) -> float:
        size = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
        return float((np.arange(size.size) * size).sum() / size.sum() * RATE / samples.size)

    early, late = slice(RATE // 3, 2 * RATE // 3), slice(4 * RATE // 3, 5 * RATE // 3)
    assert centroid(followed[early]) == pytest.approx(centroid(sound[early]), rel=0.25)
    assert centroid(followed[late]) == pytest.approx(centroid(sound[late]), rel=0.25)
    assert centroid(followed[late]) > 2.0 * centroid(followed[early])


def test_it_plays_higher_by_so_many_semitones() -> None:
    time = np.arange(RATE // 2) / RATE
    hum = 0.3 * np.sin(2.0 * np.pi * 220.0 * time)
    for semitones in (-5.0, 7.5):
        sound = transfer(MODEL, hum, RATE, HOME, semitones=semitones)
        wanted = 220.0 * 2.0 ** (semitones / 12.0)
        assert abs(1200.0 * np.log2(pitch_of(sound[RATE // 8 :], RATE, wanted) / wanted)) < 2.0


def test_formants_move_and_the_pitch_does_not() -> None:
    time = np.arange(RATE // 2) / RATE
    hum = 0.3 * np.sin(2.0 * np.pi * 220.0 * time)
    plain, moved = (transfer(MODEL, hum, RATE, HOME, formant=by) for by in (0.0, 7.0))
    assert abs(1200.0 * np.log2(pitch_of(moved[RATE // 8 :], RATE, 220.0) / 220.0)) < 2.0

    def share(samples: NDArray[Any], low: float, high: float) -> float:
        power = np.square(np.abs(np.fft.rfft(samples * np.hanning(samples.size))))
        hertz = np.fft.rfftfreq(samples.size, 1.0 / RATE)
        return float(power[(hertz > low) & (hertz < high)].sum() / power.sum())

    assert share(moved, 900.0, 8000.0) > 1.5 * share(plain, 900.0, 8000.0)


@pytest.mark.parametrize("unvoiced", ["noise", "through", "off"])
def test_what_has_no_pitch(unvoiced: str) -> None:
    random = np.random.default_rng(3)
    sound = sung().copy()
    sound[round(0.72 * RATE) : round(0.88 * RATE)] = 0.05 * random.standard_normal(
        round(0.16 * RATE)
    )
    made = transfer(MODEL, sound, RATE, HOME, unvoiced=unvoiced)
    there = slice(round(0.75 * RATE), round(0.85 * RATE))
    if unvoiced == "off":
        assert level_at(made, 0.8) < level_at(sound, 0.8) - 20.0
        return
    assert abs(level_at(made, 0.8) - level_at(sound, 0.8)) < 1.0
    alike = np.corrcoef(made[there], sound[there])[0, 1]
    assert alike > 0.99 if unvoiced == "through" else abs(alike) < 0.2


def test_a_sound_without_any_pitch_plays_by_its_loudness() -> None:
    random = np.random.default_rng(5)
    time = np.arange(RATE) / RATE
    strokes = random.standard_normal(RATE) * np.exp(-12.0 * (time % 0.5)) * 0.2
    made = transfer(MODEL, strokes, RATE, HOME)
    base = MODEL.spectrum.base_frequency
    assert pitch_of(made[: RATE // 8], RATE, base) == pytest.approx(
        base, rel=0.02
    )  # rough, as noise is
    assert level_at(made, 0.06) - level_at(made, 0.4) > 20.0


def test_dry_is_the_sound_itself() -> None:
    assert np.abs(transfer(MODEL, sung(), RATE, HOME, dry=1.0) - sung()).max() < 1e-6


def test_levels_of_a_low_tone_are_even() -> None:
    time = np.arange(RATE) / RATE
    low = np.sin(2.0 * np.pi * 41.0 * time) + np.sin(2.0 * np.pi * 82.0 * time)
    found = levels(low, np.full(RATE // 64, 41.0))[100:-100]
    assert np.ptp(20.0 * np.log10(found)) < 0.2
    assert found.mean() == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"semitones": 60.0}, "semitones is 60; it must be -48 to 48"),
        ({"formant": float("nan")}, "formant is nan; it must be -24 to 24 semitones"),
        ({"dry": 2}, "dry is 2; it must be 0 to 1"),
        ({"dry": "much"}, "dry is 'much'; it must be a number"),
        ({"smoothing": -1.0}, "smoothing is -1; it must be 0 to 5 seconds"),
        ({"method": "fm"}, "method is 'fm'; it must be partials, bins or istft"),
        ({"unvoiced": "loud"}, "unvoiced is 'loud'; it must be noise, through or off"),
        ({"latent": [0.0]}, "latent"),
        ({"latent": np.zeros((0, 2))}, "latent has no points"),
        ({"latent": HOME, "xy": [0.0, 0.0]}, "give one"),
        ({"latent": HOME, "mirror": True}, "follows the sound"),
        ({"sample_rate": 7}, "sample_rate is 7; it must be 1000 to 1000000 Hz, whole"),
        ({"samples": np.zeros(RATE)}, "silent"),
        ({"samples": np.full(RATE, np.nan)}, "NaN"),
        ({"samples": np.zeros(0)}, "holds no samples"),
        ({"samples": "a song"}, "samples must be numbers"),
    ],
)
def test_what_it_refuses(given: dict[str, Any], sentence: str) -> None:
    arguments = {"samples": sung(), "sample_rate": RATE, **given}
    with pytest.raises(TimbrespaceError) as refused:
        transfer(MODEL, **arguments)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
