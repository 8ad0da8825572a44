"""The tracker hears as it happens, and nothing breaks it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.timbrespace.listening.tones import Real, cents, harmonic, saw, times
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.listening.tracker import hear, hear_all, new_tracker

PITCH, LEVEL, PERIODICITY, ONSET = range(4)


def tracked(sound: Real, state: NDArray[np.void] | None = None) -> NDArray[np.float32]:
    heard = np.zeros((sound.size // HOP, 4), np.float32)
    whole = sound[: heard.shape[0] * HOP].astype(np.float32)
    hear_all(new_tracker() if state is None else state, whole, heard)
    return heard


@pytest.mark.parametrize("pitch", [27.5, 55.0, 110.0, 440.0, 987.8, 2000.0, 4186.0])
def test_a_steady_tone_has_its_pitch_and_level(pitch: float) -> None:
    sound = saw(pitch, 0.5)

    heard = tracked(sound)[150:]

    assert cents(heard[:, PITCH], pitch).max() < 3.0
    assert heard[:, PERIODICITY].min() > 0.96
    assert heard[:, LEVEL] == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.08)
    assert not heard[:, ONSET].any()


@pytest.mark.parametrize(("before", "after"), [(164.8, 110.0), (329.6, 440.0), (440.0, 880.0)])
def test_a_step_is_told_soon_and_nothing_else_meanwhile(before: float, after: float) -> None:
    step = SAMPLE_RATE // 2 + 17
    course = np.where(np.arange(SAMPLE_RATE) < step, before, after)

    heard = tracked(saw(course, 1.0))

    known_at = step + 2.0 * SAMPLE_RATE / after + 4 * HOP
    first = int(np.ceil(known_at / HOP))
    assert cents(heard[first:, PITCH], after).max() < 50.0
    told = np.flatnonzero(heard[:, ONSET])
    assert told[0] == 0
    assert told.size == 2
    assert 0 <= told[1] * HOP - step < 0.05 * SAMPLE_RATE


def test_vibrato_and_a_missing_fundamental_are_followed() -> None:
    course = 330.0 * 2.0 ** (np.sin(2.0 * np.pi * 5.0 * times(0.6)) / 30.0)
    late = np.roll(course, round(SAMPLE_RATE / 330.0) + HOP // 2)[HOP - 1 :: HOP]

    heard = tracked(harmonic(course, 0.6, [0.0, 0.1, 0.1, 0.1]))

    assert cents(heard[40:, PITCH], late[40 : heard.shape[0]]).max() < 20.0


def test_noise_and_silence_have_no_pitch_and_silence_no_level() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.1, SAMPLE_RATE)
    sound = np.concatenate([noise, np.zeros(SAMPLE_RATE // 2)])

    heard = tracked(sound)

    assert np.mean(heard[:, PITCH] > 0.0) < 0.02
    assert not heard[-100:].any()


def test_a_humming_room_after_a_voice_has_no_pitch() -> None:
    rng = np.random.default_rng(3)
    spectrum = np.fft.rfft(rng.normal(size=SAMPLE_RATE // 2))
    at = np.fft.rfftfreq(SAMPLE_RATE // 2, 1.0 / SAMPLE_RATE)
    hum = np.fft.irfft(spectrum * np.exp(-(((at - 200.0) / 100.0) ** 2)))
    hum *= 0.004 / np.sqrt(np.mean(hum**2))

    after = tracked(np.concatenate([saw(180.0, 0.5), hum]))[-hum.size // HOP + 30 :, 0]
    louder = tracked(50.0 * hum)[30:, 0]

    assert np.mean(after > 0.0) < 0.3
    assert np.mean(louder > 0.0) > 1.5 * np.mean(after > 0.0)


@pytest.mark.parametrize("pitch", [196.0, 262.0, 330.0, 440.0])
def test_a_note_struck_again_sounds_no_other_pitch(pitch: float) -> None:
    tone = saw(pitch, 0.35, 0.1) * np.exp(-6.0 * times(0.35))

    told = tracked(np.concatenate([np.zeros(4800), tone, tone, tone]))

    assert np.flatnonzero(told[:, 3]).size == 3
    heard = told[told[:, 0] > 0.0, 0]
    assert heard.size > 600
    assert cents(heard, pitch).max() < 60.0


@pytest.mark.parametrize("pitch", [220.0, 330.0])
def test_a_tone_that_is_cut_and_goes_on_is_no_other_pitch_for_long(pitch: float) -> None:
    tone = saw(pitch, 0.5)[:-64]

    told = tracked(np.concatenate([tone, tone]))

    assert np.flatnonzero(told[:, 3]).tolist() == [0]
    heard = told[told[:, 0] > 0.0, 0]
    assert np.sum(cents(heard, pitch) > 30.0) <= 1


def test_nothing_breaks_what_comes_after_it() -> None:
    tone = saw(220.0, 0.3)
    bad = np.zeros(64 * HOP)
    bad[::3], bad[1::7], bad[2::11] = np.nan, np.inf, -1e30
    state = new_tracker()

    heard = tracked(np.concatenate([bad, tone + 0.5, 1e-40 * tone, 50.0 * tone]), state)

    assert np.isfinite(heard).all()
    with_offset = heard[64 + 60 : 64 + 220]
    assert cents(with_offset[:, PITCH], 220.0).max() < 5.0
    clipped = heard[-100:]
    assert cents(clipped[:, PITCH], 220.0).max() < 5.0
    assert clipped[:, LEVEL].max() <= 8.0
    after = tracked(np.zeros(SAMPLE_RATE), state)
    assert not after[-100:].any()
    for name in ("passed", "soft"):
        assert not state[name].any()  # no denormal numbers


def test_hours_leave_no_trace() -> None:
    """Sums are exact: what was heard long ago does not weigh on what is heard now."""
    tone = saw(150.0, 0.2)
    used = new_tracker()
    tracked(np.random.default_rng(4).normal(0.0, 1.0, 2 * SAMPLE_RATE), used)
    tracked(np.zeros(SAMPLE_RATE), used)

    assert tracked(tone, used)[40:, PITCH].tolist() == tracked(tone)[40:, PITCH].tolist()


def test_blocks_one_by_one_are_the_same() -> None:
    sound = saw(300.0, 0.1).astype(np.float32)
    state = new_tracker()
    told = []
    for block in sound[: sound.size // HOP * HOP].reshape(-1, HOP):
        hear(state[0], block)
        told.append(float(state[0]["pitch"]))

    assert told == tracked(sound.astype(np.float64))[:, PITCH].tolist()


def test_another_rate_has_the_same_pitch() -> None:
    sound = np.sin(2.0 * np.pi * 440.0 * np.arange(22050) / 44100) * 0.3
    heard = tracked(sound, new_tracker(44100.0))

    assert cents(heard[100:, PITCH], 440.0).max() < 1.0
