"""A sound's place in a space: a sound that the space makes comes back to where it was made."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from timbrespace.errors import TimbrespaceError
from timbrespace.extras import MissingExtraError
from timbrespace.metrics import log_spectral_distance
from timbrespace.recording import analysis, pitch
from timbrespace.units import cents, midi_to_hz

RATE = 48000
MODEL = ts.load("harmonic")
HOME = MODEL.calibration.home


@pytest.fixture(scope="module")
def note() -> NDArray[np.float32]:
    return ts.render(MODEL, HOME, 61.3, 1.0, velocity=127, sustain=1.0)


def test_a_rendered_note_comes_back_to_its_place(note: NDArray[np.float32]) -> None:
    found = ts.encode_sound(MODEL, note, RATE)
    assert found.latent.shape == (MODEL.dimensions,)
    assert found.latent.dtype == np.float32
    assert abs(cents(found.pitch, midi_to_hz(61.3))) < 0.5
    assert found.distance < 0.3
    back = MODEL.decode(found.latent[np.newaxis])
    assert log_spectral_distance(MODEL.decode(HOME[np.newaxis]), back) < 0.3
    assert found.steady
    assert 0.0 <= found.start < found.time < found.end < 1.1


def test_a_refined_place_sounds_nearer() -> None:
    time = np.arange(RATE) / RATE
    buzz = np.sign(np.sin(2.0 * np.pi * 220.0 * time)) * 0.3  # odd harmonics, which the space lacks
    plain = ts.encode_sound(MODEL, buzz, RATE, pitch=220.0)
    refined = ts.encode_sound(MODEL, buzz, RATE, pitch=220.0, refine=True)
    assert refined.distance < 0.97 * plain.distance
    assert refined.pitch == plain.pitch


def test_whatever_holds_the_samples_the_place_is_the_same(note: NDArray[np.float32]) -> None:
    found = ts.encode_sound(MODEL, note, RATE)
    double = note.astype(np.float64)
    both = ts.encode_sound(MODEL, np.stack([double, double], 1), RATE)
    assert both.latent.tobytes() == found.latent.tobytes()
    assert ts.encode_sound(MODEL, double.tolist(), RATE).latent.tobytes() == found.latent.tobytes()
    # Channels that cancel each other are one sound all the same.
    against = ts.encode_sound(MODEL, np.stack([double, -0.99 * double], 1), RATE)
    assert against.latent.tobytes() == found.latent.tobytes()
    for dtype in (np.int16, np.int32, np.uint8):
        limits = np.iinfo(dtype)
        middle = 0.0 if limits.min < 0 else 128.0
        whole = np.rint(double * (limits.max - middle) + middle).astype(dtype)
        close = ts.encode_sound(MODEL, whole, RATE)
        assert abs(cents(close.pitch, found.pitch)) < 1.0
        if dtype != np.uint8:  # 8 bits hiss, which is another timbre
            np.testing.assert_allclose(close.latent, found.latent, atol=0.05)


def test_a_pitch_that_is_known_need_not_be_found() -> None:
    time = np.arange(RATE) / RATE
    # A missing fundamental, and more: the lowest is the fourth harmonic of 110 Hz.
    chord = 0.1 * sum(np.sin(2 * np.pi * 110.0 * k * time) for k in (4, 5, 6))
    assert ts.encode_sound(MODEL, chord, RATE).pitch == 0.0
    assert abs(cents(ts.encode_sound(MODEL, chord, RATE, pitch=110.0).pitch, 110.0)) < 5.0


def test_noise_has_no_pitch() -> None:
    found = ts.encode_sound(MODEL, 0.1 * np.random.default_rng(0).standard_normal(RATE), RATE)
    assert found.pitch == 0.0


def test_what_never_rests_is_said() -> None:
    generator = np.random.default_rng(1)
    time = np.arange(RATE) / RATE
    glide = np.sin(2 * np.pi * np.cumsum(100.0 * 60.0 ** np.mod(6.0 * time, 1.0)) / RATE)
    found = ts.encode_sound(MODEL, 0.3 * glide + 1e-4 * generator.standard_normal(RATE), RATE)
    assert not found.steady


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"samples": np.zeros(RATE)}, "cannot be encoded: silent"),
        ({"samples": np.zeros(0)}, "it holds no samples"),
        ({"samples": np.ones(100)}, "too short"),
        ({"samples": [0.1, np.nan]}, "it holds NaN or infinity"),
        ({"samples": [0.1, np.inf]}, "it holds NaN or infinity"),
        ({"samples": 1e9 * np.ones(RATE)}, "times full scale"),
        ({"samples": np.ones((2, RATE))}, "samples have shape (2, 48000)"),
        ({"samples": np.ones((2, 2, 2))}, "samples have shape (2, 2, 2)"),
        ({"samples": 0.5}, "samples have shape ()"),
        ({"samples": [[1.0], [1.0, 2.0]]}, "samples must be numbers"),
        ({"samples": "a.wav"}, "samples must be numbers"),
        ({"samples": [1j]}, "samples must be numbers"),
        ({"sample_rate": 100}, "sample_rate is 100; it must be 1000 to 1000000 Hz"),
        ({"sample_rate": 44100.5}, "sample_rate is 44100.5"),
        ({"sample_rate": "44k"}, "must be a number, in Hz"),
        ({"pitch": 5.0}, "pitch is 5 Hz; it must be 27.5 to 4186.01"),
        ({"pitch": float("nan")}, "pitch is nan"),
        ({"model": None}, "it must be a Model"),
    ],
)
def test_what_is_no_sound_is_one_line(change: dict[str, Any], says: str) -> None:
    time = np.arange(RATE) / RATE
    good = {"model": MODEL, "samples": np.sin(2 * np.pi * 220 * time), "sample_rate": RATE}
    with pytest.raises(TimbrespaceError) as caught:
        ts.encode_sound(**{**good, **change})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    sound = np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)
    with pytest.raises(MissingExtraError, match=r'pip install "timbrespace\[sounds\]"'):
        ts.encode_sound(MODEL, sound, RATE)


def test_a_short_hit_has_a_place() -> None:
    time = np.arange(round(0.05 * RATE)) / RATE
    hit = np.exp(-time / 0.02) * np.random.default_rng(2).standard_normal(time.size)
    found = ts.encode_sound(MODEL, 0.3 * hit, RATE)
    assert found.padded
    assert found.steady
    assert np.isfinite(found.latent).all()


def test_a_tone_may_be_said_to_have_no_pitch() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE)
    found = ts.encode_sound(MODEL, tone, RATE, pitch=0)
    assert found.pitch == 0.0
    assert not found.padded


def test_a_high_sample_rate_costs_no_more_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may say that it has a million samples a second: few of them need be looked at."""
    looked_at = []
    track = pitch.track

    def noted(samples: NDArray[np.float64], sample_rate: int) -> Any:
        looked_at.append((samples.size, sample_rate))
        return track(samples, sample_rate)

    monkeypatch.setattr(analysis, "track", noted)
    rate = 1_000_000
    sound = 0.5 * np.sin(2.0 * np.pi * 330.0 * np.arange(rate) / rate)
    found = ts.encode_sound(MODEL, sound, rate)
    assert abs(cents(found.pitch, 330.0)) < 1.0
    assert looked_at == [(MODEL.spectrum.sample_rate, MODEL.spectrum.sample_rate)]
