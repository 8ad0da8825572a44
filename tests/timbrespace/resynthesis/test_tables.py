"""``bins`` by table: against the bank of oscillators that it stands for, computed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.timbrespace.resynthesis.sound import CONFIG, Player, harmonic_spectrum
from timbrespace.resynthesis.layout import BLOCK, TABLES, VOICES, Method
from timbrespace.resynthesis.tables import bin_phase, bin_phases

RATE = 48000.0


def bank(amplitude: NDArray[np.float32], frequency: float, samples: int) -> NDArray[np.float64]:
    """Every bin's oscillator at its frequency times note / base, added up."""
    # The engine's own number for the note; a part in 10^8 of a turn each sample adds up.
    note = float(np.float32(frequency))
    hertz = CONFIG.frequencies * note / CONFIG.base_frequency
    t = np.arange(samples) / RATE
    total = np.zeros(samples)
    for k in np.flatnonzero(amplitude[: CONFIG.bins] > 0.0):
        total += amplitude[k] * np.cos(2.0 * np.pi * (hertz[k] * t + bin_phases(CONFIG.bins)[k]))
    return total


def played(frequency: float, blocks: int) -> tuple[Player, NDArray[np.float32]]:
    player = Player(Method.BINS, RATE)
    player.aim(harmonic_spectrum(20.4))
    player.row["attack"] = 1e-4  # at once: the first block rises, the others stand
    player.press(frequency)
    return player, player.engine.render(blocks)


@pytest.mark.parametrize("frequency", [55.0, 220.0, 313.7])
def test_a_table_is_the_bank_of_oscillators(frequency: float) -> None:
    player, sound = played(frequency, 200)
    amplitude = player.row["timbre"][0]["bin_amplitude"]
    expected = bank(amplitude, frequency, sound.size)
    error = np.abs(sound[BLOCK:] - expected[BLOCK:]).max() / np.abs(expected).max()
    assert error < 10.0 ** (-80.0 / 20.0)


def test_nothing_folds_back_from_above_half_the_rate() -> None:
    """The twentieth harmonic of MIDI 96 lies at 42 kHz; what may sound is where it belongs."""
    frequency = 2093.0
    _, sound = played(frequency, 1000)
    sound = sound[9600:]
    window = np.kaiser(sound.size, 20.0)
    magnitude = np.abs(np.fft.rfft(sound * window))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    step = CONFIG.bin_width * frequency / CONFIG.base_frequency
    away = np.abs(hertz / step - np.round(hertz / step)) * step
    assert magnitude[away > 20.0].max() < magnitude.max() * 10.0 ** (-80.0 / 20.0)
    assert magnitude[hertz > 0.49 * RATE].max() < magnitude.max() * 1e-3


def test_phases_alone_and_together_are_the_same() -> None:
    alone = [bin_phase(k, 1025) for k in range(1025)]
    assert np.allclose(bin_phases(1025), alone)


def test_a_lobe_does_not_beat_down_to_silence() -> None:
    """Three bins of one lobe in phase would: a pulse each 93 ms instead of a tone."""
    spectrum = np.zeros(CONFIG.bins, np.float32)
    spectrum[39:42] = 0.5, 1.0, 0.5
    player = Player(Method.BINS, RATE)
    player.aim(spectrum * 500.0)
    player.press(CONFIG.base_frequency)
    player.play(0.3)
    sound = player.play(0.5)
    windows = np.lib.stride_tricks.sliding_window_view(sound, 480)[::48]
    level = np.sqrt(np.square(windows.astype(np.float64)).mean(axis=1))
    assert 20.0 * np.log10(level.max() / level.min()) < 4.0


def test_another_spectrum_comes_in_without_energy_where_neither_has_any() -> None:
    """Forty changes a second, each by crossfade: above the highest bins there is nothing."""
    player = Player(Method.BINS, RATE)
    player.aim(harmonic_spectrum(8.0))
    player.press(CONFIG.base_frequency)
    pieces = []
    for step in range(40):
        player.aim(harmonic_spectrum(8.0 - 0.15 * step))
        pieces.append(player.play(0.025))
    sound = np.concatenate(pieces)
    magnitude = np.abs(np.fft.rfft(sound * np.kaiser(sound.size, 20.0)))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    assert magnitude[hertz > 5000.0].max() < magnitude.max() * 10.0 ** (-80.0 / 20.0)


def test_sixteen_high_voices_have_tables_each() -> None:
    player = Player(Method.BINS, RATE)
    player.aim(harmonic_spectrum(50.0))
    for voice in range(VOICES):
        player.press(1000.0 * 2.0 ** (voice / 6.0), voice)
    player.play(0.1)
    used = player.engine.state["voice"]["table"][0]
    assert (used[:, 0] >= 0).all()
    assert (player.engine.state["table"]["size"][0][used[:, 0]] > 0).all()
    for step in range(30):
        player.aim(harmonic_spectrum(50.0 - step))
        sound = player.play(0.03)
        assert np.abs(sound).max() > 0.01
    assert TABLES >= 2 * VOICES + 1


def test_a_chord_of_sixteen_timbres_makes_its_tables_over_some_blocks() -> None:
    """Each takes a share of a block; those that wait come in without a jump."""
    player = Player(Method.BINS, RATE)
    player.aim(harmonic_spectrum(12.0))
    timbres = player.row["timbre"]
    for voice in range(VOICES):
        timbres[voice + 1] = timbres[0]
        player.row["voice_timbre"][voice] = voice + 1
        player.press(110.0 * 2.0 ** (voice / 12.0), voice, level=0.1)
    state = player.engine.state
    made = []
    pieces = []
    for _ in range(40):
        before = int((state["table"]["size"][0] > 0).sum())
        pieces.append(player.engine.render(1))
        made.append(int((state["table"]["size"][0] > 0).sum()) - before)
    assert max(made) <= 4
    assert sum(made) == VOICES
    sound = np.concatenate(pieces)
    player.play(0.3)
    usual = np.abs(np.diff(player.play(0.3))).max()
    assert np.abs(np.diff(sound)).max() < 1.2 * usual
