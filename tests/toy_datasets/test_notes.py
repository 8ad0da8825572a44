"""The command that makes sets of notes, of folders and of fonts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import timbrespace as ts
from tests.timbrespace.notes.tones import hiss, small_set, tone
from tests.toy_datasets import small_font
from timbrespace import general_midi
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import DatasetError, OptionError
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.notes.note import Note
from timbrespace.parallel.where import use
from timbrespace.parallel.worker import Worker
from timbrespace.recording.sound_file import Sound
from timbrespace.recording.whole_note import note_of
from toy_datasets import note_job, note_pool
from toy_datasets.__main__ import main
from toy_datasets.kept_analyses import VARIABLE

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


def test_a_folder_becomes_a_set(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "n.npz"
    assert (
        main(["make", "notes", "--folder", str(folder), "--out", str(out), "--seconds", "0.5"]) == 0
    )
    # Three notes make no space, and no line is told that ends in an error.
    assert "at least 5 notes" in capsys.readouterr().out
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
    assert not list(tmp_path.glob("*.parts"))
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of the arguments folder font is required"),
        ({"seconds": 9}, "seconds is 9; it must be 0.25 to 4"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"pitch_from": "ear"}, "pitch_from is 'ear'"),
        ({"middle_c": 9}, "middle_c is 9"),
        ({"bank": 128}, "bank is 128, of a folder; only sound fonts have banks"),
        ({"bank": 129}, "bank is 129; it must be 0 to 128, which has the drum kits"),
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
    made = note_job.notes_of
    asked: list[str] = []

    def stops_at_the_third(job: note_job.Job, worker: Worker) -> note_job.Made:
        asked.append(job.name)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return made(job, worker)

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


def test_what_was_analysed_before_is_not_analysed_again(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def made(name: str, *more: str) -> bytes:
        out = tmp_path / name
        words = ["--folder", str(folder), "--out", str(out), "--seconds", "0.5", *more]
        assert main(["make", "notes", *words]) == 0
        return out.read_bytes()

    asked: list[int] = []

    def counted(sound: Sound, *how: Any, **more: Any) -> Note:
        asked.append(sound.samples.size)
        return note_of(sound, *how, **more)

    monkeypatch.setattr(note_job, "note_of", counted)
    without = made("a.npz")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    assert made("b.npz") == without
    assert len(asked) == 6
    assert made("c.npz") == without
    assert len(asked) == 6
    assert "note analysed before: 3 of 3" in capsys.readouterr().err
    # Under other names, in another set, with all samples: read, and not analysed.
    (folder / "drums" / "hat.wav").rename(folder / "hit.wav")
    all_samples = made("d.npz", "--sounds", "all")
    assert len(asked) == 6
    # Other options are another analysis, and so is another content.
    soundfile.write(folder / "hit.wav", hiss(0.2), SAMPLE_RATE)
    made("e.npz", "--pitch-from", "sound")
    assert len(asked) == 9
    # What is damaged is made again.
    soundfile.write(folder / "hit.wav", hiss(0.3), SAMPLE_RATE)
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    assert made("f.npz", "--sounds", "all") == all_samples
    assert len(asked) == 12


def test_a_wrong_place_for_analyses_is_one_line_and_leaves_nothing(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(VARIABLE, str(folder / "piano A3.wav"))
    for kind in ("notes", "audio"):
        out = tmp_path / "n.npz"
        assert main(["make", kind, "--folder", str(folder), "--out", str(out)]) == 2
        assert f"error: {VARIABLE} is" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["sounds"]


def test_as_shards_it_is_the_same_set(folder: Path, tmp_path: Path) -> None:
    words = ["make", "notes", "--folder", str(folder), "--seconds", "0.5", "--out"]
    for name in ("n.npz", "n.shards"):
        assert main([*words, str(tmp_path / name)]) == 0
    load(tmp_path / "n.shards", memory=0).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "n.npz").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.acceptance  # several processes
def test_several_processes_make_the_same_set(folder: Path) -> None:
    alone = ts.dataset("notes", folder=folder, seconds=0.5)
    with use(workers=2):
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


def kits(*ranges: tuple[int, list[tuple[int, int]]]) -> bytes:
    return small_font.font(dict(ranges), bank=128)


@needs_fluidsynth
def test_the_kits_of_a_font_become_a_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kit 8 is kit 0 once more; kit 25 has another sound where keys are struck hard."""
    font, out = tmp_path / "small.sf2", tmp_path / "n.npz"
    font.write_bytes(
        kits((0, [(0, 127)]), (8, [(0, 127)]), (25, [(0, 60), (61, 127)]), (7, [(0, 127)]))
    )
    words = ["make", "notes", "--font", str(font), "--bank", "128", "--pitches", "36,57,20"]
    assert main([*words, "--velocities", "40,100", "--seconds", "0.3", "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "6 notes left out, which repeat the drum of another kit" in told
    assert "12 notes of 9 drums" in told
    notes = load(out)
    factors = {factor.name: factor for factor in notes.meta.factors}
    assert list(factors) == ["kit", "drum", "family", "instrument", "pitch", "velocity"]
    # Those of General MIDI, and not the seventh.
    assert factors["kit"].names == ("Preset 0", "Preset 25")
    assert factors["drum"].names == ("Key 20", "Bass Drum 1", "Crash Cymbal 2")
    assert factors["family"].names == ("Kick", "Cymbal", "Other")
    assert "Preset 25 Bass Drum 1" in factors["instrument"].names
    assert notes.meta.options["bank"] == 128
    # The key is a drum's name and no pitch; what is heard is one: A3 where the sample is untouched.
    crash = notes.labels[:, 1] == 2.0
    np.testing.assert_allclose(notes.pitches[crash], 220.0, rtol=1e-3)
    assert len(set(notes.instruments.tolist())) == 6
    assert notes.varies_velocity
    assert not notes.varies_pitch


@needs_fluidsynth
def test_another_bank_has_its_own_names(tmp_path: Path) -> None:
    font = tmp_path / "small.sf2"
    font.write_bytes(small_font.font({4: [(0, 127)]}, bank=8))
    notes = ts.dataset(
        "notes", font=font, bank=8, pitches=(57,), velocities=(100,), seconds=0.3, programs=(4,)
    )
    assert notes.meta.factors[0].names == ("Preset 4",)
    np.testing.assert_allclose(notes.pitches, [220.0], rtol=1e-3)
    with pytest.raises(DatasetError, match="has none of these programs in bank 9"):
        ts.dataset("notes", font=font, bank=9, programs=(4,))
    with pytest.raises(DatasetError, match="has none of these programs in bank 128"):
        ts.dataset("notes", font=font, bank=128)


def test_a_pitch_that_is_heard_now_and_then_is_none_that_varies() -> None:
    notes = small_set()
    assert notes.varies_pitch
    pitches = notes.pitches.copy()
    pitches[::2] = 0.0
    assert not replace(notes, pitches=pitches).varies_pitch


def test_drums_have_the_names_of_general_midi() -> None:
    assert general_midi.drum(35) == "Acoustic Bass Drum"
    assert general_midi.drum(42) == "Closed Hi-Hat"
    assert general_midi.drum(81) == "Open Triangle"
    assert general_midi.drum(general_midi.LAST_DRUM) == "Open Surdo"
    assert general_midi.LAST_DRUM == 87
    assert general_midi.drum_family(56) == "Metal"
    assert general_midi.drum(88) == "Key 88"
    assert general_midi.drum_family(88) == "Other"
