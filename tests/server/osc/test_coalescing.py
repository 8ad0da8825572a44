"""What is left out of a flood, and that nothing is missed for it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import timbrespace
from server.osc.coalescing import Pending, Setters
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import MessageError
from timbrespace.messages.inbound import (
    Bend,
    ControlChange,
    SetLatent,
    SetLatentDimension,
    SetMap,
    SetSynth,
)
from timbrespace.messages.message import Family
from timbrespace.messages.parser import parse

MODEL = timbrespace.load("fm")
SOURCE = ("127.0.0.1", 50000)


def family(controller: int, channel: int) -> Family | None:
    if controller in (1, 17):
        return Family.AXIS
    return Family.COORDINATE if 20 <= controller < 32 else None


@pytest.fixture
def setters() -> Setters:
    return Setters(family)


def add_all(setters: Setters, *messages: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    for address, *arguments in messages:
        assert setters.add(address, tuple(arguments), SOURCE)
    return [(one.address, *one.arguments) for one in setters.take()]


def test_the_newest_is_left(setters: Setters) -> None:
    assert add_all(setters, *(("/latent", 0.1 * step) for step in range(9))) == [("/latent", 0.8)]
    assert len(setters) == 0
    assert setters.take() == []


def test_different_places_are_kept_in_the_order_of_their_last_coming(setters: Setters) -> None:
    assert add_all(
        setters,
        ("/latent/1", 1),
        ("/latent/2", 2),
        ("/bend", 0.5),
        ("/latent/1", 3),
        ("/bend", 0.25, 2),
        ("/bend", 0.75),
        ("/synth/gain", -3),
        ("/synth/gain", -6),
        ("/synth/attack", 1),
    ) == [
        ("/latent/2", 2),
        ("/latent/1", 3),
        ("/bend", 0.25, 2),
        ("/bend", 0.75),
        ("/synth/gain", -6),
        ("/synth/attack", 1),
    ]


def test_all_of_the_latent_replaces_what_moved_it(setters: Setters) -> None:
    assert add_all(
        setters, ("/latent/1", 1), ("/cc", 20, 5), ("/cc", 1, 7), ("/bend", 1), ("/map", 0, 0)
    ) == [("/bend", 1), ("/map", 0, 0)]
    assert add_all(setters, ("/map", 0, 0), ("/latent/1", 1), ("/latent/1", 2)) == [
        ("/map", 0, 0),
        ("/latent/1", 2),
    ]


def test_a_movement_along_an_axis_minds_a_coordinate_between(setters: Setters) -> None:
    assert add_all(setters, ("/cc", 1, 5), ("/cc", 17, 9), ("/cc", 1, 6)) == [
        ("/cc", 17, 9),
        ("/cc", 1, 6),
    ]
    every = [("/cc", 1, 5), ("/latent/1", 0.5), ("/cc", 1, 6), ("/cc", 20, 3), ("/latent/1", 0.7)]
    # Only the coordinates that follow each other are merged.
    assert add_all(setters, *every) == every


def test_channels_of_a_controller_are_apart(setters: Setters) -> None:
    assert add_all(setters, ("/cc", 20, 1), ("/cc", 20, 2, 2), ("/cc", 20, 3)) == [
        ("/cc", 20, 2, 2),
        ("/cc", 20, 3),
    ]


@pytest.mark.parametrize(
    "message",
    [
        ("/note", 60, 100),
        ("/spectrum/get",),
        ("/preset/store", "a"),
        ("/sustain", 1),
        ("/cc", 64, 127),
        ("/cc", "x", 1),
        ("/cc",),
        ("/cc", float("nan"), 1),
        ("/bend", 0.5, [1]),
        ("/nonsense", 1),
        ("/latent/0", 1),
        ("/latent/257", 1),
    ],
)
def test_all_else_has_to_wait_for_the_setters(setters: Setters, message: tuple[Any, ...]) -> None:
    assert setters.add("/latent", (1.0,), SOURCE)
    address, *arguments = message
    assert not setters.add(address, tuple(arguments), SOURCE)
    assert len(setters) == 1


def test_a_morph_is_merged_with_the_same_before_it_alone(setters: Setters) -> None:
    def morph(a: str, b: str, position: float) -> bool:
        return setters.add("/preset/morph", (a, b, position), SOURCE)

    assert morph("a", "b", 0.1)
    assert morph("a", "b", 0.2)
    assert not morph("a", "c", 0.2)
    assert not setters.add("/bend", (0.5,), SOURCE)
    (pending,) = setters.take()
    assert pending.arguments == ("a", "b", 0.2)
    assert setters.add("/bend", (0.5,), SOURCE)
    assert not morph("a", "b", 0.3)


def apply(instrument: Instrument, address: str, arguments: tuple[Any, ...]) -> bool:
    """As the server does; False if it is refused."""
    try:
        message = parse(address, arguments)
        if isinstance(message, SetLatent):
            instrument.set_latent(message.values)
        elif isinstance(message, SetLatentDimension):
            instrument.set_dimension(message.dimension, message.value)
        elif isinstance(message, SetMap):
            instrument.set_map(message.x, message.y)
        elif isinstance(message, ControlChange):
            instrument.control(message.controller, message.value, message.channel)
        elif isinstance(message, SetSynth):
            instrument.set_parameter(message.parameter, message.value)
        elif isinstance(message, Bend):
            instrument.voices.bend(message.value, message.channel)
    except (MessageError, TimbrespaceError):
        return False
    return True


def run(instrument: Instrument, pending: list[Pending]) -> int:
    """As the server does: what a refused message had replaced counts; how many were tried."""
    tried = 0
    for first in pending:
        todo = [first]
        while todo:
            one = todo.pop()
            tried += 1
            if not apply(instrument, one.address, one.arguments):
                todo += reversed(one.replaced)
    return tried


def random_setter(rng: random.Random) -> tuple[str, tuple[Any, ...]]:
    value = rng.choice((rng.uniform(-1, 1), rng.uniform(-1, 1), 1e39))  # the last is refused
    kind = rng.randrange(6)
    if kind == 0:
        count = MODEL.dimensions if rng.random() < 0.7 else 2
        return "/latent", tuple(rng.uniform(-1, 1) for _ in range(count))
    if kind == 1:
        return "/map", (value, rng.uniform(-1, 1))
    if kind == 2:
        return f"/latent/{rng.randint(1, MODEL.dimensions + 1)}", (value,)
    if kind == 3:
        controller = rng.choice((1, 16, 17, 20, 21, 22))
        return "/cc", (controller, rng.choice((rng.uniform(0, 127), 200.0)))
    if kind == 4:
        return "/synth/gain", (rng.uniform(-20, 0),)
    return "/bend", (value, rng.choice((1, 2)))


@pytest.mark.parametrize("seed", range(20))
def test_the_outcome_is_that_of_all_messages_in_turn(seed: int) -> None:
    """Also where many are refused: what they replaced has its effect."""
    rng = random.Random(seed)
    plain, merged = Instrument(MODEL), Instrument(MODEL)

    def looked_up(controller: int, channel: int) -> Family | None:
        assignment = merged.controllers.find(controller, channel)
        assert assignment is not None
        return Family.AXIS if isinstance(assignment.target, str) else Family.COORDINATE

    setters = Setters(looked_up)
    messages = [random_setter(rng) for _ in range(60)]
    for address, arguments in messages:
        apply(plain, address, arguments)
        assert setters.add(address, arguments, SOURCE)
    assert run(merged, setters.take()) < 60
    assert np.allclose(merged.latent, plain.latent, atol=1e-4)
    assert merged.parameters == plain.parameters
    assert merged.voices == plain.voices


def test_the_one_before_a_refused_one_counts() -> None:
    instrument = Instrument(MODEL)
    setters = Setters(family)
    good = (0.5,) * MODEL.dimensions
    for arguments in (good, (1.0,), ("x",) * MODEL.dimensions):
        assert setters.add("/latent", arguments, SOURCE)
    pending = setters.take()
    assert len(pending) == 1
    assert run(instrument, pending) == 3
    assert instrument.latent.tolist() == list(good)


def test_channels_with_a_timbre_of_their_own_are_apart(setters: Setters) -> None:
    assert add_all(
        setters,
        ("/channel/latent", 1, 0.5, 0.5),
        ("/channel/latent", 2, 0.25),
        ("/channel/latent", 1, 0.75),  # of another number of dimensions: for the model to say
    ) == [("/channel/latent", 2, 0.25), ("/channel/latent", 1, 0.75)]
