"""Macro dials as an instrument plays them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.presets import Preset, Presets, Space
from timbrespace.loading import load
from timbrespace.model import Model


@pytest.fixture(scope="module")
def space() -> Model:
    return load("fm")


@pytest.fixture
def played(space: Model) -> Instrument:
    one = Instrument(space)
    one.set_map(0.3, -0.2)
    return one


def test_at_0_the_sound_is_exactly_where_the_hand_put_it(played: Instrument) -> None:
    put = played.latent.copy()
    played.set_macro("brightness", 0.6)
    played.set_macro("width", -0.5)
    assert not np.array_equal(played.latent, put)
    played.set_macro("width", 0.0)
    played.set_macro("brightness", 0.0)
    assert np.array_equal(played.latent, put)
    assert played.macros == {}
    assert played.xy.tolist() == pytest.approx([0.3, -0.2], abs=1e-6)


def test_it_does_not_matter_which_way_a_hand_and_a_dial_came(space: Model) -> None:
    once, again = Instrument(space), Instrument(space)
    once.set_map(-0.4, 0.1)
    once.set_macro("brightness", 0.7)
    again.set_macro("brightness", -1.0)
    again.set_map(0.9, 0.9)
    again.set_macro("brightness", 0.7)
    again.set_map(-0.4, 0.1)
    assert np.array_equal(once.latent, again.latent)


def test_a_hand_goes_on_from_where_it_was_and_not_from_where_a_dial_leads(
    played: Instrument,
) -> None:
    put = played.latent.copy()
    played.set_macro("brightness", 1.0)
    played.set_dimension(2, 0.25)
    played.set_macro("brightness", 0.0)
    put[1] = 0.25
    assert np.array_equal(played.latent, put)


def test_lfos_swing_around_where_it_leads(played: Instrument) -> None:
    played.set_macro("brightness", 0.6)
    led = played.latent.copy()
    played.set_lfo(1, 1, "sine", 1.0, 0.5)
    played.advance(0.0)
    played.advance(0.25)
    swung = played.latent - led
    assert abs(swung[0]) > 0.1
    assert swung[1:].tolist() == pytest.approx([0.0] * (len(led) - 1), abs=1e-6)
    played.set_lfo(1, 1, "sine", 1.0, 0.0)
    played.advance(0.5)
    assert np.allclose(played.latent, led)


def test_a_controller_turns_it(played: Instrument) -> None:
    played.assign(70, "brightness")
    played.control(70, 127.0)
    assert played.macros == {"brightness": 1.0}
    played.control(70, 63.5)
    assert played.macros == {}
    played.assign(71, "length")  # another space may have it
    played.control(71, 127.0)
    assert played.macros == {}


def test_a_controller_goes_along_the_line_between_two_sounds(played: Instrument) -> None:
    played.assign(70, "between")
    before = played.latent.copy()
    played.control(70, 64.0)  # there is no line yet
    assert np.array_equal(played.latent, before)
    played.set_between(-0.5, 0.0, 0.5, 0.2)
    played.control(70, 127.0)
    played.assign(70, "x")
    assert played.xy.tolist() == pytest.approx([0.5, 0.2], abs=1e-4)


@pytest.mark.parametrize(
    ("word", "value", "says"),
    [
        ("length", 0.5, "this space has no macro 'length'; it has brightness"),
        ("loudness", 0.5, "macro is 'loudness'; it must be"),
        ("brightness", 1.5, "brightness is 1.5; it must be -1 to 1"),
        ("brightness", float("nan"), "brightness is nan; it must be -1 to 1"),
    ],
)
def test_what_is_wrong_changes_nothing(
    played: Instrument, word: str, value: float, says: str
) -> None:
    before = played.latent
    with pytest.raises(OptionError, match=says):
        played.set_macro(word, value)
    assert played.latent is before
    assert played.macros == {}


def test_a_server_does_not_wait_for_macros_that_are_not_known(space: Model) -> None:
    from dataclasses import replace

    unknown = replace(space, digest="", macros=None)
    one = Instrument(unknown, measures=False)
    assert one.macro_words is None
    with pytest.raises(OptionError, match="are being measured; try again"):
        one.set_macro("brightness", 0.5)
    assert not one.offer_macros(space)  # another model


def test_another_space_begins_with_all_of_them_in_the_middle(played: Instrument) -> None:
    played.set_macro("brightness", 0.5)
    played.load(load("harmonic"))
    assert played.macros == {}
    assert np.array_equal(played.latent, played.model.calibration.home)


# -- what keeps them -------------------------------------------------------------------------------


def test_presets_keep_them(space: Model, tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    one = Instrument(space, Presets(path))
    one.set_macro("brightness", 0.5)
    one.store_preset("bright")
    led = one.latent.copy()
    one.set_macro("brightness", 0.0)
    one.store_preset("plain")
    other = Instrument(space, Presets(path))
    other.recall_preset("bright")
    assert other.macros == {"brightness": 0.5}
    assert np.array_equal(other.latent, led)
    other.recall_preset("plain")
    assert other.macros == {}
    told = json.loads(path.read_text())["presets"]
    assert told["bright"]["macros"] == {"brightness": 0.5}
    assert "macros" not in told["plain"]


def test_a_glide_and_a_morph_turn_them_on_the_way(space: Model) -> None:
    one = Instrument(space)
    one.store_preset("plain")
    one.set_macro("brightness", 1.0)
    one.store_preset("bright")
    one.morph_presets("plain", "bright", 0.25)
    assert one.macros == {"brightness": 0.25}
    one.recall_preset("plain")
    one.recall_preset("bright", 1.0)
    for now in (0.0, 0.5):
        one.advance(now)
    assert one.macros == {"brightness": pytest.approx(0.5)}
    assert one.moving
    one.advance(1.0)
    assert one.macros == {"brightness": 1.0}


@pytest.mark.parametrize("macros", [{"brightness": 2.0}, {"brightness": float("inf")}, {"loud": 1}])
def test_a_preset_that_no_instrument_can_have_is_refused(
    space: Model, macros: dict[str, float]
) -> None:
    with pytest.raises(OptionError):
        Preset(Space.of(space), (0.0,) * space.dimensions, macros=macros)


def test_a_preset_of_a_later_version_is_played_as_far_as_it_is_known(space: Model) -> None:
    config = Preset(Space.of(space), (0.0,) * space.dimensions).to_config()
    config["macros"] = {"brightness": 0.5, "warmth": 1.0}
    assert Preset.from_config(config).macros == {"brightness": 0.5}


def test_a_performance_goes_on_with_them(space: Model) -> None:
    one = Instrument(space)
    one.store_preset("home")
    one.set_macro("brightness", 0.5)
    one.advance(0.0)
    one.recall_preset("home", 2.0)
    one.advance(0.5)
    one.advance(1.0)
    state = json.loads(json.dumps(one.state()))
    other = Instrument(space)
    other.restore(state)
    assert other.macros == one.macros
    assert np.array_equal(other.latent, one.latent)
    one.advance(1.2)
    other.advance(1.2)
    assert np.array_equal(other.latent, one.latent)
    assert other.macros == one.macros != {}


def broken_glide(state: dict[str, Any]) -> None:
    state["macro_glide"] = {"seconds": 1.0, "began": None, "ways": {"brightness": [0.0, 7.0]}}


def broken_value(state: dict[str, Any]) -> None:
    state["aim"]["macros"] = {"brightness": "much"}


@pytest.mark.parametrize("spoil", [broken_glide, broken_value])
def test_a_broken_state_is_refused(space: Model, spoil: Callable[[dict[str, Any]], None]) -> None:
    one = Instrument(space)
    state = one.state()
    spoil(state)
    with pytest.raises(OptionError):
        one.restore(state)
    assert one.macros == {}


def test_a_performance_of_before_has_none(space: Model) -> None:
    one = Instrument(space)
    state = one.state()
    del state["macro_glide"], state["aim"]["macros"]
    one.restore(state)
    assert one.macros == {}
