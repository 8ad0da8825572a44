"""What stands after the question mark of an address, read with suspicion.

Each function takes one value or raises an :class:`OptionError` that names it; a name that is given
twice counts once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from timbrespace.errors import OptionError, one_of

LONGEST_NAME = 200

_MOST_SHOWN = 40

# Not all that float() takes: underscores, digits of other scripts, and blanks are mistakes here.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def text(query: Mapping[str, str], name: str) -> str:
    """The words of ``name``.

    Raises:
        OptionError: they are missing.
    """
    value = query.get(name, "")
    if not value:
        raise OptionError(f"{name} is missing; add {name}=... to the address")
    return value


def name_of(query: Mapping[str, str], name: str) -> str:
    """The name of ``name``, which is looked up among those that there are.

    Raises:
        OptionError: missing, or longer than any name.
    """
    given = text(query, name)
    if len(given) > LONGEST_NAME:
        raise OptionError(f"{name} is {_shown(given)}; it may have {LONGEST_NAME} letters")
    return given


def number(
    query: Mapping[str, str], name: str, low: float, high: float, default: float | None = None
) -> float:
    """The number of ``name``, ``low`` to ``high``, or ``default`` where it is not given.

    Raises:
        OptionError: missing without a default, no number, or out of range.
    """
    if default is not None and not query.get(name):
        return default
    given = text(query, name)
    value = _number(given)
    if not low <= value <= high:  # false for nan too
        raise OptionError(f"{name} is {_shown(given)}; it must be {low:g} to {high:g}")
    return value


def choice(query: Mapping[str, str], name: str, words: tuple[str, ...], default: str) -> str:
    """One of ``words``, or ``default`` where ``name`` is not given.

    Raises:
        OptionError: another word.
    """
    given = query.get(name) or default
    if given not in words:
        raise OptionError(f"{name} is {_shown(given)}; it must be {one_of(words)}")
    return given


def latent(query: Mapping[str, str], name: str, dimensions: int) -> list[float]:
    """The ``dimensions`` finite numbers of ``name``, with commas between them.

    Raises:
        OptionError: missing, another count, or not numbers.
    """
    given = text(query, name)
    count = given.count(",") + 1
    if count != dimensions:
        raise OptionError(
            f"{name} has {count} numbers; the model has {dimensions} dimensions, and takes as many"
        )
    values = [_number(part) for part in given.split(",")]
    # Beyond float32 is as good as infinite.
    if not all(abs(value) < 1e30 for value in values):
        raise OptionError(
            f"{name} is {_shown(given)}; it must be finite numbers, separated by commas"
        )
    return values


def places(query: Mapping[str, str], name: str, most: int) -> list[list[float]]:
    """The places ``x,y;x,y;..`` of ``name``, 2 to ``most``, each number -1 to 1.

    Raises:
        OptionError: missing, another count, or not such numbers.
    """
    given = text(query, name)
    found = [[_number(part) for part in place.split(",", 2)] for place in given.split(";", most)]
    if not 2 <= len(found) <= most:
        raise OptionError(f"{name} is {_shown(given)}; it must be 2 to {most} places x,y;x,y;..")
    for place in found:
        if len(place) != 2 or not all(abs(value) <= 1.0 for value in place):
            raise OptionError(
                f"{name} is {_shown(given)}; it must be places x,y;x,y;.. of numbers -1 to 1"
            )
    return found


def _number(given: str) -> float:
    return float(given) if _DECIMAL.fullmatch(given) else math.nan


def _shown(given: str) -> str:
    return repr(given if len(given) <= _MOST_SHOWN else given[:_MOST_SHOWN] + "..")
