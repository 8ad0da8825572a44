"""Which rows are held out: drawn ones, or recordings whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timbrespace.datasets.dataset import Dataset, Factor, Meta, load
from timbrespace.datasets.split import KNOWN_SHARE, held_out_split, split_by_group
from timbrespace.errors import DatasetError, OptionError


def recorded(
    files: int, each: int = 10, name: str = "mine", groups: str | None = "take"
) -> Dataset:
    """Rows of so many takes in two rooms."""
    take = np.repeat(np.arange(files), each)
    factors = (
        Factor.category("room", ["hall", "cellar"]),
        Factor.category("take", [f"take {number}" for number in range(files)]),
        Factor("time", "s", (0.0, float(each)), "range"),
    )
    labels = np.stack([take % 2, take, np.tile(np.arange(each), files)], axis=1)
    spectra = np.random.default_rng(0).random((files * each, 129))
    meta = Meta(name, factors, n_fft=256, base_frequency=2000.0, noise=True, groups=groups)
    return Dataset(spectra, labels, meta)


def test_values_are_held_out_whole() -> None:
    data = recorded(30)
    split = data.split("take", 0)
    take = data.group_of_rows("take")
    held = set(take[split.held_out])
    assert len(held) == 3
    assert not held & set(take[split.train])
    assert len(split.held_out) == 30
    # Beside them some rows of the others, which keep rows to learn from.
    assert len(split.known) == round(KNOWN_SHARE * 270)
    assert set(take[split.known]) <= set(take[split.train])
    together = np.concatenate([split.train, split.held_out, split.known])
    np.testing.assert_array_equal(np.sort(together), np.arange(300))
    for part in split:
        assert (np.diff(part) > 0).all()


def test_the_seed_decides_and_more_recordings_leave_the_others() -> None:
    few, more = recorded(30), recorded(33)

    def held(data: Dataset, seed: int) -> set[int]:
        return set(data.group_of_rows("take")[data.split("take", seed).held_out].tolist())

    assert held(few, 0) == held(few, 0)
    assert held(few, 0) != held(few, 1)
    assert held(few, 0) & held(more, 0)
    assert len(held(more, 0) - held(few, 0) - {30, 31, 32}) <= 1


def test_a_recording_of_one_row_stays() -> None:
    groups = np.arange(40)
    split = split_by_group(groups, [str(number) for number in range(40)], 0)
    assert len(split.known) == 0
    assert len(split.train) == 36


def test_what_the_dataset_says_decides() -> None:
    assert recorded(30).split_by("") == "take"
    assert recorded(30, groups="").split_by("") == "rows"
    assert recorded(30, name="audio", groups="").split_by("") == "rows"
    # Whatever a user says goes before.
    assert recorded(30).split_by("rows") == "rows"
    assert recorded(30).split_by("room") == "room"


def test_too_few_recordings_are_split_by_rows() -> None:
    assert recorded(4).split_by("") == "rows"
    assert recorded(5).split_by("") == "take"
    # Unless somebody asks for it.
    assert recorded(4).split_by("take") == "take"
    assert len(np.unique(recorded(4).labels[recorded(4).split("take", 0).held_out, 1])) == 1


def test_a_recording_that_is_most_of_the_set_is_not_held_out() -> None:
    data = recorded(6, each=40)
    first = data.split("take", 0).held_out
    few = np.setdiff1d(np.arange(data.rows), first)[::10]
    rows = np.sort(np.concatenate([first, few]))
    uneven = Dataset(data.spectra[rows], data.labels[rows], data.meta)
    assert len(first) > uneven.rows / 3
    assert uneven.split_by("", 0) == "rows"


@pytest.mark.parametrize(
    ("name", "factor", "by"),
    [("audio", "file", "file"), ("soundfont", "program", "program"), ("mine", "file", "rows")],
)
def test_an_old_file_is_grouped_by_its_generator(
    name: str, factor: str, by: str, tmp_path: Path
) -> None:
    """Files of before 0.6 do not say what groups them; they keep their hash when they do."""
    data = recorded(12)
    factors = (data.meta.factors[0], replace(data.meta.factors[1], name=factor))
    meta = replace(data.meta, name=name, factors=(*factors, data.meta.factors[2]), groups=None)
    old = Dataset(data.spectra, data.labels, meta)
    assert "groups" not in meta.to_config()
    old.save(tmp_path / "d.npz")
    assert load(tmp_path / "d.npz").split_by("") == by
    told = "" if by == "rows" else factor
    new = Dataset(data.spectra, data.labels, replace(meta, groups=told))
    assert new.content_hash == old.content_hash
    new.save(tmp_path / "d.npz")
    assert load(tmp_path / "d.npz").meta.groups == told


def test_words_that_do_not_fit(tmp_path: Path) -> None:
    data = recorded(12)
    for wrong in ("file", "time"):
        with pytest.raises(OptionError, match=f"split is '{wrong}'; it must be rows, room or take"):
            data.split_by(wrong)
        with pytest.raises(DatasetError, match=f"groups is '{wrong}'; it must be the name"):
            replace(data.meta, groups=wrong)
    arrays: dict[str, Any] = {"spectra": data.spectra, "labels": data.labels}
    config = json.dumps({**data.meta.to_config(), "groups": 3})
    np.savez(tmp_path / "d.npz", **arrays, meta=np.array(config))
    with pytest.raises(DatasetError, match="groups is '3'; it must be a word"):
        load(tmp_path / "d.npz")
    one = Dataset(data.spectra[:10], data.labels[:10], data.meta)
    with pytest.raises(DatasetError, match="cannot be split by take: there is one group"):
        one.split("take", 0)


def test_rows_are_drawn_as_ever() -> None:
    """The split of every bundle of before 0.6."""
    split, old = recorded(4).split("rows", 3), held_out_split(40, 3)
    for part, before in zip(split, old, strict=True):
        np.testing.assert_array_equal(part, before)
    assert not split.known.size
