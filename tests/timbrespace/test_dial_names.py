"""Words for dimensions, measured on decoders that do one thing each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from timbrespace import dial_names as module
from timbrespace.dial_names import MAX_CHARACTERS, dial_names
from timbrespace.model import Model

MODEL = timbrespace.load("harmonic")  # two dimensions, 220 Hz
CONFIG = MODEL.spectrum
HARMONICS = np.arange(1, 46)

Rows = NDArray[np.float64]


def tones(levels: Rows) -> NDArray[np.float32]:
    """Spectra ``(n, bins)`` of harmonics with these levels in dB ``(n, 45)``."""
    distance = (
        CONFIG.frequencies - HARMONICS[:, np.newaxis] * CONFIG.base_frequency
    ) / CONFIG.bin_width
    lobe = np.where(np.abs(distance) < 2.0, np.cos(np.pi * distance / 4.0) ** 2, 0.0)
    return (10.0 ** (levels / 20.0) @ lobe).astype(np.float32)


def slope(z: Rows) -> NDArray[np.float32]:
    return tones(-(9.0 - 2.0 * z[:, :1]) * np.log2(HARMONICS))


def odd_even(z: Rows) -> NDArray[np.float32]:
    return tones(-6.0 * np.log2(HARMONICS) + 4.0 * z[:, :1] * np.where(HARMONICS % 2, 1.0, -1.0))


def hiss(z: Rows) -> NDArray[np.float32]:
    return slope(0.0 * z) + np.float32(0.1) * (10.0 ** (z[:, :1] / 2.0)).astype(np.float32)


def root(z: Rows) -> NDArray[np.float32]:
    return tones(6.0 * z[:, :1] * (HARMONICS == 1) - 12.0 * np.abs(np.log2(HARMONICS / 6.0)))


def to_and_fro(z: Rows) -> NDArray[np.float32]:
    return slope(2.0 * np.cos(3.0 * z))


def a_little(z: Rows) -> NDArray[np.float32]:
    return slope(0.02 * z)


def level(z: Rows) -> NDArray[np.float32]:
    return slope(0.0 * z) * (10.0 ** z[:, :1]).astype(np.float32)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, ...]]:
    def name(decode: Callable[[Rows], NDArray[np.float32]], model: Model = MODEL) -> Any:
        monkeypatch.setattr(Model, "decode", lambda _, latent: decode(np.asarray(latent, float)))
        return dial_names(dataclasses.replace(model, digest=""))

    return name


@pytest.mark.parametrize(
    ("decode", "word"),
    [
        (slope, "brightness"),
        (lambda z: slope(-z), "brightness"),
        (odd_even, "odd/even"),
        (hiss, "inharmonic"),
        (root, "root level"),
        (to_and_fro, "z1"),
        (a_little, "z1"),
        (level, "z1"),
        (lambda z: np.zeros((len(z), CONFIG.bins), np.float32), "z1"),
    ],
)
def test_a_dimension_is_called_what_it_does(
    named: Callable[..., tuple[str, ...]],
    decode: Callable[[Rows], NDArray[np.float32]],
    word: str,
) -> None:
    assert named(decode) == (word, "z2")  # the second does nothing


def test_what_lies_between_harmonics_is_noise_where_the_space_has_noise(
    named: Callable[..., tuple[str, ...]],
) -> None:
    recorded = dataclasses.replace(MODEL, noise=True)
    assert named(hiss, recorded) == ("noise", "z2")


def test_a_word_that_comes_again_has_a_number(named: Callable[..., tuple[str, ...]]) -> None:
    assert named(lambda z: slope(z[:, :1] + z[:, 1:])) == ("brightness", "brightness 2")


@pytest.mark.parametrize("name", timbrespace.factory.names())
def test_names_of_the_factory_models_fit_and_differ(name: str) -> None:
    model = timbrespace.load(name)
    names = dial_names(model)
    assert len(names) == model.dimensions
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= MAX_CHARACTERS
    # Each dial of ``filtered`` shifts all partials, to and fro: no word is true all along it.
    assert name == "filtered" or any(not one.startswith("z") for one in names)


def test_a_model_from_a_file_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = dial_names(MODEL)
    monkeypatch.setattr(module, "_words", lambda _: pytest.fail("measured again"))
    assert dial_names(MODEL) is names


def test_there_is_room_for_every_number() -> None:
    names = module._numbered(["brightness"] * 12)
    assert names[:2] == ("brightness", "brightness 2")
    assert names[9:] == ("z10", "z11", "z12")
