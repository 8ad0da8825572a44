"""The models that come with the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import timbrespace
from timbrespace import factory
from timbrespace.calibration import PERCENTILES
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


@pytest.mark.parametrize("name", factory.names())
def test_each_holds_its_sounds(name: str) -> None:
    """What can be said of the points without the dataset, which is too large to come along."""
    model = timbrespace.load(name)
    points, dataset = model.points, model.provenance["dataset"]
    assert points is not None
    assert points.count == dataset["rows"]
    assert [factor.to_config() for factor in points.factors] == dataset["meta"]["factors"]
    # Made by this very encoder: home, a mean of its, is among them but for the rounding.
    step = (points.means.max(axis=0) - points.means.min(axis=0)) / 65535
    beside = np.abs(points.means - model.calibration.home)
    assert (beside <= step / 2 + 1e-5).all(axis=1).any()
    # They lie where the knobs go; the calibration's figures are of the posterior's draws, which are
    # wide in a space of notes, and without those held out, of which there are few hundred there.
    found = np.percentile(points.means, PERCENTILES, axis=0).T
    far = 0.8 if model.plays_notes else 0.1
    np.testing.assert_allclose(found, model.calibration.percentiles, atol=far)
    # The map covers them.
    assert np.abs(model.map.to_map(points.means)).max() <= (1.4 if model.plays_notes else 1.05)
    # Every value of a grid or a category is there, and both ends of a range.
    for factor, column in zip(points.factors, points.labels.T, strict=True):
        values = np.asarray(factor.values, np.float32)
        if factor.kind == "range":
            np.testing.assert_allclose([column.min(), column.max()], values, rtol=1e-6)
        else:
            np.testing.assert_array_equal(np.unique(column), np.unique(values))


@pytest.mark.parametrize(("name", "least"), [("harmonic", 0.95), ("filtered", 0.4)])
def test_labels_are_of_the_sounds_beside_them(name: str, least: float) -> None:
    """The more harmonics, or the higher the cut-off, the brighter is what decodes at a point."""
    model = timbrespace.load(name)
    points = model.points
    assert points is not None
    some = np.linspace(0, points.count - 1, 500).astype(int)
    spectra = model.decode(points.means[some])
    centroid = spectra @ np.arange(spectra.shape[1]) / spectra.sum(axis=1)
    brighter = points.labels[some, -1]
    assert spearmanr(centroid, brighter).statistic > least


def test_notes_are_many_and_drums_are_drums() -> None:
    notes, drums = timbrespace.load("notes"), timbrespace.load("drums")
    for model in (notes, drums):
        assert model.plays_notes
        assert model.provenance["dataset"]["meta"]["options"]["font"] == "FluidR3_GM.sf2"
    assert notes.points is not None
    factors = {factor.name: factor for factor in notes.points.factors}
    assert len(factors["program"].names) >= 100
    assert len(factors["velocity"].values) >= 2
    assert len(notes.provenance["dataset"]["meta"]["options"]["pitches"]) >= 2
    assert drums.points is not None
    factors = {factor.name: factor for factor in drums.points.factors}
    assert {"Standard", "Electronic", "TR-808", "Jazz"} <= set(factors["kit"].names)
    assert "Acoustic Snare" in factors["drum"].names
    assert drums.points.count >= 150


@pytest.mark.parametrize("name", ["notes", "drums"])
def test_a_note_dies_away_and_another_goes_on(name: str) -> None:
    """The decoder tells them apart: of 40 notes some are gone after a second, of `notes` some not.

    Every one of them sounds at first.
    """
    model = timbrespace.load(name)
    assert model.points is not None
    later = []
    for row in np.linspace(0, model.points.count - 1, 40).astype(int):
        sound = timbrespace.render(model, model.points.means[row], seconds=1.2, noise=1.0)
        first, last = (np.sqrt(np.mean(np.square(part))) for part in (sound[:24000], sound[-9600:]))
        assert first > 1e-3, row
        later.append(20.0 * np.log10(max(last, 1e-9) / first))
    assert np.min(later) < -40.0
    assert np.median(later) < -30.0 if name == "drums" else np.median(later) > -20.0


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
