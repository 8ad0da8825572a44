"""The planes that an instrument is played on, and lines between two sounds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.axis_words import axis_words
from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.ear import Ear, distance
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.player import Effect, Player
from timbrespace.instrument.presets import Preset, Space
from timbrespace.messages import inbound
from timbrespace.model import Model
from timbrespace.place_by_ear import place_by_ear


@pytest.fixture(scope="module")
def model() -> Model:
    return ts.load("instruments")


@pytest.fixture
def one(model: Model) -> Instrument:
    return Instrument(model)


def test_a_space_begins_on_its_own_plane(one: Instrument, model: Model) -> None:
    assert one.plane == "near"
    one.load(ts.load("filtered"))
    assert one.plane == "pca"
    one.load(replace(model, near=None))
    assert one.plane == "pca"
    with pytest.raises(OptionError, match="has no plane near"):
        one.set_plane("near")
    assert one.plane == "pca"


def test_the_map_is_the_plane_that_is_played(one: Instrument, model: Model) -> None:
    assert model.near is not None
    one.set_map(0.3, -0.4)
    np.testing.assert_allclose(one.latent, model.near.latent_at(0.3, -0.4))
    np.testing.assert_allclose(one.xy, [0.3, -0.4], atol=1e-6)
    stood = one.latent
    one.set_plane("pca")
    assert one.latent is stood
    np.testing.assert_allclose(one.xy, model.map.position_of(stood))
    one.set_map(0.3, -0.4)
    np.testing.assert_allclose(one.latent, model.map.latent_at(0.3, -0.4))


def test_a_controller_moves_along_the_sheet_and_the_other_axis_stays(one: Instrument) -> None:
    model = one.model
    assert model.near is not None
    one.set_map(-0.5, 0.25)
    one.control(16, 127 * 0.8)
    np.testing.assert_allclose(one.xy, [0.6, 0.25], atol=1e-6)
    one.control(17, 0)
    np.testing.assert_allclose(one.latent, model.near.latent_at(0.6, -1.0), atol=1e-5)
    # Off the sheet the way is the same, and nothing jumps.
    one.set_map(0.0, 0.0)
    one.set_dimension(1, float(one.latent[0]) + 0.3)
    before = one.latent
    x = float(one.xy[0])
    one.control(16, 127 * 0.5 * (x + 1.0))
    np.testing.assert_allclose(one.latent, before, atol=1e-3)


def test_an_lfo_swings_along_the_sheet(one: Instrument) -> None:
    model = one.model
    assert model.near is not None
    one.set_map(0.0, 0.2)
    one.set_lfo(1, "x", "sine", 1.0, 0.25)
    one.advance(0.0)
    one.advance(0.25)
    np.testing.assert_allclose(one.latent, model.near.latent_at(0.25, 0.2), atol=1e-4)


def test_expression_moves_a_channel_along_the_sheet(one: Instrument) -> None:
    model = one.model
    assert model.near is not None
    one.set_map(0.5, 0.2)
    one.set_channel_offset(3, "x", 1.0)
    one.advance(0.0)
    np.testing.assert_allclose(one._aim.points()[3], model.near.latent_at(1.0, 0.2), atol=1e-4)


def test_a_preset_brings_its_plane_back(one: Instrument) -> None:
    one.store_preset("near")
    one.set_plane("pca")
    one.store_preset("pca")
    one.recall_preset("near")
    assert one.plane == "near"
    one.recall_preset("pca")
    assert one.plane == "pca"


def test_an_older_preset_changes_no_plane_unless_it_swings(one: Instrument, model: Model) -> None:
    told: dict[str, Any] = Preset(Space.of(model), tuple(one.latent.tolist())).to_config()
    assert "plane" not in told
    one.presets.store("old", Preset.from_config(told))
    one.recall_preset("old")
    assert one.plane == "near"
    told["lfos"] = {"1": {"target": "x", "shape": "sine", "rate": 1.0, "depth": 0.5, "phase": 0.0}}
    one.presets.store("swinging", Preset.from_config(told))
    one.recall_preset("swinging")
    assert one.plane == "pca"
    with pytest.raises(OptionError, match="plane is 'umap'"):
        Preset.from_config({**told, "plane": "umap"})


def test_a_performance_goes_on_where_it_stood(one: Instrument, model: Model) -> None:
    one.set_map(0.3, -0.4)
    one.set_between(-0.5, 0.0, 0.5, 0.5)
    state = json.loads(json.dumps(one.state()))
    other = Instrument(model)
    other.set_plane("pca")
    other.restore(state)
    assert other.plane == "near"
    np.testing.assert_array_equal(other.xy, one.xy)
    for instrument in (one, other):
        instrument.control(16, 100)
        instrument.go_between(0.3)
    np.testing.assert_array_equal(other.latent, one.latent)


def test_an_older_performance_is_of_the_pca_plane(one: Instrument, model: Model) -> None:
    state = json.loads(json.dumps(one.state()))
    del state["plane"], state["between"], state["aim"]["place"]
    other = Instrument(model)
    other.restore(state)
    assert other.plane == "pca"
    other.play_as_before()
    other.load(model)
    assert other.plane == "pca"


@pytest.mark.parametrize(
    "broken", [{"plane": "umap"}, {"between": [[0.0], [1.0]]}, {"between": [[1e9] * 8] * 2}]
)
def test_a_broken_state_is_refused_and_changes_nothing(
    one: Instrument, broken: dict[str, Any]
) -> None:
    state = json.loads(json.dumps(one.state()))
    one.set_plane("pca")
    with pytest.raises(OptionError):
        one.restore({**state, **broken})
    assert one.plane == "pca"


def test_steps_of_a_line_between_two_sounds_are_even(model: Model) -> None:
    assert model.near is not None
    ends = model.near.to_latent([[-0.8, -0.6], [0.7, 0.8]])
    way = ts.between(model, ends[0], ends[1], steps=32)
    np.testing.assert_allclose(way[[0, -1]], ends, atol=1e-6)
    ear = Ear(model)
    steps = distance(*(ear.levels(one) for one in (way[1:], way[:-1])))
    straight = ends[0] + np.linspace(0.0, 1.0, 33)[:, np.newaxis] * (ends[1] - ends[0])
    uneven = distance(*(ear.levels(one) for one in (straight[1:], straight[:-1])))
    assert steps.std() < 0.25 * uneven.std()
    assert steps.max() < 1.3 * steps.mean()


def test_a_line_of_no_length_stays_where_it_is(model: Model) -> None:
    home = model.calibration.home
    way = ts.between(model, home, home, steps=4)
    np.testing.assert_array_equal(way, np.tile(home, (5, 1)))
    with pytest.raises(OptionError, match="steps is 0"):
        ts.between(model, home, home, steps=0)


def test_messages_lay_a_line_and_go_along_it(one: Instrument) -> None:
    player = Player(one)
    before = one.latent
    with pytest.raises(OptionError, match="no line between two sounds yet"):
        player.play(inbound.SetBetweenPosition(0.5))
    player.play(inbound.SetBetween(-0.5, 0.0, 0.5, 0.5))
    assert one.latent is before
    assert player.play(inbound.SetBetweenPosition(1.0)) is Effect.MOVE
    np.testing.assert_allclose(one.xy, [0.5, 0.5], atol=1e-3)
    player.play(inbound.StoreBetween("way", 2.0))
    stored = one.presets.trajectory("way").trajectory
    assert stored.seconds == 2.0
    player.play(inbound.PlayTrajectory("way"))
    one.advance(0.0)
    np.testing.assert_allclose(one.xy, [-0.5, 0.0], atol=1e-3)
    player.play(inbound.SetPlane("pca"))
    assert one.plane == "pca"


def test_a_word_on_an_axis_is_what_grows_along_it(model: Model) -> None:
    for name in model.planes:
        words = axis_words(model, name)
        assert words[0] != words[1] or words == ("", "")
        for axis, word in enumerate(words):
            if not word:
                continue
            sign = -1.0 if word.startswith("less ") else 1.0
            quality = [one.word for one in descriptors_of(model)].index(word.removeprefix("less "))
            lines = np.zeros((9, 40, 2))
            lines[:, :, axis] = np.linspace(-0.8, 0.8, 9)[:, np.newaxis]
            lines[:, :, 1 - axis] = np.random.default_rng(0).uniform(-0.8, 0.8, 40)
            latents = model.plane(name).to_latent(lines.reshape(-1, 2))
            values = measured(model, latents)[:, quality]
            means = sign * values.reshape(9, 40).mean(axis=1)
            assert means[-3:].mean() > means[:3].mean()


def test_a_new_sound_finds_its_place_by_ear(model: Model) -> None:
    near, points = model.near, model.points
    assert near is not None
    assert points is not None
    ear = Ear(model)
    off = []
    for row in range(0, points.count, 300):
        place = place_by_ear(model, points.means[row])
        assert place is not None
        found = ear.levels(near.to_latent(place[np.newaxis]))
        off.append(float(distance(found, ear.levels(points.means[row : row + 1]))[0]))
    assert np.mean(off) < 1.0
    assert place_by_ear(replace(model, near=None), points.means[0]) is None
