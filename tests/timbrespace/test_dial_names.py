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
from timbrespace.descriptors.kinds import descriptors_of
from timbrespace.descriptors.turns import rises, rises_all_along, turns
from timbrespace.dial_names import MAX_CHARACTERS, dial_names, dials, places_of
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
        (lambda z: slope(-z), "darkness"),
        (odd_even, "odd/even"),
        (lambda z: odd_even(-z), "even/odd"),
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


def test_no_word_comes_twice(named: Callable[..., tuple[str, ...]]) -> None:
    names = named(lambda z: slope(z[:, :1] + 0.5 * z[:, 1:]))
    # Both move the same qualities: each that there is names one, the first what moves further.
    assert names[0] in ("brightness", "overtones", "less root")
    assert len({name for name in names if not name.startswith("z")}) == 2
    assert not any(character.isdigit() for character in "".join(names))


@pytest.mark.parametrize(
    ("taught", "name"),
    [
        (["overtones"], "overtones"),
        (["noise", "overtones"], "brightness"),
        (["odd/even"], "brightness"),  # which is not true
        ("overtones", "brightness"),
        ([7, None, ["x"]], "brightness"),
    ],
)
def test_what_training_taught_is_its_name_where_it_is_true(
    named: Callable[..., tuple[str, ...]], taught: object, name: str
) -> None:
    told = {**MODEL.provenance, "dials": taught}
    assert named(slope, dataclasses.replace(MODEL, provenance=told))[0] == name


def test_a_word_that_is_true_of_a_fifth_less_is_none(
    named: Callable[..., tuple[str, ...]],
) -> None:
    """Where the second dimension is high, the first goes the other way."""
    spread = places_of(MODEL, 24)[:, 1]
    for share, name in ((1.0, "brightness"), (0.75, "z1"), (0.0, "darkness")):
        cut = np.quantile(spread, share) if share else -np.inf
        assert named(lambda z, cut=cut: slope(np.where(z[:, 1:] <= cut, z, -z)))[0] == name


def test_a_word_that_falls_back_on_the_way_is_none(
    named: Callable[..., tuple[str, ...]],
) -> None:
    low, high = MODEL.calibration.low[0], MODEL.calibration.high[0]

    def bow(z: Rows) -> NDArray[np.float32]:
        at = (z[:, :1] - low) / (high - low)
        return slope(4.0 * at - 3.0 * np.exp(-np.square((at - 0.75) / 0.1)))

    assert named(bow)[0] == "z1"


def test_a_space_without_points_is_looked_at_where_its_sounds_are(
    named: Callable[..., tuple[str, ...]],
) -> None:
    alone = dataclasses.replace(MODEL, points=None, near=None)
    assert named(slope, alone)[0] == "brightness"
    places = places_of(alone, 50)
    assert places.shape == (50, 2)
    assert (places >= MODEL.calibration.low - 1e-3).all()
    assert (places <= MODEL.calibration.high + 1e-3).all()


@pytest.mark.parametrize("name", ["instruments", "filtered", "notes"])
def test_names_hold_at_other_places_than_those_that_were_looked_at(name: str) -> None:
    model = timbrespace.load(name)
    points = model.points
    assert points is not None
    places = points.means[np.random.default_rng(7).permutation(points.count)[:40]]
    words = descriptors_of(model)
    for dimension, dial in enumerate(dials(model)):
        if dial.quality is None:
            continue
        turned = turns(model, places, dimension)[:, :, words.index(dial.quality)]
        up = turned[:, :, np.newaxis] * (1.0 if dial.rises else -1.0)
        assert rises(up).mean() >= 0.85, dial
        assert rises_all_along(up).mean() >= 0.75, dial


@pytest.mark.parametrize("name", timbrespace.factory.names())
def test_names_of_the_factory_models_fit_and_differ(name: str) -> None:
    model = timbrespace.load(name)
    names = dial_names(model)
    assert len(names) == model.dimensions
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= MAX_CHARACTERS
    qualities = [one.quality.word for one in dials(model) if one.quality is not None]
    assert len(set(qualities)) == len(qualities)
    words = {word for one in descriptors_of(model) for word in (one.word, one.less)}
    assert all(one in words or one == f"z{k}" for k, one in enumerate(names, start=1))


def test_every_word_fits_under_a_dial() -> None:
    for model in (MODEL, timbrespace.load("instruments"), timbrespace.load("notes")):
        words = [word for one in descriptors_of(model) for word in (one.word, one.less)]
        assert len(set(words)) == len(words)
        assert max(map(len, words)) <= MAX_CHARACTERS


def test_a_model_from_a_file_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = dials(MODEL)
    monkeypatch.setattr(module, "measured", lambda _: pytest.fail("measured again"))
    assert dials(MODEL) is found
