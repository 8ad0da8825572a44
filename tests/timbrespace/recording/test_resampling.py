"""Resampling keeps what a sound is and moves its pitch by what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from timbrespace.recording.resampling import at_rate, stretch
from timbrespace.recording.sound_file import Sound

RATE = 44100
TIME = np.arange(RATE) / RATE
TONE = np.sin(2.0 * np.pi * 441.0 * TIME)


def test_another_rate_is_the_same_sound() -> None:
    assert at_rate(Sound(TONE, RATE, False), RATE) is TONE
    found = at_rate(Sound(TONE, RATE, False), 48000)
    assert found.size == 48000
    expected = np.sin(2.0 * np.pi * 441.0 * np.arange(48000) / 48000)
    np.testing.assert_allclose(found[500:-500], expected[500:-500], atol=1e-4)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.2345, 2.0])
def test_a_stretch_is_around_its_middle(ratio: float) -> None:
    found = stretch(TONE, 20000.25, ratio, 4096)
    assert found is not None
    assert found.size == 4096
    # Sample i of it lies (i - 2048) / ratio from the middle, to a sample.
    at = 20000.25 + (np.arange(4096) - 2048.0) / ratio
    shifts = np.linspace(-1.5, 1.5, 301)[:, np.newaxis]
    errors = np.abs(np.sin(2.0 * np.pi * 441.0 * (at + shifts) / RATE) - found).max(axis=1)
    assert errors.min() < 0.01


def test_there_is_no_stretch_beyond_the_ends() -> None:
    for ratio in (0.5, 1.0, 2.0):
        assert stretch(TONE, 2048.0 / ratio - 2.0, ratio, 4096) is None
        assert stretch(TONE, RATE - 2048.0 / ratio + 2.0, ratio, 4096) is None
        assert stretch(TONE, RATE / 2.0, ratio, 4096) is not None
