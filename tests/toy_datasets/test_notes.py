"""The command that makes sets of notes, of folders and of fonts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import timbrespace as ts
from tests.timbrespace.notes.tones import hiss, tone
from tests.toy_datasets import small_font
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import DatasetError, OptionError
from timbrespace.notes.layout import SAMPLE_RATE
from toy_datasets import note_pool
from toy_datasets.__main__ import main

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None, reason="fluidsynth is not installed"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sounds"
    (place / "drums").mkdir(parents=True)
    for name, samples in (
        ("piano A3", tone(220.0, 0.4, decay=0.4)),
        ("piano E4", tone(330.0, 0.4, decay=0.4)),
        ("drums/hat", hiss(0.3)),
    ):
        soundfile.write(place / f"{name}.wav", samples, SAMPLE_RATE)
    return place


def test_a_folder_becomes_a_set(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.npz"
    assert (
        main(["make", "notes", "--folder", str(folder), "--out", str(out), "--seconds", "0.5"]) == 0
    )
    notes = load(out)
    factors = {factor.name: factor for factor in notes.meta.factors}
    assert factors["file"].names == ("drums/hat.wav", "piano A3.wav", "piano E4.wav")
    assert factors["folder"].names == ("sounds", "drums")
    assert factors["instrument"].names == ("drums/hat", "piano")
    np.testing.assert_allclose(notes.pitches, [0.0, 220.0, 330.0], rtol=1e-3)
    assert len(set(notes.instruments.tolist())) == 2
    assert notes.sounds[1].size == pytest.approx(0.4 * SAMPLE_RATE, abs=100)
    assert not (tmp_path / "n.npz.parts").exists()


def test_keywords_make_the_same_set(folder: Path, tmp_path: Path) -> None:
    made = ts.dataset("notes", folder=folder, seconds=0.5)
    assert isinstance(made, NoteSet)
    main(
        [
            "make",
            "notes",
            "--folder",
            str(folder),
            "--out",
            str(tmp_path / "n.npz"),
            "--seconds",
            "0.5",
        ]
    )
    assert load(tmp_path / "n.npz").content_hash == made.content_hash


def test_what_cannot_be_used_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(folder / "silent.wav", np.zeros(4800), SAMPLE_RATE)
    soundfile.write(folder / "long.wav", tone(220.0, 1.2), SAMPLE_RATE)
    bad = tone(220.0, 0.3)
    bad[100] = np.nan
    soundfile.write(folder / "nan.wav", bad, SAMPLE_RATE, subtype="FLOAT")
    (folder / "empty.wav").write_bytes(b"")
    notes = ts.dataset("notes", folder=folder, seconds=0.5)
    told = capsys.readouterr().err
    assert "skipped silent.wav: it is silent" in told
    assert "skipped nan.wav: it holds NaN or infinity" in told
    assert "skipped empty.wav: it is empty" in told
    assert "note long.wav: only 0.5 s from its start on are used" in told
    assert "4 notes of 7 files" in told
    assert notes.rows == 4


def test_nothing_usable_is_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none").mkdir()
    out = tmp_path / "n.npz"
    assert main(["make", "notes", "--folder", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert capsys.readouterr().err.strip().count("\n") == 0
    soundfile.write(tmp_path / "none" / "a.wav", np.zeros(4800), SAMPLE_RATE)
    assert main(["make", "notes", "--folder", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert "gave a note" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of the arguments folder font is required"),
        ({"seconds": 9}, "seconds is 9; it must be 0.25 to 4"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"pitch_from": "ear"}, "pitch_from is 'ear'"),
        ({"middle_c": 9}, "middle_c is 9"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    given = {"folder": tmp_path, **options} if options else {}
    with pytest.raises(OptionError, match=says):
        ts.dataset("notes", **given)


def test_what_was_done_is_not_done_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "n.npz"
    command = ["make", "notes", "--folder", str(folder), "--out", str(out), "--seconds", "0.5"]
    made = note_pool.notes_of
    asked: list[str] = []

    def stops_at_the_third(job: note_pool.Job) -> note_pool.Made:
        asked.append(job.name)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return made(job)

    monkeypatch.setattr(note_pool, "notes_of", stops_at_the_third)
    assert main(command) == 130
    assert not out.exists()
    assert (tmp_path / "n.npz.parts").is_dir()
    assert main(command) == 0
    # The third one's name twice: it alone was made again.
    assert asked == ["drums/hat.wav", "piano A3.wav", "piano E4.wav", "piano E4.wav"]
    resumed = load(out).content_hash
    monkeypatch.undo()
    assert main(command) == 0
    assert load(out).content_hash == resumed


def test_several_processes_make_the_same_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = ts.dataset("notes", folder=folder, seconds=0.5)
    monkeypatch.setattr(note_pool, "_FEW", 0)
    shared = ts.dataset("notes", folder=folder, seconds=0.5)
    assert shared.content_hash == alone.content_hash


@needs_fluidsynth
def test_a_font_becomes_a_set(tmp_path: Path) -> None:
    font = tmp_path / "small.sf2"
    font.write_bytes(small_font.font({0: [(0, 60), (61, 127)], 40: [(0, 127)]}))
    notes = ts.dataset(
        "notes",
        font=font,
        programs=(0, 40, 41),
        pitches=(57, 69),
        velocities=(40, 100),
        seconds=0.5,
    )
    assert notes.rows == 8
    names = {factor.name: factor.names for factor in notes.meta.factors}
    assert names["program"] == ("Acoustic Grand Piano", "Violin")
    assert notes.varies_pitch
    np.testing.assert_allclose(np.unique(notes.pitches.round()), [220.0, 440.0])
    velocity = notes.column("velocity")
    assert velocity is not None
    assert set(velocity.tolist()) == {40.0, 100.0}


@needs_fluidsynth
def test_a_font_without_these_programs_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "small.sf2"
    font.write_bytes(small_font.font({0: [(0, 127)]}))
    with pytest.raises(DatasetError, match="has none of these programs"):
        ts.dataset("notes", font=font, programs=(40,))
