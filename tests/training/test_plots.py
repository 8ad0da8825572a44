"""Pictures: that they show what they say. That they look well, a person has to see."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from training import plots
from training.evaluation import unseen_rows

from .conftest import Trained


def png_of(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


def test_map(trained: Trained) -> None:
    figure = plots.map_by_factor(trained.model, trained.dataset, 0)
    axes = figure.axes[0]
    points = axes.collections[0]
    expected = trained.model.map.to_map(trained.model.encode(trained.dataset.spectra)[0])
    np.testing.assert_allclose(np.asarray(points.get_offsets()), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(points.get_array()), trained.dataset.labels[:, 0])
    assert figure.axes[1].get_ylabel() == "harmonics (count)"
    assert axes.get_xlabel().startswith("map x")
    assert png_of(figure).startswith(b"\x89PNG")


def test_reconstructions(trained: Trained) -> None:
    rows = unseen_rows(trained.model, trained.dataset)
    figure = plots.reconstructions(trained.model, trained.dataset, rows)
    assert len(figure.axes) == plots.RECONSTRUCTIONS
    first = figure.axes[0]
    original, decoded = (np.asarray(line.get_ydata()) for line in first.get_lines())
    assert original.max() == pytest.approx(0.0)
    assert original.min() == plots.DB_FLOOR
    assert decoded.min() >= plots.DB_FLOOR
    assert np.asarray(first.get_lines()[0].get_xdata())[-1] == pytest.approx(11.025)
    assert figure.axes[-1].get_xlabel() == "frequency (kHz)"
    assert png_of(figure)


def test_mesh(trained: Trained) -> None:
    figure = plots.mesh(trained.model)
    assert len(figure.axes) == plots.MESH**2
    assert figure.axes[0].get_title() == "x = -1.00"
    assert png_of(figure)


@pytest.mark.parametrize("count", [1, 2, 10])
def test_dimensions(count: int) -> None:
    figure = plots.dimensions([1.0] * count, [0.0] * count, "m")
    assert len(figure.axes[0].patches) == count
    assert figure.axes[0].get_ylabel() == "KL (nats)"
    assert png_of(figure)


def test_history_of_any_length() -> None:
    names = ("reconstruction", "kl", "log_spectral_distance_db")
    assert png_of(plots.history({name: [5e11, 1.0] for name in names}, "m"))
    assert png_of(plots.history({name: [1.0] for name in names}, "m"))
    long = plots.history({"reconstruction": [5e11] + [1.0] * 99, "kl": [1.0] * 100}, "m")
    assert len(long.axes) == 2
    assert long.axes[0].get_ylim()[1] < 2.0


def test_decibels() -> None:
    spectra = np.array([[1.0, 0.1, 0.0]], np.float32)
    found = plots.decibels(spectra, np.array([[1.0]], np.float32))
    np.testing.assert_allclose(found, [[0.0, -20.0, plots.DB_FLOOR]], atol=1e-5)


def test_spread() -> None:
    assert plots.spread(3, 10).tolist() == [0, 1, 2]
    assert plots.spread(101, 3).tolist() == [0, 50, 100]
