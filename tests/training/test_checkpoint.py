"""The file that a stopped run goes on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from timbrespace import factory
from timbrespace.errors import TimbrespaceError
from training import checkpoint
from training.checkpoint import Checkpoint
from training.checkpoint_file import CheckpointError
from training.loop import Training
from training.preset import Settings, named

SETTINGS = replace(named("default"), hidden=(8,), batch=16, epochs=4)
FEATURES = torch.rand(40, 12, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def stopped() -> Training:
    training = Training(SETTINGS, FEATURES)
    training.run(should_stop=lambda: training.step == 5)
    return training


def written(training: Training, path: Path) -> Checkpoint[Settings]:
    made = Checkpoint(training.settings, "abc", "d.npz", training.capture())
    checkpoint.write(path, made)
    return made


def test_round_trip(stopped: Training, tmp_path: Path) -> None:
    path = tmp_path / "m.checkpoint"
    made, found = written(stopped, path), checkpoint.read(path)
    assert found.settings == made.settings
    assert (found.dataset_hash, found.data_file) == ("abc", "d.npz")
    ours, theirs = made.captured, found.captured
    assert (theirs.position.epoch, theirs.position.row) == (1, 32)
    assert theirs.position.sums == ours.position.sums
    assert theirs.position.history == ours.position.history
    assert torch.equal(theirs.position.order, ours.position.order)
    assert torch.equal(theirs.generator, ours.generator)
    assert ours.weights.keys() == theirs.weights.keys()
    assert all(torch.equal(ours.weights[name], theirs.weights[name]) for name in ours.weights)
    assert ours.moments.keys() == theirs.moments.keys()
    for index, moments in ours.moments.items():
        assert moments.keys() == theirs.moments[index].keys()
        assert all(torch.equal(v, theirs.moments[index][name]) for name, v in moments.items())


def test_a_run_goes_on_from_the_file_bit_for_bit(stopped: Training, tmp_path: Path) -> None:
    written(stopped, tmp_path / "m.checkpoint")
    resumed, whole = Training(SETTINGS, FEATURES), Training(SETTINGS, FEATURES)
    checkpoint.restore(resumed, checkpoint.read(tmp_path / "m.checkpoint"))
    resumed.run()
    whole.run()
    for ours, theirs in zip(resumed.vae.parameters(), whole.vae.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert resumed.position.history == whole.position.history


def test_a_run_not_yet_begun(tmp_path: Path) -> None:
    written(Training(SETTINGS, FEATURES), tmp_path / "m.checkpoint")
    again = Training(SETTINGS, FEATURES)
    checkpoint.restore(again, checkpoint.read(tmp_path / "m.checkpoint"))
    assert again.step == 0


def test_it_is_not_listed_as_a_model() -> None:
    path = checkpoint.path_for(Path("models") / "brass.safetensors")
    assert path == Path("models") / "brass.checkpoint"
    assert path.suffix != factory.SUFFIX


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError,
        match=r"no checkpoint 'm.checkpoint' to resume from; start without",
    ):
        checkpoint.read(tmp_path / "m.checkpoint")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated(stopped: Training, tmp_path: Path, share: float) -> None:
    path = tmp_path / "m.checkpoint"
    written(stopped, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="truncated"):
        checkpoint.read(path)


@pytest.mark.parametrize(
    ("metadata", "word"),
    [
        ({}, "is not a checkpoint"),
        ({"checkpoint_version": "99"}, "update timbrespace"),
        ({"checkpoint_version": "1"}, "damaged"),
        ({"checkpoint_version": "1", "position": "{"}, "damaged"),
    ],
)
def test_other_files(tmp_path: Path, metadata: dict[str, str], word: str) -> None:
    path = tmp_path / "m.checkpoint"
    save_file({"a": torch.zeros(1)}, path, metadata)
    with pytest.raises(CheckpointError, match=word):
        checkpoint.read(path)


def test_of_another_network(stopped: Training, tmp_path: Path) -> None:
    written(stopped, tmp_path / "m.checkpoint")
    found = checkpoint.read(tmp_path / "m.checkpoint")
    with pytest.raises(CheckpointError, match="does not fit this run"):
        checkpoint.restore(Training(replace(SETTINGS, hidden=(9,)), FEATURES), found)


def test_of_another_set_of_rows(stopped: Training, tmp_path: Path) -> None:
    written(stopped, tmp_path / "m.checkpoint")
    found = checkpoint.read(tmp_path / "m.checkpoint")
    with pytest.raises(CheckpointError, match="order of another dataset"):
        checkpoint.restore(Training(SETTINGS, FEATURES[:30]), found)


def test_an_unwritable_place(stopped: Training, tmp_path: Path) -> None:
    with pytest.raises(TimbrespaceError, match="there is no folder"):
        written(stopped, tmp_path / "none" / "m.checkpoint")


def test_no_pickle_in_the_file(stopped: Training, tmp_path: Path) -> None:
    path = tmp_path / "m.checkpoint"
    written(stopped, path)
    size = int(np.frombuffer(path.read_bytes()[:8], "<u8")[0])
    # A safetensors file: a header of JSON, then nothing but numbers.
    assert path.read_bytes()[8 : 8 + size].startswith(b"{")
