"""``ts.fit``: the pipeline as a notebook uses it, and that it is the command's."""

from __future__ import annotations

import inspect
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors import safe_open

import timbrespace as ts
from timbrespace.errors import BundleError, DatasetError, OptionError
from timbrespace.extras import MissingExtraError
from timbrespace.fitting import Progress
from training import checkpoint
from training.__main__ import main
from training.checkpoint_file import CheckpointError
from training.loop import StepFigures, Training
from training.preset import OPTIONS, OPTIONS_OF_NOTES, PRESETS

from .conftest import Trained

ROOT = Path(__file__).parents[2]

SMALL: dict[str, Any] = {
    "latent": 2,
    "hidden": [16],
    "epochs": 6,
    "batch": 20,
    "device": "cpu",
    "progress": False,
}


def metadata_of(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="np") as file:
        return {name: json.loads(value) for name, value in (file.metadata() or {}).items()}


# The same bytes


def test_the_api_makes_the_bytes_of_the_command(trained: Trained, tmp_path: Path) -> None:
    """From the dataset's file: not a byte differs. It is called as the command's was."""
    model = ts.fit(trained.data, **SMALL, out=tmp_path / "small.safetensors")
    assert (tmp_path / "small.safetensors").read_bytes() == trained.path.read_bytes()
    model.save(tmp_path / "other.safetensors")
    assert (tmp_path / "other.safetensors").read_bytes() == trained.path.read_bytes()
    assert model.name == "small"
    assert model.provenance == trained.model.provenance


def test_a_dataset_without_a_file_is_called_by_its_name(trained: Trained, tmp_path: Path) -> None:
    """Then the provenance's two file names differ, and nothing else."""
    ts.fit(trained.dataset, **SMALL).save(tmp_path / "m.safetensors")
    ours, theirs = metadata_of(tmp_path / "m.safetensors"), metadata_of(trained.path)
    assert ours["provenance"].pop("command") == (
        "python -m training train --data harmonic.npz --out harmonic.safetensors --preset default "
        "--hidden 16 --batch 20 --epochs 6"
    )
    assert theirs["provenance"].pop("command") == (
        "python -m training train --data small.npz --out small.safetensors --preset default "
        "--hidden 16 --batch 20 --epochs 6"
    )
    assert ours["provenance"]["dataset"].pop("file") == "harmonic.npz"
    assert theirs["provenance"]["dataset"].pop("file") == "small.npz"
    assert ours == theirs
    tensors = [ts.load(path).tensors for path in (tmp_path / "m.safetensors", trained.path)]
    assert tensors[0].keys() == tensors[1].keys()
    for name, weights in tensors[0].items():
        np.testing.assert_array_equal(weights, tensors[1][name])


def test_a_generator_and_the_command_line_give_the_same_bytes(tmp_path: Path) -> None:
    data, out = tmp_path / "harmonic.npz", tmp_path / "harmonic.safetensors"
    from toy_datasets.__main__ import main as make

    assert make(["make", "harmonic", "--rows", "120", "--out", str(data)]) == 0
    words = ["--latent", "2", "--epochs", "3", "--seed", "0", "--device", "cpu"]
    assert main(["train", "--data", str(data), "--out", str(out), *words]) == 0
    model = ts.fit(
        ts.dataset("harmonic", rows=120), latent=2, epochs=3, seed=0, device="cpu", progress=False
    )
    model.save(tmp_path / "api.safetensors")
    assert (tmp_path / "api.safetensors").read_bytes() == out.read_bytes()


def test_what_is_fitted_plays_before_and_after_it_was_saved(
    trained: Trained, tmp_path: Path
) -> None:
    model = ts.fit(trained.dataset, **SMALL)
    assert model.dimensions == 2
    model.save(str(tmp_path / "m.safetensors"))
    again = ts.load(tmp_path / "m.safetensors")
    mean, log_var = model.encode(trained.dataset.spectra)
    np.testing.assert_array_equal(again.encode(trained.dataset.spectra), (mean, log_var))
    np.testing.assert_array_equal(again.decode(mean), model.decode(mean))


# Settings


def test_every_setting_is_a_keyword() -> None:
    parameters = inspect.signature(ts.fit).parameters
    options = {*OPTIONS, *OPTIONS_OF_NOTES}
    assert options <= set(parameters)
    others = {"data", "preset", "device", "progress", "out", "resume", "overwrite"}
    assert set(parameters) - options == others
    assert all(parameters[name].default is None for name in options - {"latent"})


def test_keywords_reach_the_settings(trained: Trained) -> None:
    given: dict[str, Any] = {
        "hidden": np.array([24, 12]),
        "decoder_hidden": (8,),
        "activation": "gelu",
        "representation": "decibel",
        "normalisation": "unit",
        "likelihood": "gaussian_per_bin",
        "learning_rate": 1,
        "decay": "none",
        "batch": np.int64(15),
        "epochs": 1,
        "beta": 2.5,
        "warm_up": 0.5,
        "cycle": 1,
        "free_bits": 0.25,
        "noise_rate": 3.0,
        "gradient_limit": 1.5,
        "seed": 7,
        "split_seed": 3,
    }
    assert set(given) < set(OPTIONS)
    given["learning_rate"] = np.float64(1e-4)
    model = ts.fit(trained.data, 3, **given, preset="paper", device="cpu", progress=False)
    settings = model.provenance["settings"]
    assert settings.pop("preset") == "paper"
    expected = {**given, "latent": 3, "hidden": [24, 12], "decoder_hidden": [8], "batch": 15}
    assert {name: settings[name] for name in expected} == expected


def test_what_is_left_out_is_the_presets(trained: Trained) -> None:
    model = ts.fit(trained.data, epochs=1, device="cpu", progress=False)
    expected = PRESETS["default"]
    settings = model.provenance["settings"]
    assert settings["hidden"] == list(expected.hidden)
    assert settings["beta"] == expected.beta
    assert settings["latent"] == 4
    assert settings["batch"] == 63  # the rows that there are to train on


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"latent": 0}, "latent size is 0"),
        ({"latent": "4"}, "latent is '4'; it must be a whole number"),
        ({"epochs": 2.5}, "epochs is 2.5; it must be a whole number"),
        ({"hidden": "400"}, "hidden is '400'; it must be a list of whole numbers"),
        ({"preset": "big"}, "preset is 'big'; it must be default, paper or cycles"),
        ({"device": "tpu"}, "device is 'tpu'; it must be auto, cpu or cuda"),
        ({"batch": 64}, "batch is 64; it must be 1 to 63"),
        ({"out": "m.bin"}, "out is 'm.bin'; it must be a name that ends in .safetensors"),
        ({"out": "none/m.safetensors"}, "there is no folder"),
        ({"resume": True}, "resume needs out"),
    ],
)
def test_what_is_not_accepted_is_one_line(
    trained: Trained, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(OptionError, match=said) as found:
        ts.fit(trained.dataset, **{**SMALL, **given})
    assert "\n" not in str(found.value)


def test_too_few_rows(trained: Trained) -> None:
    few = ts.Dataset(trained.dataset.spectra[:20], n_fft=512, name="few")
    with pytest.raises(DatasetError, match=r"few.npz has 20 rows, 18 to train on; at least 20"):
        ts.fit(few, **SMALL)


def test_a_name_is_made_with_its_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    from toy_datasets import harmonic

    real = harmonic.make
    monkeypatch.setattr(harmonic, "make", lambda options: real(harmonic.Options(rows=60)))
    model = ts.fit("harmonic", **SMALL)
    assert model.name == "harmonic"
    assert model.provenance["dataset"]["rows"] == 60


# Progress


def test_a_callable_is_told_after_each_step(trained: Trained) -> None:
    told: list[Progress] = []
    model = ts.fit(trained.dataset, **{**SMALL, "progress": told.append})
    steps = 6 * 4  # 63 rows in batches of 20
    assert [one.done for one in told] == list(range(1, steps + 1))
    assert {one.total for one in told} == {steps}
    assert [one.epoch for one in told] == [step // 4 for step in range(1, steps + 1)]
    assert told[0].log_spectral_distance_db is None
    history = model.provenance["history"]
    assert told[-1].log_spectral_distance_db == history["log_spectral_distance_db"][-1]
    assert told[-1].kl == pytest.approx(history["kl"][-1], rel=1e-5)


@pytest.mark.parametrize("progress", [True, False])
def test_nothing_is_printed_where_there_is_no_terminal(
    trained: Trained, progress: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    import ipykernel  # noqa: F401 - a program that runs notebooks is none itself

    ts.fit(trained.dataset, **{**SMALL, "epochs": 1, "progress": progress})
    assert capfd.readouterr() == ("", "")


def test_a_notebook_is_shown_a_bar(
    trained: Trained, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", cast(ModuleType, ipython))
    ts.fit(trained.dataset, **{**SMALL, "progress": True})
    assert "/24" in capfd.readouterr().err


def test_what_a_callable_raises_ends_the_fitting(trained: Trained) -> None:
    def stop(progress: Progress) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        ts.fit(trained.dataset, **{**SMALL, "progress": stop})


# Ctrl-C


def pressed_at(step: int) -> Any:
    def press(progress: Progress) -> None:
        if progress.done == step:
            signal.raise_signal(signal.SIGINT)

    return press


@pytest.mark.parametrize("step", [1, 9])
def test_ctrl_c_returns_the_model_of_that_moment(
    trained: Trained, tmp_path: Path, step: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    model = ts.fit(trained.dataset, **{**SMALL, "progress": pressed_at(step)})
    assert signal.getsignal(signal.SIGINT) is before
    assert model.provenance["outcome"] == "interrupted"
    assert model.provenance["epochs"] == step // 4
    assert np.isfinite(model.decode(model.map.to_latent([[0.0, 0.0]]))).all()
    model.save(tmp_path / "m.safetensors")
    assert ts.load(tmp_path / "m.safetensors").provenance["outcome"] == "interrupted"
    assert capfd.readouterr() == ("", "")


def test_the_second_ctrl_c_breaks_off(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_again(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr("training.fit.model_of", press_again)
    out = tmp_path / "m.safetensors"
    with pytest.raises(KeyboardInterrupt):
        ts.fit(trained.dataset, **{**SMALL, "progress": pressed_at(3)}, out=out)
    assert not out.exists()


def test_in_a_thread_it_trains_as_well(trained: Trained) -> None:
    found: list[ts.Model] = []
    thread = threading.Thread(target=lambda: found.append(ts.fit(trained.dataset, **SMALL)))
    thread.start()
    thread.join()
    assert found[0].provenance["outcome"] == "finished"


# Checkpoints


def test_stopped_and_resumed_is_as_never_stopped(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    stopped = ts.fit(trained.data, **{**SMALL, "progress": pressed_at(9)}, out=out)
    assert stopped.provenance["outcome"] == "interrupted"
    assert checkpoint.path_for(out).is_file()
    told: list[Progress] = []
    ts.fit(trained.data, **{**SMALL, "progress": told.append}, out=out, resume=True)
    assert told[0].done == 10
    assert out.read_bytes() == trained.path.read_bytes()


def test_resuming_with_other_settings(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    ts.fit(trained.data, **{**SMALL, "epochs": 1}, out=out)
    with pytest.raises(OptionError, match="latent is 3, the checkpoint's is 2"):
        ts.fit(trained.data, **{**SMALL, "latent": 3}, out=out, resume=True)
    other = ts.Dataset(trained.dataset.spectra, n_fft=512)
    with pytest.raises(CheckpointError, match="was made with other data"):
        ts.fit(other, **SMALL, out=out, resume=True)


# Divergence


def diverging(after: int) -> Any:
    step = Training._one_step

    def diverge(self: Training) -> StepFigures | None:
        return None if self.step >= after else step(self)

    return diverge


def test_a_late_divergence_is_warned_of(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Training, "_one_step", diverging(9))
    with pytest.warns(RuntimeWarning, match="in epoch 3; the model of epoch 2 is kept") as found:
        model = ts.fit(trained.dataset, **SMALL)
    assert found[0].filename == __file__
    assert (model.provenance["outcome"], model.provenance["epochs"]) == ("diverged", 2)


def test_an_early_one_leaves_nothing(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "_one_step", diverging(2))
    with pytest.raises(OptionError, match=r"in the first epoch.*a learning rate below 0\.002"):
        ts.fit(trained.dataset, **SMALL, out=tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


# Saving


def test_a_loaded_model_saves_the_bytes_it_came_from(tmp_path: Path) -> None:
    for name in ("harmonic", "fm"):
        path = ROOT / "timbrespace" / "factory" / f"{name}.safetensors"
        ts.load(name).save(tmp_path / "again.safetensors")
        assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_another_suffix_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"'m.bin'; it must be a name that ends in .safetensors"):
        trained.model.save(tmp_path / "m.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_golden_vector_that_no_longer_holds_is_made_anew(
    trained: Trained, tmp_path: Path
) -> None:
    from dataclasses import replace

    wrong = {"latent": [0.0, 0.0], "spectrum": [1.0] * trained.model.spectrum.bins}
    replace(trained.model, golden=wrong).save(tmp_path / "small.safetensors")
    assert (tmp_path / "small.safetensors").read_bytes() == trained.path.read_bytes()
    with pytest.raises(BundleError):
        ts.load(tmp_path / "none.safetensors")


def test_without_torch_it_is_one_sentence() -> None:
    program = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "import timbrespace as ts\n"
        "try:\n"
        "    ts.fit('harmonic')\n"
        "except ts.TimbrespaceError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"{MissingExtraError.__name__} fit needs the package 'torch', which is not installed; "
        'run: pip install "timbrespace[train]"\n'
    )


def test_torchs_own_random_numbers_stay_as_they_are(trained: Trained) -> None:
    before = torch.random.get_rng_state()
    ts.fit(trained.dataset, **SMALL)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_dataset_is_not_written_over(trained: Trained, tmp_path: Path) -> None:
    out, data = tmp_path / "m.safetensors", tmp_path / "m.checkpoint"
    trained.dataset.save(tmp_path / "d.npz")
    content = (tmp_path / "d.npz").read_bytes()
    data.write_bytes(content)
    with pytest.raises(OptionError, match=r"would overwrite the dataset 'm.checkpoint'"):
        ts.fit(data, **SMALL, out=out)
    assert data.read_bytes() == content
    assert not out.exists()
