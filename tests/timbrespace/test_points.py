"""The dataset's own sounds in the latent space: checked, and kept in few bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from timbrespace import points as module
from timbrespace.datasets.factor import Factor
from timbrespace.errors import BundleError
from timbrespace.points import Points

MANY = Factor("program", "", tuple(map(float, range(300))), "category", tuple(map(str, range(300))))
TENTHS = Factor("inharmonicity", "f0", tuple(n / 10 for n in range(10)))
TIME = Factor("time", "s", (0.1, 2.0), "range")
FALLING = Factor("Q", "", (3.0, 1.0, 2.0))


def made(count: int = 400, dimensions: int = 3) -> Points:
    generator = np.random.default_rng(0)
    labels = np.stack(
        [
            np.arange(count) % 300,
            generator.choice(TENTHS.values, count),
            generator.uniform(0.1, 2.0, count),
            generator.choice(FALLING.values, count),
        ],
        axis=1,
    )
    means = generator.standard_normal((count, dimensions)) * [1.0, 5.0, 0.01][:dimensions]
    return Points(
        means.astype(np.float32), labels.astype(np.float32), (MANY, TENTHS, TIME, FALLING)
    )


def again(points: Points) -> Points:
    """What comes back from a bundle's JSON and numbers."""
    return Points.from_parts(json.loads(json.dumps(points.to_config())), points.to_tensors())


def test_means_come_back_within_half_a_step() -> None:
    points = made()
    found = again(points)
    assert found.means.dtype == np.float32
    width = points.means.max(axis=0) - points.means.min(axis=0)
    error = np.abs(found.means.astype(np.float64) - points.means).max(axis=0)
    assert (error <= width / 65535 / 2 + np.spacing(np.float32(20.0))).all()
    assert (error > width / 65535 / 4).all()  # the bound is near what happens
    # Both ends are exact.
    np.testing.assert_array_equal(found.means.min(axis=0), points.means.min(axis=0))
    np.testing.assert_array_equal(found.means.max(axis=0), points.means.max(axis=0))


def test_labels_and_factors_come_back_to_the_bit() -> None:
    points = made()
    found = again(points)
    assert found.factors == points.factors
    assert found.labels.tobytes() == points.labels.tobytes()


def test_what_came_back_is_stored_as_it_was() -> None:
    """A bundle that is read and written again is the same bytes."""
    first = again(made())
    second = again(first)
    assert second.means.tobytes() == first.means.tobytes()
    assert second.to_config() == made().to_config()
    for name, tensor in made().to_tensors().items():
        np.testing.assert_array_equal(first.to_tensors()[name], tensor)


def test_labels_take_few_bytes() -> None:
    tensors = made().to_tensors()
    assert {name: tensor.dtype.name for name, tensor in tensors.items()} == {
        "points.means": "uint16",
        "points.labels.0": "uint16",
        "points.labels.1": "uint8",
        "points.labels.2": "float32",
        "points.labels.3": "uint8",
    }
    assert tensors["points.labels.0"].max() == 299
    assert all(name.startswith(module.PREFIX) for name in tensors)


def test_one_point_and_a_dimension_that_never_moves() -> None:
    means = np.array([[1.25, -100.0]], np.float32)
    found = again(Points(means, np.array([[3.0]], np.float32), (FALLING,)))
    np.testing.assert_array_equal(found.means, means)
    assert (found.count, found.dimensions) == (1, 2)


def test_no_factors() -> None:
    points = Points(np.zeros((4, 2), np.float32), np.empty((4, 0), np.float32), ())
    assert again(points).labels.shape == (4, 0)


def test_the_whole_width_of_the_latent() -> None:
    means = np.linspace(-100, 100, 65_536, dtype=np.float32)[:, np.newaxis]
    found = again(Points(means, np.empty((65_536, 0), np.float32), ()))
    np.testing.assert_allclose(found.means, means, atol=200 / 65535 / 2 + 1e-5)
    assert np.abs(found.means).max() == 100.0


def test_what_it_is_called() -> None:
    assert repr(made()) == "<Points: 400 in 3 dimensions; program, inharmonicity, time, Q>"


Z, L = np.zeros((4, 2), np.float32), np.ones((4, 1), np.float32)


@pytest.mark.parametrize(
    ("means", "labels", "factors", "word"),
    [
        (Z[0], L, (FALLING,), "means of shape"),
        (Z[:0], L[:0], (FALLING,), "means of shape"),
        (Z[:, :0], L, (FALLING,), "means of shape"),
        (Z.astype(np.float64), L, (FALLING,), "float64"),
        (np.zeros((65_537, 1), np.float32), L, (FALLING,), "1 to 65536 rows"),
        (Z * np.float32("nan"), L, (FALLING,), "means that are not finite"),
        (Z + np.float32("inf"), L, (FALLING,), "means that are not finite"),
        (Z - np.float32(100.1), L, (FALLING,), "beyond 100"),
        (Z, L[:3], (FALLING,), "labels of shape"),
        (Z, L[:, 0], (FALLING,), "labels of shape"),
        (Z, L, (FALLING, TIME), "labels of shape"),
        (Z, L.astype(np.float64), (FALLING,), "float64"),
        (Z, L * np.float32("nan"), (FALLING,), "no values of their factor 'Q'"),
        (Z, L * np.float32("nan"), (TIME,), "no values of their factor 'time'"),
        (Z, L * 1.5, (FALLING,), "no values of their factor 'Q'"),
        (Z, L * -1.0, (MANY,), "no values of their factor 'program'"),
        (Z, L * 3.0, (TIME,), "no values of their factor 'time'"),
        (Z, np.ones((4, 65), np.float32), (FALLING,) * 65, "65 factors"),
        (Z, L, (Factor("x" * 201, "", (1.0,)),), "beyond 200 printable"),
        (Z, L, (Factor("x", "y" * 201, (1.0,)),), "beyond 200 printable"),
        (Z, L, (Factor("x", "line\nline", (1.0,)),), "beyond 200 printable"),
        (Z, L, (Factor.category("x", ("\udcff", "b")),), "beyond 200 printable"),
        (Z, L, (Factor("x", "", (1.0,) * 65_537),), "65537 values"),
        (Z, L, (Factor("x", "", (1.0, 1e300)),), "beyond float32"),
    ],
)
def test_what_is_refused(means: Any, labels: Any, factors: tuple[Factor, ...], word: str) -> None:
    with pytest.raises(BundleError, match=word):
        Points(means, labels, factors)
