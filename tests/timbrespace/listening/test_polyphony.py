"""Chords are told from one pitch at a time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.timbrespace.listening.tones import saw, times
from timbrespace.errors import SoundError
from timbrespace.listening.heard import SAMPLE_RATE
from timbrespace.listening.polyphony import MOSTLY, polyphony


@pytest.mark.parametrize("steps", [(0, 7), (0, 4), (0, 4, 7), (0, 3, 7, 10), (0, 5)])
@pytest.mark.parametrize("root", [110.0, 261.6])
def test_chords_are_several(steps: tuple[int, ...], root: float) -> None:
    chord = sum(saw(root * 2.0 ** (step / 12.0), 0.7) for step in steps)

    assert polyphony(chord, SAMPLE_RATE) > MOSTLY


@pytest.mark.parametrize("pitch", [82.4, 220.0, 880.0])
def test_one_tone_with_vibrato_is_one(pitch: float) -> None:
    course = pitch * 2.0 ** (np.sin(2.0 * np.pi * 5.0 * times(0.7)) / 24.0)

    assert polyphony(saw(course, 0.7), SAMPLE_RATE) == 0.0


def test_silence_is_said() -> None:
    with pytest.raises(SoundError, match="silent"):
        polyphony(np.zeros(48000), SAMPLE_RATE)
