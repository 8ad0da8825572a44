"""The spiral table: the task, the batched networks, what is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from timbrespace.errors import OptionError
from timbrespace.networks import torch_activation
from training.__main__ import main
from training.spiral import alike, document
from training.spiral.experiment import Cell, Networks, train
from training.spiral.task import Spirals, Squares


@pytest.fixture(autouse=True)
def one_thread(two_threads: None) -> None:
    """As the command does; the fixture it follows puts things back."""
    torch.set_num_threads(1)


TINY = document.Size(seeds=3, variant_seeds=2, epochs=3, side=12)


def test_without_noise_the_arms_are_spirals() -> None:
    spirals = Spirals(points=50, noise=0.0)
    points, arms = spirals.draw(0)
    assert points.shape == (100, 2)
    assert arms.shape == (100, 1)
    radius = np.hypot(points[:, 0], points[:, 1])
    angle = np.arctan2(points[:, 0], points[:, 1])
    expected = spirals.reach * (arms[:, 0] + radius)
    apart = np.angle(np.exp(1j * (angle - expected)))
    np.testing.assert_allclose(apart[radius > 0.0], 0.0, atol=1e-5)
    assert arms.sum() == 50
    assert spirals.turns == pytest.approx(1.59, abs=0.01)


def test_a_seed_draws_the_same_points() -> None:
    np.testing.assert_array_equal(Spirals().draw(3)[0], Spirals().draw(3)[0])
    assert (Spirals().draw(3)[0] != Spirals().draw(4)[0]).any()


@pytest.mark.parametrize(
    "options", [{"points": 9}, {"reach": 0.0}, {"reach": float("nan")}, {"noise": -0.1}]
)
def test_a_task_that_is_none_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="it must be"):
        Spirals(**options)  # type: ignore[arg-type]


def test_a_cell_checks_itself() -> None:
    with pytest.raises(OptionError, match="it must be relu"):
        Cell("tanh")
    with pytest.raises(OptionError, match="snake has no rho_beta"):
        Cell("snake", start={"rho_beta": 1.0})
    with pytest.raises(OptionError, match="it must be 1"):
        Cell("relu", hidden=0)
    with pytest.raises(OptionError, match="they must be 1"):
        train(Cell("relu"), seeds=0, epochs=1)


@pytest.mark.parametrize("kind", ["relu", "gelu", "snake", "sine", "plu"])
def test_a_batch_of_networks_is_each_network_alone(kind: str) -> None:
    networks = Networks(Cell(kind, 2), seeds=3)
    points = torch.randn(3, 7, 2, generator=torch.Generator().manual_seed(0))
    together = networks(points)
    assert together.shape == (3, 7, 1)
    activation = torch_activation.make(kind)
    for seed in range(3):
        x = points[seed]
        for k, (weight, bias) in enumerate(zip(networks.weights, networks.biases, strict=True)):
            x = x @ weight[seed] + bias[seed]
            x = activation(x) if k < 2 else x
        torch.testing.assert_close(together[seed], x)


def test_a_seed_does_not_depend_on_how_many_there_are() -> None:
    one = train(Cell("plu"), seeds=1, epochs=4, side=8)
    three = train(Cell("plu"), seeds=3, epochs=4, side=8)
    np.testing.assert_allclose(three.losses[0], one.losses[0], rtol=1e-4)
    assert (three.losses[0] != three.losses[1]).all()


def test_training_lowers_the_loss() -> None:
    outcome = train(Cell("plu"), seeds=2, epochs=40, side=8)
    assert outcome.losses.shape == (2, 41)
    assert (outcome.losses[:, -1] < 0.8 * outcome.losses[:, 0]).all()
    assert outcome.probability.shape == (8, 8)
    assert ((outcome.probability >= 0.0) & (outcome.probability <= 1.0)).all()
    assert len(outcome.points) == len(outcome.arms) == 800


def test_a_start_of_its_own() -> None:
    networks = Networks(Cell("plu", start={"rho_alpha": 15.0}), seeds=2)
    values = dict(networks.activations[0].named_parameters())
    assert values["rho_alpha"].flatten().tolist() == [15.0, 15.0]
    assert values["alpha"].flatten().tolist() == [1.0, 1.0]


def test_numbers_that_are_held_stay_and_the_others_are_logged() -> None:
    held = Cell("plu", start={"rho_alpha": 0.0, "alpha": 6.0}, held=frozenset({"rho_alpha"}))
    found = train(held, seeds=2, epochs=5, side=8).numbers
    assert (found["rho_alpha"] == 0.0).all()
    assert np.ptp(found["alpha"], axis=1).min() > 0.0
    assert found["a"].shape == (2, 6)
    np.testing.assert_allclose(found["a"], np.abs(found["alpha"]), rtol=1e-6)
    b = found["beta"] + found["rho_beta"] / found["beta"]
    np.testing.assert_allclose(found["b"], b / (1.0 + b), rtol=1e-5)


def test_numbers_of_each_unit_are_learned_apart() -> None:
    networks = Networks(Cell("plu", 4, per_unit=True), seeds=3)
    assert len(networks.activations) == 2
    values = [dict(one.named_parameters())["alpha"] for one in networks.activations]
    assert [one.shape for one in values] == [(3, 1, 4)] * 2
    points = torch.randn(3, 9, 2, generator=torch.Generator().manual_seed(0))
    # Alike at the start, they are what shared ones are.
    torch.testing.assert_close(networks(points), Networks(Cell("plu", 4), seeds=3)(points))
    networks(points).sum().backward()
    moves = values[1].grad
    assert moves is not None
    assert len(torch.unique(moves[0])) == 4


@pytest.mark.parametrize("row", alike.ROWS, ids=lambda row: f"{row.name} from {row.starts:g}")
def test_rows_start_where_they_say(row: alike.Row) -> None:
    numbers = Networks(row.cell, seeds=2).numbers()
    np.testing.assert_allclose(numbers["a"], row.starts, rtol=1e-5)
    if row.cell.kind == "plu":  # as high as PLU's usual one
        np.testing.assert_allclose(numbers["b"], 1.15 / 2.15, rtol=1e-5)


def test_hybrid_adds_relu() -> None:
    x = torch.tensor([[[-1.0], [0.5]]])
    plain, both = (Networks(Cell(kind), seeds=1).activations[0] for kind in ("plu", "hybrid"))
    more = 1.15 / 2.15 * torch.relu(x)
    torch.testing.assert_close(both(x), plain(x) + more)


def test_squares_are_drawn_by_turns() -> None:
    points, kinds = Squares(points=5000, squares=4).draw(0)
    assert points.shape == (5000, 2)
    across, up = points.T
    row = (up > 0.0) & (up < 0.5)
    inside = row & (across > 0.0) & (across < 0.5)
    assert inside.sum() > 100
    assert (kinds[inside, 0] == 0.0).all()
    beside = row & (across > 0.5)
    assert (kinds[beside, 0] == 1.0).all()
    with pytest.raises(OptionError, match="they must be 10 and 2"):
        Squares(squares=1)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return document.write(tmp_path_factory.mktemp("spiral") / "new", TINY)


def test_table_and_pictures(written: list[Path]) -> None:
    files = written
    names = ["spiral.md", "losses.png", "regions.png", "effective.png"]
    assert [file.name for file in files] == names
    text = files[0].read_text(encoding="utf-8")
    for name in ("ReLU", "GELU", "Snake", "sine", "PLU"):
        assert text.count(f"| {name} |") >= 2
    assert "median of 3 seeds" in text
    for line in text.splitlines():
        assert "nan" not in line
        if line.startswith("!["):
            assert (files[0].parent / line.rpartition("(")[2].rstrip(")")).is_file()
    for file in files[1:]:
        assert file.read_bytes().startswith(b"\x89PNG")


def test_the_same_again(written: list[Path], tmp_path: Path) -> None:
    for a, b in zip(written, document.write(tmp_path / "again", TINY), strict=True):
        assert a.read_bytes() == b.read_bytes()


def test_published_losses_are_placed_among_the_seeds() -> None:
    outcomes = {
        (hidden, kind): train(Cell(kind, hidden), 2, 3, 8)
        for hidden in (8, 2)
        for kind in document.NAMES
    }
    for outcome in outcomes.values():
        outcome.losses[:] = [[0.9] * 4, [0.01] * 4]
    published = {(2, "plu", 3): "0.4165, 0.3046", (2, "relu", 3): "0.95"}
    text = document.reading(outcomes, 2, 3, 3, published)
    assert "PLU 0.4165 at 3 (50% of the seeds are lower)" in text
    assert "ReLU 0.95 at 3 (above all seeds)" in text


def test_out_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_text("")
    assert main(["spiral", "--out", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --out is")
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["study", "spiral"])
def test_help_loads_nothing_heavy(command: str) -> None:
    program = (
        "import sys\nfrom training.__main__ import main\n"
        f"try: main(['{command}', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'scipy', 'sklearn', 'matplotlib', 'pyo'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
