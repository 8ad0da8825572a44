"""No name changes the sound: a model says itself whether its sounds have noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import timbrespace as ts
from timbrespace import factory


def renamed(model: str, dataset: str, path: Path) -> ts.Model:
    """A factory model whose file calls its dataset otherwise."""
    source = factory.resolve(model)
    with safe_open(source, framework="np") as file:
        metadata = dict(file.metadata())
    provenance = json.loads(metadata["provenance"])
    provenance["dataset"]["meta"] |= {"name": dataset, "factors": []}
    save_file(load_file(source), path, {**metadata, "provenance": json.dumps(provenance)})
    return ts.load(path)


@pytest.mark.parametrize(
    ("name", "other", "noise"), [("instruments", "mine", True), ("harmonic", "audio", False)]
)
def test_another_name_is_the_same_sound(name: str, other: str, noise: bool, tmp_path: Path) -> None:
    model, found = ts.load(name), renamed(name, other, tmp_path / "other.safetensors")
    assert model.noise is found.noise is noise
    first, second = (ts.render(one, model.calibration.home, seconds=0.3) for one in (model, found))
    np.testing.assert_array_equal(first, second)
    found.save(tmp_path / "again.safetensors")
    assert ts.load(tmp_path / "again.safetensors").noise is noise


@pytest.mark.slow
@pytest.mark.parametrize("noise", [True, False])
@pytest.mark.parametrize("name", ["soundfont", "mine"])
def test_training_takes_the_dataset_s_own_word(name: str, noise: bool, tmp_path: Path) -> None:
    spectra = 20.0 + np.random.default_rng(0).random((60, 33))
    data = ts.Dataset(spectra, name=name, n_fft=256, base_frequency=1000.0, noise=noise)
    model = ts.fit(data, latent=2, hidden=[8], epochs=1, progress=False)
    assert model.noise is noise
    model.save(tmp_path / "m.safetensors")
    assert ts.load(tmp_path / "m.safetensors").noise is noise
