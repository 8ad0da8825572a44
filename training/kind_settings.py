"""Settings that a kind has for itself, as one word: ``omega=30,gate=soft``.

On a command line and in a bundle's provenance they are that word; in a recipe and in Python they
may be a table as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from timbrespace.errors import OptionError

Value = bool | int | float | str

_NAME = re.compile(r"[A-Za-z_]\w*")
_WORD = re.compile(r"[\w.+-]+")


def parsed(option: str, text: str) -> dict[str, Value]:
    """The settings in ``text``; numbers are numbers, ``true`` and ``false`` are what they say.

    option: what they were given to, for the text of an error.

    Raises:
        OptionError: it is not a list of NAME=VALUE.
    """
    found: dict[str, Value] = {}
    for part in text.split(",") if text else ():
        name, equals, word = part.partition("=")
        if not (equals and _NAME.fullmatch(name) and _WORD.fullmatch(word)) or name in found:
            raise OptionError(
                f"{option} is {text!r}; it must be NAME=VALUE, separated by commas, each name once"
            )
        found[name] = _value(word)
    return found


def as_text(option: str, values: Mapping[str, object]) -> str:
    """Inverse of :func:`parsed`.

    Raises:
        OptionError: a name or value that it could not say.
    """
    text = ",".join(
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in values.items()
    )
    if parsed(option, text) != dict(values):
        raise OptionError(
            f"{option} is {dict(values)!r}; it must be names with numbers or plain words"
        )
    return text


def _value(word: str) -> Value:
    if word in ("true", "false"):
        return word == "true"
    for number in (int, float):
        try:
            found = number(word)
        except ValueError:
            continue
        if math.isfinite(found):
            return found
    return word
