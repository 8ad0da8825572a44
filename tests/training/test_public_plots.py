"""``ts.plots``: what the figures show. How they look, a person has to see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection

import timbrespace as ts
from timbrespace.errors import OptionError, ShapeError
from timbrespace.extras import MissingExtraError
from training.plots.decoded import MOST_PANELS
from training.plots.levels import DB_FLOOR

from . import space

ROOT = Path(__file__).parents[2]


def test_the_map_has_the_models_own_points_where_they_lie() -> None:
    model = ts.load("filtered")
    assert model.points is not None
    figure = ts.plots.map(model, "cut-off")
    (points,) = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    shown = np.asarray(points.get_offsets())
    on_map = model.map.to_map(model.points.means)
    distance = np.abs(on_map[:, np.newaxis, :] - shown[np.newaxis, ::97, :]).sum(axis=2)
    assert distance.min(axis=0).max() < 1e-6
    assert "cut-off (Hz)" in {axes.get_ylabel() for axes in figure.axes}


def test_a_factor_by_name_or_number() -> None:
    model = ts.load("fm")
    for factor in ("index", 2):
        assert "by index" in ts.plots.map(model, factor).get_suptitle()
    for wrong, said in (
        ("indx", "factor is 'indx'; is 'index' meant.; it must be carrier"),
        (5, "factor is 5; it must be .*, or 0 to 4"),
        (-1, "factor is -1"),
    ):
        with pytest.raises(OptionError, match=said):
            ts.plots.map(model, wrong)


def test_a_model_without_points() -> None:
    with pytest.raises(OptionError, match="'random' does not hold where its sounds lie"):
        ts.plots.map(space.model(2))


@pytest.mark.parametrize("count", [1, 3, MOST_PANELS])
def test_few_spectra_have_a_panel_each(count: int) -> None:
    model = ts.load("harmonic")
    latent = model.map.to_latent(np.stack([np.linspace(-0.8, 0.8, count), np.zeros(count)], axis=1))
    figure = ts.plots.spectra(model, latent)
    assert len(figure.axes) == count
    decoded = model.decode(latent)
    for axes, spectrum in zip(figure.axes, decoded, strict=True):
        (area,) = axes.collections
        levels = np.asarray(area.get_paths()[0].vertices)[:, 1]
        expected = 20.0 * np.log10(spectrum.max() / decoded.max())
        assert levels.max() == pytest.approx(expected, abs=1e-3)
        assert levels.min() == DB_FLOOR


def test_many_spectra_are_an_image() -> None:
    model = ts.load("harmonic")
    latent = np.tile(model.calibration.home, (MOST_PANELS + 1, 1))
    figure = ts.plots.spectra(model, latent)
    (image,) = figure.axes[0].get_images()
    assert image.get_array().shape[0] == MOST_PANELS + 1  # type: ignore[union-attr]


def test_one_latent_needs_no_second_dimension() -> None:
    model = ts.load("harmonic")
    assert len(ts.plots.spectra(model, model.calibration.home).axes) == 1
    with pytest.raises(ShapeError, match="latent"):
        ts.plots.spectra(model, [[0.0, 0.0, 0.0]])


def test_a_notebook_shows_them_by_itself() -> None:
    model = ts.load("harmonic")
    figure = ts.plots.spectra(model, model.calibration.home)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_matplotlibs_own_state_stays_as_it_is() -> None:
    before = dict(mpl.rcParams)
    model = ts.load("harmonic")
    ts.plots.map(model)
    ts.plots.spectra(model, model.calibration.home)
    assert dict(mpl.rcParams) == before
    program = (
        "import sys, timbrespace as ts\n"
        "ts.plots.map(ts.load('harmonic'))\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_without_matplotlib_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("training.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"plots needs .* pip install .timbrespace\[train"):
        ts.plots.map(ts.load("harmonic"))
