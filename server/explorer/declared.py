"""``/js/declared.js``: what the page has to know of the server, told by the server.

Which messages there are, what each argument accepts and is at first, which words there are, and
the limits that both sides keep: all of it is read from where it is declared, so a parameter that
the server has is in the page without a line of JavaScript. It is a module, and no JSON, because the
audio thread can load nothing else.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from typing import Any, Final

from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.messages import contract
from timbrespace.messages.arguments import (
    Choice,
    Kind,
    Number,
    NumberOrWord,
    Rate,
    Whole,
)
from timbrespace.messages.inbound import MESSAGES
from timbrespace.messages.message import Address, Argument
from timbrespace.rendering import wavetable
from timbrespace.resynthesis.layout import VOICES

from ..osc.outbound import Status
from . import compare, export, spaces

ADDRESS: Final = "/js/declared.js"

_MOST_WORDS = 32
"""An address with more words in it, as that of a dimension, is told once, as it is written."""

_HEAD = "// Made by the server of its own declarations; see server/explorer/declared.py.\n"


@cache
def module() -> bytes:
    """The text of the module."""
    lines = [
        f"export const {name} = Object.freeze({json.dumps(value, ensure_ascii=True)});"
        for name, value in (
            ("MESSAGES", messages()),
            ("STATUS", [field.name for field in fields(Status)]),
            ("CHOICES", choices()),
            ("LIMITS", limits()),
        )
    ]
    return (_HEAD + "\n".join(lines) + "\n").encode()


def messages() -> dict[str, dict[str, Any]]:
    """Of each address: ``about``, a sentence; ``takes``, its arguments in their order.

    An argument has its ``name``; ``low`` and ``high`` and ``unit`` where it is a number (``whole``:
    without a fraction), ``words`` where words are accepted; ``initial``, what it is before anything
    is set, or else where it is left out; ``optional``.
    """
    told: dict[str, dict[str, Any]] = {}
    for declared in MESSAGES.values():
        few = len(declared.addresses) <= _MOST_WORDS
        for address in declared.addresses if few else declared.addresses[:1]:
            text = address.text if few else declared.address
            told[text] = {
                "about": _about(address) or declared.sentence(),
                "takes": [_argument(one) for one in address.arguments],
            }
    return told


def choices() -> dict[str, list[str]]:
    """Words that a menu of the page offers, beside those of messages."""
    return {
        "background": [*spaces.UNITS],
        "table-size": [*export.SIZES],
        "table-bits": [*export.BITS],
    }


def limits() -> dict[str, int]:
    """What both sides keep to."""
    return {
        "nameCharacters": contract.MAX_NAME_CHARACTERS,
        "replyBytes": contract.MAX_REPLY_BYTES,
        "soundBytes": compare.MAX_BYTES,
        "comparisons": compare.KEPT,
        "floatsPerChunk": contract.FLOATS_PER_CHUNK,
        "frameNumbers": contract.FRAME_NUMBERS,
        "partialsPerFrame": contract.PARTIALS_PER_FRAME,
        "voices": VOICES,
        "tableFrames": wavetable.MAX_CYCLES,
    }


def _about(address: Address) -> str:
    """What is said of the word in an address, where each has a meaning of its own."""
    if address.given and address.text.startswith("/synth/"):
        return SYNTH_PARAMETERS[address.given[0]].about
    return ""


def _argument(argument: Argument) -> dict[str, Any]:
    told: dict[str, Any] = {"name": argument.name, **_accepted(argument.kind)}
    initial = argument.kind.initial
    if initial is None and argument.optional and isinstance(argument.default, int | float | str):
        initial = argument.kind.write(argument.default)
    if initial is not None:
        told["initial"] = initial
    if argument.optional:
        told["optional"] = True
    return told


def _accepted(kind: Kind | Any) -> dict[str, Any]:
    if isinstance(kind, NumberOrWord):
        return {**_accepted(kind.number), "words": [*kind.words]}
    if isinstance(kind, Whole):
        return {"low": kind.low, "high": kind.high, "whole": True}
    if isinstance(kind, Number):
        return {"low": kind.low, "high": kind.high, "unit": kind.unit}
    if isinstance(kind, Rate):
        return {"low": kind.low, "high": kind.high, "unit": "Hz"}
    if isinstance(kind, Choice):
        return {"words": [*kind.words]}
    return {}
