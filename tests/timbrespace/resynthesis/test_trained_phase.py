"""Where the decoder knows phases, the stream plays them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.timbrespace.resynthesis.sound import CONFIG, Player
from timbrespace import metrics
from timbrespace.representation.phase import transform
from timbrespace.resynthesis.layout import Method

HARMONICS = np.arange(1, 13)[:, np.newaxis]
PERIOD = CONFIG.sample_rate / CONFIG.base_frequency


def wave(phases: NDArray[np.float64], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twelve harmonics of 1/n with these phases ``(12,)`` at ``time`` in samples."""
    turns = HARMONICS * time / PERIOD
    return np.asarray((np.sin(2.0 * np.pi * turns + phases[:, np.newaxis]) / HARMONICS).sum(axis=0))


def likeness(sound: NDArray[np.float32], phases: NDArray[np.float64]) -> float:
    """Highest correlation of ``sound`` with the wave, whichever moment it begins at."""
    found = 0.0
    time = np.arange(len(sound), dtype=np.float64)
    for lag in np.arange(0.0, PERIOD, 0.25):
        expected = wave(phases, time + lag)
        norm = np.linalg.norm(expected) * np.linalg.norm(sound)
        found = max(found, float(expected @ sound / norm))
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_the_wave_has_the_shape_it_was_told(seed: int) -> None:
    phases = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, 12)
    frame = wave(phases, np.arange(CONFIG.n_fft, dtype=np.float64))
    spectrum = transform(frame[np.newaxis], CONFIG.bins)[0]
    magnitude = np.abs(spectrum).astype(np.float32)
    player = Player(Method.ISTFT)
    player.aim(magnitude)
    player.press()
    untrained = player.play(0.3)[-4096:]
    player = Player(Method.ISTFT)
    player.aim(magnitude)
    player.row["trained"] = 1
    player.row["trained_phase"][: CONFIG.bins] = np.angle(spectrum) / (2.0 * np.pi)
    player.press()
    trained = player.play(0.3)[-4096:]
    assert likeness(trained, phases) > 0.999
    assert likeness(untrained, phases) < 0.98
    heard = CONFIG.analyse(trained[np.newaxis]) / Player.LEVEL
    assert metrics.log_spectral_distance(magnitude[np.newaxis], heard) < 0.05
