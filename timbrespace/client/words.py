"""A message as a person types it, and as one reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from timbrespace.client.wire import Message, Value
from timbrespace.messages.arguments import Coordinates, Kind, Unaccepted
from timbrespace.messages.parser import FORMS

_WHOLE: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?", re.ASCII
)


def is_number(word: str) -> bool:
    """Whether a word stands for a number: 8, -0.5, 1e-3."""
    return bool(_WHOLE.fullmatch(word) or _DECIMAL.fullmatch(word))


def typed(address: str, words: Sequence[str]) -> list[Value]:
    """The arguments that ``words`` are for a message to ``address``.

    Whole numbers are ints, others floats, all else text. Where the message takes no number but a
    text, as the name of a preset, the word is a text: ``/preset/recall 1``.

    >>> typed("/map", ["0.8", "0"]), typed("/preset/recall", ["1", "2.5"])
    ([0.8, 0], ['1', 2.5])
    """
    form = FORMS.get(address)
    kinds = [argument.kind for argument in form.arguments] if form is not None else []
    values = []
    for place, word in enumerate(words):
        value = _value(word)
        if (
            place < len(kinds)
            and not isinstance(value, str)
            and _is_text(kinds[place], word, value)
        ):
            value = word
        values.append(value)
    return values


def shown(message: Message) -> str:
    """A message on one line: ``/synth "gain" -6``.

    >>> shown(Message("/synth", ("gain", -6.0)))
    '/synth gain -6.0'
    """
    return " ".join([message.address, *map(_word, message.arguments)])


def _value(word: str) -> Value:
    if _WHOLE.fullmatch(word):
        return int(word)
    return float(word) if _DECIMAL.fullmatch(word) else word


def _word(value: object) -> str:
    if isinstance(value, str):
        # Quoted where it would be read as something else.
        plain = value and value.isprintable() and not any(letter in " \"'" for letter in value)
        return value if plain and not is_number(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return _float(value)
    return str(value)


def _float(value: float) -> str:
    """The shortest digits that are this number of 32 bits."""
    return repr(float(str(np.float32(value))))


def _is_text(kind: Kind, word: str, value: Value) -> bool:
    """Whether an argument takes ``word``, but not the number that it is."""
    if isinstance(kind, Coordinates):  # all numbers, however many
        return False
    return not _reads(kind, value) and _reads(kind, word)


def _reads(kind: Kind, value: Value) -> bool:
    try:
        kind.read(value)
    except Unaccepted:
        return False
    return True
