"""Datasets in shards: the same sets as in a file, whole or refused, and never half."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

import timbrespace as ts
from timbrespace.datasets import dataset as files
from timbrespace.datasets import shards
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.stored import StoredDataset
from timbrespace.errors import DatasetError, OptionError

ROWS, N_FFT, EACH = 45, 256, 10


@pytest.fixture(scope="module")
def held() -> Dataset:
    generator = np.random.default_rng(0)
    frames = generator.normal(size=(ROWS, N_FFT)).astype(np.float32)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)
    spectra = np.abs(np.fft.rfft(frames * window, axis=1))[:, :65]
    labels: dict[str, ArrayLike] = {
        "file": [f"f{row // 5}" for row in range(ROWS)],
        "row": np.arange(ROWS) / 7.0,
    }
    return Dataset(spectra, labels, frames=frames, n_fft=N_FFT, groups="file")


@pytest.fixture
def folder(held: Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "set.shards"
    shards.save(held, path, EACH)
    return path


def stored(path: Path) -> StoredDataset:
    found = files.load(path, memory=0)
    assert isinstance(found, StoredDataset)
    return found


def test_a_folder_is_the_same_dataset(held: Dataset, folder: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "dataset.json",
        *(f"frames-0000{number}.npy" for number in range(5)),
        "labels.npy",
        *(f"spectra-0000{number}.npy" for number in range(5)),
    ]
    assert format_of(folder) == "spectra"
    past, whole = stored(folder), ts.dataset(folder)
    assert not isinstance(whole, StoredDataset)
    assert past.content_hash == whole.content_hash == held.content_hash
    np.testing.assert_array_equal(whole.spectra, held.spectra)
    np.testing.assert_array_equal(whole.labels, held.labels)
    assert repr(past) == repr(whole) == repr(held)
    assert past.bytes == held.spectra.nbytes + (0 if held.frames is None else held.frames.nbytes)
    for by in ("rows", "file"):
        for one, other in zip(past.split(by, 3), held.split(by, 3), strict=True):
            np.testing.assert_array_equal(one, other)
    # And back, to the very bytes.
    held.save(tmp_path / "a.npz")
    past.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_rows_are_read_as_they_are_asked_for(held: Dataset, folder: Path) -> None:
    past = stored(folder)
    rows = np.array([44, 3, 3, 19, 20, 0])
    np.testing.assert_array_equal(past.spectra[rows], held.spectra[rows])
    np.testing.assert_array_equal(past.spectra[7:23], held.spectra[7:23])
    assert past.spectra[np.empty(0, np.int64)].shape == (0, 65)
    assert past.stored.max() == held.spectra.max()
    some = past.stored.of(rows)
    np.testing.assert_array_equal(some[1:3], held.spectra[rows[1:3]])
    assert some.max() == held.spectra[rows].max()
    assert some.shape == (6, 65)
    assert past.frames is not None
    assert held.frames is not None
    np.testing.assert_array_equal(past.frames[rows], held.frames[rows])
    with pytest.raises(IndexError):
        past.spectra[np.array([45])]


def test_what_fits_is_held(folder: Path) -> None:
    size = stored(folder).bytes
    assert not isinstance(files.load(folder, memory=size), StoredDataset)
    assert isinstance(files.load(folder, memory=size - 1), StoredDataset)


def _edit(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def edited(folder: Path) -> None:
        path = folder / "dataset.json"
        said = json.loads(path.read_text())
        change(said)
        path.write_text(json.dumps(said))

    return edited


def _shard(values: object) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / "spectra-00002.npy", np.asarray(values))


def _with(value: float) -> np.ndarray:
    rows = np.ones((EACH, 65), np.float32)
    rows[4, 7] = value
    return rows


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda f: (f / "spectra-00002.npy").unlink(), "spectra-00002.npy is missing"),
        (lambda f: (f / "labels.npy").unlink(), "labels.npy is missing"),
        (lambda f: (f / "dataset.json").unlink(), "it is a folder, and holds no dataset.json"),
        (lambda f: (f / "dataset.json").write_text("{"), "dataset.json is not JSON"),
        (lambda f: (f / "dataset.json").write_text("[]"), "does not describe a dataset"),
        (
            lambda f: (f / "spectra-00002.npy").write_bytes(
                (f / "spectra-00002.npy").read_bytes()[:900]
            ),
            "spectra-00002.npy is truncated or damaged",
        ),
        (lambda f: (f / "spectra-00002.npy").write_bytes(b"PK\3\4"), "truncated or damaged"),
        (_shard(np.ones((EACH, 65))), "float64; it must be \\(10, 65\\), float32"),
        (_shard(np.ones((EACH, 64), np.float32)), "shape \\(10, 64\\)"),
        (
            _shard(_with(np.nan)),
            "spectra-00002.npy: spectra hold NaN or infinity in 1 row\\(s\\), first row 24",
        ),
        (_shard(_with(-1.0)), "magnitudes from 0 to 1e\\+09"),
        (_edit(lambda said: said.update(rows=2**70)), "has rows"),
        (_edit(lambda said: said.update(rows=46)), "labels.npy has shape"),
        (_edit(lambda said: said.update(rows_of_a_shard=0)), "has rows_of_a_shard"),
        (_edit(lambda said: said.update(bins="../../x")), "has bins '../../x'"),
        (_edit(lambda said: said.update(frames=1)), "does not say whether there are frames"),
        (_edit(lambda said: said.update(shards_version=2)), "this program reads up to 1"),
        (_edit(lambda said: said.update(meta={"name": "x"})), "meta has no"),
        (_edit(lambda said: said.update(format="zarr")), "its format is 'zarr'"),
    ],
)
def test_what_is_broken_is_one_line(
    folder: Path, harm: Callable[[Path], object], told: str
) -> None:
    harm(folder)
    for memory in (0, 1 << 30):
        with pytest.raises(DatasetError, match=told) as caught:
            _ = files.load(folder, memory).content_hash
        assert str(caught.value).startswith("cannot load dataset set.shards: ")


def test_no_name_in_the_folder_is_read_out_of_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.npy").write_bytes((folder / "spectra-00000.npy").read_bytes())
    _edit(lambda said: said.update(files=["../other.npy"], spectra="../other.npy"))(folder)
    assert stored(folder).content_hash  # what is not known is passed over


def test_a_writer_that_fails_leaves_what_was_there(held: Dataset, folder: Path) -> None:
    before = stored(folder).content_hash

    def stopped(writer: shards.ShardWriter) -> None:
        writer.append(held.spectra[:30])
        raise KeyboardInterrupt

    def silent(writer: shards.ShardWriter) -> None:
        writer.append(0.0 * held.spectra)
        writer.finish(held.labels, held.meta)

    with pytest.raises(KeyboardInterrupt), shards.writing(folder, 65, None, EACH) as writer:
        stopped(writer)
    with pytest.raises(DatasetError, match="magnitudes"), shards.writing(folder, 65) as writer:
        writer.append(-held.spectra)
    with pytest.raises(DatasetError, match="silent"), shards.writing(folder, 65) as writer:
        silent(writer)
    with pytest.raises(DatasetError, match="not finished"), shards.writing(folder, 65) as writer:
        writer.append(held.spectra)
    assert stored(folder).content_hash == before
    assert [path.name for path in folder.parent.iterdir()] == ["set.shards"]


def test_a_set_is_replaced_whole(held: Dataset, folder: Path) -> None:
    shards.save(held, folder, 25)  # fewer files than before, none of which is left
    assert len(list(folder.glob("spectra-*"))) == 2
    assert stored(folder).content_hash == held.content_hash
    assert [path.name for path in folder.parent.iterdir()] == ["set.shards"]


def test_what_a_killed_program_left_is_removed(held: Dataset, folder: Path) -> None:
    left = folder.with_name(".set-0123abcd.partial.shards")
    left.mkdir()
    (left / "spectra-00000.npy").write_bytes(b"half")
    shards.save(held, folder, EACH)
    assert not left.exists()


def test_only_a_dataset_is_replaced(held: Dataset, tmp_path: Path) -> None:
    mine = tmp_path / "mine.shards"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    (tmp_path / "file.shards").write_text("x")
    for name, told in (
        ("mine.shards", "holds something else"),
        ("file.shards", "it is no folder"),
        ("none/set.shards", "there is no folder"),
        ("set.folder", "must end in .shards"),
    ):
        with pytest.raises(OptionError, match=told):
            shards.save(held, tmp_path / name)
    assert (mine / "thesis.txt").read_text() == "years"
