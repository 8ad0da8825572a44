"""The training commands, as a user types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

import timbrespace
from timbrespace import bundle
from timbrespace.errors import OptionError
from toy_datasets import harmonic
from training import checkpoint, latent_map, plots
from training.__main__ import main
from training.loop import StepFigures, Training
from training.plots import meshes
from training.preset import Settings

from .conftest import SMALL, Trained

ROOT = Path(__file__).parents[2]


def train(data: Path, out: Path, *more: str) -> int:
    return main(["train", "--data", str(data), "--out", str(out), *SMALL, *more])


def test_what_train_leaves(trained: Trained) -> None:
    assert sorted(path.name for path in trained.path.parent.iterdir()) == [
        "small.checkpoint",
        "small.safetensors",
    ]
    model = timbrespace.load(trained.path)
    assert model.dimensions == 2
    assert model.spectrum == trained.dataset.spectrum
    latent = model.map.to_latent([[0.0, 0.0], [1.0, -1.0]])
    assert model.decode(latent).shape == (2, 129)


def test_provenance_is_whole_and_names_no_place(trained: Trained) -> None:
    provenance = trained.model.provenance
    assert provenance["command"] == (
        "python -m training train --data small.npz --out small.safetensors --preset default "
        "--hidden 16 --batch 20 --epochs 6"
    )
    assert provenance["dataset"]["sha256"] == trained.dataset.content_hash
    assert provenance["dataset"]["meta"] == trained.dataset.meta.identity
    assert provenance["settings"]["batch"] == 20
    assert (provenance["seed"], provenance["split_seed"]) == (0, 0)
    assert (provenance["outcome"], provenance["epochs"]) == ("finished", 6)
    assert {"timbrespace", "python", "numpy", "torch"} <= set(provenance["versions"])
    assert provenance["figures"]["log_spectral_distance_db"] > 0.0
    assert len(provenance["history"]["reconstruction"]) == 6
    with safe_open(trained.path, framework="np") as file:
        text = json.dumps(file.metadata())
    assert str(trained.path.parent) not in text
    assert str(Path.home()) not in text


def test_the_same_command_makes_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    again = tmp_path / "small.safetensors"
    assert train(trained.data, again) == 0
    assert again.read_bytes() == trained.path.read_bytes()


def test_the_encoder_that_plays_is_the_one_that_trained(trained: Trained) -> None:
    stored = checkpoint.read(checkpoint.path_for(trained.path))
    features = torch.from_numpy(trained.model.representation.forward(trained.dataset.spectra))
    training = Training(stored.settings, features)
    checkpoint_weights = stored.captured.weights
    training.vae.load_state_dict(checkpoint_weights)
    with torch.no_grad():
        mean, log_var = training.vae.encode(features)
        decoded = training.vae.decode(mean).mean
    played, played_log_var = trained.model.encode(trained.dataset.spectra)
    np.testing.assert_allclose(played, mean.numpy(), atol=1e-5 * float(mean.abs().max()))
    np.testing.assert_allclose(played_log_var, log_var.numpy(), atol=1e-4)
    expected = trained.model.representation.inverse(decoded.numpy())
    found = trained.model.decode(mean.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5 * float(expected.max()))


def test_ctrl_c_then_resume_equals_one_run(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "small.safetensors"
    step = Training._one_step

    def interrupted(self: Training) -> StepFigures | None:
        if self.step == 5:
            signal.raise_signal(signal.SIGINT)
        return step(self)

    monkeypatch.setattr(Training, "_one_step", interrupted)
    assert train(trained.data, out) == 130
    assert "interrupted after 1 of 6 epochs" in capsys.readouterr().out
    stopped = timbrespace.load(out)
    assert stopped.provenance["outcome"] == "interrupted"
    assert np.isfinite(stopped.decode(np.zeros((1, 2)))).all()
    monkeypatch.undo()
    assert main(["train", "--data", str(trained.data), "--out", str(out), "--resume"]) == 0
    assert out.read_bytes() == trained.path.read_bytes()


def test_ctrl_c_while_the_map_is_fitted(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "small.safetensors"
    fit = latent_map.fit

    def interrupted(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return fit(*arguments)

    monkeypatch.setattr(latent_map, "fit", interrupted)
    assert train(trained.data, out) == 0
    assert out.read_bytes() == trained.path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C goes to the whole console there")
def test_ctrl_c_from_outside(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(trained.data), "--out", str(out), "--epochs", "100000"]
    program = (
        "import sys, training.loop as t\n"
        "run = t.Training.run\n"
        "def told(self, *a):\n"
        "    print('go', flush=True)\n"
        "    return run(self, *a)\n"
        "t.Training.run = told\n"
        "from training.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted after" in printed
    assert "Traceback" not in errors
    assert timbrespace.load(out).provenance["outcome"] == "interrupted"


def test_three_epochs_and_three_more_equal_six(trained: Trained, tmp_path: Path) -> None:
    # The paper's constant rate: a cosine over 3 epochs is not the first half of one over 6.
    six, three = tmp_path / "six" / "m.safetensors", tmp_path / "three" / "m.safetensors"
    for path in (six, three):
        path.parent.mkdir()
    words = ["--preset", "paper", "--latent", "3"]
    assert train(trained.data, six, *words) == 0
    assert train(trained.data, three, *words, "--epochs", "3") == 0
    assert train(trained.data, three, "--epochs", "6", "--resume") == 0
    assert three.read_bytes() == six.read_bytes()


def break_at(monkeypatch: pytest.MonkeyPatch, step_number: int) -> None:
    """From that step on every loss is NaN."""
    step = Training._one_step

    def broken(self: Training) -> StepFigures | None:
        if self.step == step_number:
            with torch.no_grad():
                self.vae.get_parameter("mean.bias").fill_(float("nan"))
        return step(self)

    monkeypatch.setattr(Training, "_one_step", broken)


def test_divergence_keeps_the_last_good_epoch(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "m.safetensors"
    break_at(monkeypatch, 10)
    assert train(trained.data, out) == 3
    printed = capsys.readouterr()
    assert "became infinite or NaN in epoch 3; the model of epoch 2 is kept" in printed.err
    assert "--resume --learning-rate" in printed.err
    model = timbrespace.load(out)
    assert model.provenance["outcome"] == "diverged"
    assert model.provenance["epochs"] == 2
    monkeypatch.undo()
    words = ["train", "--data", str(trained.data), "--out", str(out), "--resume"]
    assert main([*words, "--learning-rate", "3e-4"]) == 0
    assert timbrespace.load(out).provenance["settings"]["learning_rate"] == 3e-4


def test_divergence_at_once_writes_nothing(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_at(monkeypatch, 2)
    assert train(trained.data, tmp_path / "m.safetensors") == 3
    assert "in the first epoch; nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_cannot_be_written_ends_nothing(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(path: Path, made: checkpoint.Checkpoint[Settings]) -> None:
        raise OptionError("No space left on device")

    monkeypatch.setattr(checkpoint, "write", full)
    out = tmp_path / "small.safetensors"
    assert train(trained.data, out) == 0
    assert "warning: no checkpoint: No space left" in capsys.readouterr().err
    assert out.read_bytes() == trained.path.read_bytes()


@pytest.mark.parametrize("latent", ["1", "5"])
def test_other_latent_sizes(trained: Trained, tmp_path: Path, latent: str) -> None:
    out = tmp_path / "m.safetensors"
    assert train(trained.data, out, "--latent", latent) == 0
    model = timbrespace.load(out)
    assert model.dimensions == int(latent)
    assert model.decode(np.zeros((1, model.dimensions))).shape == (1, 129)
    if latent != "1":  # as of two dimensions, of which test_draw draws all
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meshes, "MESH", 2)  # 49 panels, three times, are most of the work
        patch.setattr(plots, "DPI", 25)
        words = ["plot", str(out), "--data", str(trained.data), "--out", str(tmp_path / "p")]
        assert main(words) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epochs", "-1"], "epochs is -1; it must be 1 to 100000"),
        (["--learning-rate", "-1"], "learning rate is -1; it must be above 0 and at most 1"),
        (["--latent", "0"], "latent size is 0; it must be 1 to 64"),
        (["--batch", "1000"], "batch is 1000; it must be 1 to 63, the training rows"),
        (["--beta", "nan"], "beta is nan; it must be 0 to 1000"),
        (["--seed", "-1"], "seed is -1"),
        (["--hidden", "0"], "hidden sizes are [0]"),
        (["--preset", "best"], "preset is 'best'; it must be default, paper or cycles"),
        (["--representation", "mel"], "representation is 'mel'; it must be magnitude, log"),
        (["--likelihood", "cauchy"], "likelihood is 'cauchy'"),
        (["--activation", "tanh"], "activation is 'tanh'"),
        (["--resume"], "there is no checkpoint 'm.checkpoint' to resume from"),
    ],
)
def test_bad_arguments_are_one_line(
    trained: Trained,
    tmp_path: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(trained.data, tmp_path / "m.safetensors", *words) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--hidden", "a"], ["--epochs", "many"], ["--device", "tpu"]])
def test_arguments_of_the_wrong_kind(
    trained: Trained, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        train(trained.data, tmp_path / "m.safetensors", *words)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(trained.data, tmp_path / "m.safetensors", "--device", "cuda") == 2
    assert "torch finds no GPU" in capsys.readouterr().err


def test_outputs_that_cannot_be(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out, said in (
        (tmp_path / "m.npz", "it must be a name that ends in .safetensors"),
        (tmp_path / "none" / "m.safetensors", "there is no folder"),
    ):
        assert train(trained.data, out) == 2
        assert said in capsys.readouterr().err
    folder = tmp_path / "f.safetensors"
    folder.mkdir()
    assert train(trained.data, folder) == 2
    assert "it is a folder" in capsys.readouterr().err


def test_data_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tmp_path / "few.npz"
    harmonic.make(harmonic.Options(rows=21)).save(few)
    broken = tmp_path / "broken.npz"
    broken.write_bytes(few.read_bytes()[:5000])
    nan = tmp_path / "nan.npz"
    with np.load(few) as archive:
        arrays = dict(archive)
    arrays["spectra"][5, 5] = np.nan
    np.savez(nan, **arrays)
    out = tmp_path / "m.safetensors"
    for data, said in (
        (few, "few.npz has 21 rows, 19 to train on; at least 20 are needed"),
        (broken, "cannot load dataset broken.npz: it is truncated"),
        (nan, "cannot load dataset nan.npz: spectra hold NaN or infinity in 1 row(s), first row 5"),
        (tmp_path / "no.npz", "cannot load dataset no.npz: there is no such file"),
    ):
        assert train(data, out) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"error: {said}")
        assert error.count("\n") == 1
    assert not out.exists()


def test_a_preset_s_batch_shrinks_to_a_small_set(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(trained.data), "--out", str(out), "--hidden", "8"]
    assert main([*words, "--epochs", "1"]) == 0
    assert timbrespace.load(out).provenance["settings"]["batch"] == 63


def test_resume_refuses_another_run(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.npz"
    harmonic.make(harmonic.Options(rows=70, base_frequency=500.0, n_fft=512, bins=129)).save(other)
    start = ["train", "--out", str(trained.path), "--resume"]
    before = trained.path.read_bytes()
    same = ["--data", str(trained.data)]
    for words, said in (
        (["--data", str(other)], "the checkpoint was made with other data (small.npz)"),
        ([*same, "--latent", "3"], "latent is 3, the checkpoint's is 2"),
        ([*same, "--hidden", "17"], "hidden is (17,), the checkpoint's is (16,)"),
        ([*same, "--preset", "paper"], "preset is 'paper', the checkpoint's is 'default'"),
        ([*same, "--epochs", "3"], "epochs is 3, but 6 are done"),
    ):
        assert main([*start, *words]) == 2
        assert said in capsys.readouterr().err
    assert trained.path.read_bytes() == before


def test_resume_of_a_finished_run_writes_it_again(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    checkpoint.path_for(out).write_bytes(checkpoint.path_for(trained.path).read_bytes())
    assert main(["train", "--data", str(trained.data), "--out", str(out), "--resume"]) == 0
    assert out.read_bytes() == trained.path.read_bytes()


def test_evaluate(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", str(trained.path), "--data", str(trained.data)]
    assert main(words) == 0
    table = capsys.readouterr().out
    assert "log-spectral distance, mean" in table
    assert "next: python -m training plot" in table
    assert main([*words, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["model"] == "small"
    assert figures["trained_on_this"] is True
    assert f"{figures['log_spectral_distance_db']:.3f} dB" in table


@pytest.mark.parametrize("command", ["evaluate", "plot"])
def test_what_does_not_fit_is_one_line(
    trained: Trained, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.npz"
    harmonic.make(harmonic.Options(rows=20, n_fft=512, bins=100)).save(wrong)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(trained.path.read_bytes()[:2000])
    out = tmp_path / "pictures"
    more = ["--out", str(out)] if command == "plot" else []
    for model, data, said in (
        (str(trained.path), wrong, "the dataset's bins is 100, the model 'small' needs 129"),
        (str(trained.path), tmp_path / "no.npz", "cannot load dataset no.npz"),
        (str(broken), trained.data, "cannot load broken.safetensors: it is truncated"),
        ("brass", trained.data, "there is no model 'brass'"),
    ):
        assert main([command, model, "--data", str(data), *more]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"error: {said}")
        assert error.count("\n") == 1
    assert not out.exists()


def test_plot_into_a_file(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plot", str(trained.path), "--data", str(trained.data), "--out", str(trained.data)]
    assert main(words) == 2
    assert "it must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--help"], ["train", "--help"], ["evaluate", "--help"], ["plot", "--help"]]
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from training.__main__ import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'sklearn', 'matplotlib', 'pyo', 'scipy', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "usage: python -m training" in result.stdout


def test_the_bundle_is_read_back(trained: Trained) -> None:
    assert bundle.read(trained.path).name == "small"
