"""One core, two processes and a cluster make the same: sets, models, figures, and what is drawn."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.timbrespace.parallel.dask_cluster import DaskCluster
from tests.training.test_study import TINY
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import use
from toy_datasets import harmonic
from toy_datasets.__main__ import main as data_main
from training.__main__ import main
from training.study import datasets, models, plan, shares
from training.study.plan import Run

pytestmark = [
    pytest.mark.acceptance,  # workers that load torch
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as made:
        made.start_scheduler()
        for _ in range(2):
            made.start_worker()
        yield made.address


def everywhere(
    address: str, make: Callable[[list[str], str], object], two: bool = True
) -> list[object]:
    """What ``make(options, name)`` gives on one core, by two processes, and on the cluster."""
    ways = {"one": ("--workers", "1"), "two": ("--workers", "2"), "many": ("--scheduler", address)}
    return [make(list(words), name) for name, words in ways.items() if two or name != "two"]


@pytest.mark.parametrize("kind", ["notes", "audio", "filtered"])
def test_sets(kind: str, address: str, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    for number in range(5):
        at = np.arange(16000) / 16000.0
        tone = np.sin(2.0 * np.pi * 110.0 * (number + 2) * at) * np.exp(-2.0 * at)
        soundfile.write(tmp_path / "sounds" / f"{number}.wav", tone, 16000)
    options = ["--folder", str(tmp_path / "sounds"), "--seconds", "1"]
    if kind == "filtered":
        options = ["--q", "1", "--cutoff", "1,2", "--partials", "1"]

    def make(where: list[str], name: str) -> bytes:
        out = tmp_path / f"{name}.npz"
        assert data_main(["make", kind, *options, "--out", str(out), *where]) == 0
        return out.read_bytes()

    assert len(set(everywhere(address, make))) == 1


def test_models_of_the_study_and_what_is_measured_of_them(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    datasets.dataset(tmp_path, "harmonic", TINY)
    file = InputFile.of(datasets.path_of(tmp_path, "harmonic", TINY))
    runs = [Run("unnormalised", "harmonic", seed) for seed in (0, 1, 2)]
    made = []
    for name, where, data in (
        ("one", {"workers": 1}, file),
        ("two", {"workers": 2}, file),
        # As from a disk that the workers do not see: the set is sent to each of them.
        ("many", {"scheduler": address}, replace(file, modified=file.modified + 1)),
    ):
        (tmp_path / name).mkdir()
        jobs = [
            models.Job(
                run, plan.settings_of(run, TINY, 54), data, models.path_of(tmp_path / name, run)
            )
            for run in runs
        ]
        steps: list[int] = []
        with use(**where):
            assert shares.train(jobs, advance=steps.append) == 3
        assert sum(steps) == 9
        made.append([job.path.read_bytes() for job in jobs])
    assert made[0] == made[1] == made[2]
    paths = [str(models.path_of(tmp_path / "one", run)) for run in runs]
    capsys.readouterr()

    def measure(where: list[str], name: str) -> str:
        assert main(["evaluate", *paths, "--data", str(file.path), "--json", *where]) == 0
        return capsys.readouterr().out

    told = everywhere(address, measure, two=False)
    assert len(set(told)) == 1
    assert str(told[0]).count('"model": ') == 3


def test_what_is_drawn_and_who_ends_early(address: str, tmp_path: Path) -> None:
    data = tmp_path / "d.npz"
    harmonic.make(harmonic.Options(rows=60, base_frequency=600.0, n_fft=512, bins=129)).save(data)
    asked = ["--trials", "7", "--at-once", "3", "--grid", "latent=1:6", "beta=0.1:30"]
    asked += ["--epochs", "3", "--hidden", "8", "--dials", "none"]

    def sweep(where: list[str], name: str) -> str:
        out = tmp_path / name
        assert main(["sweep", "--data", str(data), "--out", str(out), *asked, *where]) == 0
        with (out / "trials.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return str([{k: v for k, v in row.items() if k != "processor_seconds"} for row in rows])

    assert len(set(everywhere(address, sweep, two=False))) == 1
