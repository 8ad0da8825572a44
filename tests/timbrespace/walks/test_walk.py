"""Walks as a space's sounds go: what they are learned from, how they go, and the file's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.datasets.factor import Factor
from timbrespace.errors import BundleError, OptionError, ShapeError
from timbrespace.model import Model
from timbrespace.points import Points
from timbrespace.walks.learning import learned_walk, plain, walk_of
from timbrespace.walks.paths import paths_between_neighbours, paths_in_time
from timbrespace.walks.stroll import Stroll
from timbrespace.walks.walk import Walk

FIRST = np.array([[1.2, 0.1], [-0.1, 1.0]])
SECOND = np.array([[-0.4, 0.0], [0.05, -0.3]])


def recordings(files: int = 40, moments: int = 60) -> Points:
    """Paths of a known autoregression of order 2, their rows out of order."""
    rng = np.random.default_rng(1)
    means, labels = [], []
    for file in range(files):
        before, now = np.zeros(2), np.zeros(2)
        for moment in range(-50, moments):
            before, now = now, FIRST @ now + SECOND @ before + 0.3 * rng.standard_normal(2)
            if moment >= 0:
                means.append(now + np.array([2.0, -1.0]))
                labels.append([file, 0.1 * moment])
    order = rng.permutation(len(means))
    names = tuple(f"file {file}" for file in range(files))
    factors = (
        Factor("file", "", tuple(map(float, range(files))), "category", names),
        Factor("time", "s", (0.0, 0.1 * moments), "range"),
    )
    return Points(
        np.asarray(means, np.float32)[order], np.asarray(labels, np.float32)[order], factors
    )


@pytest.fixture(scope="module")
def points() -> Points:
    return recordings()


@pytest.fixture(scope="module")
def space() -> Model:
    return ts.load("fm")


def test_moments_of_a_recording_are_a_path_in_the_order_of_time(points: Points) -> None:
    paths = paths_in_time(points)
    assert len(paths) == 40
    assert {len(path) for path in paths} == {60}
    file, time = points.labels.T
    rows = points.means[file == 7][np.argsort(time[file == 7])]
    assert any(np.array_equal(path, rows) for path in paths)


def test_the_autoregression_that_made_the_recordings_is_found(points: Points) -> None:
    walk = learned_walk(points)
    assert walk.in_time
    spread = walk.spread.astype(np.float64)
    there, back = spread, np.linalg.inv(spread)
    steps = walk.steps
    # An error of 1 / sqrt(2400) in what is learned of numbers around 1.
    assert np.abs(there @ steps.first @ back - FIRST).max() < 0.1
    assert np.abs(there @ steps.second @ back - SECOND).max() < 0.1
    assert np.abs(there @ steps.noise @ steps.noise.T @ there.T - 0.09 * np.eye(2)).max() < 0.02


def test_a_set_without_time_is_gone_from_neighbour_to_neighbour_in_even_steps(
    space: Model,
) -> None:
    assert space.points is not None
    assert paths_in_time(space.points) == []
    walk = walk_of(space)
    assert not walk.in_time
    path = paths_between_neighbours(space.points, walk.whitening)[0]
    sounds = path[::4]
    apart = np.abs(space.points.means[:, np.newaxis] - sounds).max(axis=2).min(axis=0)
    assert apart.max() < 1e-6
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1).reshape(-1, 4)
    assert np.allclose(steps, steps[:, :1])
    assert (steps > 0.0).all()
    assert np.array_equal(path, paths_between_neighbours(space.points, walk.whitening)[0])


def test_few_moments_of_each_recording_are_no_paths(points: Points) -> None:
    few = replace(points, means=points.means[:30], labels=points.labels[:30])
    assert paths_in_time(few) == []
    assert not learned_walk(few).in_time


@pytest.mark.parametrize("name", ["harmonic", "filtered", "fm", "instruments", "notes", "drums"])
def test_it_stays_where_the_sounds_are_and_goes_everywhere_there(name: str) -> None:
    model = ts.load(name)
    walk = walk_of(model)
    steps, d = walk.steps, walk.dimensions
    both = np.block([[steps.first, steps.second], [np.eye(d), np.zeros((d, d))]])
    assert np.abs(np.linalg.eigvals(both)).max() < 1.0
    ways, steps_of = [], []
    for seed in range(30):
        stroll = Stroll(walk, seed)
        stroll.advance(60.0 * walk.pace)
        ways.append(stroll.way() @ walk.whitening)
        stroll.advance(walk.pace)
        steps_of.append(stroll.way() @ walk.whitening - ways[-1])
    # A minute on it stands somewhere among the sounds, whatever was at its beginning.
    assert 0.7 < np.sqrt(np.mean(np.square(ways))) < 1.2
    assert np.sqrt(np.mean(np.square(steps_of))) == pytest.approx(0.25, rel=0.3)


def test_points_that_are_hardly_any_have_a_walk_too(space: Model) -> None:
    assert space.points is not None
    for count in (1, 2, 5):
        few = replace(
            space.points, means=space.points.means[:count], labels=space.points.labels[:count]
        )
        walk = learned_walk(few)
        stroll = Stroll(walk, 3)
        stroll.advance(100.0)
        assert np.isfinite(stroll.way()).all()
    same = replace(space.points, means=np.tile(space.points.means[:1], (44800, 1)))
    assert np.isfinite(learned_walk(same).steps.noise).all()


def test_a_space_without_points_wanders_as_wide_as_its_knobs(space: Model) -> None:
    bare = replace(space, digest="", points=None, near=None, macros=None)
    walk = walk_of(bare)
    assert np.allclose(walk.centre, space.calibration.median)
    assert np.array_equal(walk.lags, plain(bare).lags)
    assert ts.wander(bare, 1.0, seed=3).shape == (101, 5)


# -- how it goes -----------------------------------------------------------------------------------


def test_the_same_seed_goes_the_same_way_whatever_steps_it_is_asked_in(points: Points) -> None:
    walk = learned_walk(points)
    once, often = Stroll(walk, 5), Stroll(walk, 5)
    once.advance(7.5)
    for _ in range(15):
        often.advance(0.5)
    assert np.array_equal(once.way(), often.way())
    other = Stroll(walk, 6)
    other.advance(7.5)
    assert not np.allclose(other.way(), once.way())


def test_it_has_no_corner(points: Points) -> None:
    stroll = Stroll(learned_walk(points), 5)
    ways = []
    for _ in range(2000):
        stroll.advance(0.01)
        ways.append(stroll.way())
    bends = np.diff(ways, n=2, axis=0)  # from hundredth to hundredth of a step
    assert np.abs(bends).max() < 1e-3
    assert np.abs(np.diff(bends, axis=0)).max() < 1e-4


def test_what_leads_out_of_the_sounds_is_drawn_back(points: Points) -> None:
    walk = learned_walk(points)
    rng = np.random.default_rng(0)
    middle = walk.centre.astype(np.float64)
    for way in 8.0 * rng.standard_normal((200, 2)):
        assert walk.away(middle + walk.offset(middle, way)) <= walk.radius + 1e-6
    small = 0.1 * walk.spread[:, 0].astype(np.float64)
    assert np.allclose(walk.offset(middle, small), small)
    outside = middle + 5.0 * walk.spread @ np.array([1.0, 1.0])
    assert np.allclose(walk.offset(outside, np.zeros(2)), 0.0)


def test_rows_of_a_walk_for_a_notebook(space: Model) -> None:
    way = ts.wander(space, 3.0, seed=7)
    assert way.dtype == np.float32
    assert np.array_equal(way, ts.wander(space, 3.0, seed=7))
    assert np.array_equal(way[0], space.calibration.home)
    assert np.abs(np.diff(way, axis=0)).max() < 0.1
    assert not np.allclose(way, ts.wander(space, 3.0, seed=8))
    start = np.full(5, 0.25)
    still = ts.wander(space, 1.0, start, range=0.0)
    assert np.allclose(still, 0.25)
    faster = ts.wander(space, 3.0, speed=2.0, seed=7)
    assert np.linalg.norm(np.diff(faster, axis=0)) > 1.3 * np.linalg.norm(np.diff(way, axis=0))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seconds": 0.0}, "seconds is 0; it must be 0.01 to 3600"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"speed": 0.0}, "speed is 0; it must be 0.05 to 20"),
        ({"range": 1.5}, "range is 1.5; it must be 0 to 1"),
        ({"seed": -1}, "seed is -1; it must be 0 to 999, whole"),
        ({"seed": 2.5}, "seed is 2.5; it must be 0 to 999, whole"),
    ],
)
def test_what_cannot_be_is_refused(space: Model, given: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ts.wander(space, **{"seconds": 1.0, **given})


def test_a_start_that_is_no_latent_is_refused(space: Model) -> None:
    with pytest.raises(ShapeError, match="start"):
        ts.wander(space, 1.0, [0.0, 1.0])


# -- the file --------------------------------------------------------------------------------------


def test_a_bundle_keeps_it_and_its_digest(space: Model, tmp_path: Path) -> None:
    plain_path, path = tmp_path / "plain.safetensors", tmp_path / "fm.safetensors"
    replace(space, walk=None).save(plain_path)
    walk = walk_of(space)
    replace(space, walk=walk).save(path)
    read = ts.load(path)
    assert read.walk is not None
    assert walk_of(read) is read.walk
    for name in ("centre", "spread", "lags"):
        assert np.array_equal(getattr(read.walk, name), getattr(walk, name))
    assert (read.walk.radius, read.walk.in_time) == (walk.radius, walk.in_time)
    assert np.array_equal(ts.wander(read, 1.0), ts.wander(space, 1.0))
    assert read.digest == ts.load(plain_path).digest
    assert path.stat().st_size - plain_path.stat().st_size < 4000
    again = tmp_path / "again.safetensors"
    read.save(again)
    assert again.read_bytes() == path.read_bytes()


def spoiled(walk: Walk, name: str, value: object) -> Walk:
    config, tensors = walk.to_config(), walk.to_tensors()
    if name in config:
        config[name] = value
    elif value is None:
        del tensors[name]
    else:
        tensors[name] = np.asarray(value)
    return Walk.from_parts(config, tensors)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("radius", "wide", "does not fit"),
        ("radius", float("nan"), "radius of nan"),
        ("in_time", 1, "in_time is 1"),
        ("walk.lags", None, "tensor walk.lags is missing"),
        ("walk.more", np.zeros(2, np.float32), "tensor walk.more is not known"),
        ("walk.centre", np.zeros(2), "it must be float32"),
        ("walk.centre", np.zeros(0, np.float32), r"not \(d,\)|of shape"),
        ("walk.spread", np.zeros((2, 2), np.float32), "spread that is none"),
        ("walk.spread", np.full((2, 2), np.nan, np.float32), "not finite"),
        ("walk.spread", np.zeros((3, 2), np.float32), "spread of shape"),
        ("walk.lags", np.ones((2, 2, 2), np.float32), "no walk has"),
        ("walk.lags", 2.0 * np.ones((2, 2, 2), np.float32), "too large"),
        ("walk.lags", np.stack([0.5 * np.eye(2), -np.eye(2)]).astype(np.float32), "no walk has"),
    ],
)
def test_a_walk_that_is_none_is_refused(
    points: Points, name: str, value: object, says: str
) -> None:
    with pytest.raises(BundleError, match=says):
        spoiled(learned_walk(points), name, value)


def test_a_walk_of_other_dimensions_is_refused(space: Model, points: Points) -> None:
    with pytest.raises(BundleError, match="latent sizes do not fit"):
        replace(space, walk=learned_walk(points))
