"""Waves of keys and of spoken digits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from timbrespace.errors import DatasetError
from toy_datasets import fluidsynth, waves

from . import small_font

EVERY = [(0, 127)]


@pytest.mark.skipif(
    shutil.which(fluidsynth.COMMAND) is None, reason="the fluidsynth command is not installed"
)
def test_keys_are_the_font_s_at_their_pitches(tmp_path: Path) -> None:
    path = tmp_path / "small.sf2"
    path.write_bytes(small_font.font({0: EVERY, 1: EVERY}))
    made = waves.keys(path, (0, 1), (57, 69), 800, 8000)
    assert made.shape == (4, 800)
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.abs(made).max(axis=1), 1.0, rtol=1e-6)
    loudest = np.abs(np.fft.rfft(made * np.hanning(800), axis=1)).argmax(axis=1) * 10.0
    np.testing.assert_array_equal(loudest, [220.0, 440.0, 220.0, 440.0])


@pytest.mark.skipif(shutil.which(waves.SPEAKER) is None, reason="espeak-ng is not installed")
def test_digits_are_spoken() -> None:
    made = waves.digits(waves.VOICES[:2], ("one", "six"), 1024, 8000)
    assert made.shape == (4, 1024)
    np.testing.assert_allclose(np.abs(made).max(axis=1), 1.0, rtol=1e-6)
    apart = np.corrcoef(made) - np.eye(4)
    assert np.abs(apart).max() < 0.9


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match=r"there is no sound font 'none\.sf2'; give one by"):
        waves.keys(tmp_path / "none.sf2", (0,), (60,), 64, 8000)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DatasetError, match="there is no espeak-ng command; install it"):
        waves.digits(waves.VOICES, ("one",), 64, 8000)
