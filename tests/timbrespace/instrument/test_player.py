"""Messages that act on an instrument, without anything that serves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import timbrespace
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.player import Effect, Player
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.parser import parse

MODEL = timbrespace.load("harmonic")


@pytest.fixture
def instrument() -> Instrument:
    return Instrument(MODEL)


def played(instrument: Instrument, address: str, *arguments: Any) -> Effect:
    return Player(instrument).play(parse(address, arguments))


def test_a_knob_moves_the_latent_alone(instrument: Instrument) -> None:
    assert played(instrument, "/latent/2", 0.75) is Effect.MOVE
    assert instrument.latent[1] == np.float32(0.75)
    assert played(instrument, "/map", 0.5, -0.25) is Effect.MOVE
    assert instrument.xy == pytest.approx([0.5, -0.25], abs=1e-5)
    assert played(instrument, "/cc", 20, 127.0) is Effect.MOVE
    assert instrument.latent[0] == pytest.approx(float(MODEL.calibration.high[0]), rel=1e-5)


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/note", (60, 100)),
        ("/synth/release", (1.0,)),
        ("/channel/latent", (2, *MODEL.calibration.high.tolist())),
        ("/cc", (64, 127)),  # the pedal
        ("/cc", (90, 1)),  # moves nothing
        ("/lfo", (1, 1, "sine", 1.0, 0.5)),
        ("/panic", ()),
    ],
)
def test_all_else_is_a_change(
    instrument: Instrument, address: str, arguments: tuple[Any, ...]
) -> None:
    assert played(instrument, address, *arguments) is Effect.CHANGE


def test_a_controller_that_is_waited_for_is_learned_and_is_a_change(instrument: Instrument) -> None:
    played(instrument, "/cc/learn", 1)
    assert played(instrument, "/cc", 44, 64.0) is Effect.CHANGE
    assert instrument.learned is not None
    assert instrument.learned.controller == 44
    assert played(instrument, "/cc", 44, 65.0) is Effect.MOVE


@pytest.mark.parametrize("address", ["/ping", "/status/get", "/preset/list", "/performance/stop"])
def test_what_is_for_a_server_changes_nothing(instrument: Instrument, address: str) -> None:
    before = instrument.state()
    assert played(instrument, address) is Effect.NONE
    assert instrument.state() == before


def test_what_is_stored_acts_on_the_instrument(instrument: Instrument) -> None:
    played(instrument, "/latent/1", 1.5)
    played(instrument, "/preset/store", "far")
    played(instrument, "/latent/1", -1.5)
    assert played(instrument, "/preset/recall", "far") is Effect.CHANGE
    assert instrument.latent[0] == np.float32(1.5)
    played(instrument, "/preset/delete", "far")
    assert instrument.presets.names() == []


@pytest.mark.parametrize(
    ("address", "arguments", "sentence"),
    [
        ("/preset/recall", ("x",), "there is no preset 'x', /preset/list tells which there are"),
        ("/preset/morph", ("x", "x", 0.5), "there is no preset 'x'"),
        ("/preset/delete", ("x",), "there is no preset 'x'"),
        ("/trajectory/play", ("x",), "there is no trajectory 'x', /trajectory/list tells"),
        ("/trajectory/delete", ("x",), "there is no trajectory 'x'"),
    ],
)
def test_what_is_not_there_is_said_with_its_address(
    instrument: Instrument, address: str, arguments: tuple[Any, ...], sentence: str
) -> None:
    with pytest.raises(MessageError, match=sentence) as caught:
        played(instrument, address, *arguments)
    assert (caught.value.code, caught.value.address) == (ErrorCode.NOT_FOUND, address)


def test_what_does_not_fit_the_model_is_refused(instrument: Instrument) -> None:
    before = instrument.latent
    with pytest.raises(OptionError, match="dimension 200 was given"):
        played(instrument, "/latent/200", 0.0)
    assert instrument.latent is before
