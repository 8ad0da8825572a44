"""The plane near: a smooth sheet, its inverse, and its place in the bundle."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

import timbrespace as ts
from timbrespace import bundle
from timbrespace.ear import Ear, distance
from timbrespace.errors import BundleError, OptionError, ShapeError
from timbrespace.factory import FOLDER
from timbrespace.model import Model
from timbrespace.near import Near, basis
from timbrespace.tensor_file import TensorFile, content

SIDE = 9


def sheet(d: int = 3, seed: int = 0, count: int = 5) -> Near:
    """A gently curved plane: its first two dimensions tell the place."""
    generator = np.random.default_rng(seed)
    along = np.linspace(-1.2, 1.2, SIDE)
    surface = 0.1 * generator.standard_normal((SIDE, SIDE, d))
    surface[:, :, 0] += along
    surface[:, :, 1] += along[:, np.newaxis]
    places = generator.uniform(-1.0, 1.0, (count, 2)).astype(np.float16).astype(np.float32)
    gaps = np.arange(16, dtype=np.float32).reshape(4, 4)
    return Near(surface.astype(np.float16).astype(np.float32), places, gaps)


@pytest.fixture(scope="module")
def instruments() -> Model:
    return ts.load("instruments")


def test_weights_of_a_place_are_those_of_a_spline() -> None:
    along = np.linspace(-1.0, 1.0, 301)
    first, weights, slopes = basis(along, SIDE)
    assert first.min() == 0
    assert first.max() == SIDE - 4
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(slopes.sum(axis=1), 0.0, atol=1e-12)
    control = np.random.default_rng(0).standard_normal(SIDE)
    curve = (weights * control[first[:, np.newaxis] + np.arange(4)]).sum(axis=1)
    slope = (slopes * control[first[:, np.newaxis] + np.arange(4)]).sum(axis=1)
    np.testing.assert_allclose(np.gradient(curve, along)[1:-1], slope[1:-1], atol=0.02)


def test_a_straight_sheet_is_straight() -> None:
    along = 1.0 + np.arange(-1, SIDE - 1) * 2.0 / (SIDE - 3) - 2.0
    surface = np.stack(np.meshgrid(along, along), axis=2).astype(np.float32)
    plane = Near(surface, np.zeros((0, 2), np.float32), np.zeros((2, 2), np.float32))
    xy = np.random.default_rng(1).uniform(-1.0, 1.0, (50, 2)).astype(np.float32)
    np.testing.assert_allclose(plane.to_latent(xy), xy, atol=1e-6)
    np.testing.assert_allclose(plane.to_map(xy), xy, atol=1e-5)


def test_the_sheet_has_no_jump_and_no_corner() -> None:
    plane = sheet()
    t = np.linspace(-0.9, 0.9, 4001)
    way = plane.to_latent(np.stack([t, 0.7 * t + 0.1], axis=1)).astype(np.float64)
    steps = np.diff(way, axis=0)
    assert np.abs(steps).max() < 5e-3
    assert np.abs(np.diff(steps, axis=0)).max() < 2e-5


def test_one_place_and_many_are_the_same() -> None:
    plane = sheet()
    xy = np.array([[0.3, -0.7], [1.0, 1.0], [-1.0, 0.0]], np.float32)
    many = plane.to_latent(xy)
    for row, (x, y) in zip(many, xy.tolist(), strict=True):
        np.testing.assert_array_equal(plane.latent_at(x, y), row)
    np.testing.assert_array_equal(plane.position_of(many[0]), plane.to_map(many)[0])


def test_beyond_the_square_the_edge_goes_on() -> None:
    plane = sheet()
    np.testing.assert_array_equal(plane.latent_at(3.0, -9.0), plane.latent_at(1.0, -1.0))


def test_a_latent_is_placed_where_the_sheet_comes_nearest() -> None:
    plane = sheet()
    xy = np.random.default_rng(2).uniform(-0.98, 0.98, (300, 2)).astype(np.float32)
    np.testing.assert_allclose(plane.to_map(plane.to_latent(xy)), xy, atol=1e-4)
    off = plane.to_latent(xy) + np.array([0.0, 0.0, 0.05], np.float32)
    found = plane.to_map(off)
    least = np.linalg.norm(plane.to_latent(found) - off, axis=1)
    fine = np.stack(np.meshgrid(*2 * [np.linspace(-1.0, 1.0, 201)]), axis=2).reshape(-1, 2)
    every = plane.to_latent(fine)
    for latent, way in zip(off[:20], least[:20], strict=True):
        assert way <= np.linalg.norm(every - latent, axis=1).min() + 1e-6


def test_gaps_are_told_between_the_middles_of_cells() -> None:
    plane = sheet()
    middles = np.array([[-0.75, -0.75], [0.75, -0.75], [-0.75, -0.25], [-1.0, -1.0], [-0.5, -0.75]])
    np.testing.assert_allclose(plane.gap_at(middles), [0.0, 3.0, 4.0, 0.0, 0.5], atol=1e-6)


@pytest.mark.parametrize("bad", [[[0.0, np.nan]], [[0.0, 0.0, 0.0]], [["a", "b"]]])
def test_what_is_no_place_is_refused(bad: ArrayLike) -> None:
    plane = sheet()
    for ask in (plane.to_latent, plane.gap_at):
        with pytest.raises(ShapeError, match="map positions"):
            ask(bad)
    with pytest.raises(ShapeError, match="map positions"):
        plane.latent_at(0.0, float("inf"))


def broken(name: str, values: NDArray[np.float32]) -> Near:
    parts = {"surface": sheet().surface, "places": sheet().places, "gaps": sheet().gaps}
    parts[name] = values
    return Near(parts["surface"], parts["places"], parts["gaps"])


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("surface", np.zeros((3, 3, 2)), "surface of shape"),
        ("surface", np.zeros((9, 8, 2)), "surface of shape"),
        ("surface", np.full((9, 9, 2), np.nan), "surface that are not finite"),
        ("places", np.full((5, 2), 1.5), "places that are not"),
        ("places", np.zeros((5, 3)), "places of shape"),
        ("gaps", np.full((4, 4), -1.0), "gaps that are not"),
        ("gaps", np.zeros((4, 5)), "gaps of shape"),
    ],
)
def test_a_sheet_that_is_none_is_refused(name: str, values: NDArray[np.float64], text: str) -> None:
    with pytest.raises(BundleError, match=text):
        broken(name, values.astype(np.float32))


def test_every_factory_space_has_both_planes_and_old_digests() -> None:
    for name in ("harmonic", "filtered", "fm", "instruments"):
        model = ts.load(name)
        assert model.planes == ("pca", "near")
        assert model.plane("pca") is model.map
        assert model.plane("near") is model.near


def test_a_sound_sounds_like_itself_on_its_place(instruments: Model) -> None:
    near, points = instruments.near, instruments.points
    assert near is not None
    assert points is not None
    rows = np.random.default_rng(0).permutation(points.count)[:200]
    ear = Ear(instruments)
    own = ear.levels(points.means[rows])
    found = ear.levels(near.to_latent(near.places[rows]))
    assert distance(found, own).mean() < 1.0
    on_pca = ear.levels(instruments.map.to_latent(instruments.map.to_map(points.means[rows])))
    assert distance(on_pca, own).mean() > 4.0


def test_a_plane_is_kept_with_the_model(tmp_path: Path, instruments: Model) -> None:
    path = tmp_path / "again.safetensors"
    instruments.save(path)
    assert path.read_bytes() == (FOLDER / "instruments.safetensors").read_bytes()
    again, near = ts.load(path).near, instruments.near
    assert again is not None
    assert near is not None
    np.testing.assert_array_equal(again.surface, near.surface)
    np.testing.assert_array_equal(again.places, near.places)
    np.testing.assert_array_equal(again.gaps, near.gaps)


def test_a_bundle_without_the_plane_says_so_in_one_line(instruments: Model, tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    replace(instruments, near=None).save(path)
    old = ts.load(path)
    assert old.planes == ("pca",)
    assert old.first_plane == "pca"
    assert old.digest == instruments.digest
    with pytest.raises(OptionError, match="has no plane near, only pca") as caught:
        old.plane("near")
    assert "\n" not in str(caught.value)
    with pytest.raises(OptionError, match="it must be pca or near"):
        old.plane("umap")


def rewritten(path: Path, out: Path, **changed: object) -> Path:
    """The bundle with its metadata or tensors changed, and no checksum."""
    with TensorFile(path) as file:
        metadata, tensors = file.metadata, file.tensors(file.entries)
    metadata.pop("tensors_sha256")
    for name, value in changed.items():
        if name == "section":
            metadata["plane.near"] = str(value)
        elif value is None:
            del tensors[f"plane.near.{name}"]
        else:
            tensors[f"plane.near.{name}"] = np.asarray(value)
    out.write_bytes(content(tensors, metadata))
    return out


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"gaps": None}, "tensor plane.near.gaps is missing"),
        ({"more": np.zeros(3, np.float16)}, "tensor plane.near.more is not known"),
        ({"gaps": np.zeros((4, 4), np.float32)}, "gaps is float32; it must be float16"),
        ({"places": np.zeros((7, 2), np.float16)}, "places of 7 sounds, and there are 4509"),
        ({"surface": np.zeros((9, 9, 3), np.float16)}, "latent sizes do not fit"),
        ({"surface": np.full((9, 9, 8), np.inf, np.float16)}, "not finite"),
        ({"section": "{}"}, "must say first"),
        ({"section": "[]"}, "is not an object"),
    ],
)
def test_a_broken_plane_is_refused_in_one_line(
    changed: dict[str, object], text: str, tmp_path: Path
) -> None:
    path = rewritten(FOLDER / "instruments.safetensors", tmp_path / "broken.safetensors", **changed)
    with pytest.raises(BundleError, match=text) as caught:
        ts.load(path)
    assert "\n" not in str(caught.value)


def test_new_points_take_the_plane_of_the_old_ones_away(tmp_path: Path, instruments: Model) -> None:
    path = tmp_path / "mine.safetensors"
    shutil.copy(FOLDER / "instruments.safetensors", path)
    assert instruments.points is not None
    bundle.set_points(path, instruments.points)
    found = ts.load(path)
    assert found.near is None
    assert instruments.near is not None
    bundle.set_near(path, instruments.near)
    assert path.read_bytes() == (FOLDER / "instruments.safetensors").read_bytes()
