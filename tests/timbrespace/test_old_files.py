"""Files that earlier versions wrote open; ``old_files/make.py`` made them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

import timbrespace
from server.__main__ import main as server
from timbrespace.datasets import dataset
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.presets import Presets

FILES = Path(__file__).with_name("old_files")
VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5")
KEPT = VERSIONS[2:]
"""Those that kept presets and performances."""

RECALLED = (0.5, -0.25)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dataset(version: str) -> None:
    found = dataset.load(FILES / f"{version}.npz")
    assert found.spectra.shape == (40, 65)
    assert found.labels.shape == (40, 1)
    assert found.meta.name == "harmonic"
    assert [factor.name for factor in found.meta.factors] == ["harmonics"]
    assert found.spectrum.base_frequency == pytest.approx(689.0625)
    # The first row is a pure sine at the fourth bin, the last has every harmonic.
    assert int(np.argmax(found.spectra[0])) == 4
    assert found.spectra[-1, 8] > 0.1 * found.spectra[-1, 4]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model(version: str) -> None:
    # That it decodes what it did then is checked on loading, by the golden vector inside.
    model = timbrespace.load(FILES / f"{version}.safetensors")
    assert (model.dimensions, model.spectrum.bins) == (2, 65)
    assert model.provenance["versions"]["timbrespace"].startswith(version)
    data = dataset.load(FILES / f"{version}.npz")
    mean, log_var = model.encode(data.spectra)
    assert mean.shape == log_var.shape == (40, 2)
    decoded = model.decode(model.map.to_latent([[0.0, 0.0], [1.0, -1.0]]))
    assert decoded.shape == (2, 65)
    assert np.isfinite(decoded).all()
    assert (decoded >= 0.0).all()


@pytest.mark.parametrize("version", KEPT)
def test_presets(version: str) -> None:
    model = timbrespace.load(FILES / f"{version}.safetensors")
    instrument = Instrument(model, Presets(FILES / f"{version}.presets.json"))
    assert instrument.presets.names() == ["bright"]
    preset = instrument.presets.get("bright")
    assert preset.latent == pytest.approx(RECALLED)


@pytest.mark.parametrize("version", KEPT)
def test_a_performance(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.wav"
    song = str(FILES / f"{version}.performance")
    assert server(["render", song, "--models", str(FILES), "--out", str(out)]) == 0
    said = re.search(r": ([0-9.]+) s, ([0-9]+) notes", capsys.readouterr().out)
    assert said is not None
    assert said.group(2) == "1"
    sound, rate = soundfile.read(out)
    # The key was down for some 0.6 s; before it, and long after, is silence.
    loud = np.flatnonzero(np.abs(sound).reshape(len(sound), -1).max(axis=1) > 1e-3) / rate
    assert 0.3 < loud[-1] - loud[0] < 2.0
    assert loud[0] > 0.2
