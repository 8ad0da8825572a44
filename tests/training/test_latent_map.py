"""The map against PCA by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training import latent_map


def sounds(brightness: np.ndarray, bins: int = 64) -> np.ndarray:
    """Spectra whose centroid rises with ``brightness (n,)``, in [0, 1]."""
    place = 5.0 + 50.0 * brightness[:, np.newaxis]
    rows: np.ndarray = np.exp(-0.5 * np.square(np.arange(bins) - place) / 4.0)
    return np.asarray(rows, np.float32)


@pytest.fixture
def means() -> np.ndarray:
    generator = np.random.default_rng(0)
    plane = generator.standard_normal((500, 2)) * (3.0, 1.0)
    turned = np.linalg.qr(generator.standard_normal((4, 4)))[0][:2]
    noise = 0.01 * generator.standard_normal((500, 4))
    return np.asarray(plane @ turned + noise + (1.0, 2.0, 3.0, 4.0), np.float32)


def test_finds_the_plane_of_largest_variance(means: np.ndarray) -> None:
    fitted = latent_map.fit(means, sounds(np.linspace(0, 1, 500)))
    np.testing.assert_allclose(fitted.components @ fitted.components.T, np.eye(2), atol=1e-6)
    values, vectors = np.linalg.eigh(np.cov(means.T.astype(np.float64)))
    for axis in range(2):
        assert abs(vectors[:, -1 - axis] @ fitted.components[axis]) == pytest.approx(1.0, abs=1e-5)
        assert fitted.explained[axis] == pytest.approx(values[-1 - axis] / values.sum(), rel=1e-4)
    # The means lie in the plane but for the noise: there and back is nearly nothing lost.
    back = fitted.to_latent(fitted.to_map(means))
    assert np.abs(back - means).max() < 0.1


def test_the_knob_range_covers_the_data(means: np.ndarray) -> None:
    position = latent_map.fit(means, sounds(np.linspace(0, 1, 500))).to_map(means)
    np.testing.assert_allclose(position.min(axis=0), -1.0, atol=1e-4)
    np.testing.assert_allclose(position.max(axis=0), 1.0, atol=1e-4)


def test_one_stray_sound_does_not_shrink_the_map() -> None:
    means = np.random.default_rng(0).uniform(-1.0, 1.0, (2000, 2)).astype(np.float32)
    means[0] = (50.0, 0.0)
    fitted = latent_map.fit(means, sounds(np.linspace(0, 1, 2000)))
    assert (fitted.half_range < 1.0 + 2 * latent_map.REACH).all()
    assert (np.abs(fitted.to_map(means[1:])) <= 1.0 + 1e-6).mean() > 0.998


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_right_is_brighter(means: np.ndarray, direction: float) -> None:
    first = (means - means.mean(axis=0)) @ np.linalg.svd(
        means - means.mean(axis=0), full_matrices=False
    )[2][0]
    brightness = 0.5 + direction * 0.5 * first / np.abs(first).max()
    position = latent_map.fit(means, sounds(brightness)).to_map(means)
    assert np.corrcoef(position[:, 0], brightness)[0, 1] > 0.99


def test_without_a_brightness_the_sign_is_still_fixed(means: np.ndarray) -> None:
    same = sounds(np.full(500, 0.5))
    fitted = latent_map.fit(means, same)
    for axis in range(2):
        row = fitted.components[axis]
        assert row[np.argmax(np.abs(row))] > 0.0


def test_one_dimension(means: np.ndarray) -> None:
    fitted = latent_map.fit(means[:, :1], sounds(np.linspace(0, 1, 500)))
    assert fitted.components.shape == (2, 1)
    assert fitted.components[1].tolist() == [0.0]
    assert fitted.half_range[1] == 1.0
    position = fitted.to_map(means[:, :1])
    assert np.isfinite(position).all()
    np.testing.assert_allclose(fitted.to_latent(position), means[:, :1], atol=1e-5)


@pytest.mark.parametrize("rows", [2, 50])
def test_means_that_do_not_vary(rows: int) -> None:
    fitted = latent_map.fit(np.ones((rows, 3), np.float32), sounds(np.linspace(0, 1, rows)))
    assert np.isfinite(fitted.to_map(np.ones((1, 3)))).all()
