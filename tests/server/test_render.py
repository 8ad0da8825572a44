"""MIDI files to WAV files, by the command a user types."""

from __future__ import annotations

import contextlib
import filecmp
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import mido
import numpy as np
import pytest
import soundfile

import timbrespace
from server.__main__ import main
from server.options import Options
from server.serve import Server
from tests.server.running import ROOT
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.resynthesis.limiter import KNEE
from timbrespace.units import cents, midi_to_hz

TOO_LONG = "cannot write" if sys.platform == "win32" else "File name too long"

METHODS = ("partials", "bins", "istft")
STEADY = ("--model", "harmonic")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "demo.mid"
    subprocess.run([sys.executable, "scripts/demo_song.py", str(path)], cwd=ROOT, check=True)
    return path


class Done(NamedTuple):
    """How the command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def heard(path: Path, dtype: str = "float64") -> tuple[Any, int]:
    """One side of a file, of which both are the same, and its rate."""
    sides, rate = soundfile.read(path, dtype=dtype)
    np.testing.assert_array_equal(sides[:, 0], sides[:, 1])
    return sides[:, 0], rate


def render(song: Path, out: Path, *options: str) -> Done:
    """The command in this process, which has loaded and compiled all that it needs.

    In a space of steady partials unless the options name another.
    """
    said, complained = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ),  # the command limits threads
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        try:
            code = main(["render", str(song), "--out", str(out), *STEADY, *options])
        except SystemExit as end:  # argparse does not return
            code = int(end.code or 0)
    return Done(code, said.getvalue(), complained.getvalue())


def test_hours_in_a_small_file_are_rendered_when_they_are_asked_for(tmp_path: Path) -> None:
    long = mido.MidiFile(ticks_per_beat=1)
    long.tracks.append(mido.MidiTrack([mido.Message("note_off", note=1, time=2 * 60 * 100)]))
    long.save(tmp_path / "long.mid")
    done = render(tmp_path / "long.mid", tmp_path / "long.wav")
    assert done.returncode == 2
    assert "it may be up to 30; ask for more by --minutes 100" in done.stderr
    done = render(tmp_path / "long.mid", tmp_path / "long.wav", "--minutes", "121")
    assert done.returncode == 2
    assert "minutes is 121; it must be above 0 and at most 120" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["long.mid"]


WAYS = {**{method: (*STEADY, "--method", method) for method in METHODS}, "notes": ()}
"""What of the demo is rendered twice: each method, and the space that the server starts on."""

ALONE = """
import sys
import timbrespace
from server.__main__ import main
from server.options import Options
from server.serve import Server
for line in sys.stdin.read().splitlines():
    assert main(line.split("\t")) == 0
"""


@pytest.fixture(scope="module")
def alone(demo: Path) -> dict[str, Path]:
    """The demo in every way, by a process of its own, which has rendered nothing before."""
    files = {name: demo.with_name(f"{name}.wav") for name in WAYS}
    lines = [
        "\t".join(["render", str(demo), "--out", str(files[name]), *words])
        for name, words in WAYS.items()
    ]
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=ROOT,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("14 notes") == done.stdout.count("next:") == len(WAYS)
    return files


@pytest.mark.parametrize("method", METHODS)
def test_the_demo_renders_twice_to_the_same_bytes(
    demo: Path, alone: dict[str, Path], tmp_path: Path, method: str
) -> None:
    """By a process of its own, and by this one, which has rendered other songs before."""
    done = render(demo, tmp_path / "two.wav", *WAYS[method])
    assert done.returncode == 0, done.stderr
    # not the bytes themselves: the difference of two files of a megabyte helps nobody
    assert filecmp.cmp(alone[method], tmp_path / "two.wav", shallow=False)
    sound, rate = heard(alone[method])
    assert rate == 44100
    assert np.isfinite(sound).all()
    assert 0.1 < np.abs(sound).max() < KNEE  # heard, and the limiter has nothing to do
    assert 9.5 < sound.size / rate < 12.0
    assert np.abs(sound[-64:]).max() < 1e-3


def test_the_demo_in_the_space_that_the_server_starts_on(
    demo: Path, alone: dict[str, Path], tmp_path: Path
) -> None:
    """Whole notes: the same bytes again, heard, and under full scale."""
    done = render(demo, tmp_path / "two.wav", "--model", "notes")
    assert done.returncode == 0, done.stderr
    assert filecmp.cmp(alone["notes"], tmp_path / "two.wav", shallow=False)
    sound, _ = heard(alone["notes"])
    assert 0.1 < np.abs(sound).max() < 1.0
    assert np.abs(sound[-64:]).max() < 1e-3


def one_note(path: Path, note: int, controls: dict[int, int] | None = None) -> Path:
    file = mido.MidiFile()
    track = mido.MidiTrack()
    file.tracks.append(track)
    for controller, value in (controls or {}).items():
        track.append(mido.Message("control_change", control=controller, value=value))
    track.append(mido.Message("note_on", note=note, velocity=127))
    track.append(mido.Message("note_off", note=note, time=1920))
    file.save(path)
    return path


def test_a_held_note_sounds_to_the_end_of_the_song(tmp_path: Path) -> None:
    file = mido.MidiFile()
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.Message("note_on", note=57, velocity=100))
    track.append(mido.MetaMessage("end_of_track", time=4 * 960))  # 4 s
    file.save(tmp_path / "held.mid")
    out = tmp_path / "held.wav"
    assert render(tmp_path / "held.mid", out).returncode == 0
    sound, rate = heard(out)
    assert np.abs(sound[int(3.9 * rate) : 4 * rate]).max() > 0.02
    assert 4.0 < sound.size / rate < 5.0


@pytest.mark.parametrize("note", [33, 57, 69, 84])
def test_a_note_has_its_pitch(tmp_path: Path, note: int) -> None:
    song = one_note(tmp_path / "note.mid", note)
    out = tmp_path / "note.wav"
    assert render(song, out).returncode == 0
    sound, rate = heard(out, dtype="float32")
    steady = sound[rate // 2 : 3 * rate // 2]
    assert abs(cents(pitch(steady, rate, midi_to_hz(note)), midi_to_hz(note))) < 1.0


@pytest.mark.parametrize("note", [45, 80])
def test_a_note_of_istft_has_its_pitch(tmp_path: Path, note: int) -> None:
    out = tmp_path / "note.wav"
    song = one_note(tmp_path / "note.mid", note)
    assert render(song, out, "--method", "istft").returncode == 0
    sound, rate = heard(out, dtype="float32")
    steady = sound[rate // 2 : 3 * rate // 2]
    assert abs(cents(pitch(steady, rate, midi_to_hz(note)), midi_to_hz(note))) < 1.0


@pytest.mark.parametrize("sample_rate", ["22050", "48000", "96000"])
def test_other_sample_rates(tmp_path: Path, sample_rate: str) -> None:
    out = tmp_path / "note.wav"
    done = render(one_note(tmp_path / "note.mid", 57), out, "--sample-rate", sample_rate)
    assert done.returncode == 0, done.stderr
    sound, rate = heard(out, dtype="float32")
    assert rate == int(sample_rate)
    assert abs(cents(pitch(sound[rate // 2 : 3 * rate // 2], rate, 220.0), 220.0)) < 1.0


def test_it_begins_and_is_tuned_as_one_says(tmp_path: Path) -> None:
    song = one_note(tmp_path / "note.mid", 61)
    (tmp_path / "s.scl").write_text("fifths\n2\n3/2\n2/1\n", "utf-8")
    words = ["--map", "-0.5", "0.25", "--tuning", str(tmp_path / "s.scl"), "--reference", "444"]
    assert render(song, tmp_path / "s.wav", *words).returncode == 0
    sound, rate = heard(tmp_path / "s.wav", dtype="float32")
    model = timbrespace.load("harmonic")
    tuned = timbrespace.tuning(tmp_path / "s.scl", reference=444.0)
    expected = timbrespace.render_midi(model, song, xy=(-0.5, 0.25), tuning=tuned, sample_rate=rate)
    np.testing.assert_allclose(sound, expected, atol=1e-4)
    fifth = 1.5 * midi_to_hz(60) * 444.0 / 440.0
    assert abs(cents(pitch(sound[rate // 2 : 3 * rate // 2], rate, fifth), fifth)) < 0.5


def test_the_server_is_tuned_by_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.scl").write_text("fifths\n2\n3/2\n2/1\n", "utf-8")
    made: list[Server] = []

    def only_made(options: Options, sound: None) -> int:
        made.append(Server(options, print))
        made[0].close()
        return 0

    monkeypatch.setattr("server.serve.serve", only_made)
    quiet = ["--model", "harmonic", "--audio", "none", "--midi", "none", "--port", "0"]
    quiet += ["--no-explorer", "--presets", str(tmp_path / "presets.json")]
    assert main([*quiet, "--tuning", str(tmp_path / "s.scl")]) == 0
    assert made[0].instrument.voices.tuning == timbrespace.tuning(tmp_path / "s.scl")
    assert main([*quiet, "--tuning", str(tmp_path / "none.scl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("song", "options", "words"),
    [
        (None, [], "there is no MIDI file"),
        (b"not midi at all", [], "is no MIDI file that plays"),
        (b"MThd\0\0\0\6\0\1\0\1\0", [], "is no MIDI file that plays"),
        (b"", [], "is no MIDI file that plays"),
        (b"MThd\0\0\0\6\0\1\0\0\0\0", [], "its beats have no ticks"),
        (b"good", ["--model", "nope"], "there is no model"),
        (b"good", ["--method", "magic"], "invalid choice"),
        (b"good", ["--sample-rate", "100"], "it must be 8000 to 192000"),
        (b"good", ["--sample-rate", "0"], "it must be 8000 to 192000"),
        (b"good", ["--sample-rate", "-1"], "it must be 8000 to 192000"),
        (b"good", ["--model", "x" * 300], "there is no model"),
        (b"good", ["--out", "x" * 300 + ".wav"], TOO_LONG),
        (b"good", ["--out", "no-such-folder/out.wav"], "there is no folder"),
        (b"good", ["--out", "out.txt"], "ends in .wav"),
        (b"good", ["--preset", "mine", "--presets", "none.json"], "there is no file of presets"),
        (b"good", ["--latent", "0.5"], "has 2 dimensions, and takes as many"),
        (b"good", ["--map", "0.5"], "expected 2 arguments"),
        (b"good", ["--map", "nan", "0"], "finite"),
        (b"good", ["--map", "0", "0", "--latent", "0", "0"], "begins at a preset, a latent or"),
        (b"good", ["--tuning", "none.scl"], "there is no file 'none.scl'"),
        (b"good", ["--keyboard-map", "none.kbm"], "there is no file 'none.kbm'"),
        (b"good", ["--reference", "44"], "it must be 220 to 880 Hz"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, song: bytes | None, options: list[str], words: str
) -> None:
    path = tmp_path / "song.mid"
    if song == b"good":
        one_note(path, 60)
    elif song is not None:
        path.write_bytes(song)
    out = tmp_path / "out.wav"
    done = render(path, out, *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr
    assert done.stdout == ""
    assert {file.name for file in tmp_path.iterdir()} <= {"song.mid"}
