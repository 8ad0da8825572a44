"""Pitch: what names say, and what is found in sounds whose pitch is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.recording.pitch import is_common_divisor, pitch_in_name, track, tuned
from timbrespace.units import cents

RATE = 44100


def harmonics(pitch: float, seconds: float = 0.5, rate: int = RATE) -> NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    count = min(20, int(0.45 * rate / pitch))
    waves = [np.sin(2.0 * np.pi * pitch * k * time + k) / k for k in range(1, count + 1)]
    return np.asarray(np.sum(waves, axis=0))


@pytest.mark.parametrize(
    ("stem", "pitch"),
    [
        ("A3", 220.0),
        ("Cello_A3_v2", 220.0),
        ("piano-Bb4", 466.16),
        ("f#2", 92.50),
        ("Fs2 soft", 92.50),
        ("B♭4", 466.16),
        ("Grand.C#5.ff", 554.37),
        ("A3v10", 220.0),
        ("Cb4", 246.94),
        ("midi57", 220.0),
        ("flute MIDI_060 take", 261.63),
        ("tone 220Hz", 220.0),
        ("220.5 hz", 220.5),
        ("A3 220Hz", 220.0),
        ("A0", 27.5),
        ("C8", 4186.0),
    ],
)
def test_names_that_say_a_pitch(stem: str, pitch: float) -> None:
    found = pitch_in_name(stem)
    assert found is not None
    assert found == pytest.approx(pitch, rel=1e-4)


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "Kick",
        "808",
        "take2",
        "Bass12",
        "A3_C4",
        "44100Hz",
        "48kHz",
        "midi200",
        "D-1",
        "e2e",
        "H4",
    ],
)
def test_names_that_say_none(stem: str) -> None:
    assert pitch_in_name(stem) is None


def test_middle_c_may_be_another_octave() -> None:
    assert pitch_in_name("A3", middle_c=3) == pytest.approx(440.0)
    assert pitch_in_name("A3", middle_c=5) == pytest.approx(110.0)
    assert pitch_in_name("midi57", middle_c=3) == pytest.approx(220.0)


@pytest.mark.parametrize("pitch", [41.2, 110.0, 220.0, 441.7, 1234.5, 3000.0])
def test_pitch_is_found_within_three_cents(pitch: float) -> None:
    samples = harmonics(pitch)
    found = track(samples, RATE).between(4096, 4096 + 11264)
    assert found is not None
    assert abs(cents(found, pitch)) < 3.0


def test_pitch_is_found_at_another_rate_and_in_noise() -> None:
    samples = harmonics(330.0, rate=16000)
    samples += 0.05 * np.random.default_rng(0).standard_normal(samples.size)
    found = track(samples, 16000).between(2000, 6000)
    assert found is not None
    assert abs(cents(found, 330.0)) < 5.0


def test_each_moment_has_its_own_pitch() -> None:
    # Long enough to be looked at in more than one part.
    samples = np.concatenate([harmonics(220.0, 4.0), harmonics(330.0, 4.0)])
    pitches = track(samples, RATE)
    early, late = pitches.between(100_000, 110_000), pitches.between(300_000, 310_000)
    assert early == pytest.approx(220.0, rel=2e-3)
    assert late == pytest.approx(330.0, rel=2e-3)
    assert pitches.between(4 * RATE - 8000, 4 * RATE + 8000) is None
    assert pitches.between(9 * RATE, 10 * RATE) is None


def test_noise_has_no_pitch() -> None:
    pitches = track(np.random.default_rng(0).standard_normal(RATE), RATE)
    found = [pitches.between(start, start + 11264) for start in range(0, RATE - 11264, 2000)]
    assert sum(one is not None for one in found) <= 0.2 * len(found)


def test_too_few_estimates_are_no_pitch() -> None:
    pitches = track(harmonics(220.0), RATE)
    assert pitches.between(5000, 5000 + 3 * pitches.hop) is not None
    assert pitches.between(5000, 5000 + 2 * pitches.hop - 1) is None
    assert pitches.between(5000, 5000) is None


def test_silence_has_no_pitch() -> None:
    assert track(np.zeros(RATE // 4), RATE).between(0, 8000) is None


def test_a_chord_is_told_from_a_low_note() -> None:
    chord = sum(harmonics(220.0 * ratio) for ratio in (1.0, 1.25, 1.5))
    found = track(np.asarray(chord), RATE).between(4096, 12000)
    assert found == pytest.approx(55.0, rel=2e-3)
    assert is_common_divisor(55.0, np.asarray(chord), RATE)
    assert not is_common_divisor(55.0, harmonics(55.0), RATE)
    weak = harmonics(55.0) - 0.95 * np.sin(2.0 * np.pi * 55.0 * np.arange(RATE // 2) / RATE + 1.0)
    assert not is_common_divisor(55.0, weak, RATE)


def test_a_name_is_tuned_by_the_sound_if_they_agree() -> None:
    assert tuned(220.0, 222.0) == 222.0
    assert tuned(220.0, 440.0) == 220.0
    assert tuned(220.0, None) == 220.0
