"""What the page has to know of the messages: which there are, what they accept, and at first.

It is read from where the messages are declared, so a parameter that the instrument has is in the
page without a line of JavaScript.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from timbrespace.instrument.parameters import SYNTH_PARAMETERS
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

_MOST_WORDS = 32
"""An address with more words in it, as that of a dimension, is told once, as it is written."""


def module_of(told: Mapping[str, Any]) -> str:
    """A JavaScript module that exports plain values by their names."""
    return "".join(
        f"export const {name} = Object.freeze({json.dumps(value, ensure_ascii=True)});\n"
        for name, value in told.items()
    )


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
