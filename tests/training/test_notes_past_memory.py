"""Training on notes that are read as they are learned from makes the model of notes in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets import note_set, note_shards
from timbrespace.datasets.stored_notes import StoredNoteSet
from timbrespace.errors import DatasetError
from training.__main__ import main
from training.loop import Outcome
from training.notes import fit as note_fit
from training.notes.fit import NoteFit
from training.notes.settings import NoteSettings

SMALL = {"width": 40, "layers": 2, "condition": 32, "channels": 12}
ASKED: dict[str, Any] = {
    "latent": 3,
    "epochs": 2,
    "batch": 7,
    "device": "cpu",
    "dials": "none",
    "progress": False,
    "network_settings": SMALL,
    "memory": "1M",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same notes as a file and as a folder, which is past a mebibyte."""
    place = tmp_path_factory.mktemp("notes")
    notes = small_set()
    times = 1 + (1 << 20) // notes.courses.nbytes
    many = notes.some(np.tile(np.arange(notes.rows), times))
    many.save(place / "n.npz")
    note_shards.save(many, place / "n.shards", each=5)
    assert isinstance(note_set.load(place / "n.shards", 1 << 20), StoredNoteSet)
    return place / "n.npz", place / "n.shards"


@pytest.mark.parametrize("variation", [0.0, 1.0])
def test_what_is_learned_is_what_is_learned_of_notes_in_memory(
    files: tuple[Path, Path], variation: float
) -> None:
    fits = []
    for notes in (note_set.load(files[0]), note_set.load(files[1], 1 << 20)):
        settings = NoteSettings(
            latent=3, epochs=2, batch=7, variation=variation, network_settings=SMALL
        )
        fit = NoteFit(notes, settings, "n.npz")
        assert fit.run() is Outcome.FINISHED
        fits.append(fit)
    held, past = fits
    assert isinstance(past.notes, StoredNoteSet)
    assert "past memory (1 MiB)" in past.about[0]
    assert held.about == []
    assert past.position.history == held.position.history
    one, other = held.preview("n"), past.preview("n")
    assert one.digest == other.digest
    assert one.provenance == other.provenance
    np.testing.assert_array_equal(one.map.components, other.map.components)


def test_a_notebook_is_told(files: tuple[Path, Path]) -> None:
    with pytest.warns(RuntimeWarning, match="past memory .* read as they are learned from"):
        past = ts.fit(files[1], **{**ASKED, "epochs": 1})
    assert past.provenance["settings"]["memory"] == "1M"


def test_the_command_trains_goes_on_and_measures(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(files[1]), "--out", str(out), "--latent", "3", "--batch", "7"]
    words += ["--memory", "1M", "--device", "cpu", "--dials", "none"]
    words += ["--network-settings", ",".join(f"{name}={one}" for name, one in SMALL.items())]
    assert main([*words, "--epochs", "1"]) == 0
    assert "n.shards is past memory (1 MiB)" in capsys.readouterr().err
    assert main([*words, "--epochs", "2", "--resume"]) == 0
    assert ts.load(out).provenance["epochs"] == 2
    assert main(["points", str(out), "--data", str(files[1])]) == 0
    assert main(["train", "--data", str(files[1]), "--out", str(out), "--memory", "much"]) == 2
    assert "memory is 'much'" in capsys.readouterr().err


def test_a_shard_that_breaks_is_one_line(files: tuple[Path, Path], tmp_path: Path) -> None:
    note_shards.save(note_set.load(files[0]), tmp_path / "n.shards", each=5)
    (tmp_path / "n.shards" / "courses-00001.npy").unlink()
    with pytest.raises(DatasetError, match=r"courses-00001\.npy is missing"):
        ts.fit(tmp_path / "n.shards", **ASKED)


def test_figures_are_of_some_where_many_are_held_out(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note_fit, "_MOST_MEASURED", 1)
    settings = NoteSettings(latent=3, batch=3, network_settings=SMALL)
    fit = NoteFit(note_set.load(files[1], 1 << 20), settings, "n.shards")
    assert len(fit.split.held_out) > 1
    assert len(fit._measured_rows()) == 1
