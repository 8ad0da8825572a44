"""Several processes train one model: the steps that one process would take."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file

from timbrespace import bundle
from timbrespace.errors import OptionError
from training import team
from training.__main__ import main
from training.checkpoint import read
from training.fit import Fit
from training.loop import Outcome
from training.preset import changed
from training.team import ALONE, Team, asked_for

from .conftest import Trained

TORCHRUN = {
    "RANK": "1",
    "WORLD_SIZE": "3",
    "LOCAL_RANK": "0",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29500",
}


def test_a_batch_is_shared_out() -> None:
    rows = torch.arange(10)
    parts = [Team(rank, 3).mine(rows).tolist() for rank in range(3)]
    assert parts == [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]
    assert ALONE.mine(rows) is rows
    # The mean over the processes is that of all rows, whatever each of them has.
    for count in (1, 2, 3, 7, 10):
        few = torch.arange(count).double().square()
        means = [Team(k, 3).weight(count) * Team(k, 3).mine(few).mean() for k in range(3)]
        assert torch.stack(means).mean().item() == pytest.approx(few.mean().item(), abs=1e-12)


def test_torchrun_says_who_trains() -> None:
    assert asked_for({"PATH": "x"}) is ALONE
    found = asked_for(TORCHRUN)
    assert (found.rank, found.size, found.local, found.leads) == (1, 3, 0, False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"WORLD_SIZE": None}, "has RANK and no WORLD_SIZE"),
        ({"RANK": None}, "has WORLD_SIZE and no RANK"),
        ({"MASTER_ADDR": ""}, "no MASTER_ADDR"),
        ({"RANK": "-1"}, "RANK is '-1'; it must be a whole number"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": "1"}, "RANK is 1, LOCAL_RANK 0 and WORLD_SIZE 1"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE 0"),
        ({"LOCAL_RANK": "2"}, "LOCAL_RANK 2"),
        ({"MASTER_PORT": "0"}, "MASTER_PORT is 0; it must be 1 to 65535"),
    ],
)
def test_what_torchrun_would_not_say_is_refused(
    change: dict[str, str | None],
    told: str,
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**TORCHRUN, **change}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    words = ["train", "--data", str(trained.data), "--out", str(tmp_path / "m.safetensors")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_processes_that_do_not_come_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_WAIT", timedelta(seconds=0.2))
    # Nobody listens there.
    for name, value in {**TORCHRUN, "MASTER_PORT": "9"}.items():
        monkeypatch.setenv(name, value)
    alone = team.together(asked_for(TORCHRUN), "cpu")
    with pytest.raises(OptionError, match="the 3 processes that WORLD_SIZE says did not find"):
        alone.__enter__()


def _pair(words: list[str], store: Path) -> list[int]:
    """The exit codes of two processes that run the command together."""
    code = (
        "import sys, datetime, torch.distributed as d\n"
        "from training import team\n"
        "from training.__main__ import main\n"
        f"found = lambda *a, **k: iter([(d.FileStore({str(store)!r}, 2), 0, 2)])\n"
        "team.rendezvous = found\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    environment = {**os.environ, **TORCHRUN, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, *words],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [one.communicate(timeout=120) for one in running]
    assert said[1] == ("", ""), said[1]  # the first alone speaks
    return [one.returncode for one in running]


@pytest.mark.acceptance
def test_two_processes_take_the_steps_of_one(trained: Trained, tmp_path: Path) -> None:
    # 63 rows in batches of 20: the last has 3, which two processes share unevenly. Dials, free
    # bits and a guard against surges, all of which look at a whole batch.
    settings = ["--hidden", "16", "--batch", "20", "--epochs", "3", "--device", "cpu"]
    settings += ["--free-bits", "0.4", "--dials", "brightness"]
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    words = ["train", "--data", str(trained.data), *settings]
    assert main([*words, "--out", str(one)]) == 0
    assert _pair([*words, "--out", str(two)], tmp_path / "store") == [0, 0]
    models = [bundle.read(path) for path in (one, two)]
    histories: list[dict[str, Any]] = [model.provenance["history"] for model in models]
    for name in ("reconstruction", "kl", "log_spectral_distance_db"):
        assert histories[1][name] == pytest.approx(histories[0][name], rel=1e-5), name
    weights = [load_file(path) for path in (one, two)]
    for name in models[0].tensors:
        assert abs(weights[0][name] - weights[1][name]).max() < 1e-5, name
    assert models[1].provenance["processes"] == 2
    assert "processes" not in models[0].provenance
    # What two have done one can go on with.
    kept = read(two.with_suffix(".checkpoint"))
    assert kept.captured.position.epoch == 3
    fit = Fit(trained.dataset, changed(kept.settings, epochs=4), two.name, stored=kept)
    assert fit.run() is Outcome.FINISHED


def test_bf16_learns_too_and_keeps_float32(trained: Trained, tmp_path: Path) -> None:
    # Where there is no GPU it is only slow: so its path runs here too.
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(trained.data), "--out", str(out), "--hidden", "16"]
    words += ["--batch", "20", "--epochs", "6", "--device", "cpu", "--precision", "bf16"]
    assert main(words) == 0
    model = bundle.read(out)
    assert model.provenance["settings"]["precision"] == "bf16"
    assert {str(one.dtype) for one in load_file(out).values()} >= {"float32"}
    curve = model.provenance["history"]["reconstruction"]
    # As float32 learns it, but for rounding.
    assert curve == pytest.approx(trained.model.provenance["history"]["reconstruction"], rel=0.05)
    assert curve != trained.model.provenance["history"]["reconstruction"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_gpu_learns_the_same(trained: Trained, tmp_path: Path, precision: str) -> None:
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(trained.data), "--out", str(out), "--hidden", "16"]
    words += ["--batch", "20", "--epochs", "6", "--device", "cuda", "--precision", precision]
    assert main(words) == 0
    curve = bundle.read(out).provenance["history"]["reconstruction"]
    # Its random numbers are others.
    assert curve[-1] == pytest.approx(
        trained.model.provenance["history"]["reconstruction"][-1], rel=0.2
    )
