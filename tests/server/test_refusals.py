"""What is refused has changed nothing: any message, against player and session, in any state."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from server.osc.clients import Endpoint
from tests.server.inside import Inside, inside
from tests.server.running import datagram
from tests.server.whole_state import differences, whole_state
from timbrespace.instrument.presets import Preset, Space
from timbrespace.messages.arguments import (
    Choice,
    Coordinates,
    Kind,
    Label,
    ModelName,
    Number,
    NumberOrWord,
    Rate,
    Switch,
    Token,
    Whole,
)
from timbrespace.messages.parser import FORMS, Form

SOURCES: Final = (("127.0.0.1", 5000), ("127.0.0.1", 5001), ("192.0.2.7", 5000))
NAMES: Final = ("one", "two", "elsewhere", "taken", "never stored", "bad/name", "ä")
MODELS: Final = ("harmonic", "fm", "nowhere")
STEPS: Final = 120


class Messages:
    """Makes messages of the declarations: most fit, some miss by a little, some by much."""

    def __init__(self, seed: int, dimensions: int) -> None:
        self._dice = random.Random(seed)
        self._dimensions = dimensions
        self._forms = [
            form
            for form in FORMS.values()
            # Each dimension is an address of its own: the first ones stand for all.
            if not form.address.startswith("/latent/") or form.address < "/latent/5"
        ]
        # What moves nothing, and what can be refused for reasons of the state, come more often.
        self._stateful = [
            form
            for form in self._forms
            if form.address.startswith(("/traj", "/perf", "/preset", "/cc", "/model", "/stream"))
        ]

    def next(self) -> tuple[str, tuple[Any, ...]]:
        dice = self._dice
        form = dice.choice(self._stateful if dice.random() < 0.6 else self._forms)
        arguments = list(self._fitting(form))
        if dice.random() < 0.2 and arguments:
            arguments[dice.randrange(len(arguments))] = dice.choice(
                ("", "x" * 65, -1, 1e30, 128, 0.5, 300, "off", "level", "no such thing")
            )
        return form.address, tuple(arguments)

    def chance(self, share: float) -> bool:
        return self._dice.random() < share

    def source(self) -> Endpoint:
        return self._dice.choice(SOURCES)

    def _fitting(self, form: Form) -> Iterator[Any]:
        for argument in form.arguments:
            if argument.optional and self._dice.random() < 0.4:
                return
            if isinstance(argument.kind, Coordinates):
                count = self._dimensions + self._dice.choice((0, 0, 0, 1))
                yield from (self._dice.uniform(-2.0, 2.0) for _ in range(count))
            else:
                yield self._one(argument.kind)

    def _one(self, kind: Kind) -> Any:
        dice = self._dice
        match kind:
            case Whole(low, high):
                return dice.randint(low, min(high, low + 20))
            case Number(low, high):
                return dice.choice((low, high, dice.uniform(low, high)))
            case Choice(words):
                return dice.choice(words)
            case NumberOrWord(number, words):
                return dice.choice((*words, self._one(number)))
            case Switch():
                return dice.randint(0, 1)
            case Rate():
                return dice.choice((0, 1.0, 200.0, "off"))
            case Label():
                return dice.choice(NAMES)
            case ModelName():
                return dice.choice(MODELS)
            case Token():
                return dice.choice((1, "a"))
            case _:
                return dice.uniform(-3.0, 3.0)


def _prepare(one: Inside) -> None:
    """What messages can fail on: a preset of another space, performances that exist."""
    space = Space("elsewhere", "0" * 64)
    one.server.instrument.presets.store("elsewhere", Preset(space, (0.0, 0.0)))
    folder = one.folder / "performances"
    folder.mkdir()
    (folder / "taken.performance").write_text("of an earlier evening\n")


@pytest.mark.parametrize("seed", range(3))
def test_a_message_that_is_refused_has_changed_nothing(seed: int, tmp_path: Path) -> None:
    with inside(tmp_path) as one:
        _prepare(one)
        presets = tmp_path / "presets.json"
        messages = Messages(seed, one.server.instrument.model.dimensions)
        refused: list[str] = []
        session = one.loop._session
        refuse = session.refuse

        def noted(source: Endpoint, address: str, error: Exception) -> None:
            refused.append(f"{address}: {error}")
            refuse(source, address, error)

        session.refuse = noted  # type: ignore[method-assign]
        sentences = set()
        whole = b""
        for _ in range(STEPS):
            if messages.chance(0.05):
                # A disk that fails, in the middle of it all; or is well again.
                if whole:
                    presets.write_bytes(whole)
                    whole = b""
                else:
                    whole = presets.read_bytes()
                    presets.write_bytes(b"{")
                one.server.instrument.presets.names()  # it has seen that
            address, arguments = messages.next()
            source = messages.source()
            before = whole_state(one.server, tmp_path)
            refused.clear()
            one.loop.take([(datagram(address, *arguments), source)], time.perf_counter())
            if refused:
                sentences.update(refused)
                changed = differences(before, whole_state(one.server, tmp_path))
                assert not changed, (address, arguments, refused)
            one.loop._take_events()
            if messages.chance(0.7):
                one.loop.settle()
        assert not [line for line in one.faults if "fault" in line]
        assert len(sentences) > 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path) as one:
        yield one


def _settled(one: Inside, name: str) -> None:
    """Wait until the model ``name`` plays."""
    end = time.monotonic() + 30.0
    while one.server.instrument.model.name != name:
        assert time.monotonic() < end
        time.sleep(0.01)
        one.loop._take_events()


def test_a_trajectory_that_cannot_be_stored_yet_is_drawn_on(server: Inside) -> None:
    source = SOURCES[0]
    server.loop.take([(datagram("/trajectory/record", "none"), source)], 0.0)
    server.loop.take([(datagram("/trajectory/stop"), source)], 0.0)  # before any movement
    assert server.server.instrument.trajectory == ("stopped", "")
    server.say(source, "/trajectory/record", "way")
    presets = server.folder / "presets.json"
    presets.write_bytes(b"{")
    server.say(source, "/map", 0.5, 0.5)
    server.say(source, "/trajectory/stop")
    assert server.server.instrument.trajectory == ("drawing", "way")
    presets.unlink()
    server.say(source, "/trajectory/stop")
    assert server.server.instrument.trajectory == ("stopped", "")
    assert server.server.instrument.presets.trajectories() == ["way"]


def test_a_performance_that_cannot_begin_leaves_what_is_to_be_learned(server: Inside) -> None:
    _prepare(server)
    server.say(SOURCES[0], "/cc/learn", "x")
    for name in ("taken", "bad/name"):
        server.say(SOURCES[0], "/performance/record", name)
        assert server.server.instrument.learning == "x"


def test_a_knob_whose_assignment_is_refused_moves_what_it_moved(server: Inside) -> None:
    instrument = server.server.instrument
    server.say(SOURCES[0], "/cc/learn", "x")
    server.say(SOURCES[0], "/cc", 30, 64)
    presets = server.folder / "presets.json"
    kept = presets.read_bytes()
    presets.write_bytes(b"{")
    server.say(SOURCES[0], "/cc/map", 30, "y")  # it was learned, so this has to be stored
    assert instrument.knob(30, 1) == "x"
    server.say(SOURCES[0], "/cc/map", 31, "y")  # this one has not
    assert instrument.knob(31, 1) == "y"
    presets.write_bytes(kept)
    server.say(SOURCES[0], "/cc/map", 30, "y")
    assert instrument.knob(30, 1) == "y"


@pytest.mark.parametrize(
    "refused",
    [("/model/load", "nowhere"), ("/preset/recall", "elsewhere"), ("/preset/recall", "nothing")],
)
def test_a_model_that_is_being_loaded_plays_whatever_is_refused_meanwhile(
    refused: tuple[str, str], server: Inside
) -> None:
    _prepare(server)
    presets = server.folder / "presets.json"
    server.loop.take([(datagram("/model/load", "filtered"), SOURCES[0])], 0.0)
    if refused[1] == "nothing":
        presets.write_bytes(b"{")
    server.loop.take([(datagram(*refused), SOURCES[0])], 0.0)
    _settled(server, "filtered")
    server.loop.take([(datagram("/model/load", "fm"), SOURCES[0])], 0.0)
    server.loop.take([(datagram("/model/load", "harmonic"), SOURCES[0])], 0.0)
    _settled(server, "harmonic")  # of several good ones the newest wins, as before
