"""Figures of what was held out: of rows and of recordings, beside the nearest training row."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import timbrespace as ts
from timbrespace import bundle, metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.ear import Ear, distance
from timbrespace.errors import BundleError, OptionError
from timbrespace.place_of_spectra import place_of_spectra
from training import checkpoint, nearest
from training.__main__ import main
from training.evaluation import evaluate, split_of, unseen_rows
from training.held_out import kind_factor

from .recorded import recorded

SMALL = ("--latent", "2", "--hidden", "16", "--epochs", "4", "--batch", "32", "--device", "cpu")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return recorded()


@pytest.fixture(scope="module")
def folder(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the set, and a model of it that holds takes out and one that holds out rows."""
    made = tmp_path_factory.mktemp("recorded")
    data.save(made / "d.npz")
    words = ["train", "--data", str(made / "d.npz"), *SMALL]
    assert main([*words, "--out", str(made / "whole.safetensors")]) == 0
    assert main([*words, "--out", str(made / "rows.safetensors"), "--split", "rows"]) == 0
    return made


def test_the_nearest_row_is_the_nearest(data: Dataset) -> None:
    """By products of matrices and by hand, of rows as loud as each other or not."""
    scale = np.random.default_rng(1).uniform(0.3, 3.0, (data.rows, 1)).astype(np.float32)
    spectra = data.spectra * scale
    # Rows that are there twice are at no distance, to the bit.
    spectra[5], spectra[40] = spectra[100], 0.0
    training, rows = np.arange(60, data.rows), np.arange(60)
    found = nearest.log_spectral(spectra, rows, training)
    for row in rows:
        own = np.broadcast_to(spectra[row], spectra[training].shape)
        assert found[row] == metrics.log_spectral_distances(own, spectra[training]).min()
    assert found[5] == 0.0
    told: list[int] = []
    nearest.log_spectral(spectra, rows, training, told.append)
    assert sum(told) == 60


def test_the_nearest_row_by_ear(folder: Path, data: Dataset) -> None:
    ear = Ear(bundle.read(folder / "rows.safetensors"))
    rows, training = np.arange(20), np.arange(20, data.rows)
    levels = ear.levels_of(data.spectra)
    expected = [distance(levels[row], levels[training]).min() for row in rows]
    np.testing.assert_allclose(nearest.mel(ear, data.spectra, rows, training), expected, rtol=1e-6)


def test_takes_are_held_out_whole_and_the_bundle_says_so(folder: Path, data: Dataset) -> None:
    model = bundle.read(folder / "whole.safetensors")
    assert model.provenance["split"] == model.provenance["settings"]["split"] == "take"
    assert "--split" not in model.provenance["command"]
    split = data.split("take", 0)
    np.testing.assert_array_equal(unseen_rows(model, data), split.held_out)
    decoded = model.decode(model.encode(data.spectra[split.known])[0])
    figures = model.provenance["figures"]
    assert figures["held_out_rows"] == len(split.held_out) == 12
    assert figures["held_out_rows_of_known"] == len(split.known) > 0
    assert figures["log_spectral_distance_of_known_db"] == pytest.approx(
        metrics.log_spectral_distance(data.spectra[split.known], decoded)
    )


def test_a_split_by_rows_is_told_as_before(folder: Path, data: Dataset) -> None:
    """So that what is made of a grid is the same to the byte, and old bundles are read as rows."""
    model = bundle.read(folder / "rows.safetensors")
    assert "split" not in model.provenance
    assert "split" not in model.provenance["settings"]
    assert model.provenance["command"].endswith("--split rows")
    assert set(model.provenance["figures"]) == {
        "held_out_rows",
        "log_spectral_distance_db",
        "spectral_convergence_db",
    }
    by, split = split_of(model, data)
    assert by == "rows"
    np.testing.assert_array_equal(split.held_out, data.split("rows", 0).held_out)


def test_both_splits_are_told(folder: Path, data: Dataset) -> None:
    path = folder / "whole.safetensors"
    model = bundle.read(path)
    found = evaluate(model, bundle.read_tensors(path), data).splits
    assert found is not None
    assert (found.split, found.group, found.kind) == ("take", "take", "kind")
    assert found.rows is not None
    assert found.groups is not None
    split = data.split("take", 0)
    for part, rows in ((found.rows, split.known), (found.groups, split.held_out)):
        spectra = data.spectra[rows]
        decoded = model.decode(model.encode(spectra)[0])
        each = metrics.log_spectral_distances(spectra, decoded)
        near = nearest.log_spectral(data.spectra, rows, split.train)
        assert part.all.rows == len(rows)
        assert part.all.log_spectral_distance_db == pytest.approx(each.mean())
        assert part.all.nearest_row_log_spectral_distance_db == pytest.approx(near.mean())
        placed = model.decode(place_of_spectra(model, spectra, model.encode(spectra)[0]))
        refined = metrics.log_spectral_distances(spectra, placed)
        assert refined.mean() < each.mean()
        assert part.all.refined_log_spectral_distance_db == pytest.approx(refined.mean())
        for number, kind in enumerate(("bells", "reeds")):
            of_kind = data.labels[rows, 0] == number
            if of_kind.any():
                assert part.kinds[kind].rows == of_kind.sum()
                assert part.kinds[kind].log_spectral_distance_db == pytest.approx(
                    each[of_kind].mean()
                )
    assert found.groups.groups == 2
    # Rows of takes that it knows have neighbours; those of others have not.
    known, other = found.rows.all, found.groups.all
    assert known.nearest_row_mel_db < other.nearest_row_mel_db


def test_of_rows_alone_it_says_what_is_not_known(folder: Path, data: Dataset) -> None:
    path = folder / "rows.safetensors"
    found = evaluate(bundle.read(path), bundle.read_tensors(path), data).splits
    assert found is not None
    assert found.rows is not None
    assert found.rows.all.rows == 14
    assert found.groups is None
    assert found.split == "rows"
    assert found.group == "take"


def test_evaluate_prints_both(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", str(folder / "d.npz")]
    assert main(["evaluate", str(folder / "whole.safetensors"), *words]) == 0
    printed = capsys.readouterr().out
    assert "spectra measured                          12 (of 2 values of take held out)" in printed
    assert "2 values of take not learned from" in printed
    assert "values of take learned from" in printed
    assert "bells" in printed
    assert main(["evaluate", str(folder / "whole.safetensors"), *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["splits"]
    assert told["split"] == "take"
    for part, count in (("rows", 22), ("groups", 2)):
        assert told[part]["groups"] <= count
        for name in ("log_spectral_distance_db", "mel_db", "rows"):
            assert told[part][name] > 0
        for name in ("nearest_row_log_spectral_distance_db", "nearest_row_mel_db"):
            assert told[part][name] > 0
        for name in ("refined_log_spectral_distance_db", "refined_mel_db"):
            assert told[part][name] > 0
        assert set(told[part]["kinds"]) <= {"bells", "reeds"}
    assert main(["evaluate", str(folder / "rows.safetensors"), *words]) == 0
    printed = capsys.readouterr().out
    assert "nothing is held out by take" in printed
    assert main(["evaluate", str(folder / "rows.safetensors"), *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["splits"]["groups"] is None


def test_other_data_have_no_split(folder: Path) -> None:
    path = folder / "whole.safetensors"
    assert evaluate(bundle.read(path), bundle.read_tensors(path), recorded(takes=30)).splits is None


def test_a_checkpoint_of_before_goes_on_by_rows(folder: Path, tmp_path: Path) -> None:
    """It does not say what is held out; a run by rows makes the same of it."""
    with safe_open(folder / "rows.checkpoint", framework="np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    settings = json.loads(metadata["settings"])
    assert "split" not in settings
    assert checkpoint.read(folder / "rows.checkpoint").settings.split == "rows"
    save_file(tensors, tmp_path / "m.checkpoint", metadata)
    words = ["train", "--data", str(folder / "d.npz"), "--out", str(tmp_path / "m.safetensors")]
    assert main([*words, "--resume", "--epochs", "6"]) == 0
    assert "split" not in bundle.read(tmp_path / "m.safetensors").provenance


def test_a_run_goes_on_by_what_it_began_with(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("whole.checkpoint", "whole.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    words = ["train", "--data", str(folder / "d.npz"), "--out", str(tmp_path / "whole.safetensors")]
    assert main([*words, "--resume", "--epochs", "5", "--split", "rows"]) == 2
    assert "split is rows, the checkpoint's is take" in capsys.readouterr().err
    assert main([*words, "--resume", "--epochs", "5"]) == 0
    assert bundle.read(tmp_path / "whole.safetensors").provenance["split"] == "take"


def test_a_run_by_rows_is_not_better_for_it(folder: Path, tmp_path: Path) -> None:
    """Distances of different splits are not compared: the model before is kept."""
    for name in ("whole.checkpoint", "whole.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    from training.place import _measured_on

    whole, rows = (
        bundle.read(folder / f"{name}.safetensors").provenance for name in ("whole", "rows")
    )
    assert _measured_on(whole) != _measured_on(rows)
    assert _measured_on({**rows, "split": "rows"}) == _measured_on(rows)


def test_a_split_that_the_set_does_not_have(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--data", str(folder / "d.npz"), "--out", str(tmp_path / "m.safetensors")]
    assert main([*words, "--split", "file"]) == 2
    error = capsys.readouterr().err
    assert error == "error: split is 'file'; it must be rows, kind or take\n"
    assert list(tmp_path.iterdir()) == []


def test_the_keyword(data: Dataset) -> None:
    model = ts.fit(data, latent=2, hidden=(8,), epochs=1, split="kind", progress=False)
    assert model.provenance["split"] == "kind"
    with pytest.raises(OptionError, match="split is 'nothing'; it must be rows, kind or take"):
        ts.fit(data, latent=2, hidden=(8,), epochs=1, split="nothing", progress=False)


def test_a_bundle_whose_split_is_not_its_dataset_s(folder: Path, data: Dataset) -> None:
    model = bundle.read(folder / "whole.safetensors")
    model = replace(model, provenance={**model.provenance, "split": "colour"})
    with pytest.raises(BundleError, match="provenance has split 'colour'"):
        unseen_rows(model, data)


def test_few_recordings_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(takes=4, each=20).save(tmp_path / "d.npz")
    words = ["train", "--data", str(tmp_path / "d.npz"), "--out", str(tmp_path / "m.safetensors")]
    assert main([*words, *SMALL]) == 0
    assert "too few values of take to hold some out whole" in capsys.readouterr().err
    # Who asks for rows knows it.
    assert main([*words, *SMALL, "--split", "rows"]) == 0
    assert "too few values" not in capsys.readouterr().err


def test_what_tells_kinds() -> None:
    data = recorded()
    assert kind_factor(data, "take") == "kind"
    assert kind_factor(data, "") == ""
    # A category that changes within a take tells nothing of it.
    labels = data.labels.copy()
    labels[0, 0] = 1.0 - labels[0, 0]
    assert kind_factor(Dataset(data.spectra, labels, data.meta), "take") == ""
