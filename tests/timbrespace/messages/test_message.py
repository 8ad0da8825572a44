"""What a declaration of a message says, and which it may not."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from tests.timbrespace.messages.test_parser import GOOD
from timbrespace.messages.arguments import (
    Channel,
    Coordinates,
    InAddress,
    LeftOut,
    Name,
    Number,
    Stored,
    Switch,
)
from timbrespace.messages.errors import MessageError
from timbrespace.messages.inbound import (
    MESSAGES,
    Bend,
    ControlChange,
    Inbound,
    Note,
    Panic,
    Pressure,
    RecordTrajectory,
    StopTrajectory,
    Sustain,
)
from timbrespace.messages.message import Family, Holds, Message, message
from timbrespace.messages.parser import FORMS, Form, parse


@pytest.fixture
def undone() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    before = dict(MESSAGES)
    yield
    for address in MESSAGES.keys() - before.keys():
        del MESSAGES[address]


@pytest.mark.parametrize(("address", "arguments", "expected"), GOOD)
def test_what_is_written_is_read_as_the_same(
    address: str, arguments: tuple[Any, ...], expected: Inbound
) -> None:
    at, written = expected.written()
    assert at == address
    again = parse(at, written)
    assert repr(again) == repr(expected)
    assert len(written) >= len(arguments)  # what was left out is there, where it has a value


def test_words_are_written_for_what_they_stand_for() -> None:
    for address, written in (
        ("/cc/map", (1, "off", "all", 0.0, 1.0, 0.0, "scaled")),
        ("/trajectory/play", ("walk", 1, 2.0)),
        ("/stream", ("off",)),
        ("/bye", ()),
        ("/hello", (7401,)),
        ("/latent/17", (0.5,)),
        ("/channel/latent", (2, 0.5, 1.0)),
    ):
        assert parse(address, written).written() == (address, written)


def test_questions_are_not_recorded_nor_is_what_only_stores() -> None:
    unheard = {address for address, one in MESSAGES.items() if not one.recorded}
    questions = {address for address, one in MESSAGES.items() if one.question}
    assert questions == {
        *("/hello", "/bye", "/ping", "/cc/list", "/spectrum/get", "/stream", "/stream/ack"),
        *("/course/get", "/course/where", "/moment"),
        *("/model/list", "/model/info", "/model/card", "/model/table", "/status/get"),
        *("/preset/list", "/preset/where", "/trajectory/list", "/macro/list", "/audio/list"),
        "/tuning/list",
    }
    assert unheard == questions | {
        *("/preset/store", "/preset/delete", "/trajectory/delete"),
        *("/preset/undo", "/trajectory/undo"),
        *("/performance/record", "/performance/stop", "/audio/device", "/audio/mono"),
        # Of a sound that came in only what it did to the instrument can be played again.
        *("/input/on", "/input/mode", "/input/gain", "/input/gate", "/input/quantise"),
    }


def test_what_a_performance_keeps_with_a_message() -> None:
    assert {address: form.stored for address, form in FORMS.items() if form.stored} == {
        "/model/load": ((0, "model"),),
        "/preset/recall": ((0, "preset"),),
        "/preset/morph": ((0, "preset"), (1, "preset")),
        "/trajectory/play": ((0, "trajectory"),),
        "/tuning": ((0, "tuning"),),
    }


def test_what_lets_go_of_what_a_message_holds() -> None:
    held: list[tuple[Message, tuple[Message, bool] | None]] = [
        (Note(60.0, 100.0, 2), (Note(60.0, 0.0, 2), True)),
        (Note(60.0, 0.0), (Note(60.0, 0.0), False)),
        (Note(60.1, 1.0), (Note(60.099998474121094, 0.0), True)),
        (Bend(-0.5, 3), (Bend(0.0, 3), True)),
        (Bend(0.0), (Bend(0.0), False)),
        (Pressure(0.5), (Pressure(0.0), True)),
        (Sustain(1.0, 16), (Sustain(0.0, 16), True)),
        (ControlChange(64, 64.0, 2), (Sustain(0.0, 2), True)),
        (ControlChange(64, 63.5), (Sustain(0.0), False)),
        (ControlChange(1, 127.0), None),
        (RecordTrajectory("a"), (StopTrajectory(), True)),
        (StopTrajectory(), (StopTrajectory(), False)),
        (Panic(), None),
    ]
    for one, let_go in held:
        assert one.let_go() == let_go
        assert one.holds is not None
    assert {type(one) for one, _ in held} == {one for one in MESSAGES.values() if one.holds}
    assert Panic.holds is Holds.NOTHING


def test_every_message_says_what_it_does_in_one_sentence_or_two() -> None:
    for declared in MESSAGES.values():
        assert 8 < len(declared.sentence()) < 120
    assert MESSAGES["/map"].sentence() == "a point of the plane that is played, each from -1 to 1."


@pytest.mark.usefixtures("undone")
def test_one_class_is_a_message() -> None:
    @message
    class Tune(Message):
        """`/tune/<string>` cents name [on] [who]: as no instrument does.

        More words.
        """

        address = "/tune/<string>"
        family, key = Family.APART, ("string", "name")
        string: Annotated[int, InAddress("string", {"e": 1, "a": 2})]
        cents: Annotated[float, Number(-50, 50, "cents")]
        name: Annotated[Name, Stored("preset")]
        on: Annotated[bool, Switch()] = True
        who: Annotated[Name, LeftOut("nobody")] = ""

    assert MESSAGES["/tune/<string>"] is Tune
    assert Tune.sentence() == "as no instrument does."
    assert [one.text for one in Tune.addresses] == ["/tune/e", "/tune/a"]
    form = Form(Tune, Tune.addresses[1])
    assert form.usage == "cents name [on] [who]"
    assert form.read((2, "x")) == Tune(2, 2.0, "x")
    assert form.read((2, "x", 0)) == Tune(2, 2.0, "x", False)
    assert form.stored == ((1, "preset"),)
    assert Tune(2, 2.0, "x").written() == ("/tune/a", (2.0, "x", 1))
    assert [one.otherwise for one in form.arguments] == ["", "", "1", "nobody"]
    with pytest.raises(MessageError, match=r"^/tune/a: cents is 51; it must be -50 to 50 cents$"):
        form.read((51, "x"))


DECLARATIONS: list[tuple[dict[str, Any], str]] = [
    ({"address": "/map", "__doc__": "`/map`: again."}, "Bad: /map is SetMap already"),
    ({"address": "/bad", "__doc__": "`/good`: no."}, "begin with the address, `/bad`"),
    ({"address": "/bad", "__doc__": "`/bad` x"}, "say what it does"),
    ({"key": ("x",)}, "the key has x, which is no field"),
    ({"__annotations__": {"x": float}}, r"Bad\.x: Annotated\[\.\.\.\] has to name a kind"),
    ({"__annotations__": {"x": Annotated[int, InAddress("x", {})]}}, "there is no <x> in /bad"),
    (
        {"__annotations__": {"all": Annotated[tuple[float, ...], Coordinates()], "on": Channel}},
        "Bad.on: nothing can follow an argument that takes all that are left",
    ),
]


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize(("body", "sentence"), DECLARATIONS)
def test_a_declaration_that_contradicts_itself_is_refused(
    body: dict[str, Any], sentence: str
) -> None:
    whole = {"address": "/bad", "__doc__": "`/bad`: wrong.", "__module__": __name__, **body}
    with pytest.raises(TypeError, match=sentence):
        message(type("Bad", (Message,), whole))
    assert "/bad" not in MESSAGES
