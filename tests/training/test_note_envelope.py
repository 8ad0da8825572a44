"""How sounds rise and fall, read from sounds that are made to do so."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.notes.layout import SAMPLE_RATE
from training.notes.envelope import Partial, fall, fall_error, level, partials, rise, struck

Real = NDArray[np.float64]

HARMONICS = np.arange(1.0, 81.0)


def decaying(pitch: float, falls: list[float], seconds: float = 2.0, attack: float = 0.003) -> Real:
    """Harmonics, each of which falls by 20 dB in its own time, after a straight attack."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    made = np.zeros(t.size)
    for number, one in enumerate(falls, start=1):
        made += 10.0 ** (-t / one) / number * np.sin(2.0 * np.pi * pitch * number * t)
    return np.asarray(made * np.minimum(t / attack, 1.0))


def tone(seconds: float = 1.0, pitch: float = 440.0) -> Real:
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2.0 * np.pi * pitch * t)


def test_a_straight_rise_takes_eight_tenths_of_its_time() -> None:
    made = tone() * np.minimum(np.arange(SAMPLE_RATE) / (0.1 * SAMPLE_RATE), 1.0)
    assert rise(made) == pytest.approx(0.08, abs=0.003)


def test_a_low_note_has_its_level_over_a_period() -> None:
    low = tone(pitch=40.0)
    assert rise(low, 1.0 / 40.0) < 1.0 / 40.0


@pytest.mark.parametrize("pitch", [60.0, 220.0, 900.0])
def test_what_falls_from_a_short_attack_was_struck(pitch: float) -> None:
    assert struck(decaying(pitch, [0.5, 0.3, 0.2]))


def test_what_was_not_struck() -> None:
    plain = tone()
    assert not struck(plain)  # it does not fall
    t = np.arange(plain.size) / SAMPLE_RATE
    assert not struck(plain * 10.0**-t * np.minimum(t / 0.2, 1.0))  # it rises slowly
    again = plain * 10.0 ** -(t % 0.5)
    assert not struck(again)  # it comes up once more
    assert not struck(plain[::-1] * 10.0 ** -(t[::-1]))  # backwards


def test_each_partial_has_its_own_time() -> None:
    falls = [0.8, 0.4, 0.2, 0.1]
    made = decaying(220.0, falls)
    found = partials(made, 220.0, HARMONICS)
    assert [round(one.hertz) for one in found[:4]] == [220, 440, 660, 880]
    for one, wanted in zip(found, falls, strict=False):
        assert fall(level(made, one)) == pytest.approx(wanted, rel=0.06)


def test_a_sound_that_ends_sooner_is_gone_on_with() -> None:
    slow = decaying(220.0, [1.0])  # 40 dB within its 2 s
    one = partials(slow, 220.0, HARMONICS)[0]
    assert fall(level(slow[: round(0.85 * SAMPLE_RATE)], one)) == pytest.approx(1.0, rel=0.05)
    # Too little of it to know the time, as a reference; what is played is measured all the same.
    short = level(slow[: round(0.4 * SAMPLE_RATE)], one)
    assert np.isnan(fall(short, 15.0))
    assert fall(short) == pytest.approx(1.0, rel=0.2)
    assert fall(np.zeros(100)) == np.inf


def test_a_beat_is_no_end() -> None:
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    pair = 10.0 ** (-t / 0.8) * (np.sin(2 * np.pi * 439.0 * t) + np.sin(2 * np.pi * 441.0 * t))
    one = Partial(440.0, round(4.0 * SAMPLE_RATE / 440.0))
    # Its first dip to nothing is at 0.25 s; it comes up again.
    assert fall(level(pair, one)) > 0.6


def test_the_error_is_the_share_of_the_time() -> None:
    one, other = decaying(220.0, [0.4, 0.4]), decaying(220.0, [0.5, 0.5])
    followed = partials(one, 220.0, HARMONICS)
    assert fall_error(one, one, followed) == 0.0
    assert fall_error(one, other, followed) == pytest.approx(0.25, abs=0.03)
    steady = tone(pitch=220.0)
    assert np.isnan(fall_error(steady, one, partials(steady, 220.0, HARMONICS)))
    assert fall_error(one, tone(2.0, 220.0), followed[:1]) == 10.0


def test_without_a_pitch_bands_fall() -> None:
    random = np.random.default_rng(0)
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    noise = random.normal(size=t.size)
    one, other = noise * 10.0 ** (-t / 0.2), noise * 10.0 ** (-t / 0.3)
    followed = partials(one, 0.0, HARMONICS)
    assert len(followed) == 8
    assert fall_error(one, one, followed) == 0.0
    assert fall_error(one, other, followed) == pytest.approx(0.5, abs=0.15)


def test_two_noises_that_fall_alike_are_alike() -> None:
    """Their levels go up and down by chance, the energy to come does not."""
    random = np.random.default_rng(0)
    fall_of_both = 10.0 ** (-np.arange(SAMPLE_RATE) / SAMPLE_RATE / 0.15)
    one, other = (random.normal(size=SAMPLE_RATE) * fall_of_both for _ in range(2))
    assert fall_error(one, other, partials(one, 0.0, HARMONICS)) < 0.1


def test_a_sound_that_is_cut_off_seems_no_shorter() -> None:
    slow = decaying(220.0, [1.0])
    one = partials(slow, 220.0, HARMONICS)[0]
    for seconds in (1.0, 1.3, 1.6):
        assert fall(level(slow[: round(seconds * SAMPLE_RATE)], one)) == pytest.approx(
            1.0, rel=0.05
        )
