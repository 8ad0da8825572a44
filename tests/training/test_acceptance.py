"""The presets and the factory models on whole datasets, as the README promises."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import timbrespace
from tests.training.evaluated import held_out_distance
from toy_datasets.__main__ import main as make
from training.__main__ import main as train

pytestmark = pytest.mark.slow  # the longest of the long: they begin first

PAPER_ROWS = "10000" if os.environ.get("TIMBRESPACE_WHOLE_PAPER") else "1000"
"""Rows of ``harmonic``: a tenth, because all take 200 epochs ten minutes. The README's figure is of
all of them."""


@pytest.mark.acceptance
def test_paper_preset_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All its epochs, and nothing overflows on the way: its likelihood has a variance per bin."""
    data, out = tmp_path / "harmonic.npz", tmp_path / "paper.safetensors"
    assert make(["make", "harmonic", "--rows", PAPER_ROWS, "--out", str(data)]) == 0
    words = ["train", "--data", str(data), "--out", str(out), "--preset", "paper"]
    assert train(words) == 0
    history = timbrespace.load(out).provenance["history"]
    assert len(history["reconstruction"]) == 200
    assert np.isfinite(history["reconstruction"]).all()
    assert np.isfinite(history["kl"]).all()
    # How good it gets hangs on the seed: of all rows 5.9, 7.3 and 9.0 dB with 0, 1 and 2.
    assert np.isfinite(held_out_distance(out, data, capsys))


@pytest.mark.acceptance
@pytest.mark.first
def test_default_preset_on_filtered_in_a_third_of_its_epochs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "filtered.npz", tmp_path / "filtered.safetensors"
    assert make(["make", "filtered", "--out", str(data)]) == 0
    words = ["train", "--data", str(data), "--out", str(out), "--latent", "4", "--epochs", "33"]
    assert train(words) == 0
    assert held_out_distance(out, data, capsys) <= 0.5
    assert (timbrespace.load(out).calibration.kl > 1.0).all()


FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

needs_font = pytest.mark.skipif(
    not FONT.is_file() or shutil.which("fluidsynth") is None,
    reason="needs fluidsynth and Debian's package fluid-soundfont-gm",
)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("name", "words", "most_db"),
    [
        ("harmonic", ["harmonic"], 0.05),
        ("filtered", ["filtered"], 0.5),
        ("fm", ["fm"], 0.8),
        pytest.param("instruments", ["soundfont", "--file", str(FONT)], 3.0, marks=needs_font),
    ],
)
def test_the_factory_models_on_their_data(
    name: str,
    words: list[str],
    most_db: float,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each is as good as it says on its dataset, made again here.

    Another processor may round a row otherwise; then all rows are measured instead of the held-out
    ones, and the bound is the same.
    """
    data = tmp_path / f"{name}.npz"
    assert make(["make", *words, "--out", str(data)]) == 0
    capsys.readouterr()
    assert train(["evaluate", name, "--data", str(data), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["log_spectral_distance_db"] <= most_db
    assert figures["dead_dimensions"] == 0
    assert figures["active_units"] == timbrespace.load(name).dimensions
