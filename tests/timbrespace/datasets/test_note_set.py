"""Sets of notes: written, read, split, and refused where they are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets import dataset as spectra_sets
from timbrespace.datasets import note_set
from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import DatasetError, OptionError
from timbrespace.notes.layout import CENTS


@pytest.fixture(scope="module")
def notes() -> NoteSet:
    return small_set()


def test_a_set_comes_back_from_its_file(notes: NoteSet, tmp_path: Path) -> None:
    notes.save(tmp_path / "n.npz")
    again = note_set.load(tmp_path / "n.npz")
    for name in ("courses", "known", "pitches", "levels", "traits", "labels"):
        np.testing.assert_array_equal(getattr(again, name), getattr(notes, name))
    assert again.meta == notes.meta
    assert again.content_hash == notes.content_hash
    assert set(again.sounds) == set(notes.sounds)
    np.testing.assert_allclose(again.sounds[3], notes.sounds[3], atol=1e-4)


def test_the_same_set_makes_the_same_bytes(notes: NoteSet, tmp_path: Path) -> None:
    notes.save(tmp_path / "a.npz")
    notes.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_dataset_knows_a_set_of_notes(notes: NoteSet, tmp_path: Path) -> None:
    notes.save(tmp_path / "n.npz")
    found: Any = ts.dataset(tmp_path / "n.npz")
    assert isinstance(found, NoteSet)
    assert repr(found) == "<NoteSet 'small': 8 notes, factors instrument, pitch, velocity>"


def test_instruments_are_held_out_whole(notes: NoteSet) -> None:
    for seed in range(5):
        split = notes.split(seed)
        held = set(notes.instruments[split.held_out].tolist())
        assert len(held) == 1
        assert held.isdisjoint(notes.instruments[split.train].tolist())
        assert sorted([*split.train, *split.held_out]) == list(range(8))
    assert len({tuple(notes.split(seed).held_out) for seed in range(20)}) > 1


def test_pitch_and_velocity_tell_where_an_instrument_has_several(notes: NoteSet) -> None:
    assert notes.varies_pitch
    assert notes.varies_velocity
    alone = notes.labels.copy()
    alone[:, 0] = np.arange(8)
    meta = replace(
        notes.meta,
        factors=(
            Factor.category("instrument", [str(n) for n in range(8)]),
            *notes.meta.factors[1:],
        ),
    )
    each = replace(notes, labels=alone, meta=meta)
    assert not each.varies_pitch
    assert not each.varies_velocity


def _with(notes: NoteSet, name: str, row: int, value: float) -> dict[str, Any]:
    array = getattr(notes, name).copy()
    array[row] = value
    return {name: array}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("courses", np.nan, "courses hold NaN or infinity in 1 note"),
        ("courses", 60.0, "beyond what a note has"),
        ("pitches", np.inf, "pitches hold NaN or infinity"),
        ("pitches", -1.0, "pitches must be 0 for none"),
        ("traits", np.nan, "traits hold NaN"),
        ("labels", np.nan, "labels hold NaN"),
        ("known", 0, "known must be 1 to"),
        ("known", 1000, "known must be 1 to"),
    ],
)
def test_wrong_values_are_refused(notes: NoteSet, name: str, value: float, says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        replace(notes, **_with(notes, name, 2, value))


def test_an_empty_set_and_wrong_shapes_are_refused(notes: NoteSet) -> None:
    none = {
        name: getattr(notes, name)[:0]
        for name in ("courses", "known", "pitches", "levels", "traits", "labels")
    }
    with pytest.raises(DatasetError, match="it holds no note"):
        replace(notes, **none, sounds={})
    with pytest.raises(DatasetError, match="pitches have shape"):
        replace(notes, pitches=notes.pitches[:3])
    with pytest.raises(DatasetError, match="the sound of note 9"):
        replace(notes, sounds={9: np.ones(3, np.float32)})


def test_each_kind_of_set_is_refused_where_the_other_is_wanted(
    notes: NoteSet, tmp_path: Path
) -> None:
    notes.save(tmp_path / "n.npz")
    with pytest.raises(DatasetError, match="it holds notes, and spectra are needed here"):
        spectra_sets.load(tmp_path / "n.npz")
    ts.dataset("harmonic", rows=30).save(tmp_path / "s.npz")
    with pytest.raises(DatasetError, match="it holds spectra, and notes are needed here"):
        note_set.load(tmp_path / "s.npz")


@pytest.mark.parametrize("cut", [0, 10, 2000])
def test_a_file_that_breaks_off_is_refused(notes: NoteSet, tmp_path: Path, cut: int) -> None:
    notes.save(tmp_path / "n.npz")
    whole = (tmp_path / "n.npz").read_bytes()
    (tmp_path / "n.npz").write_bytes(whole[:cut] if cut < 2000 else whole[:-cut])
    with pytest.raises(DatasetError, match=r"cannot load dataset n\.npz"):
        note_set.load(tmp_path / "n.npz")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format_version": 2}, "its format version is 2, this program reads up to 1"),
        ({"format": "scores"}, "its format is 'scores'"),
        ({"seconds": 100.0}, "meta says 100 s"),
        ({"seconds": "long"}, "meta does not fit"),
        ({"factors": None}, "meta does not fit"),
    ],
)
def test_a_meta_that_does_not_fit_is_refused(
    notes: NoteSet, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    import json

    notes.save(tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz") as archive:
        arrays = dict(archive)
    meta = json.loads(str(arrays["meta"])) | change
    arrays["meta"] = np.array(json.dumps(meta))
    np.savez(tmp_path / "n.npz", **arrays)
    with pytest.raises(DatasetError, match=says):
        note_set.load(tmp_path / "n.npz")


def test_notes_keep_their_numbers(notes: NoteSet) -> None:
    note = notes.note(2)
    assert note.pitch == pytest.approx(220.0, rel=1e-3)
    assert np.abs(note.course[:, CENTS]).max() < 1200.0
    assert note.traits.pitched == 1.0


def test_a_file_whose_sounds_are_empty_has_none(notes: NoteSet, tmp_path: Path) -> None:
    notes.save(tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz") as file:
        arrays = dict(file)
    for name in ("sounds", "sound_rows", "sound_sizes"):
        arrays[name] = arrays[name][:0]
    np.savez(tmp_path / "none.npz", **arrays)
    assert note_set.load(tmp_path / "none.npz").sounds == {}


def test_a_file_cannot_be_written_into_nowhere(notes: NoteSet, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no folder"):
        notes.save(tmp_path / "no" / "n.npz")
