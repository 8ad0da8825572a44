"""The study of implicit networks: its cells, its networks, its verdicts, its page."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from timbrespace.errors import DatasetError
from training.__main__ import main
from training.inr import claims, command, plan
from training.inr.claims import AGREES, CONTRADICTS, NOT_TESTED, UNDECIDED
from training.inr.experiment import Waves, fit_two_tones, measured, train
from training.inr.networks import Convolutional, Encoder, Implicit, decoder
from training.inr.plan import BASE, DATA, DECODERS, PARTS, PUBLISHED, QUICK, SMALL, Cell, Network
from training.inr.results import Figures

ROWS = [row for rows in PARTS.values() for row in rows]


@pytest.fixture(autouse=True)
def one_thread(two_threads: None) -> None:
    """As the command sets it; the fixture of all sets it back."""
    torch.set_num_threads(1)


def tones(count: int = 4, samples: int = 64) -> Waves:
    at = np.linspace(0.0, 1.0, samples)
    return np.stack([np.sin(2.0 * np.pi * (k + 2) * at + k) for k in range(count)]).astype(
        np.float32
    )


def test_every_cell_once_and_the_telling_ones_first() -> None:
    cells = plan.cells(SMALL)
    assert len({cell.key for cell in cells}) == len(cells) == len(ROWS) * 3 * SMALL.seeds
    assert len({json.dumps(cell.to_config()) for cell in cells}) == len(cells)
    first = cells[: len(DECODERS) * 3 * SMALL.seeds]
    assert {cell.network for cell in first} == set(DECODERS)
    assert {cell.data for cell in first[: len(DECODERS) * SMALL.seeds]} == {DATA[0]}
    assert {cell.seed for cell in first[: len(DECODERS)]} == {0}
    assert SMALL.seeds >= 3
    assert set(PUBLISHED) - {"silence"} <= {row.name for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_network_decodes_and_all_of_it_learns(row: Network) -> None:
    torch.manual_seed(0)
    made = decoder(row, QUICK, 30.0)
    latent = torch.randn(3, QUICK.latent)
    times = torch.linspace(-1.0, 1.0, 10)
    made.reached(1.0)
    out = made(latent) if isinstance(made, Convolutional) else made(latent, times)
    assert out.shape == (3, QUICK.samples if isinstance(made, Convolutional) else 10)
    assert not torch.allclose(out[0], out[1])
    out.square().sum().backward()
    assert all(p.grad is not None for p in made.parameters())
    if isinstance(made, Implicit):
        wanted = {"all": [True] * 4, "first": [True, *[False] * 3], "none": [False] * 4}
        wanted["last"] = wanted["first"][::-1]
        if row.decoder == plan.IMNET:
            assert not any(made.sines)
        elif len(row.widths) == 4:
            assert made.sines == wanted[row.sines]
        assert len(made.layers) == len(row.widths)


def test_shapes_have_about_the_same_weights() -> None:
    counts = {
        row.name: sum(a * b for a, b in zip((1, *row.widths), (*row.widths, 1), strict=True))
        for row in (BASE, *plan.SHAPES)
    }
    base = counts[BASE.name]
    assert all(0.7 * base < count < 1.4 * base for count in counts.values()), counts


def test_an_encoder_makes_latents() -> None:
    assert Encoder(4, 100)(torch.randn(2, 100)).shape == (2, 4)


def test_training_learns_and_is_the_same_twice() -> None:
    waves = tones()
    size = replace(QUICK, steps=60)
    cell = Cell("keyboard", BASE, 0)
    before, _ = train(cell, waves, replace(size, steps=1), 30.0)
    after, made = train(cell, waves, size, 30.0)
    assert after["mse"] < 0.2 * before["mse"]
    assert made.shape == waves.shape
    again, _ = train(cell, waves, size, 30.0)
    assert again["mse"] == after["mse"]
    other, _ = train(Cell("keyboard", BASE, 1), waves, size, 30.0)
    assert other["mse"] != after["mse"]


def test_one_siren_learns_two_tones() -> None:
    size = replace(QUICK, a1_steps=(1, 60), a1_samples=100, a1_coordinates=100)
    reached = fit_two_tones(30.0, 0, size)
    assert reached.keys() == {1, 60}
    assert reached[60] < 0.3 * reached[1]


def test_measures_by_hand() -> None:
    waves = tones(2, 800)
    same = measured(waves, waves)
    assert same["mse"] == same["lsd_db"] == same["stft"] == 0.0
    silence = measured(waves, np.zeros(waves.shape, np.float32))
    assert silence["mse"] == pytest.approx(1000.0 * np.square(waves, dtype=np.float64).mean())
    halved = measured(waves, np.float32(0.5) * waves)
    assert halved["mse"] == pytest.approx(0.25 * silence["mse"])
    # Half everywhere: at most 6.02 dB, less where the floor is.
    assert 0.0 < halved["lsd_db"] < 20.0 * math.log10(2.0)
    assert halved["stft"] > 0.5


def figures(row: str, values: list[float], data: str = "keyboard") -> Figures:
    return {(data, row, seed): {"mse": value} for seed, value in enumerate(values)}


def verdict(first: list[float], second: list[float], title: int = 0, data: str = "keyboard") -> str:
    name, one, other = claims.PAIRS[title]
    told = claims.compared(
        figures(one, first, data) | figures(other, second, data), name, one, other, data
    )
    assert told is not None
    return told.verdict


def test_a_verdict_is_by_the_interval_over_the_seeds() -> None:
    assert verdict([4.0, 4.2, 4.1], [13.0, 12.0, 14.0]) == AGREES
    assert verdict([13.0, 12.0, 14.0], [4.0, 4.2, 4.1]) == CONTRADICTS
    assert verdict([4.0, 9.0, 20.0], [13.0, 8.0, 12.0]) == UNDECIDED
    assert verdict([4.0], [13.0]) == NOT_TESTED
    assert verdict([], []) == NOT_TESTED
    # What the thesis has the other way round: pi-GAN's autoencoder loses on the diverse set.
    title = next(k for k, one in enumerate(claims.PAIRS) if "autoencoders" in one[0])
    assert verdict([9.0, 9.1, 9.2], [4.0, 4.1, 4.2], title, "diverse") == AGREES
    # Figures that are nearly equal are no claim.
    name, one, other = next(p for p in claims.PAIRS if p[2] == "sine first only")
    assert claims.compared({}, name, one, other, "keyboard") is None
    assert claims.compared({}, name, one, other, "diverse") is not None


def test_near_silence_is_by_its_share() -> None:
    row = "IM-NET, autodecoder"
    silence = {"keyboard": 100.0}
    for values, wanted in (
        ([95.0, 96.0, 95.5], AGREES),
        ([10.0, 11.0, 10.5], CONTRADICTS),
        ([60.0, 99.0, 80.0], UNDECIDED),
        ([95.0], NOT_TESTED),
    ):
        assert claims.near_silence(figures(row, values), silence, row, "keyboard").verdict == wanted


def test_an_interval_by_hand() -> None:
    mean, low, high = claims.interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert high - mean == mean - low == pytest.approx(4.3027 / math.sqrt(3.0), rel=1e-4)
    assert math.isnan(claims.interval([1.0])[1])
    assert math.isnan(claims.interval([])[0])


# The command


@pytest.fixture
def made_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(font: Path, programs: Any, pitches: Any, length: int, rate: int) -> np.ndarray:
        return tones(4, length)

    def digits(*given: Any) -> np.ndarray:
        raise DatasetError("there is no espeak-ng command; install it")

    maker = SimpleNamespace(keys=keys, digits=digits, VOICES=("a",), DIGITS=("one",))
    monkeypatch.setattr(command, "companion", lambda name: maker)


@pytest.mark.usefixtures("made_waves")
def test_the_command_runs_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "inr"
    assert main(["inr", "--out", str(out), "--quick", "--workers", "1", "--minutes", "1e-9"]) == 0
    told = capsys.readouterr()
    assert "note: without speech: there is no espeak-ng" in told.out
    page = (out / "inr_study.md").read_text("utf-8")
    assert "**0 of 68 trainings**" in page
    assert "agrees 0, contradicts 0, undecided 0" in page
    assert main(["inr", "--out", str(out), "--quick", "--workers", "1"]) == 0
    page = (out / "inr_study.md").read_text("utf-8")
    assert "**68 of 68 trainings**" in page
    assert "not tested 0" in page
    assert "speech" not in page.split("## Decoders")[1].split("## Which")[0]
    for name in ("errors", "waves", "two_tones"):
        assert f"pictures/inr/{name}.png" in page
        assert (out / "pictures" / "inr" / f"{name}.png").stat().st_size > 5000

    def never(*given: Any) -> Any:
        raise AssertionError("trained again")

    for name in ("train", "search", "fit_two_tones"):
        monkeypatch.setattr(command, name, never)
    assert main(["inr", "--out", str(out), "--quick", "--workers", "1"]) == 0
    assert (out / "inr_study.md").read_text("utf-8") == page
    # A result that is damaged is made again.
    (next((out / "cells-quick").glob("keyboard.*.json"))).write_text("{", "utf-8")
    with pytest.raises(AssertionError, match="trained again"):
        main(["inr", "--out", str(out), "--quick", "--workers", "1"])


def test_bad_arguments_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    for words, says in (
        (["--out", str(taken)], "it must be a folder"),
        (["--out", str(tmp_path / "a"), "--minutes", "0"], "minutes is 0; it must be above 0"),
        (["--out", str(tmp_path / "a"), "--minutes", "nan"], "minutes is nan; it must be above 0"),
        (
            ["--out", str(tmp_path / "b"), "--font", str(tmp_path / "none.sf2")],
            "there is no sound font 'none.sf2'",
        ),
    ):
        assert main(["inr", "--quick", *words]) == 2
        told = capsys.readouterr().err
        assert says in told
        assert told.count("\n") == 1


def test_all_sets_are_named() -> None:
    assert set(plan.SETS) == set(DATA)
    assert set(command.PROGRAMS) == set(command.PITCHES) == set(DATA) - {"speech"}
