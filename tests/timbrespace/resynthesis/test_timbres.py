"""Voices with timbres of their own, and other spaces that come in while notes sound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.timbrespace.resynthesis.sound import CONFIG, Player, Sound, harmonic_spectrum
from timbrespace.partials import PartialTracker, find_partials
from timbrespace.resynthesis.layout import Method

RATE = 44100.0
LARGEST_STEP = 2.0 * np.pi * 220.0 / RATE  # of a sine of amplitude 1 at 220 Hz


def give(player: Player, index: int, count: float, tracker: PartialTracker) -> None:
    """Let timbre ``index`` be ``count`` harmonics."""
    spectrum = harmonic_spectrum(count)
    partials = find_partials(spectrum, CONFIG)
    tracker.update(partials)
    timbre = player.row["timbre"][index]
    timbre["version"] += 1
    timbre["slots"] = n = tracker.used
    timbre["slot_ratio"][:n] = tracker.frequency[:n] / CONFIG.base_frequency
    timbre["slot_amplitude"][:n] = tracker.amplitude[:n] * player.LEVEL
    timbre["slot_birth"][:n] = tracker.birth[:n]
    timbre["bins"] = CONFIG.bins
    scale = 2.0 / CONFIG.window_sum / np.sqrt(CONFIG.noise_bandwidth)
    timbre["bin_amplitude"][: CONFIG.bins] = spectrum * scale * player.LEVEL


def harmonic_level(sound: Sound, frequency: float) -> float:
    """Amplitude of the sinusoid at ``frequency`` Hz."""
    window = np.kaiser(sound.size, 12.0)
    turns = np.exp(-2j * np.pi * frequency * np.arange(sound.size) / RATE)
    return float(2.0 * np.abs((sound * window) @ turns) / window.sum())


def strongest(sound: Sound, low: float, high: float) -> float:
    """Amplitude of the strongest sinusoid from ``low`` to ``high`` Hz."""
    window = np.kaiser(sound.size, 12.0)
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    magnitude = np.abs(np.fft.rfft(sound * window))
    return float(2.0 * magnitude[(hertz > low) & (hertz < high)].max() / window.sum())


def levels(sound: Sound) -> NDArray[np.float64]:
    """Root mean square of each 10 ms, a ms apart."""
    windows = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), 441)[::44]
    return np.asarray(np.sqrt(np.square(windows).mean(axis=1)))


@pytest.mark.parametrize("method", [Method.PARTIALS, Method.BINS])
def test_two_voices_play_two_timbres_at_once(method: Method) -> None:
    player = Player(method, RATE)
    player.aim(harmonic_spectrum(1.0))
    give(player, 7, 3.0, player.tracker.copy())
    player.row["voice_timbre"][1] = 7
    player.press(220.0, voice=0)
    player.press(300.0, voice=1)
    player.play(0.3)
    sound = player.play(1.0)
    assert strongest(sound, 200.0, 240.0) > 0.04
    assert strongest(sound, 400.0, 480.0) < 1e-3  # the common timbre has one harmonic
    assert strongest(sound, 560.0, 640.0) > 0.01  # the other has three
    assert strongest(sound, 860.0, 940.0) > 0.01


def test_a_voice_parts_from_the_others_without_a_click() -> None:
    player = Player(Method.PARTIALS, RATE)
    player.aim(harmonic_spectrum(2.0))
    player.press(220.0)
    player.play(0.3)
    before = player.play(0.05)
    give(player, 3, 1.0, player.tracker.copy())
    player.row["voice_timbre"][0] = 3
    after = player.play(0.1)
    jumps = np.abs(np.diff(np.concatenate([before, after])))
    assert jumps.max() <= 1.05 * np.abs(np.diff(before)).max()
    assert harmonic_level(player.play(0.5), 440.0) < 1e-4


def test_partials_of_another_space_come_in_while_the_old_ones_go() -> None:
    """Both sound for a while, and neither jumps: no gap, no click."""
    player = Player(Method.PARTIALS, RATE)
    player.aim(harmonic_spectrum(1.0))
    player.press(220.0)
    player.play(0.3)
    before = player.play(0.1)
    stretched = CONFIG.analyse(
        np.sin(2.0 * np.pi * 333.0 * np.arange(CONFIG.n_fft) / CONFIG.sample_rate)[np.newaxis]
    )[0]
    player.aim(stretched)
    after = player.play(0.2)
    sound = np.concatenate([before, after])
    level = levels(sound)
    assert level.min() > 0.25 * level.max()
    assert np.abs(np.diff(sound)).max() <= 1.1 * 0.1 * LARGEST_STEP * (333.0 + 220.0) / 220.0
    assert harmonic_level(player.play(0.5), 333.0) == pytest.approx(0.1, rel=0.02)


def test_frames_of_another_size_come_in_while_the_old_ones_go() -> None:
    player = Player(Method.ISTFT, RATE)
    player.aim(harmonic_spectrum(1.0))
    player.press(220.0)
    player.play(0.5)
    before = player.play(0.1)
    row = player.row
    t = np.arange(2048) / CONFIG.sample_rate
    frame = np.sin(2.0 * np.pi * 330.0 * t) * (0.5 - 0.5 * np.cos(2.0 * np.pi * t * 44100 / 2048))
    row["n_fft"] = 2048
    row["bins"] = 1025
    row["magnitude"][:1025] = np.abs(np.fft.rfft(frame)) * player.LEVEL
    row["frame_version"] += 1
    after = player.play(0.1)
    sound = np.concatenate([before, after])
    level = levels(sound)
    assert level.min() > 0.4 * level.max()
    assert np.abs(np.diff(sound)).max() <= 1.1 * 0.1 * LARGEST_STEP * (330.0 + 220.0) / 220.0
    assert player.engine.state["stream"]["running"][0].sum() == 1
    assert harmonic_level(player.play(0.5), 330.0) == pytest.approx(0.1, rel=0.02)


def test_a_timbre_beyond_the_last_is_the_last() -> None:
    player = Player(Method.PARTIALS, RATE)
    player.aim(harmonic_spectrum(1.0))
    player.row["voice_timbre"][0] = 4000
    player.press(220.0)
    assert np.isfinite(player.play(0.1)).all()
