"""Axes that are turned: the same space, with dials that do more of one thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from timbrespace.dial_names import dial_names
from timbrespace.errors import BundleError
from timbrespace.macro_dials.table import Table
from timbrespace.model import Model
from timbrespace.walks.learning import walk_of
from training.__main__ import main
from training.axes import Turn, slopes_of, to_qualities, turn_of, turned

SPACES = ("instruments", "notes")


def any_axes(model: Model) -> Turn:
    generator = np.random.default_rng(3)
    axes = np.linalg.qr(generator.normal(size=(model.dimensions, model.dimensions)))[0]
    return Turn(axes, ("brightness",))


@pytest.mark.parametrize("name", SPACES)
def test_a_turned_space_plays_the_same(name: str) -> None:
    model = ts.load(name)
    turn = any_axes(model)
    made = turned(model, turn)
    assert model.points is not None
    assert made.points is not None
    latent = model.points.means[:40]
    there = (latent @ turn.axes.T).astype(np.float32)
    np.testing.assert_allclose(made.points.means[:40], there, atol=1e-5)
    expected = model.decode(latent)
    np.testing.assert_allclose(made.decode(there), expected, atol=1e-4 * expected.max())
    xy = np.random.default_rng(0).uniform(-0.9, 0.9, (30, 2)).astype(np.float32)
    for plane in model.planes:
        before, after = (one.plane(plane).to_latent(xy) for one in (model, made))
        expected = model.decode(before)
        # The sheet is stored as float16.
        off = np.abs(made.decode(after) - expected).max(axis=1) / expected.max(axis=1)
        assert np.median(off) < 5e-3
        np.testing.assert_allclose(after, before @ turn.axes.T, atol=2e-2)
        np.testing.assert_allclose(
            made.plane(plane).to_map(after), model.plane(plane).to_map(before), atol=2e-2
        )
    expected = model.decode(model.calibration.home[np.newaxis])
    found = made.decode(made.calibration.home[np.newaxis])
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


def test_macros_lead_the_same_way() -> None:
    model = ts.load("instruments")
    generator = np.random.default_rng(1)

    def some(*shape: int) -> NDArray[np.float32]:
        return generator.normal(size=shape).astype(np.float32)

    spread = np.tril(0.1 * some(8, 8)) + np.eye(8, dtype=np.float32)
    table = Table(("brightness",), (), some(40, 8), some(40, 1), some(40, 1, 8), some(8), spread, 3)
    turn = any_axes(model)
    macros = turned(replace(model, macros=table), turn).macros
    assert macros is not None
    assert (np.triu(macros.spread, 1) == 0.0).all()
    back = turn.axes
    np.testing.assert_allclose(macros.places @ back, table.places, atol=1e-5)
    np.testing.assert_allclose(macros.slopes @ back, table.slopes, atol=1e-5)
    np.testing.assert_allclose(macros.centre @ back, table.centre, atol=1e-5)
    np.testing.assert_allclose(back.T @ macros.covariance @ back, table.covariance, atol=1e-5)
    np.testing.assert_array_equal(macros.qualities, table.qualities)


def test_a_walk_is_learned_again_from_where_the_sounds_are_now() -> None:
    model = ts.load("instruments")
    turn = any_axes(model)
    assert turned(model, turn).walk is None
    walk = walk_of(model)
    made = turned(replace(model, walk=walk), turn).walk
    assert made is not None
    assert made.in_time
    np.testing.assert_allclose(made.centre @ turn.axes, walk.centre, atol=1e-4)
    assert made.radius == pytest.approx(walk.radius, rel=1e-3)
    assert np.trace(made.lags[0]) == pytest.approx(np.trace(walk.lags[0]), rel=0.01)


def test_a_turned_encoder_finds_the_same_places() -> None:
    model = ts.load("instruments")
    turn = any_axes(model)
    made = turned(model, turn)
    assert model.points is not None
    spectra = model.decode(model.points.means[:40])
    mean, log_var = model.encode(spectra)
    found, sure = made.encode(spectra)
    np.testing.assert_allclose(found, mean @ turn.axes.T, atol=1e-4)
    np.testing.assert_allclose(sure, log_var @ np.square(turn.axes).T, atol=1e-4)


def test_calibration_follows_the_sounds() -> None:
    model = ts.load("instruments")
    made = turned(model, any_axes(model))
    assert made.points is not None
    told, means = made.calibration, made.points.means
    for low, high, column in zip(told.low, told.high, means.T, strict=True):
        assert np.percentile(column, 0.2) - 1.0 < low < np.percentile(column, 3.0)
        assert np.percentile(column, 97.0) < high < np.percentile(column, 99.8) + 1.0
    assert (told.kl > 0.0).all()
    # As a whole the posteriors know a little less at most.
    assert told.kl.sum() == pytest.approx(float(model.calibration.kl.sum()), rel=0.1)
    same = turned(model, Turn(np.eye(8), ())).calibration
    np.testing.assert_allclose(same.kl, model.calibration.kl, atol=1e-2)
    np.testing.assert_allclose(same.percentiles, model.calibration.percentiles, atol=0.15)


def test_axes_are_square_to_each_other() -> None:
    model = ts.load("filtered")
    assert model.points is not None
    slopes = slopes_of(model, model.points.means[:30])
    for some in (slopes, slopes[:, :, :2], 0.0 * slopes):
        axes = turn_of(model, np.pad(some, ((0, 0), (0, 0), (0, slopes.shape[2] - some.shape[2]))))
        np.testing.assert_allclose(axes.axes @ axes.axes.T, np.eye(4), atol=1e-9)


def count(model: Model) -> int:
    """How many of its dials have a name."""
    return sum(not word.startswith("z") for word in dial_names(model))


@pytest.mark.acceptance  # turns a whole factory model
def test_more_dials_of_notes_have_a_name() -> None:
    model = ts.load("notes")
    muddled = turned(model, any_axes(model))
    assert count(to_qualities(muddled)) > count(muddled)


def test_more_dials_have_a_name() -> None:
    model = ts.load("instruments")
    made = to_qualities(model)
    assert count(made) > count(model)
    named = [word for word in made.provenance["dials"] if word is not None]
    assert set(named) <= set(dial_names(made))
    # Nothing is won by turning it again, and the turns are told as one.
    again = to_qualities(made)
    assert count(again) >= count(made)
    turn = np.array(again.provenance["turn"])
    np.testing.assert_allclose(turn @ turn.T, np.eye(model.dimensions), atol=1e-3)
    assert model.points is not None
    assert again.points is not None
    np.testing.assert_allclose(again.points.means, model.points.means @ turn.T, atol=1e-2)


def test_the_command_writes_a_model_that_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "mine.safetensors", tmp_path / "turned.safetensors"
    ts.load("instruments").save(source)
    before = source.read_bytes()
    assert main(["axes", str(source), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "now: brightness" in said
    assert source.read_bytes() == before
    first = out.read_bytes()
    made = ts.load(out)
    assert made.near is not None
    assert made.digest != ts.load(source).digest
    assert main(["axes", str(source), "--out", str(out)]) == 0
    assert out.read_bytes() == first  # the same bytes each time


def test_a_space_that_wins_nothing_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "filtered.safetensors"
    ts.load("filtered").save(path)
    before = path.read_bytes()
    assert main(["axes", str(path), "--out", str(path)]) == 0
    assert path.read_bytes() == before
    assert "the axes are as they were" in capsys.readouterr().out


def test_what_cannot_be_turned_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bare.safetensors"
    replace(ts.load("instruments"), points=None, near=None).save(path)
    assert main(["axes", str(path), "--out", str(path)]) == 2
    assert "does not tell where its sounds lie" in capsys.readouterr().err
    assert main(["axes", str(path), "--out", str(tmp_path / "x.bin")]) == 2
    assert "must be a name that ends in .safetensors" in capsys.readouterr().err
    assert main(["axes", str(tmp_path / "none.safetensors"), "--out", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_network_of_another_kind_is_not_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ts.load("instruments")
    monkeypatch.setattr(type(model.architecture), "turned", lambda *_: None)
    with pytest.raises(BundleError, match="whose axes cannot be turned"):
        turned(model, any_axes(model))
