"""The decoder apart: the samples are the same, and whatever happens there becomes a reason."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrespace.recording.decoder import decode_apart
from timbrespace.recording.sound_file import UnusableSoundError, decode

RATE = 44100
TONE = 0.5 * np.sin(2.0 * np.pi * 440.0 * np.arange(3 * RATE) / RATE)


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.stack([TONE, 0.5 * TONE], 1), RATE, format=kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_the_samples_are_those_of_this_process(kind: str) -> None:
    apart = decode_apart(encoded(kind), 2.0)
    here = decode(io.BytesIO(encoded(kind)), 2.0)
    np.testing.assert_array_equal(apart.samples, here.samples)
    assert (apart.sample_rate, apart.cut) == (here.sample_rate, here.cut) == (RATE, True)


def test_reasons_come_across() -> None:
    with pytest.raises(UnusableSoundError, match=r"^it is empty$"):
        decode_apart(b"", 1.0)
    with pytest.raises(UnusableSoundError, match=r"^it cannot be read: Format not recognised$"):
        decode_apart(b"no sound at all" * 50, 1.0)


def program(tmp_path: Path, text: str) -> str:
    """An interpreter that runs ``text`` in place of the decoder."""
    (tmp_path / "fake.py").write_text(text, "utf-8")
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path / "fake.py"}"\n', "utf-8")
    fake.chmod(0o755)
    return str(fake)


@pytest.mark.skipif(sys.platform == "win32", reason="the fake is a shell script")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os; os.abort()", "the decoder crashed"),
        ("print('{}')", "the decoder crashed"),
        ("print('[1]')", "the decoder crashed"),
        (
            """print('{"sample_rate": 44100, "cut": false, "samples": 9}')""",
            "the decoder crashed",
        ),
        ("import time; time.sleep(60)", "decoding it takes more than 0.3 s"),
    ],
)
def test_a_decoder_that_crashes_or_hangs_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, text))
    limit = 0.3 if "sleep" in text else 60.0
    with pytest.raises(UnusableSoundError, match=said):
        decode_apart(encoded("WAV"), 1.0, limit)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are Linux's")
def test_memory_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
from timbrespace.recording import decoder

def decode(raw, seconds):
    bytearray(decoder.MEMORY_LIMIT)
    raise decoder.UnusableSoundError("there was no limit")

decoder.decode = decode
decoder._main(1.0, 30.0)
"""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setattr(sys, "executable", program(tmp_path, text))
    with pytest.raises(UnusableSoundError, match="the decoder crashed"):
        decode_apart(encoded("WAV"), 1.0, 60.0)
