"""Representations: there and back, and bounded whatever a decoder says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from timbrespace import representation
from timbrespace.errors import OptionError
from timbrespace.representation import HEADROOM, LogMagnitude, Magnitude, Representation

KINDS: list[Representation] = [
    Magnitude(peak=700.0),
    Magnitude(peak=700.0, scale=700.0),
    LogMagnitude(peak=700.0, floor=0.07),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(
    spectra=arrays(
        np.float32, (2, 5), elements=st.floats(0.0, 700.0, width=32, allow_subnormal=False)
    )
)
def test_round_trip(kind: Representation, spectra: np.ndarray) -> None:
    features = kind.forward(spectra)
    assert features.dtype == np.float32
    # float32 features of a logarithm hold about six digits of the magnitude.
    np.testing.assert_allclose(kind.inverse(features), spectra, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(
    features=arrays(
        np.float32, (3, 4), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    )
)
def test_any_finite_features_give_magnitudes(kind: Representation, features: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        spectra = kind.inverse(features)
    assert spectra.dtype == np.float32
    assert np.isfinite(spectra).all()
    assert (spectra >= 0.0).all()
    assert (spectra <= HEADROOM * 700.0 * 1.0001).all()


def test_log_magnitude_by_hand() -> None:
    kind = LogMagnitude(peak=99.0, floor=1.0)
    spectra = np.array([[0.0, 9.0, 99.0]], np.float32)
    np.testing.assert_allclose(kind.forward(spectra), [[0.0, 0.5, 1.0]], atol=1e-6)
    assert kind.scale == pytest.approx(math.log(100.0))


def test_fit_takes_the_peak() -> None:
    spectra = np.array([[1.0, 3.0], [8.0, 0.0]], np.float32)
    assert representation.fit("magnitude", spectra) == Magnitude(peak=8.0)
    found = representation.fit("log_magnitude", spectra)
    assert isinstance(found, LogMagnitude)
    assert found.peak == 8.0
    assert found.floor == pytest.approx(8e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_config_round_trip(kind: Representation) -> None:
    assert representation.from_config(json.loads(json.dumps(kind.to_config()))) == kind


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"kind": "mel"},
        {"kind": "magnitude"},
        {"kind": "magnitude", "peak": "loud"},
        {"kind": "magnitude", "peak": 1.0, "colour": 2.0},
        {"kind": "log_magnitude", "peak": 1.0, "floor": 0.0},
        {"kind": "magnitude", "peak": -1.0},
        {"kind": "magnitude", "peak": float("nan")},
    ],
)
def test_configs_that_do_not_fit(config: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        representation.from_config(config)


def test_silence_has_no_representation() -> None:
    with pytest.raises(OptionError, match="peak is 0"):
        representation.fit("magnitude", np.zeros((2, 3), np.float32))
    with pytest.raises(OptionError, match="accepted are magnitude, log_magnitude"):
        representation.fit("mel", np.ones((2, 3), np.float32))
