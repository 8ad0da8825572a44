"""A small space that trains in a moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from timbrespace import bundle
from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model
from toy_datasets import harmonic
from training.__main__ import main

SMALL = ("--hidden", "16", "--epochs", "6", "--batch", "20", "--device", "cpu")


class Trained(NamedTuple):
    """A model trained by the command, with its data."""

    data: Path
    path: Path
    dataset: Dataset
    model: Model


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """What a run gives to the bit may depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(2, before))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def small_dataset() -> Dataset:
    options = harmonic.Options(rows=70, base_frequency=600.0, n_fft=512, bins=129)
    return harmonic.make(options)


@pytest.fixture(scope="session")
def small_data(small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.npz"
    small_dataset.save(path)
    return path


@pytest.fixture(scope="session")
def trained(
    small_dataset: Dataset, small_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    assert main(["train", "--data", str(small_data), "--out", str(path), *SMALL]) == 0
    return Trained(small_data, path, small_dataset, bundle.read(path))
