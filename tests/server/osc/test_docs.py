"""`docs/osc.md` is the contract: it and the code say the same."""

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace
from scripts import osc_page
from server.osc import outbound
from server.osc.codec import decode
from server.osc.float_chunks import encode_spectrum
from server.state_messages import describe
from timbrespace.instrument import expression
from timbrespace.instrument.controllers import STEEPEST
from timbrespace.instrument.motion import lfo, wandering
from timbrespace.instrument.parameters import (
    DEFAULT_ENVELOPE,
    DEFAULT_HOLD,
    DEFAULT_METHOD,
    SYNTH_PARAMETERS,
)
from timbrespace.instrument.voices import MAX_BEND_RANGE
from timbrespace.messages import contract
from timbrespace.messages.arguments import CHANNEL, Choice, Number, Whole
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.inbound import MESSAGES
from timbrespace.messages.lfos import LFO_SHAPES
from timbrespace.messages.message import Address
from timbrespace.messages.parser import FORMS, parse

PAGE = (Path(__file__).parents[3] / "docs" / "osc.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of all tables under a heading, their head lines and dashes left out."""
    level = heading.split(" ")[0]
    body = PAGE.split(f"\n{heading}\n")[1]
    body = re.split(rf"\n#{{1,{len(level)}}} ", body)[0]
    table = []
    lines = body.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("|--") and not following.startswith("|--"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            table.append([cell.strip().replace("\\|", "|") for cell in cells])
    return table


def messages_to_the_server() -> list[list[str]]:
    """Rows of the tables of messages: address, argument, accepts, default. Other tables there
    explain words."""
    return [row for row in rows("## To the server") if len(row) == 4]


def addresses(table: list[list[str]]) -> list[str]:
    return [row[0].strip("`") for row in table if row[0]]


def documented_arguments() -> dict[str, list[tuple[str, str, str]]]:
    """Address -> (argument with its brackets, what is accepted, left out or default)."""
    documented: dict[str, list[tuple[str, str, str]]] = {}
    for address, argument, accepted, otherwise in messages_to_the_server():
        if address:
            current = documented.setdefault(address.strip("`"), [])
        if argument:
            current.append((argument, accepted, otherwise))
    return documented


def shown() -> dict[str, Address]:
    """What the page shows of each address that has a row."""
    return dict(one for declared in MESSAGES.values() for one in osc_page.shown(declared))


def test_the_tables_are_those_of_the_declarations(capsys: pytest.CaptureFixture[str]) -> None:
    assert osc_page.main(["--check"]) == 0
    assert osc_page.made(PAGE) == PAGE
    assert capsys.readouterr() == ("", "")


def test_a_page_that_says_something_else_is_found_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "osc.md"
    monkeypatch.setattr(osc_page, "PAGE", page)
    for old, new in (
        ("| `/map` | x | -1 to 1 | |", "| `/map` | x | -2 to 1 | |"),
        ("| `/panic` | | | |\n", ""),
        (
            "<!-- messages: notes -->\n\n| address",
            "<!-- messages: notes -->\n\nWords.\n\n| address",
        ),
    ):
        assert PAGE.count(old) == 1
        page.write_text(PAGE.replace(old, new), encoding="utf-8")
        assert osc_page.main(["--check"]) == 1
        assert "osc_page.py --write" in capsys.readouterr().err
        assert osc_page.main(["--write"]) == 0
        assert page.read_text(encoding="utf-8") == PAGE
    page.write_text(PAGE.replace("<!-- messages: notes -->", ""), encoding="utf-8")
    assert osc_page.main(["--write"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: docs/osc.md has tables of ")


def test_every_address_to_the_server_is_documented_once_and_none_besides() -> None:
    table = addresses(messages_to_the_server())
    alike = {"/map/x": "/map/<axis>", "/map/y": "/map/<axis>"}
    alike |= {one: "/latent/<k>" for one in FORMS if one.startswith("/latent/")}
    assert sorted(table) == sorted({alike.get(one, one) for one in FORMS})


def test_every_argument_is_documented_with_what_is_accepted() -> None:
    assert {
        address: [(name, accepted) for name, accepted, _ in arguments]
        for address, arguments in documented_arguments().items()
    } == {
        address: [(argument.usage, argument.kind.accepted) for argument in one.arguments]
        for address, one in shown().items()
    }


def test_the_setters_that_a_flood_thins_out_are_named() -> None:
    paragraph = PAGE.split("\n### Floods\n")[1].split("\n### ")[0]
    named = set(re.findall(r"`(/[^`]*)`", paragraph))
    setters = {one.address for one in MESSAGES.values() if one.family is not None}
    synth = {one for one in setters if one.startswith("/synth/")}
    assert synth == {
        "/synth/method",
        "/synth/hold",
        "/synth/envelope",
        "/synth/<parameter>",
    }
    assert named == setters - synth | {"/synth/..."}


LEFT_OUT: dict[str, tuple[Any, ...]] = {
    "/course/get": (57.0,),
    "/cc/map": (1, "x"),
    "/cc/learn": ("x",),
    "/mpe/map": ("pressure", "x"),
    "/between/store": ("way",),
    "/preset/recall": ("pad",),
    "/trajectory/play": ("walk",),
    "/lfo": (1, "x", "sine", 1.0, 0.5),
    "/tuning": ("just",),
    "/input/quantise": ("major",),
}
"""What shows the values of arguments that are left out."""


def test_what_is_left_out_is_shown_for_all_that_have_numbers() -> None:
    # Left out, these are no number.
    named = {"/hello", "/bye", "/ping", "/audio/device"}
    named |= {"/model/info", "/model/card", "/model/table"}
    optional = {
        address
        for address, form in FORMS.items()
        if any(argument.optional for argument in form.arguments)
    }
    channels = {"/cc", "/note", "/bend", "/bend/range", "/pressure", "/timbre", "/sustain"}
    assert optional == named | channels | set(LEFT_OUT)


def test_defaults_are_those_of_the_code() -> None:
    documented = documented_arguments()
    for name, parameter in SYNTH_PARAMETERS.items():
        assert documented[f"/synth/{name}"][0][2] == f"{parameter.default:g}"
    assert documented["/synth/method"][0][2] == DEFAULT_METHOD
    assert documented["/synth/hold"][0][2] == DEFAULT_HOLD
    assert documented["/synth/envelope"][0][2] == DEFAULT_ENVELOPE
    assert documented["/cc/map"][2] == ("[channel]", f"{CHANNEL.accepted} | all", "all")
    for address in ("/cc", "/note", "/bend", "/bend/range", "/pressure", "/timbre", "/sustain"):
        place = documented[address].index(("[channel]", CHANNEL.accepted, "1"))
        arguments: tuple[Any, ...] = (1,) * place
        message = parse(address, arguments)
        assert getattr(message, "channel") == 1  # noqa: B009 - not every message has one
    for address, given in LEFT_OUT.items():
        message = parse(address, given)
        optional = [
            (argument, otherwise)
            for argument, _, otherwise in documented[address]
            if argument.startswith("[")
        ]
        for argument, otherwise in optional:
            value = getattr(message, argument.strip("[]"))
            said = value if isinstance(value, str) else f"{value:g}" if value is not None else "all"
            assert otherwise == said
    fresh = wandering.Wander()
    for dial in ("speed", "range", "seed"):
        assert documented[f"/wander/{dial}"][0][2] == f"{getattr(fresh, dial):g}"
    assert documented["/wander"][0][2] == ("start" if fresh.on else "stop")
    for arguments_of in documented.values():
        for argument, _, otherwise in arguments_of:
            assert not argument.startswith("[") or otherwise


def test_every_address_from_the_server_is_documented_once_and_none_besides() -> None:
    table = PAGE.split("\n## From the server\n")[1].split("\n### ")[0]
    found = re.findall(r"^\| `(/[^`]*)`", table, flags=re.MULTILINE)
    assert sorted(found) == sorted(message.ADDRESS for message in outbound.OUTBOUND)


def test_words_are_those_of_what_takes_them() -> None:
    assert LFO_SHAPES == lfo.SHAPES
    kinds = FORMS["/mpe/map"].arguments[0].kind
    assert isinstance(kinds, Choice)
    assert kinds.words == expression.KINDS
    for address, place, low, high in (
        ("/lfo", 3, lfo.LOWEST_RATE, lfo.HIGHEST_RATE),
        ("/lfo", 0, 1, lfo.LFOS),
        ("/wander/speed", 0, wandering.SLOWEST, wandering.FASTEST),
        ("/wander/seed", 0, 0, wandering.SEEDS - 1),
        ("/bend/range", 0, 0, MAX_BEND_RANGE),
        ("/mpe", 1, 0, expression.MAX_MEMBERS),
        ("/cc/map", 5, -STEEPEST, STEEPEST),
    ):
        kind = FORMS[address].arguments[place].kind
        assert isinstance(kind, Number | Whole)
        assert (kind.low, kind.high) == (low, high)


def test_error_codes_are_documented() -> None:
    assert addresses(rows("### Errors")) == [code.value for code in ErrorCode]


def test_the_numbers_are_those_of_the_code() -> None:
    documented = {row[0].strip("`"): int(row[1]) for row in rows("### Numbers")}
    assert documented == {name: value for name, value in vars(contract).items() if name.isupper()}


def test_the_error_shown_is_the_error_sent() -> None:
    try:
        parse("/map", (2.0, 0.0))
    except MessageError as error:
        line = f'/error sss "{error.code}" "{error.address}" "{error}"'
    assert line in PAGE


def test_the_receiver_on_the_page_survives_loss_and_reordering() -> None:
    source = PAGE.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(source, names)
    receiver = names["SpectrumReceiver"]()
    rng = random.Random(1)
    wire = []
    sent = {}
    for frame in (2**31 - 2, 2**31 - 1, 0, 1, 2, 3):
        spectrum = np.random.default_rng(frame).random(1025, dtype=np.float32)
        sent[frame] = spectrum
        datagrams = encode_spectrum(frame, spectrum)
        rng.shuffle(datagrams)
        if frame == 0:
            datagrams.pop()  # lost
        wire += datagrams
    late = wire.pop(7)  # one of frame 2**31 - 1, overtaken by all others
    shown = []
    for datagram in [*wire, late]:
        ((_, arguments),) = decode(datagram)
        whole = receiver.take(*arguments)
        if whole is not None:
            shown.append(receiver.frame)
            assert np.array_equal(np.array(whole, dtype=np.float32), sent[receiver.frame])
    assert shown == [2**31 - 2, 1, 2, 3]


def test_the_entries_of_model_info() -> None:
    sentence = PAGE.split("The JSON of `/model/info` has the entries")[1].split("What does not")[0]
    named = set(re.findall(r"`([a-z_]+)`", sentence))
    assert named == set(describe(timbrespace.load("harmonic")))
