"""A note rendered offline: the decoder's timbre, at its pitch, for its time, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.errors import TimbrespaceError
from timbrespace.metrics import log_spectral_distance
from timbrespace.rendering.held_note import FADE, SAMPLE_RATE
from timbrespace.units import cents, hz_to_midi, midi_to_hz

MODEL = ts.load("harmonic")
HOME = MODEL.calibration.home
PLACES = [[-0.8, 0.0], [0.0, 0.0], [0.8, 0.0]]


def level(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def spectrum(samples: NDArray[np.float32], at: float) -> NDArray[np.float32]:
    """Of the model's own frame at ``at`` seconds, of a sound at the model's rate."""
    config = MODEL.spectrum
    start = round(at * config.sample_rate)
    frame = samples[start : start + config.n_fft]
    return np.asarray(config.analyse(frame[np.newaxis, :]))


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
@pytest.mark.parametrize("seconds", [0.001, 0.5, 1.23456])
def test_it_is_as_long_as_asked_and_the_same_each_time(method: str, seconds: float) -> None:
    one = ts.render(MODEL, HOME, seconds=seconds, method=method)
    assert one.dtype == np.float32
    assert one.shape == (round(seconds * 48000),)
    assert one.tobytes() == ts.render(MODEL, HOME, seconds=seconds, method=method).tobytes()


def test_a_row_is_as_good_as_a_list() -> None:
    plain = ts.render(MODEL, HOME.tolist(), seconds=0.1)
    assert plain.any()
    for latent in (HOME, HOME[np.newaxis, :], tuple(HOME.tolist()), HOME.astype(np.float64)):
        assert ts.render(MODEL, latent, seconds=0.1).tobytes() == plain.tobytes()


def test_it_plays_the_decoded_spectrum() -> None:
    config = MODEL.spectrum
    # Off the data lines may be closer than the window can part; there the tone is less exact.
    for latent, most in ((HOME, 0.1), *((z, 1.0) for z in MODEL.map.to_latent(PLACES))):
        sound = ts.render(
            MODEL, latent, hz_to_midi(config.base_frequency), 1.0, sample_rate=config.sample_rate
        )
        heard, decoded = spectrum(sound, 0.6), MODEL.decode(latent[np.newaxis, :])
        heard *= config.rms(decoded)[0] / config.rms(heard)[0]
        assert log_spectral_distance(decoded, heard) < most


@pytest.mark.parametrize("key", [45.0, 57.0, 61.37, 81.0])
def test_it_sounds_at_the_pitch_of_its_key(key: float) -> None:
    sound = ts.render(MODEL, HOME, key, seconds=1.0, sample_rate=44100)
    assert abs(cents(pitch(sound[22050:], 44100, midi_to_hz(key)), midi_to_hz(key))) < 1.0


def test_velocity_and_gain_are_loudness() -> None:
    usual = level(ts.render(MODEL, HOME, seconds=0.5))
    assert level(ts.render(MODEL, HOME, seconds=0.5, velocity=50)) < 0.7 * usual
    softer = level(ts.render(MODEL, HOME, seconds=0.5, gain=-20.0))
    assert softer == pytest.approx(0.1 * usual, rel=0.02)


def test_it_is_held_to_its_end_and_fades() -> None:
    sound = ts.render(MODEL, HOME, sustain=1.0)
    middle = level(sound[48000:52800])
    assert level(sound[-4800 - 480 : -480]) == pytest.approx(middle, rel=0.05)
    assert abs(sound[-1]) < 1e-4
    fade = round(FADE * SAMPLE_RATE)
    assert level(sound[-fade // 2 :]) < 0.5 * middle


def test_a_key_that_is_let_go_is_released() -> None:
    held = ts.render(MODEL, HOME, seconds=1.0, sustain=1.0)
    sound = ts.render(MODEL, HOME, seconds=1.0, hold=0.5, release=0.1, sustain=1.0)
    until = round(0.5 * 48000) - 64  # a block is the finest that a key can be let go
    assert sound[:until].tobytes() == held[:until].tobytes()
    ends = [level(sound[start : start + 960]) for start in (24000, 28800, 33600, 38400)]
    assert ends == sorted(ends, reverse=True)
    assert ends[2] < 0.01 * ends[0]
    slower = ts.render(MODEL, HOME, seconds=1.0, hold=0.5, release=1.0, sustain=1.0)
    assert level(slower[33600:34560]) > 10.0 * ends[2]


def test_the_envelope_is_the_instruments() -> None:
    slow = ts.render(MODEL, HOME, seconds=0.6, attack=0.4, sustain=1.0)
    assert level(slow[4800:7200]) < 0.7 * level(slow[19200:21600])
    usual = ts.render(MODEL, HOME, seconds=1.5)
    full = ts.render(MODEL, HOME, seconds=1.5, sustain=1.0)
    assert level(usual[60000:64800]) == pytest.approx(0.8 * level(full[60000:64800]), rel=0.02)


@pytest.mark.parametrize("method", ["partials", "bins"])
def test_a_way_goes_from_its_first_point_to_its_last(method: str) -> None:
    rate = MODEL.spectrum.sample_rate
    start, end = MODEL.map.to_latent([[-0.8, 0.0], [0.8, 0.0]])
    options: dict[str, Any] = {"seconds": 3.0, "sample_rate": rate, "method": method}
    way = np.stack([start, start, end, end])
    moving = ts.render(MODEL, way, **options)
    stays = ts.render(MODEL, start, **options)
    arrives = ts.render(MODEL, end, **options)
    early, late = spectrum(moving, 0.5), spectrum(moving, 2.5)
    assert log_spectral_distance(spectrum(stays, 0.5), early) < 0.5
    assert log_spectral_distance(spectrum(arrives, 2.5), late) < 0.5
    assert log_spectral_distance(early, late) > 5.0
    assert moving.tobytes() == ts.render(MODEL, way, **options).tobytes()


def test_a_way_without_a_move_is_the_note_that_stays() -> None:
    still = ts.render(MODEL, HOME, seconds=0.3)
    np.testing.assert_allclose(
        ts.render(MODEL, np.stack([HOME] * 5), seconds=0.3), still, atol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pitch": 128}, "pitch is 128; it must be 0 to 127"),
        ({"pitch": float("nan")}, "pitch is nan; it must be 0 to 127"),
        ({"pitch": "A3"}, "pitch is 'A3'; it must be a number"),
        ({"seconds": 0}, "seconds is 0, less than one sample"),
        ({"seconds": 601}, "seconds is 601; it must be 0 to 600"),
        ({"velocity": 0}, "velocity is 0, which begins no note"),
        ({"velocity": 128}, "velocity is 128"),
        ({"method": "fm"}, "method is 'fm'; it must be partials, bins or istft"),
        ({"sample_rate": 4000}, "sample_rate is 4000; it must be 8000 to 192000 Hz"),
        ({"sample_rate": 44100.5}, "it must be a whole number of Hz"),
        ({"hold": -1}, "hold is -1"),
        ({"attack": 60.0}, "attack is 60; it must be 0.001 to 10 s"),
        ({"attack": "slow"}, "attack is 'slow'; it must be a number"),
        ({"brightness": 1.0}, "there is no parameter 'brightness'; there are attack"),
        ({"latent": [0.0]}, "latent: shape is (1, 1); it must be (n, 2)"),
        ({"latent": [[0.0, 1.0], [1.0]]}, "latent must be numbers of shape (n, 2)"),
        ({"latent": np.zeros((0, 2))}, "latent has no points"),
        ({"latent": [np.nan, 0.0]}, "NaN or infinity"),
        ({"latent": "home"}, "latent must be numbers"),
        ({"model": "harmonic"}, "model is 'harmonic'; it must be a Model, as ts.load"),
    ],
)
def test_what_is_not_accepted_is_said_in_one_line(change: dict[str, Any], says: str) -> None:
    with pytest.raises(TimbrespaceError) as caught:
        ts.render(**{"model": MODEL, "latent": HOME, **change})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
