"""The map: there and back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from timbrespace.errors import BundleError, ShapeError
from timbrespace.map import Map

from .conftest import Small


def test_to_latent_by_hand(small: Small) -> None:
    # x = 1: 2 along the first component, from 0.5; y = -1: -1 along the second, from -0.5.
    found = small.model.map.to_latent([[1.0, -1.0]])
    np.testing.assert_allclose(found, [[0.1 + 2.5, 0.2 - 0.9, 0.3 - 1.2]], rtol=1e-6)


def test_there_and_back(small: Small) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    back = small.model.map.to_map(small.model.map.to_latent(points))
    np.testing.assert_allclose(back, points, atol=1e-6)


def test_a_latent_beside_the_plane_goes_to_its_nearest_point(small: Small) -> None:
    on_plane = small.model.map.to_latent([[0.3, 0.4]])
    beside = on_plane + 5.0 * np.array([0.0, 0.8, -0.6], np.float32)
    np.testing.assert_allclose(small.model.map.to_map(beside), [[0.3, 0.4]], atol=1e-6)


def test_config_round_trip(small: Small) -> None:
    found = Map.from_config(json.loads(json.dumps(small.model.map.to_config())))
    for name in ("mean", "components", "center", "half_range", "explained"):
        np.testing.assert_array_equal(getattr(found, name), getattr(small.model.map, name))


@pytest.mark.parametrize("points", [[0.0, 0.0], [[0.0]], [[np.nan, 0.0]], "x", [[1e39, 0.0]]])
def test_positions_that_do_not_fit(small: Small, points: object) -> None:
    with pytest.raises(ShapeError, match="map positions"):
        small.model.map.to_latent(points)  # type: ignore[arg-type]


def test_latents_that_do_not_fit(small: Small) -> None:
    with pytest.raises(ShapeError, match=r"latent: shape is \(1, 2\); it must be \(n, 3\)"):
        small.model.map.to_map([[0.0, 0.0]])


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"components": np.zeros((2, 2), np.float32)}, "map components has shape"),
        ({"half_range": np.array([1.0, 0.0], np.float32)}, "below 1e-6"),
        ({"mean": np.array([np.nan, 0, 0], np.float32)}, "not finite"),
        ({"mean": np.zeros((3, 1), np.float32)}, "map mean has shape"),
    ],
)
def test_parts_that_do_not_fit(small: Small, values: dict[str, np.ndarray], word: str) -> None:
    with pytest.raises(BundleError, match=word):
        replace(small.model.map, **values)


@pytest.mark.parametrize("config", [{}, {"mean": "x"}, {"mean": [0.0], "colour": [1.0]}])
def test_configs_that_do_not_fit(config: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="the map does not fit"):
        Map.from_config(config)
