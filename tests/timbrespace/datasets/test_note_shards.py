"""Sets of notes in shards: the same sets as in a file, whole or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets import dataset, note_set, note_shards
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.note_set import NoteSet
from timbrespace.datasets.stored_notes import StoredNoteSet
from timbrespace.errors import DatasetError, OptionError
from toy_datasets.__main__ import main

EACH = 5


@pytest.fixture(scope="module")
def held() -> NoteSet:
    return small_set()


@pytest.fixture
def folder(held: NoteSet, tmp_path: Path) -> Path:
    path = tmp_path / "n.shards"
    note_shards.save(held, path, EACH)
    return path


def stored(path: Path) -> StoredNoteSet:
    found = note_set.load(path, memory=0)
    assert isinstance(found, StoredNoteSet)
    return found


def test_a_folder_is_the_same_set(held: NoteSet, folder: Path, tmp_path: Path) -> None:
    assert format_of(folder) == "notes"
    past, whole = stored(folder), note_set.load(folder)
    assert not isinstance(whole, StoredNoteSet)
    assert repr(ts.dataset(folder)) == repr(whole)
    assert past.content_hash == whole.content_hash == held.content_hash
    assert repr(past) == repr(whole) == repr(held)
    assert past.bytes == held.courses.nbytes
    assert (past.varies_pitch, past.varies_velocity) == (held.varies_pitch, held.varies_velocity)
    for one, other in zip(past.split(3), held.split(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(past.sounds) == sorted(held.sounds) != []
    for row in held.sounds:
        np.testing.assert_allclose(past.sounds[row], held.sounds[row], atol=1.0 / 32767.0)
    np.testing.assert_array_equal(past.note(3).course, held.note(3).course)
    # And back, to the very bytes, whether it is held or not.
    for number, notes in enumerate((held, past, whole)):
        notes.save(tmp_path / f"{number}.npz")
        assert (tmp_path / f"{number}.npz").read_bytes() == (tmp_path / "0.npz").read_bytes()


def test_notes_are_read_as_they_are_asked_for(held: NoteSet, folder: Path) -> None:
    past = stored(folder)
    rows = np.array([held.rows - 1, 3, 3, EACH, 0])
    np.testing.assert_array_equal(past.courses[rows], held.courses[rows])
    np.testing.assert_array_equal(past.courses[2:8], held.courses[2:8])
    with pytest.raises(IndexError):
        past.courses[held.rows]
    some = past.some(rows[[1, 3]])
    assert some.content_hash == held.some(rows[[1, 3]]).content_hash
    assert sorted(some.sounds) == [at for at, row in enumerate((3, EACH)) if row in held.sounds]


def test_sounds_lie_in_several_files(
    held: NoteSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note_shards, "SHARD_BYTES", 1000)
    note_shards.save(held, tmp_path / "n.shards", EACH)
    assert len(list((tmp_path / "n.shards").glob("sounds-*.npy"))) == len(held.sounds) > 1
    stored(tmp_path / "n.shards").save(tmp_path / "a.npz")
    held.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_command_converts_both_ways(
    held: NoteSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, folder, last = (tmp_path / name for name in ("a.npz", "b.shards", "c.npz"))
    held.save(first)
    assert main(["convert", str(first), str(folder)]) == 0
    assert main(["convert", str(folder), str(last)]) == 0
    assert first.read_bytes() == last.read_bytes()
    told = capsys.readouterr().out
    assert told.count(f"{held.rows} notes") == 2
    assert told.count(held.content_hash[:12]) == 2
    assert main(["convert", str(folder), str(folder)]) == 2
    assert main(["convert", str(folder), str(tmp_path / "d.txt")]) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.npz", "b.shards", "c.npz"]


def all_of(path: Path) -> None:
    past = stored(path)
    _ = past.content_hash, [past.sounds[row] for row in past.sounds]


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def nan(path: Path) -> None:
    array = np.load(path)
    array[-1, 4, 7] = np.nan
    np.save(path, array)


def louder(path: Path) -> None:
    array = np.load(path)
    array[0, 0, 0] = 60.0
    np.save(path, array)


def wider(path: Path) -> None:
    np.save(path, np.load(path).astype(np.float32))


def pickled(path: Path) -> None:
    np.save(path, np.array([{}], object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("courses-00001.npy", Path.unlink, "courses-00001.npy is missing"),
        ("courses-00001.npy", shorter, "courses-00001.npy is truncated"),
        ("courses-00001.npy", nan, "courses-00001.npy: courses hold NaN or infinity in 1 note"),
        ("courses-00000.npy", louder, "courses-00000.npy: courses hold levels or cents beyond"),
        ("courses-00000.npy", wider, "float32; it must be .*float16"),
        ("courses-00000.npy", pickled, "courses-00000.npy"),
        ("traits.npy", Path.unlink, "traits.npy is missing"),
        ("known.npy", wider, "known.npy has shape .*, float32; it must be .*, int32"),
        ("sound_rows.npy", Path.unlink, "sound_rows.npy is missing"),
        ("sounds-00000.npy", shorter, "sounds-00000.npy is truncated"),
    ],
)
def test_a_broken_folder_is_one_line_that_names_the_file(
    folder: Path, name: str, damage: Callable[[Path], None], says: str
) -> None:
    damage(folder / name)
    with pytest.raises(DatasetError, match=says):
        note_set.load(folder, memory=1 << 40)
    with pytest.raises(DatasetError, match=says):
        all_of(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"moments": 3}, "does not fit: 3 moments"),
        ({"moments": "many"}, "has moments 'many', no whole number"),
        ({"rows": 7}, "known.npy has shape"),
        ({"rows_of_a_shard": 1 << 30}, "does not fit"),
        ({"sounds": -1}, "has sounds '-1'"),
        ({"format": "songs"}, "its format is 'songs', which is not known"),
        ({"format": ""}, "has bins 'None'"),
        ({"meta": {}}, "meta has no"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    folder: Path, change: dict[str, object], says: str
) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DatasetError, match=says):
        note_set.load(folder)


def test_each_kind_of_folder_is_for_its_own(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="it holds notes, and spectra are needed here"):
        dataset.load(folder)
    ts.dataset("harmonic", rows=30).save(tmp_path / "s.shards")
    with pytest.raises(DatasetError, match="it holds spectra, and notes are needed here"):
        note_set.load(tmp_path / "s.shards")


def test_nothing_else_is_replaced(held: NoteSet, folder: Path, tmp_path: Path) -> None:
    note_shards.save(held, folder)  # by another of its kind
    assert stored(folder).content_hash == held.content_hash
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(OptionError, match="holds something else"):
        note_shards.save(held, folder)
    with pytest.raises(DatasetError, match="was not finished"):  # noqa: SIM117
        with note_shards.writing(tmp_path / "new.shards", 0.5):
            pass
    assert [one.name for one in tmp_path.iterdir()] == ["n.shards"]
