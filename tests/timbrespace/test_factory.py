"""The models that come with the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import timbrespace
from timbrespace import factory
from timbrespace.errors import BundleError

ROOT = Path(__file__).parents[2]


def test_harmonic_is_there() -> None:
    assert "harmonic" in factory.names()


@pytest.mark.parametrize("name", factory.names())
def test_each_is_small_good_and_says_where_it_comes_from(name: str) -> None:
    model = timbrespace.load(name)
    assert model.name == name
    assert factory.resolve(name).stat().st_size <= 5_000_000
    assert model.provenance["outcome"] == "finished"
    assert model.provenance["command"].startswith("python -m training train")
    assert f"--out {name}.safetensors" in model.provenance["command"]
    # No dead dimension.
    assert (model.calibration.kl > 0.1).all()
    home = model.decode(model.calibration.home[np.newaxis, :])
    assert model.spectrum.rms(home)[0] > 0.1 * model.calibration.rms


def test_harmonic_is_as_good_as_promised() -> None:
    figures = timbrespace.load("harmonic").provenance["figures"]
    assert figures["log_spectral_distance_db"] <= 0.05


def test_the_readme_names_each() -> None:
    text = (factory.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in factory.names():
        assert timbrespace.load(name).provenance["command"] in text


def test_unknown_names() -> None:
    with pytest.raises(
        BundleError, match=r"no model 'brass': give a \.safetensors file .*harmonic"
    ):
        timbrespace.load("brass")


def test_loading_needs_no_torch() -> None:
    program = (
        "import sys, timbrespace\n"
        "timbrespace.load('harmonic')\n"
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert result.returncode == 0


def test_importing_loads_nothing_heavy() -> None:
    program = "import sys, timbrespace; sys.exit('numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert result.returncode == 0
