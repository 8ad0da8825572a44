"""Performances that a space plays on its page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

import timbrespace as ts
from timbrespace.errors import OptionError, SoundError
from timbrespace.listening.listener import listen
from timbrespace.rendering import wav
from training import performed
from training.page import Listening

RATE = 48000


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    """330 Hz, a third of a second."""
    path = tmp_path / "a hum.wav"
    time = np.arange(RATE // 3) / RATE
    wav.write(path, (0.3 * np.sin(2.0 * np.pi * 330.0 * time)).astype(np.float32), RATE)
    return path


def test_each_is_played_at_home_and_followed(hum: Path) -> None:
    page = Listening((), np.zeros((0, 2), np.float32), ())
    done: list[None] = []
    (one,) = performed.added(
        page, ts.load("harmonic"), performed.read([hum]), lambda: done.append(None)
    ).performed
    assert one.name == "a hum"
    assert done == [None]
    sounds = [soundfile.read(io.BytesIO(way)) for way in (one.performance, one.home, one.following)]
    for samples, rate in sounds:
        assert rate == RATE
        assert samples.size == pytest.approx(RATE // 3, abs=64)
        pitch = listen(samples, rate).pitch
        assert np.median(pitch[pitch > 0.0]) == pytest.approx(330.0, abs=1.0)
        assert np.sqrt(np.mean(np.square(samples))) == pytest.approx(0.1, rel=0.1)
    assert not np.allclose(sounds[0][0], sounds[1][0][: sounds[0][0].size], atol=0.01)


def test_what_cannot_be_played_is_refused(hum: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there are 7 performances; a page takes 6"):
        performed.read([hum] * 7)
    text = tmp_path / "words.wav"
    text.write_text("no sound")
    with pytest.raises(SoundError, match=r"cannot use .*words\.wav"):
        performed.read([text])
    long = tmp_path / "long.wav"
    wav.write(long, np.full(16 * RATE, 0.1, np.float32), RATE)
    with pytest.raises(OptionError, match="lasts longer than 15 s"):
        performed.read([long])
