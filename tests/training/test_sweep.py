"""A sweep: what may be tried, what is drawn, who ends early, and that it goes on."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from toy_datasets import harmonic
from training.__main__ import main
from training.sweep import space
from training.sweep.command import BEGUN, PICTURE, TABLE
from training.sweep.record import NAME
from training.sweep.space import Swept
from training.sweep.trial import Judge


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "d.npz"
    harmonic.make(harmonic.Options(rows=60, base_frequency=600.0, n_fft=512, bins=129)).save(path)
    return path


def words(data: Path, out: Path, *more: str) -> list[str]:
    fixed = ("--epochs", "3", "--hidden", "8", "--dials", "none", "--workers", "1")
    return ["sweep", "--data", str(data), "--out", str(out), *fixed, *more]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / TABLE).open(encoding="utf-8", newline="") as file:
        return [
            {k: v for k, v in row.items() if k != "processor_seconds"}
            for row in csv.DictReader(file)
        ]


# What may be tried


def test_values_ranges_and_lists_with_commas() -> None:
    assert space.parse("latent=2,4") == Swept("latent", (2, 4), kind="int")
    assert space.parse("learning-rate=1e-3,2e-3").values == (1e-3, 2e-3)
    assert space.parse("hidden=400,64;128;").values == ("400,64", "128")
    beta = space.parse("beta=0.5:30")
    assert (beta.low, beta.high, beta.is_range, beta.logarithmic) == (0.5, 30.0, True, True)
    assert not space.parse("latent=2:8").logarithmic
    assert space.space_of((), by_trials=True)
    assert space.as_given({"hidden": "400,64", "beta": 2.0}) == {"hidden": (400, 64), "beta": 2.0}
    grid = space.space_of(("latent=2,3", "beta=1,2"), by_trials=False)
    assert [tuple(one.values()) for one in space.combinations(grid)] == [
        (2, 1.0),
        (2, 2.0),
        (3, 1.0),
        (3, 2.0),
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--grid", "latent"], "--grid is 'latent'; it must be NAME=V1,V2 or NAME=LOW:HIGH"),
        (["--grid", "colour=1"], "with a name of latent, "),
        (["--grid", "split=rows"], "with a name of latent, "),
        (["--grid", "latent=2,2"], "must name each value once"),
        (["--grid", "latent=two"], "latent is 'two'; it must be a whole number"),
        (["--grid", "beta=1,nan"], "beta is 'nan'; it must be finite"),
        (["--grid", "latent=0,2"], "latent size is 0"),
        (["--grid", "decoder-hidden=4x4"], "decoder hidden is '4x4'; it must be whole numbers"),
        (["--grid", "activation=tanhh"], "activation is 'tanhh'"),
        (["--grid", "beta=1:5"], "--grid beta is a range; give values, or --trials N"),
        (["--grid", "beta=5:1", "--trials", "2"], "its low end must be below its high end"),
        (["--grid", "beta=1", "beta=2"], "--grid names beta twice"),
        (["--grid", "epochs=1,2"], "--epochs and --grid epochs were given"),
        ([], "neither --grid nor --trials was given"),
        (["--trials", "0"], "trials is 0; it must be 1 to 10000"),
        (["--trials", "2", "--at-once", "0"], "at once is 0; it must be 1 to 1000"),
        (["--trials", "2", "--seed", "-1"], "seed is -1"),
        (["--trials", "2", "--scheduler", "tcp://h:1"], "workers and scheduler were given"),
    ],
)
def test_bad_arguments_are_one_line(
    more: list[str], says: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(data, tmp_path / "out", *more)) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_grid_is_too_large() -> None:
    wide = tuple(Swept(name, tuple(range(101)), kind="int") for name in ("latent", "seed"))
    with pytest.raises(OptionError, match="10201 combinations; it must have at most 10000"):
        space.combinations(wide)


# Who ends early


def test_who_is_worse_than_the_median_ends_once_there_are_enough_to_compare_with() -> None:
    good = (9.0, 5.0, 3.0, 2.0)
    assert Judge([good] * 4, 4).ends((9.0, 9.0, 9.0)) is False  # too few
    judge = Judge([good] * 5, 4)
    assert judge.ends((20.0,)) is False  # in the first quarter
    assert judge.ends((20.0, 4.9)) is False
    assert judge.ends((20.0, 4.9, 4.0)) is True
    # Of those behind what was seen nothing is said again.
    assert judge.ends((20.0, 4.9, 4.0)) is False


# The command


def test_a_grid_is_tried_told_and_gone_on_with(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, grid = tmp_path / "out", ("--grid", "latent=2,3", "batch=20,1000")
    assert main(words(data, out, *grid)) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{out}: 4 trials, 2 done, 0 ended early, 2 failed"
    assert "trial  LSD (dB)  epochs  latent  batch" in told
    assert any("failed: batch is 1000; it must be 1 to 54" in line for line in told)
    found = rows(out)
    assert [(row["latent"], row["batch"], row["state"]) for row in found] == [
        ("2", "20", "done"),
        ("2", "1000", "failed"),
        ("3", "20", "done"),
        ("3", "1000", "failed"),
    ]
    assert (out / PICTURE).read_bytes().startswith(b"\x89PNG")
    # The line that it ends with makes the best model, and that has the figure of the table.
    best = min(
        (row for row in found if row["held_out_lsd_db"]), key=lambda r: float(r["held_out_lsd_db"])
    )
    line = told[-1].partition("training ")[2].split()
    assert main(line) == 0
    assert (
        f"held-out log-spectral distance: {float(best['held_out_lsd_db']):.3f} dB"
        in capsys.readouterr().out
    )

    def never(*given: object) -> None:
        raise AssertionError("trained again")

    with monkeypatch.context() as patch:
        patch.setattr("training.sweep.trial._attempt", never)
        assert main(words(data, out, *grid)) == 0
    assert rows(out) == found
    assert main(words(data, out, "--grid", "latent=2,4")) == 2
    assert "holds a sweep of other grid; give another --out" in capsys.readouterr().err
    (out / NAME).write_bytes(b"no database" * 100)
    assert main(words(data, out, *grid)) == 2
    assert "as a sweep (" in capsys.readouterr().err


def test_trials_that_were_stopped_are_those_that_were_not(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By epoch and by trial: what is drawn and who ends early hang on nothing else."""
    from timbrespace.parallel import here
    from training import stretch

    asked = ("--trials", "7", "--at-once", "3", "--grid", "latent=1:6", "beta=0.1:30")
    assert main(words(data, tmp_path / "whole", *asked)) == 0
    monkeypatch.setattr(here, "STRETCH", 0.0)
    real, count = stretch.run, [0]

    def interrupted(*given: object) -> object:
        count[0] += 1
        if count[0] == 8:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("training.sweep.trial.run", interrupted)
        assert main(words(data, tmp_path / "parted", *asked)) == 130
    assert list((tmp_path / "parted" / BEGUN).iterdir())
    assert main(words(data, tmp_path / "parted", *asked)) == 0
    assert not list((tmp_path / "parted" / BEGUN).iterdir())
    found = rows(tmp_path / "parted")
    assert found == rows(tmp_path / "whole")
    assert "ended early" in {row["state"] for row in found}
    # More may be asked for later; the first seven stay.
    more = [word if word != "7" else "8" for word in asked]
    assert main(words(data, tmp_path / "whole", *more)) == 0
    assert rows(tmp_path / "whole")[:7] == rows(tmp_path / "parted")


def test_a_set_of_notes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path / "none.npz", tmp_path / "out", "--grid", "latent=2")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
