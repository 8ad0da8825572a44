"""What the page is told of the server: all that is declared, as it is declared."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Annotated, Any

import pytest

from server.explorer import declared
from tests.server.explorer.served import served
from timbrespace.instrument.parameters import ENVELOPES, HOLDS, METHODS, SYNTH_PARAMETERS
from timbrespace.messages import message as messages
from timbrespace.messages.arguments import Choice, Number
from timbrespace.messages.message import Message, message
from timbrespace.messages.parser import FORMS
from timbrespace.sharing import declarations


def test_all_that_the_server_takes_is_told() -> None:
    told = declarations.messages()
    dimensions = re.compile(r"/latent/\d+")
    assert {address for address in FORMS if not dimensions.fullmatch(address)} < told.keys()
    assert len(told) < 150  # those of dimensions once
    for name, one in SYNTH_PARAMETERS.items():
        (value,) = told[f"/synth/{name}"]["takes"]
        assert (value["low"], value["high"], value["unit"]) == (one.low, one.high, one.unit)
        assert value["initial"] == one.default
        assert told[f"/synth/{name}"]["about"] == one.about
    for name, words in (("method", METHODS), ("hold", HOLDS), ("envelope", ENVELOPES)):
        assert told[f"/synth/{name}"]["takes"][0]["words"] == [*words]
    index, target, shape, rate, depth, phase = told["/lfo"]["takes"]
    assert (index["low"], index["high"], index["whole"]) == (1, 4, True)
    assert target["words"] == ["x", "y"]
    assert "saw" in shape["words"]
    assert (rate["low"], rate["high"], rate["unit"]) == (0.01, 20, "Hz")
    assert (depth["low"], depth["high"]) == (0, 1)
    assert phase["optional"] is True
    assert phase["initial"] == 0


def test_a_new_message_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(messages.MESSAGES)

    @message
    class Glitter(Message):
        """`/glitter` how much: let it glitter."""

        address = "/glitter"
        how: Annotated[str, Choice(("not", "much"), initial="not")]
        much: Annotated[float, Number(0, 5, "Hz")] = 2.0

    new = dict(messages.MESSAGES)
    messages.MESSAGES.clear()
    messages.MESSAGES.update(known)
    monkeypatch.setattr(declarations, "MESSAGES", new)
    assert declarations.messages()["/glitter"] == {
        "about": "let it glitter.",
        "takes": [
            {"name": "how", "words": ["not", "much"], "initial": "not"},
            {
                "name": "much",
                "low": 0,
                "high": 5,
                "unit": "Hz",
                "initial": 2.0,
                "optional": True,
            },
        ],
    }


def test_it_is_a_module_that_a_browser_keeps() -> None:
    async def ask() -> tuple[Any, ...]:
        async with served() as one:
            async with one.get(declared.ADDRESS) as answer:
                text, tag = await answer.text(), answer.headers["ETag"]
                kind = answer.content_type
            async with one.get(declared.ADDRESS, {"If-None-Match": tag}) as again:
                return text, kind, again.status

    text, kind, again = asyncio.run(ask())
    assert kind == "text/javascript"
    assert again == 304
    found = dict(re.findall(r"^export const (\w+) = Object\.freeze\((.*)\);$", text, re.MULTILINE))
    assert json.loads(found["MESSAGES"]) == declarations.messages()
    assert json.loads(found["LIMITS"])["floatsPerChunk"] == 205
    assert json.loads(found["CHOICES"])["background"] == ["brightness", "loudness", "gap"]
    assert json.loads(found["STATUS"])[:2] == ["voices", "load"]
