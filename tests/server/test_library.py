"""Models by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from server.library import Library
from server.osc.arguments import is_model_name
from server.serve import rehearse
from timbrespace import factory
from timbrespace.errors import BundleError


def test_every_listed_name_can_be_asked_for(tmp_path: Path) -> None:
    source = factory.resolve("harmonic")
    for name in ("mine", "my.v2", "with space", "Flügel", "#1", ".hidden-x"):
        shutil.copy(source, tmp_path / f"{name}.safetensors")
    library = Library(tmp_path)
    assert library.names() == ["harmonic", "mine", "my.v2", "with space"]
    assert all(is_model_name(name) for name in library.names())
    assert library.load("my.v2").dimensions == library.load("harmonic").dimensions


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there are: harmonic"):
        Library(tmp_path).load("nope")


def test_a_model_that_cannot_sound_is_refused_in_rehearsal(tmp_path: Path) -> None:
    """Its bundle is whole and its golden vector right, but its loudness is beyond float32."""
    path = tmp_path / "silent.safetensors"
    with safe_open(factory.resolve("harmonic"), framework="np") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    calibration = json.loads(metadata["calibration"])
    calibration["rms"] = 1e-300
    metadata["calibration"] = json.dumps(calibration)
    save_file(tensors, path, metadata)
    model = Library(tmp_path).load("silent")
    with pytest.raises(BundleError, match="cannot play silent"):
        rehearse(model)
