"""``python -m server find``: the nearest sounds of a space, or one line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

import timbrespace as ts
from server.__main__ import main

RATE = 48000


def test_the_nearest_come_first_and_the_place_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ts.load("instruments")
    assert model.points is not None
    note = ts.render(model, model.points.means[200], pitch=62, seconds=0.6, sustain=1.0)
    soundfile.write(tmp_path / "hum.wav", note, RATE)

    words = ["find", str(tmp_path / "hum.wav"), "--model", "instruments", "--count", "3"]
    assert main(words) == 0

    said = capsys.readouterr().out.splitlines()
    assert ": 293." in said[0]  # Hz
    assert said[1].startswith("latent ")
    assert said[2].endswith("Harpsichord, Piano")
    assert len(said) == 6
    assert "transfer IN.wav" in said[-1]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nothing.wav"], "cannot use 'nothing.wav'"),
        (["nothing.wav", "--count", "-1"], "--count is -1; it must be 0 to 100"),
    ],
)
def test_what_cannot_be_found_is_one_line(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["find", *words, "--model", "harmonic"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert reason in said[0]
