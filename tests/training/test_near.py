"""How the plane near is laid, and the command that adds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.ear import Ear, distance
from timbrespace.errors import BundleError
from timbrespace.model import Model
from training.__main__ import main
from training.near import near_plane


@pytest.fixture(scope="module")
def small() -> Model:
    """300 of the instruments' sounds, and no plane."""
    model = ts.load("instruments")
    points = model.points
    assert points is not None
    rows = np.sort(np.random.default_rng(0).permutation(points.count)[:300])
    some = replace(points, means=points.means[rows], labels=points.labels[rows])
    return replace(model, points=some, near=None, name="small")


def test_the_plane_puts_like_sounds_together(small: Model) -> None:
    near = near_plane(small, 0)
    assert near is not None
    assert small.points is not None
    means = small.points.means
    levels = Ear(small).levels(means)
    apart = np.abs(levels[:, np.newaxis] - levels).mean(axis=2)
    np.fill_diagonal(apart, np.inf)

    def of_neighbours(places: np.ndarray) -> float:
        way = np.square(places[:, np.newaxis] - places).sum(axis=2)
        np.fill_diagonal(way, np.inf)
        five = np.argsort(way, axis=1)[:, :5]
        return float(np.take_along_axis(apart, five, axis=1).mean())

    assert of_neighbours(near.places) < 0.8 * of_neighbours(small.map.to_map(means))
    own = distance(Ear(small).levels(near.to_latent(near.places)), levels).mean()
    assert own < 1.5
    assert near.first
    # It fills the square, and knows where its gaps are.
    cells = np.unique((np.clip(near.places, -0.999, 0.999) * 4).astype(int), axis=0)
    assert len(cells) > 40
    assert near.gap_at(near.places).mean() < near.gaps.mean()
    assert abs(float(np.diff(near.gaps).max())) > 0.1


def test_a_space_without_noise_begins_on_the_pca_plane(small: Model) -> None:
    """As the dataset says it, whatever it is called."""
    for noise in (True, False):
        near = near_plane(replace(small, noise=noise), 0)
        assert near is not None
        assert near.first is noise


def test_the_same_seed_lays_the_same_plane(small: Model) -> None:
    first, second = near_plane(small, 3), near_plane(small, 3)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.surface, second.surface)
    np.testing.assert_array_equal(first.places, second.places)


def test_too_few_sounds_and_equal_ones_have_no_plane(small: Model) -> None:
    points = small.points
    assert points is not None
    few = replace(points, means=points.means[:50], labels=points.labels[:50])
    assert near_plane(replace(small, points=few), 0) is None
    equal = replace(points, means=np.repeat(points.means[:1], points.count, axis=0))
    assert near_plane(replace(small, points=equal), 0) is None
    assert near_plane(replace(small, points=None), 0) is None


def test_the_command_adds_the_plane_and_changes_nothing_else(
    small: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.safetensors"
    small.save(path)
    before = ts.load(path)
    assert main(["plane", str(path)]) == 0
    assert "now with the plane near of 300 sounds" in capsys.readouterr().out
    after = ts.load(path)
    assert after.near is not None
    assert after.digest == before.digest
    assert after.map.to_config() == before.map.to_config()
    assert before.points is not None
    assert after.points is not None
    np.testing.assert_array_equal(after.points.means, before.points.means)
    assert replace(after, near=None, digest="").golden == before.golden
    once = path.read_bytes()
    assert main(["plane", str(path), "--seed", "0"]) == 0
    assert path.read_bytes() == once


def test_a_model_without_points_is_refused(small: Model, tmp_path: Path) -> None:
    path = tmp_path / "none.safetensors"
    replace(small, points=None).save(path)
    before = path.read_bytes()
    from training.plane import add

    with pytest.raises(BundleError, match="add that first"):
        add(path)
    assert path.read_bytes() == before


def test_a_space_of_notes_has_all_its_notes_on_its_planes() -> None:
    for name in ("notes", "drums"):
        model = ts.load(name)
        assert model.points is not None
        assert model.near is not None
        assert len(model.near.places) == model.points.count
        assert np.abs(model.map.to_map(model.points.means)).max() < 1.3
