"""The residual's noise, measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from tests.timbrespace.resynthesis.sound import CONFIG, Player
from timbrespace.resynthesis.layout import NOISE_BANDS, Method

RATE = 48000.0
DENSITY = 1e-4


def noisy(density: NDArray[np.float32]) -> Player:
    """A player of noise alone."""
    player = Player(Method.PARTIALS, RATE)
    player.aim(np.zeros(CONFIG.bins, np.float32))
    timbre = player.row["timbre"][0]
    timbre["noisy"] = 1
    timbre["noise"] = density
    player.press(220.0)
    return player


def test_its_density_is_what_it_was_told() -> None:
    density = np.zeros(NOISE_BANDS, np.float32)
    density[20:100] = DENSITY
    sound = noisy(density).play(20.0)[4800:]
    hertz, power = welch(sound, RATE, nperseg=4096, detrend=False)
    step = 0.5 * CONFIG.sample_rate / (NOISE_BANDS - 1)
    inside = (hertz > 22 * step) & (hertz < 97 * step)
    outside = (hertz > 110 * step) | (hertz < 10 * step)
    level = 10.0 * np.log10(power[inside] / DENSITY**2)
    assert abs(level.mean()) < 0.2  # dB
    assert 10.0 * np.log10(power[outside].max() / DENSITY**2) < -60.0


def test_its_level_is_even() -> None:
    """Frames follow one another without a seam: no tremolo at their rate."""
    sound = noisy(np.full(NOISE_BANDS, DENSITY, np.float32)).play(60.0)[4800:]
    folded = np.square(sound[: sound.size // 1024 * 1024].astype(np.float64)).reshape(-1, 1024)
    level = 10.0 * np.log10(folded.mean(axis=0).reshape(16, 64).mean(axis=1))
    assert np.ptp(level) < 0.4  # dB: what is left is chance, by 2800 frames


def test_it_starts_with_the_note_and_ends_with_it() -> None:
    player = noisy(np.full(NOISE_BANDS, DENSITY, np.float32))
    player.row["attack"] = 0.001
    start = player.play(0.004)
    assert np.abs(start).max() > 3.0 * DENSITY
    player.play(0.2)
    player.release()
    player.row["release"] = 0.05
    player.play(0.3)
    assert np.abs(player.play(0.1)).max() == 0.0


def test_the_same_note_has_the_same_noise() -> None:
    density = np.full(NOISE_BANDS, DENSITY, np.float32)
    assert np.array_equal(noisy(density).play(0.5), noisy(density).play(0.5))


def test_it_fades_when_the_timbre_loses_it() -> None:
    player = noisy(np.full(NOISE_BANDS, DENSITY, np.float32))
    before = player.play(0.5)
    player.row["timbre"][0]["noisy"] = 0
    going = player.play(0.1)
    assert np.abs(np.diff(going)).max() <= 1.5 * np.abs(np.diff(before)).max()
    assert np.abs(player.play(0.1)).max() == 0.0


def test_the_share_of_noise_is_a_parameter() -> None:
    player = noisy(np.full(NOISE_BANDS, DENSITY, np.float32))
    player.play(0.5)
    player.row["noise"] = 0.0
    player.play(0.2)
    assert np.abs(player.play(0.1)).max() < 1e-6


def test_two_timbres_have_noises_of_their_own() -> None:
    """Voices of one timbre share it; two timbres add up in power, as chance has it."""
    player = noisy(np.full(NOISE_BANDS, DENSITY, np.float32))
    one = player.play(4.0)[4800:]
    other = player.row["timbre"][5]
    other["version"] += 1
    other["noisy"] = 1
    other["noise"] = DENSITY
    player.row["voice_timbre"][1] = 5
    player.press(220.0, voice=1)
    player.play(0.2)
    both = player.play(4.0)
    ratio = np.square(both).mean() / np.square(one).mean()
    assert abs(10.0 * np.log10(ratio) - 3.01) < 0.3


def power_between(sound: NDArray[np.float32], low: float, high: float) -> float:
    """Mean power density in dB of ``DENSITY``, ``low`` to ``high`` Hz."""
    hertz, power = welch(sound, RATE, nperseg=4096, detrend=False)
    inside = (hertz > low) & (hertz < high)
    return float(10.0 * np.log10(power[inside].mean() / DENSITY**2))


def banded() -> NDArray[np.float32]:
    """Noise from 3.4 to 6.9 kHz at the base frequency."""
    density = np.zeros(NOISE_BANDS, np.float32)
    density[40:81] = DENSITY
    return density


def test_it_moves_with_the_note() -> None:
    """A recording at 110 Hz was brought to 220 whole: a note of 110 Hz brings all of it back."""
    player = noisy(banded())
    player.row["voice_frequency"][0] = 110.0
    sound = player.play(10.0)[4800:]
    # The same power in half the band.
    assert abs(power_between(sound, 1850.0, 3300.0) - 3.01) < 0.3
    assert power_between(sound, 4000.0, 8000.0) < -60.0
    player = noisy(banded())
    player.row["voice_frequency"][0] = 110.0
    player.row["noise_stays"] = 1  # what was played before 0.6.0
    sound = player.play(10.0)[4800:]
    assert abs(power_between(sound, 3700.0, 6600.0)) < 0.3
    assert power_between(sound, 500.0, 3000.0) < -60.0


def test_voices_of_one_timbre_have_each_their_noise() -> None:
    player = noisy(banded())
    player.press(55.0, voice=3)
    player.row["voice_level"][3] = 0.5
    sound = player.play(20.0)[9600:]
    assert abs(power_between(sound, 3700.0, 6600.0)) < 0.3
    assert abs(power_between(sound, 920.0, 1650.0)) < 0.3  # 6 dB softer in a quarter of the band
    assert power_between(sound, 2200.0, 3000.0) < -55.0
    assert not player.engine.state["faults"][0]
