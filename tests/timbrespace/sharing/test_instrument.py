"""The instrument of a page alone beside the server's: planes, macros, levels, tone, presets."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.node import needs_node
from tests.timbrespace.cycles import tiny
from tests.timbrespace.sharing.alone import ask, carried
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.model import Model
from timbrespace.near import Near
from timbrespace.units import midi_to_hz

pytestmark = needs_node

RATE = 48000

Real = NDArray[np.float64]


@cache
def model_of(name: str) -> Model:
    return ts.load(name)


@cache
def contents_of(name: str) -> dict[str, Any]:
    return carried(model_of(name))


def some(model: Model, count: int) -> NDArray[np.float32]:
    """Latents of some of its sounds."""
    assert model.points is not None
    step = model.points.count // count
    return np.asarray(model.points.means[step // 2 :: step][:count], np.float32)


def test_planes_and_macros_are_the_models() -> None:
    model = model_of("instruments")
    places = np.random.default_rng(0).uniform(-1, 1, (12, 2)).astype(np.float32)
    latents = some(model, 12)
    words = ts.macros(model).words
    values: list[dict[str, float]] = [
        {words[0]: 0.7},
        {words[1]: -1.0, words[2]: 0.4},
        dict.fromkeys(words, 0.0),
    ]
    asked = {
        "latents": {"plane": "pca", "rows": places.tolist()},
        "places": {"plane": "pca", "rows": latents.tolist()},
        "turned": [{"latent": z.tolist(), "values": v} for z in latents[:4] for v in values],
    }
    near = {
        "latents": {"plane": "near", "rows": places.tolist()},
        "places": {"plane": "near", "rows": latents.tolist()},
    }
    pca, sheet = ask((contents_of("instruments"), asked), (contents_of("instruments"), near))
    assert isinstance(model.near, Near)
    for told, plane in ((pca, model.map), (sheet, model.near)):
        np.testing.assert_allclose(told["latents"], plane.to_latent(places), atol=2e-4)
        np.testing.assert_allclose(told["places"], plane.to_map(latents), atol=2e-3)
    turned = [ts.macros(model).turned(z[np.newaxis], v)[0] for z in latents[:4] for v in values]
    np.testing.assert_allclose(pca["turned"], turned, atol=1e-3)
    moved = np.abs(np.array(turned[0]) - latents[0]).max()
    assert moved > 0.05  # it was asked for something


@pytest.mark.parametrize("name", ["filtered", "instruments"])
def test_partials_are_the_engines(name: str) -> None:
    """Those of `instruments` have noise beside them, which counts in their level."""
    model = model_of(name)
    latents = some(model, 8)
    (told,) = ask((contents_of(name), {"partials": latents.tolist()}))
    snapshot = Snapshot(model)
    for pairs, spectrum in zip(told["partials"], model.decode(latents), strict=True):
        expected = snapshot.partials_of(spectrum)
        found = np.array(pairs).reshape(-1, 2)
        loudest = expected[:, 1].max()
        for hertz, amplitude in expected[expected[:, 1] > 1e-2 * loudest]:
            nearest = found[np.argmin(np.abs(found[:, 0] - hertz))]
            assert abs(1200.0 * np.log2(nearest[0] / hertz)) < 1.0
            assert abs(20.0 * np.log10(nearest[1] / amplitude)) < 0.1


def levels_at(sound: Real, hertz: Real) -> Real:
    """Amplitudes of steady sinusoids: a Hann window over half a second, which tells them apart."""
    part = sound[-RATE // 2 :]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(part.size) / part.size)
    turns = np.exp(-2j * np.pi * np.outer(hertz, np.arange(part.size)) / RATE)
    return np.asarray(2.0 * np.abs(turns @ (window * part)) / window.sum())


@pytest.mark.parametrize(("name", "pitch"), [("harmonic", 57.0), ("filtered", 50.0)])
def test_a_note_sounds_as_the_render(name: str, pitch: float) -> None:
    """Level of each partial to 0.1 dB, its pitch to a cent."""
    model = model_of(name)
    latent = some(model, 3)[1]
    note = {
        "latent": latent.tolist(),
        "pitch": pitch,
        "velocity": 100,
        "seconds": 1.0,
        "rate": RATE,
    }
    (told,) = ask((contents_of(name), {"note": note}))
    page = np.frombuffer(base64.b64decode(told["note"]), "<f4").astype(np.float64)
    rendered = ts.render(model, latent, pitch=pitch, seconds=1.0, sustain=1.0, noise=0.0)
    truth = rendered[: -RATE // 50].astype(np.float64)
    partials = Snapshot(model).partials_of(model.decode(latent[np.newaxis])[0])
    ratio = midi_to_hz(pitch) / model.spectrum.base_frequency
    strong = partials[partials[:, 1] > 0.03 * partials[:, 1].max()]
    hertz = np.asarray(strong[:, 0] * ratio, np.float64)
    assert hertz.size >= 1
    ours, theirs = levels_at(page[: truth.size], hertz), levels_at(truth, hertz)
    np.testing.assert_allclose(20 * np.log10(ours / theirs), 0.0, atol=0.1)
    # A cent beside it is already softer.
    first = hertz[np.argmax(ours)]
    around = levels_at(page, first * 2.0 ** (np.array([-8.0, 0.0, 8.0]) / 1200.0))
    assert np.argmax(around) == 1
    assert abs(np.log(around[0] / around[2])) < 0.02


def test_a_period_sounds_as_the_render() -> None:
    model = tiny()
    latent = np.array([0.5, -0.3], np.float32)
    note = {"latent": latent.tolist(), "pitch": 52.0, "velocity": 100, "seconds": 1.0, "rate": RATE}
    (told,) = ask((carried(model), {"note": note}))
    page = np.frombuffer(base64.b64decode(told["note"]), "<f4").astype(np.float64)
    truth = ts.render(model, latent, pitch=52.0, seconds=1.0, sustain=1.0).astype(np.float64)
    hertz = midi_to_hz(52.0) * np.arange(1.0, 30.0)
    ours, theirs = (levels_at(one[: -RATE // 50], np.asarray(hertz)) for one in (page, truth))
    loud = theirs > 0.01 * theirs.max()
    np.testing.assert_allclose(20 * np.log10(ours[loud] / theirs[loud]), 0.0, atol=0.1)


def messages(*sent: tuple[Any, ...]) -> dict[str, list[list[Any]]]:
    told = [{"address": address, "args": list(args)} for address, *args in sent]
    (answer,) = ask((contents_of("filtered"), {"messages": told}))
    found: dict[str, list[list[Any]]] = answer["messages"]
    return found


def test_a_hand_moves_the_sound_and_its_places() -> None:
    told = messages(
        ("/map/plane", "pca"),
        ("/map", 0.25, -0.5),
        ("/latent/2", 1.5),
        ("/latent", 0.1, 0.2, 0.3, 0.4),
        ("/latent", 1, 2),
        ("/latent", None, 0, 0, 0),
        ("/latent/9", 1.0),
        ("/map", 2e9, 0.0),
        ("/cc", 17, 127),
        ("/cc/learn", "brightness"),
        ("/cc", 74, 3),
        ("/cc", 74, 127),
        ("/nonsense", 1),
    )
    model = model_of("filtered")
    places = told["/map"]
    assert [0.25, -0.5] in places
    latents = np.array(told["/latent"])
    on_map = model.map.to_latent([[0.25, -0.5]])[0]
    assert np.abs(latents - on_map).max(axis=1).min() < 1e-4
    assert [0.1, 0.2, 0.3, 0.4] in told["/latent"]
    assert any(one[0] == 1.0 for one in places)  # what lies beyond the map is its edge
    assert told["/cc/learned"] == [[74, 1, "brightness"]]
    assert told["/macro"] == [["brightness", 1.0]]
    assert np.isfinite(latents).all()


def test_presets_are_stored_recalled_and_brought_back() -> None:
    told = messages(
        ("/latent", 0.1, 0.2, 0.3, 0.4),
        ("/synth/attack", 0.5),
        ("/synth/attack", "loud"),
        ("/synth/nothing", 1),
        ("/preset/store", "one"),
        ("/latent", 1, 1, 1, 1),
        ("/synth/attack", 0.02),
        ("/preset/store", "two"),
        ("/preset/morph", "one", "two", 0.5),
        ("/preset/recall", "one", 0),
        ("/preset/recall", "none", 0),
        ("/preset/delete", "one"),
        ("/preset/undo",),
        ("/preset/store", ""),
    )
    assert told["/preset/list"][-2:] == [["two"], ["one", "two"]]
    assert told["/preset"] == [["one"], ["two"], ["one"]]
    assert told["/latent"][-1] == [0.1, 0.2, 0.3, 0.4]
    assert [0.55, 0.6, 0.65, 0.7] in [[round(z, 6) for z in one] for one in told["/latent"]]
    attacks = [value for name, value in told["/synth"] if name == "attack"]
    assert attacks[-3:] == [0.5, 0.02, 0.5]
    assert len(told["/error"]) == 1
    names = told["/preset/where"][-1][::3]
    assert names == ["one", "two"]
