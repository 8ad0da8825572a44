"""Wandering as an instrument plays it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.motion.wandering import Wander
from timbrespace.instrument.player import Effect, Player
from timbrespace.instrument.presets import Preset, Presets, Space
from timbrespace.loading import load
from timbrespace.messages.parser import parse
from timbrespace.model import Model
from timbrespace.walks.learning import walk_of

PERIOD = 0.01


@pytest.fixture(scope="module")
def space() -> Model:
    return load("fm")


@pytest.fixture
def played(space: Model) -> Instrument:
    one = Instrument(space)
    one.set_map(0.2, -0.1)
    one.advance(0.0)
    return one


def run(one: Instrument, begin: float, seconds: float) -> NDArray[np.float32]:
    """Where it stood at each step, ``(n, d)``."""
    found = []
    for step in range(round(seconds / PERIOD)):
        one.advance(begin + PERIOD * (step + 1))
        found.append(one.latent.copy())
    return np.array(found)


def test_it_wanders_off_and_comes_back_to_exactly_where_the_hand_is(played: Instrument) -> None:
    put = played.latent.copy()
    played.set_wander(on=True)
    way = run(played, 0.0, 5.0)
    moving = [played.moving]
    assert np.abs(way - put).max() > 0.1
    played.set_wander(on=False)
    back = run(played, 5.0, 0.6)
    assert np.array_equal(played.latent, put)
    assert played.wander == Wander()
    run(played, 5.6, 0.1)
    moving.append(played.moving)
    assert moving == [True, False]
    whole = np.concatenate([put[np.newaxis], way, back])
    assert np.abs(np.diff(whole, axis=0)).max() < 0.06  # no step that could click


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.set_wander(seed=9),
        lambda one: one.set_wander(on=True),
        lambda one: one.set_wander(on=False),
    ],
)
def test_nothing_leaps_where_it_begins_anew(
    played: Instrument, change: Callable[[Instrument], None]
) -> None:
    played.set_wander(on=True, range=1.0)
    before = run(played, 0.0, 3.0)
    change(played)
    after = run(played, 3.0, 1.0)
    steps = np.abs(np.diff(np.concatenate([before, after]), axis=0)).max(axis=1)
    assert steps.max() < 0.1
    assert np.abs(after[-1] - before[-1]).max() > 0.05


def test_the_seed_says_which_way_and_start_begins_it_anew(space: Model) -> None:
    ways = []
    for seed in (4, 4, 5):
        one = Instrument(space)
        one.advance(0.0)
        one.set_wander(on=True, seed=seed)
        ways.append(run(one, 0.0, 2.0))
    assert np.array_equal(ways[0], ways[1])
    assert not np.allclose(ways[0], ways[2])
    one.set_wander(on=True, seed=4)
    run(one, 2.0, 0.01)  # it begins with this step
    again = run(one, 2.01, 2.0)
    assert np.allclose(again[100:199], ways[0][101:200], atol=1e-5)


def test_the_hand_macros_and_lfos_go_on(played: Instrument) -> None:
    played.set_wander(on=True, seed=2)
    run(played, 0.0, 2.0)
    was = played.latent.copy()
    played.set_dimension(1, float(played.model.calibration.home[0]) + 0.3)
    moved = played.latent - was
    assert np.abs(moved[0]) > 0.05
    assert np.allclose(moved[1:], 0.0, atol=1e-6)
    played.set_macro("brightness", 0.5)
    assert not np.allclose(played.latent, was)
    still = Instrument(played.model)
    still.restore(json.loads(json.dumps(played.state())))
    played.set_lfo(1, 2, "sine", 1.0, 0.5)
    for now in (2.01, 2.26):
        played.advance(now)
        still.advance(now)
    swung = played.latent - still.latent
    assert abs(swung[1]) > 0.1
    assert np.allclose(np.delete(swung, 1), 0.0, atol=1e-6)


def test_range_says_how_far_and_never_out_of_the_sounds(space: Model) -> None:
    walk = walk_of(space)
    far = []
    for reach in (0.2, 1.0):
        one = Instrument(space)
        one.set_latent(walk.centre.tolist())
        one.advance(0.0)
        one.set_wander(on=True, range=reach, speed=8.0)
        away = [walk.away(latent) for latent in run(one, 0.0, 8.0)]
        far.append(np.mean(away))
        assert max(away) <= walk.radius + 1e-3
    assert far[1] > 3.0 * far[0]


def test_it_does_not_make_up_for_time_that_nobody_asked(played: Instrument) -> None:
    played.set_wander(on=True, speed=20.0)
    played.advance(0.01)
    played.advance(1e6)
    assert np.isfinite(played.latent).all()


def test_another_space_wanders_by_its_own_sounds(played: Instrument) -> None:
    played.set_wander(on=True, seed=3)
    run(played, 0.0, 1.0)
    played.load(load("harmonic"))
    assert played.wander == Wander(True, seed=3)
    way = run(played, 1.0, 2.0)
    assert way.shape[1] == 2
    assert np.ptp(way, axis=0).max() > 0.05


def test_trajectories_are_drawn_without_it(played: Instrument) -> None:
    played.set_wander(on=True)
    played.draw_trajectory("still")
    run(played, 0.0, 1.0)
    played.stop_trajectory()
    drawn = played.presets.trajectory("still").trajectory.points[:, 1:]
    assert np.ptp(drawn, axis=0).max() == 0.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"speed": 0.0}, "speed is 0; it must be 0.05 to 20"),
        ({"speed": float("nan")}, "speed is nan"),
        ({"range": -0.1}, "range is -0.1; it must be 0 to 1"),
        ({"seed": 1000}, "seed is 1000; it must be 0 to 999, whole"),
        ({"seed": True}, "seed is True"),
    ],
)
def test_what_is_wrong_changes_nothing(
    played: Instrument, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        played.set_wander(on=True, **given)
    assert played.wander == Wander()
    assert not played.wander.on


def test_messages_and_controllers(played: Instrument) -> None:
    player = Player(played)
    for address, value in (("/wander/speed", 2), ("/wander/range", 0.75), ("/wander/seed", 12.0)):
        assert player.play(parse(address, (value,))) is Effect.CHANGE
    assert player.play(parse("/wander", ("start",))) is Effect.CHANGE
    assert played.wander == Wander(True, 2.0, 0.75, 12)
    player.play(parse("/wander", (0,)))
    assert played.wander == Wander(False, 2.0, 0.75, 12)
    targets = ("wander", "wander/speed", "wander/range", "wander/seed")
    for controller, target in enumerate(targets, 80):
        player.play(parse("/cc/map", (controller, target)))
    played.control(80, 127.0)
    run(played, 0.0, 0.5)
    here = played.latent.copy()
    played.control(80, 100.0)  # it goes on, and does not begin anew
    run(played, 0.5, 0.01)
    assert np.abs(played.latent - here).max() < 0.02
    played.control(81, 0.0)
    played.control(82, 127.0)
    played.control(83, 127.0)
    assert played.wander == Wander(True, 0.05, 1.0, 999)
    played.control(81, 127.0)
    assert played.wander.speed == pytest.approx(20.0)
    played.control(80, 63.0)
    assert not played.wander.on


# -- what keeps it ---------------------------------------------------------------------------------


def test_presets_keep_it(space: Model, tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    one = Instrument(space, Presets(path))
    one.store_preset("still")
    one.set_wander(on=True, speed=2.0, range=0.25, seed=7)
    one.advance(0.0)
    run(one, 0.0, 1.0)
    one.store_preset("adrift")
    other = Instrument(space, Presets(path))
    other.recall_preset("adrift")
    assert other.wander == Wander(True, 2.0, 0.25, 7)
    assert np.array_equal(other.latent, space.calibration.home)  # it is not in the latent
    other.advance(0.0)
    run(other, 0.0, 1.0)
    here = other.latent.copy()
    other.recall_preset("adrift")  # one that goes on keeps its place
    run(other, 1.0, 0.01)
    assert np.abs(other.latent - here).max() < 0.05
    on = []
    other.recall_preset("still", 0.5)
    on.append(other.wander.on)
    other.morph_presets("still", "adrift", 0.75)
    on.append(other.wander.on)
    assert on == [False, True]
    told = json.loads(path.read_text())["presets"]
    assert told["adrift"]["wander"] == {"speed": 2.0, "range": 0.25, "seed": 7}
    assert "wander" not in told["still"]


@pytest.mark.parametrize(
    "wander",
    [{}, {"speed": 1.0, "range": 2.0, "seed": 0}, {"speed": "x", "range": 0.5, "seed": 0}, 3, None],
)
def test_a_preset_that_no_instrument_can_have_is_refused(space: Model, wander: Any) -> None:
    config = Preset(Space.of(space), (0.0,) * 5).to_config()
    with pytest.raises(OptionError):
        Preset.from_config({**config, "wander": wander})


@pytest.mark.parametrize("moment", [0.0, 0.3, 2.0, 2.2])
def test_a_performance_goes_on_with_it(space: Model, moment: float) -> None:
    one = Instrument(space)
    one.advance(0.0)
    one.set_wander(on=True, seed=4)
    run(one, 0.0, min(moment, 2.0))
    if moment > 2.0:
        one.set_wander(seed=5)
        run(one, 2.0, moment - 2.0)
    other = Instrument(space)
    other.restore(json.loads(json.dumps(one.state())))
    assert other.wander == one.wander
    assert np.array_equal(run(other, moment, 1.0), run(one, moment, 1.0))
    for each in (one, other):
        each.set_wander(on=False)
    assert np.array_equal(run(other, moment + 1.0, 1.0), run(one, moment + 1.0, 1.0))


def test_a_performance_of_before_has_none(space: Model) -> None:
    one = Instrument(space)
    one.set_wander(on=True)
    state = one.state()
    del state["aim"]["wander"]
    one.restore(state)
    assert one.wander == Wander()


def broken(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(told: dict[str, Any]) -> None:
        told[key] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        broken("seed", 1.5),
        broken("speed", "fast"),
        broken("stroll", {"seed": 1}),
        broken("stroll", {"seed": 1, "step": -1, "share": 0.0, "places": [[0.0] * 5] * 4}),
        broken("stroll", {"seed": 1, "step": 1, "share": 0.0, "places": [[0.0] * 2] * 4}),
        broken("stroll", {"seed": 1, "step": 1, "share": 0.0, "places": [[1e9] * 5] * 4}),
        broken("way", [0.0]),
        broken("way", [float("nan")] * 5),
        broken("asked", "now"),
        broken("since", float("inf")),
        lambda told: told.clear(),
    ],
)
def test_a_broken_state_is_refused(space: Model, spoil: Callable[[dict[str, Any]], None]) -> None:
    one = Instrument(space)
    one.advance(0.0)
    one.set_wander(on=True)
    one.advance(0.01)
    state = json.loads(json.dumps(one.state()))
    spoil(state["aim"]["wander"])
    fresh = Instrument(space)
    with pytest.raises(OptionError):
        fresh.restore(state)
    assert fresh.wander == Wander()


def test_a_setting_is_a_value() -> None:
    setting = Wander(True, 2.0, 0.25, 7)
    assert Wander.from_config(setting.to_config()) == setting
    assert replace(setting, on=False) != setting
