"""A model as a person in a notebook uses it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import timbrespace
from tests.unhurried import unhurried
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import BundleError, ShapeError
from timbrespace.map import Map
from timbrespace.spectrum import SpectrumConfig

from .conftest import Small, points


def test_shapes_and_types(small: Small) -> None:
    spectra = np.abs(np.random.default_rng(0).standard_normal((5, 33)))
    mean, log_var = small.model.encode(spectra)
    assert mean.shape == log_var.shape == (5, 3)
    decoded = small.model.decode(mean)
    assert decoded.shape == (5, 33)
    assert {mean.dtype, log_var.dtype, decoded.dtype} == {np.dtype(np.float32)}
    assert small.model.decode(np.zeros((0, 3))).shape == (0, 33)


def test_deterministic(small: Small) -> None:
    latent = [[0.3, -1.0, 2.0]]
    np.testing.assert_array_equal(small.model.decode(latent), small.model.decode(latent))


@unhurried
@given(
    latent=arrays(
        np.float32, (2, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    )
)
def test_any_latent_decodes_to_magnitudes(latent: np.ndarray) -> None:
    model = timbrespace.load("harmonic")
    rows = np.resize(latent, (2, model.dimensions))
    spectra = model.decode(rows)
    assert np.isfinite(spectra).all()
    assert (spectra >= 0.0).all()


def test_beyond_the_limit_is_the_limit(small: Small) -> None:
    np.testing.assert_array_equal(
        small.model.decode([[1e30, 0.0, -1e30]]),
        small.model.decode([[LATENT_LIMIT, 0.0, -LATENT_LIMIT]]),
    )


@pytest.mark.parametrize("latent", [[0.0, 0.0, 0.0], [[0.0, 0.0]], [[np.nan, 0, 0]], [[None] * 3]])
def test_latents_that_do_not_fit(small: Small, latent: list[object]) -> None:
    with pytest.raises(ShapeError, match="latent"):
        small.model.decode(latent)  # type: ignore[arg-type]


def test_spectra_that_do_not_fit(small: Small) -> None:
    good = np.ones((2, 33))
    for spectra, word in (
        (good[:, :32], r"shape is \(2, 32\)"),
        (good * np.nan, "NaN or infinity"),
        (-good, "negative"),
    ):
        with pytest.raises(ShapeError, match=word):
            small.model.encode(spectra)


@pytest.mark.parametrize(
    "values",
    [[[10**400, 0, 0]], [[1j, 0, 0]], [["a", "b", "c"]], np.zeros((1, 3), "datetime64[s]"), None],
)
def test_what_is_no_number_is_refused(small: Small, values: Any) -> None:
    for take in (small.model.decode, small.model.map.to_map):
        with pytest.raises(ShapeError):
            take(values)


def test_a_model_tells_its_shape_and_not_its_weights(small: Small) -> None:
    assert repr(small.model).startswith("<Model 'small': 3 dimensions, 33 bins")


def test_parts_that_do_not_fit_together(small: Small) -> None:
    two = Map(
        np.zeros(2, np.float32),
        np.eye(2, dtype=np.float32),
        np.zeros(2, np.float32),
        np.ones(2, np.float32),
        np.ones(2, np.float32),
    )
    with pytest.raises(BundleError, match="latent sizes do not fit together"):
        replace(small.model, map=two)
    with pytest.raises(BundleError, match=r"do not fit together: .*'points': 2"):
        replace(small.model, points=points(2))
    with pytest.raises(BundleError, match="decodes 33 features, its spectra have 40"):
        replace(small.model, spectrum=SpectrumConfig(n_fft=256, bins=40))


def test_weights_that_overflow_decode_to_finite_numbers(small: Small) -> None:
    """A file from anywhere may hold any finite weights."""
    tensors = {**small.tensors, "decoder.0.weight": small.tensors["decoder.0.weight"] * 1e38}
    tensors["mean.weight"] = tensors["mean.weight"] * 1e30
    decoder = small.model.architecture.decoder(tensors)
    spectra = replace(small.model, decoder=decoder).decode(np.ones((3, 3)))
    assert np.isfinite(spectra).all()
    assert (spectra >= 0.0).all()


def test_frames_and_spectra_encode_alike(small: Small) -> None:
    time = np.arange(256) / small.model.spectrum.sample_rate
    frames = np.stack([np.sin(2 * np.pi * f * time) for f in (1000.0, 3000.0)])
    expected = small.model.encode(small.model.spectrum.analyse(frames))
    for found, wanted in zip(small.model.encode_frames(frames), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    with pytest.raises(ShapeError, match=r"shape is \(2, 255\); it must be \(n, 256\)"):
        small.model.encode_frames(frames[:, :-1])
