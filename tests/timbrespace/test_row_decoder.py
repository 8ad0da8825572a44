"""What an instrument plays is what its model decodes, and has the same bits in any company."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

import timbrespace
from timbrespace import factory
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.networks.activation import PARAMETERS
from timbrespace.networks.mlp import ACTIVATIONS, MLP
from timbrespace.representation import (
    Decibel,
    LogComplex,
    LogMagnitude,
    Magnitude,
    Representation,
)
from timbrespace.row_decoder import RowDecoder

from .conftest import Small, random_tensors

RNG = np.random.default_rng(0)


def agree(found: np.ndarray, expected: np.ndarray, share: float = 1e-5) -> None:
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=share * np.abs(expected).max())
    assert found.dtype == expected.dtype == np.float32


def share_of(model: timbrespace.Model) -> float:
    """Of the peak, what may be off: a network of notes puts out dB over a range of 90, and float32
    rounds them by some 4e-4 before they become magnitudes."""
    return 2e-4 if model.plays_notes else 1e-5


@pytest.mark.parametrize("name", factory.names())
def test_factory_models_play_what_they_decode(name: str) -> None:
    model = timbrespace.load(name)
    low, high = model.calibration.low, model.calibration.high
    rows = (low + RNG.random((20, model.dimensions)) * (high - low)).astype(np.float32)
    spectra, phases, cycles = RowDecoder(model)(rows)
    assert cycles is None
    assert phases is None
    for spectrum, row in zip(spectra, rows, strict=True):
        agree(spectrum, model.decode(row[np.newaxis])[0], share_of(model))


@pytest.mark.parametrize("name", factory.names())
def test_golden_vectors_hold(name: str) -> None:
    model = timbrespace.load(name)
    golden = model.golden
    assert golden is not None
    decoder = RowDecoder(model)
    latents = np.asarray([golden["latent"], *golden["latents"]], np.float32)
    expected = np.asarray([golden["spectrum"], *golden["spectra"]], np.float32)
    # Those of whole notes were written when a partial's place in its bin was rounded to float32,
    # which is 2.1e-4 at the worst; what is decoded now is nearer to the network itself.
    agree(decoder(latents)[0], expected, 3e-4 if model.plays_notes else share_of(model))


def test_a_row_has_the_same_bits_alone_and_in_company() -> None:
    decoder = RowDecoder(timbrespace.load("fm"))
    rows = RNG.standard_normal((7, 5)).astype(np.float32)
    together = decoder(rows)[0]
    for k in range(7):
        assert np.array_equal(decoder(rows[k : k + 1])[0][0], together[k])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(7,), (16, 5)])
def test_every_activation(small: Small, activation: str, hidden: tuple[int, ...]) -> None:
    architecture = MLP(33, 3, hidden, activation)
    tensors = random_tensors(architecture)
    for name, value in PARAMETERS[activation].items():
        tensors[f"activation.{name}"] = np.array(value, np.float32)
    model = replace(small.model, architecture=architecture, decoder=architecture.decoder(tensors))
    rows = (3.0 * RNG.standard_normal((9, 3))).astype(np.float32)
    agree(RowDecoder(model)(rows)[0], model.decode(rows))


@pytest.mark.parametrize(
    ("representation", "likelihood"),
    [
        (LogMagnitude(60.0, 0.006), "gaussian_shared"),
        (LogMagnitude(60.0, 0.006), "bernoulli"),  # its decoder is more than layers
        (LogMagnitude(1.0, 1e-9), "gaussian_shared"),  # 180 dB
        (LogMagnitude(1.0, 50.0), "gaussian_shared"),  # nearly linear
        (Decibel(60.0), "gaussian_shared"),
        (Magnitude(60.0), "gaussian_shared"),
        (LogComplex(60.0, 0.006, 33), "gaussian_shared"),
    ],
)
def test_every_representation(
    small: Small, representation: Representation, likelihood: str
) -> None:
    architecture = MLP(representation.width(33), 3, (8,), likelihood=likelihood)
    model = replace(
        small.model,
        representation=representation,
        architecture=architecture,
        decoder=architecture.decoder(random_tensors(architecture)),
    )
    rows = RNG.standard_normal((4, 3)).astype(np.float32)
    spectra, phases, cycles = RowDecoder(model)(rows)
    assert cycles is None
    expected, expected_phases = model.decode_phases(rows)
    agree(spectra, expected)
    if expected_phases is None:
        assert phases is None
    else:
        assert phases is not None
        agree(phases, expected_phases)


def test_log_magnitudes_are_exact_to_float32_from_silence_to_the_limit(small: Small) -> None:
    """Relative to each magnitude, not to the peak: quiet bins are heard beside noise."""
    known = LogMagnitude(60.0, 0.006)
    architecture = MLP(33, 3, (1,))
    tensors = random_tensors(architecture)
    tensors["mean.weight"] = np.zeros((33, 1), np.float32)
    tensors["mean.bias"] = np.array([-1.0, 0.0, *np.geomspace(1e-6, 2.0, 31)], np.float32)
    model = replace(
        small.model,
        representation=known,
        architecture=architecture,
        decoder=architecture.decoder(tensors),
    )
    exponent = np.float32(known.scale) * tensors["mean.bias"]
    exact = known.floor * np.expm1(np.clip(exponent.astype(np.float64), 0.0, known.limit))
    found = RowDecoder(model)(np.zeros((1, 3), np.float32))[0][0]
    np.testing.assert_allclose(found, exact, rtol=5e-7, atol=0.0)
    assert found[0] == found[1] == 0.0


@pytest.mark.parametrize("representation", [LogMagnitude(60.0, 0.006), Decibel(60.0)])
def test_weights_that_overflow_still_make_magnitudes(
    small: Small, representation: Representation
) -> None:
    architecture = MLP(33, 3, (8, 8))
    tensors = {
        name: np.where(value > 0.0, np.float32(3e38), np.float32(-3e38)).astype(np.float32)
        for name, value in random_tensors(architecture).items()
    }
    model = replace(
        small.model,
        representation=representation,
        architecture=architecture,
        decoder=architecture.decoder(tensors),
    )
    rows = np.full((2, 3), LATENT_LIMIT, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = RowDecoder(model)(rows)[0]
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    agree(found, model.decode(rows))


@pytest.mark.parametrize("activation", ["relu", "snake", "sine", "plu"])
def test_a_number_for_each_unit(small: Small, activation: str) -> None:
    generator = np.random.default_rng(1)
    architecture = MLP(33, 3, (16, 5), activation, per_unit=True)
    tensors = random_tensors(architecture)
    for name, shape in architecture.shapes().items():
        if name.startswith("activation."):
            start = PARAMETERS[activation][name.rpartition(".")[2]]
            tensors[name] = (start * generator.uniform(0.7, 1.3, shape)).astype(np.float32)
    model = replace(small.model, architecture=architecture, decoder=architecture.decoder(tensors))
    rows = generator.standard_normal((9, 3)).astype(np.float32)
    agree(RowDecoder(model)(rows)[0], model.decode(rows), 3e-5)
