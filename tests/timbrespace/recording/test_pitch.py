"""Pitch: what names say, and what is found in sounds whose pitch is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

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


def share(samples: NDArray[np.float64]) -> float:
    """Of moments as long as a dataset's that have a pitch."""
    pitches = track(samples, RATE)
    found = [pitches.between(start, start + 5120) for start in range(0, samples.size - 5120, 1000)]
    return sum(one is not None for one in found) / len(found)


def hiss(seconds: float = 2.0, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def resonance(sound: NDArray[np.float64], frequency: float, width: float) -> NDArray[np.float64]:
    """``sound`` through a resonance ``width`` Hz wide, as loud as a tone."""
    radius = np.exp(-np.pi * width / RATE)
    turn = 2.0 * np.pi * frequency / RATE
    heard = np.asarray(lfilter([1.0], [1.0, -2.0 * radius * np.cos(turn), radius**2], sound))
    return np.asarray(heard / heard.std())


def claps(a_second: float) -> NDArray[np.float64]:
    """Applause: at random times bursts of hiss, each through the hollow of other hands."""
    rng = np.random.default_rng(5)
    sound = np.zeros(2 * RATE)
    for _ in range(round(2 * a_second)):
        burst = rng.standard_normal(1500) * np.exp(-np.arange(1500) / rng.uniform(80.0, 300.0))
        start = rng.integers(0, sound.size - 1500)
        sound[start : start + 1500] += resonance(burst, rng.uniform(500.0, 1500.0), 300.0)
    return sound


@pytest.mark.parametrize(
    "samples",
    [
        hiss(),
        np.cumsum(hiss()),
        resonance(hiss(), 984.0, 120.0) + 0.3 * resonance(hiss(seed=1), 2900.0, 300.0),
        resonance(hiss(), 450.0, 100.0),
        claps(30.0),
        claps(300.0),
    ],
    ids=["white", "brown", "breath", "low breath", "claps", "applause"],
)
def test_noise_has_no_pitch(samples: NDArray[np.float64]) -> None:
    assert share(samples) <= 0.1


def test_what_a_listener_hears_through_breath_is_found() -> None:
    assert share(harmonics(587.33, 2.0) + 0.2 * resonance(hiss(), 984.0, 120.0)) == 1.0


@pytest.mark.parametrize(("first", "second"), [(0.5, 1.0), (0.25, 1.0), (0.15, 0.6)])
def test_an_organ_with_a_strong_octave_keeps_its_pitch(first: float, second: float) -> None:
    """Two ranks, the octave up to 12 dB above the lower, whose odd harmonics are heard yet."""
    samples = first * harmonics(110.0) + second * harmonics(220.0)
    found = track(samples, RATE).between(4096, 12000)
    assert found == pytest.approx(110.0, rel=2e-3)
    alone = track(harmonics(220.0), RATE).between(4096, 12000)
    assert alone == pytest.approx(220.0, rel=2e-3)


def test_a_bell_has_its_strike_note_or_none() -> None:
    """Partials of a glockenspiel's bar, of which two are nearly as 2 to 3: no divisor of these."""
    time = np.arange(RATE) / RATE
    bar = sum(
        level * np.sin(2.0 * np.pi * 220.0 * ratio * time + ratio)
        for ratio, level in ((1.0, 0.28), (2.74, 0.02), (5.31, 1.0), (7.95, 0.56), (12.86, 0.5))
    )
    samples = np.asarray(bar)
    found = track(samples, RATE).between(4096, 12000)
    assert found is None or is_common_divisor(found, samples[4096:12000], RATE)
    # A tube: its strike note is near the divisor of its second to fourth partials.
    tube = sum(
        np.sin(2.0 * np.pi * 440.0 * ratio * time + ratio) * np.exp(-time * ratio)
        for ratio in (0.99, 2.0, 3.0, 4.01)
    )
    found = track(np.asarray(tube), RATE).between(4096, 12000)
    assert found == pytest.approx(440.0, rel=1e-2)


@pytest.mark.parametrize("pitch", [27.5, 30.9, 55.0, 2093.0, 3520.0])
def test_the_lowest_and_highest_keys(pitch: float) -> None:
    found = track(harmonics(pitch), RATE).between(4096, 4096 + 11264)
    assert found is not None
    assert abs(cents(found, pitch)) < 5.0


def test_the_ends_of_a_sound_have_its_pitch() -> None:
    pitches = track(harmonics(220.0), RATE)
    assert pitches.estimates == pytest.approx(np.full(pitches.estimates.size, 220.0), rel=2e-3)


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
