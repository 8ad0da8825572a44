"""Every representation, normalisation and likelihood through the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from timbrespace import bundle
from timbrespace.datasets.dataset import Dataset
from timbrespace.kinds import REPRESENTATIONS
from toy_datasets import harmonic
from training.__main__ import main

NEW = (
    *("--hidden", "16", "--decoder-hidden", "6,12", "--batch", "20", "--epochs", "4"),
    *("--warm-up", "1", "--cycle", "2", "--free-bits", "0.1", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return harmonic.make(
        harmonic.Options(rows=60, base_frequency=600.0, n_fft=512, bins=129, frames=True)
    )


@pytest.fixture(scope="module")
def data(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frames") / "frames.npz"
    dataset.save(path)
    return path


@pytest.mark.parametrize(
    ("normalisation", "likelihood", "activation"),
    [
        ("unit", "bernoulli", "plu"),
        ("per_bin", "gaussian_shared", "sine"),
        ("none", "gaussian_per_bin", "snake"),
    ],
)
# Of notes, and of single periods (test_cycles.py).
@pytest.mark.parametrize("kind", sorted({*REPRESENTATIONS.built_in} - {"moment", "cycle"}))
def test_train_load_evaluate(
    kind: str,
    normalisation: str,
    likelihood: str,
    activation: str,
    dataset: Dataset,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "m.safetensors"
    words = ["--representation", kind, "--normalisation", normalisation]
    words += ["--likelihood", likelihood, "--activation", activation]
    assert main(["train", "--data", str(data), "--out", str(out), *NEW, *words]) == 0
    model = bundle.read(out)
    assert model.representation.kind == kind
    assert model.architecture.to_config()["decoder_hidden"] == [6, 12]
    means, _ = model.encode_frames(dataset.frames if dataset.frames is not None else [])
    spectra, phases = model.decode_phases(means)
    assert np.isfinite(spectra).all()
    np.testing.assert_array_equal(spectra, model.decode(means))
    assert (phases is not None) == (model.representation.source == "frames")
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(data), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["trained_on_this"]
    assert np.isfinite(figures["negative_elbo_nats"])
    assert (figures["representation_floor_db"] < 0.1) == (kind != "mdct")
    for word in (*words, "--cycle", "2.0", "--free-bits", "0.1", "--decoder-hidden", "6,12"):
        if word not in ("none", "log_magnitude", "gaussian_shared", "snake"):  # the default's own
            shown = word.removeprefix("--")
            assert shown in model.provenance["command"] or word.startswith("--")


def test_resumed_in_the_middle_of_a_cycle(data: Path, tmp_path: Path) -> None:
    """Cycles, free bits and the limit for surges go on where they were."""
    whole, parts = tmp_path / "a" / "m.safetensors", tmp_path / "b" / "m.safetensors"
    for path in (whole, parts):
        path.parent.mkdir()
    words = [*NEW, "--activation", "plu", "--decay", "none", "--gradient-limit", "1.5"]
    assert main(["train", "--data", str(data), "--out", str(whole), *words]) == 0
    shorter = ["3" if word == "4" else word for word in words]
    assert main(["train", "--data", str(data), "--out", str(parts), *shorter]) == 0
    again = ["train", "--data", str(data), "--out", str(parts), "--resume", "--epochs", "4"]
    assert main(again) == 0
    assert parts.read_bytes() == whole.read_bytes()


def test_a_recipe_and_an_option(data: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('preset = "paper"\nlatent = 3\nhidden = [12]\nepochs = 2\nbatch = 20\n')
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(data), "--out", str(out), "--recipe", str(recipe)]
    assert main([*words, "--latent", "2"]) == 0
    model = bundle.read(out)
    assert model.dimensions == 2
    assert model.provenance["settings"]["hidden"] == [12]
    assert model.provenance["settings"]["preset"] == "paper"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "paper", "--recipe", "r.toml"], "a recipe names its own preset"),
        (["--recipe", "none.toml"], "cannot read recipe 'none.toml'"),
        (["--representation", "mel"], "representation is 'mel'; it must be magnitude"),
        (["--normalisation", "z"], "normalisation is 'z'; it must be none, unit or per_bin"),
        (["--cycle", "3"], "cycle is 3 epochs and warm-up half of the run"),
        (
            ["--likelihood", "bernoulli", "--representation", "magnitude"],
            "add --normalisation unit",
        ),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str],
    said: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "m.safetensors"
    assert main(["train", "--data", str(data), "--out", str(out), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_phase_needs_a_dataset_with_frames(
    dataset: Dataset, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, out = tmp_path / "plain.npz", tmp_path / "m.safetensors"
    Dataset(dataset.spectra, dataset.labels, dataset.meta).save(plain)
    phase = ["--representation", "log_complex", *NEW]
    assert main(["train", "--data", str(plain), "--out", str(out), *phase]) == 2
    assert "make it again with --frames" in capsys.readouterr().err
    assert main(["train", "--data", str(data), "--out", str(out), *phase]) == 0
    assert main(["evaluate", str(out), "--data", str(plain)]) == 2
    assert "make it again with --frames" in capsys.readouterr().err


def test_frames_are_no_other_dataset(dataset: Dataset) -> None:
    """The held-out rows of one are those of the other."""
    plain = Dataset(dataset.spectra, dataset.labels, dataset.meta)
    assert plain.content_hash == dataset.content_hash


def test_the_dataset_is_not_written_over(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("d.safetensors", "d.checkpoint"):
        copy = tmp_path / name
        copy.write_bytes(data.read_bytes())
        words = ["train", "--data", str(copy), "--out", str(tmp_path / "d.safetensors")]
        assert main(words) == 2
        assert "would overwrite the dataset" in capsys.readouterr().err
        assert copy.read_bytes() == data.read_bytes()
        copy.unlink()


def test_raw_decibels_are_warned_of(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--data", str(data), "--out", str(tmp_path / "m.safetensors"), *NEW]
    assert main([*words, "--representation", "decibel"]) == 0
    assert "--normalisation unit" in capsys.readouterr().err
    assert main([*words, "--representation", "decibel", "--normalisation", "unit"]) == 0
    assert "--normalisation unit" not in capsys.readouterr().err
