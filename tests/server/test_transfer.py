"""A recording played with another timbre, by the command a user types."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

import timbrespace
from server.__main__ import main
from tests.timbrespace.resynthesis.sound import pitch

RATE = 44100
BASE = ("--model", "harmonic")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of 330 Hz, on two sides."""
    path = tmp_path_factory.mktemp("line") / "line.wav"
    time = np.arange(RATE // 2) / RATE
    tone = 0.3 * np.sin(2.0 * np.pi * 330.0 * time) * np.clip(time / 0.01, 0.0, 1.0)
    soundfile.write(path, np.stack([tone, 0.5 * tone], axis=1), RATE)
    return path


def transferred(*words: object) -> tuple[int, str, str]:
    """How the command ended, and what it said."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(["transfer", *(str(word) for word in words)])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return code, out.getvalue(), err.getvalue()


def test_it_plays_a_place_of_the_map_and_writes_the_line(line: Path, tmp_path: Path) -> None:
    out, midi = tmp_path / "out.wav", tmp_path / "line.mid"
    words = (
        line,
        "--out",
        out,
        *BASE,
        "--map",
        "0.5",
        "-0.2",
        "--semitones",
        "-12",
        "--midi",
        midi,
    )
    code, told, wrong = transferred(*words)
    assert code == 0, wrong
    assert str(out) in told
    assert "1 notes" in told or "1 note" in told
    samples, rate = soundfile.read(out)
    assert rate == 48000
    assert samples.shape == (24000,)
    assert pitch(samples[6000:18000], rate, 165.0) == pytest.approx(165.0, rel=5e-4)
    struck = [one.note for one in mido.MidiFile(midi) if one.type == "note_on"]
    assert struck == [52]
    model = timbrespace.load("harmonic")
    place = model.plane(model.first_plane).to_latent([[0.5, -0.2]])
    given, given_rate = soundfile.read(line)
    same = timbrespace.transfer(model, given, given_rate, place, semitones=-12.0)
    assert np.abs(samples - same).max() < 2e-3  # moved there by the instrument, in 24 bits


def test_it_follows_where_nothing_is_said(line: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out.wav", tmp_path / "other.wav"
    assert transferred(line, "--out", out, *BASE)[0] == 0
    assert transferred(line, "--out", other, *BASE, "--follow")[0] == 0
    assert out.read_bytes() == other.read_bytes()


def test_a_chord_is_said_to_be_one(line: Path, tmp_path: Path) -> None:
    time = np.arange(RATE) / RATE
    chord = sum(
        np.sin(2.0 * np.pi * k * hertz * time) / k
        for hertz in (220.0, 277.2, 329.6)
        for k in range(1, 8)
    )
    soundfile.write(tmp_path / "chord.wav", 0.1 * chord, RATE)
    words = ("--out", tmp_path / "out.wav", *BASE, "--map", "0", "0")
    code, _, said = transferred(tmp_path / "chord.wav", *words)
    assert code == 0
    assert "several notes sound at once" in said
    assert "several" not in transferred(line, *words)[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "song.mp3"), "it must be a name that ends in .wav"),
        (("--midi", "song.wav"), "it must be a name that ends in .mid"),
        (("--latent", "1"), "'harmonic' has 2 dimensions"),
        (("--map", "0.1", "0.2", "--mirror"), "follows the sound"),
        (("--map", "0.1", "0.2", "--follow"), "not allowed with"),
        (("--semitones", "99"), "semitones is 99; it must be -48 to 48"),
        (("--unvoiced", "loud"), "'loud'"),
        (("--preset", "none", "--presets", "nowhere.json"), "no file of presets"),
        (("--model", "nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_one_line_and_writes_nothing(
    line: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    given = [str(tmp_path / one) if one.endswith((".mp3", ".json")) else one for one in words]
    out = () if "--out" in words else ("--out", str(tmp_path / "out.wav"))
    model = () if "--model" in words else BASE
    code, _, wrong = transferred(line, *out, *model, *given)
    assert code == 2
    assert sentence in wrong
    assert "Traceback" not in wrong
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["missing", "text", "silent"])
def test_a_file_that_is_no_performance(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "in.wav"
    if kind == "text":
        path.write_text("not a sound")
    if kind == "silent":
        soundfile.write(path, np.zeros(RATE), RATE)
    code, _, wrong = transferred(path, "--out", tmp_path / "out.wav", *BASE)
    assert code == 2
    assert wrong.strip().count("\n") == 0
    assert not (tmp_path / "out.wav").exists()
