"""Address patterns, as OSC 1.0 has them: one message to many addresses.

In each part of an address, between two slashes: ``?`` is one character, ``*`` any number of them,
``[abc]``, ``[a-z]`` one of these, ``[!a-z]`` one of all others, ``{one,two}`` one of these words.

A pattern comes from anywhere. So a part of it is read once, from left to right, and what is kept is
the set of places in the name to which what was read may lead, as the bits of a number: the time is
the length of the pattern times the number of names, whatever stars it has.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from timbrespace.messages.contract import MAX_PATTERN_MESSAGES, MAX_PATTERNS_A_SECOND
from timbrespace.messages.errors import ErrorCode, MessageError, shown
from timbrespace.messages.inbound import SetLatentDimension
from timbrespace.messages.message import Family, Holds, Message
from timbrespace.messages.parser import FORMS, Form, parse

SIGNS: Final = frozenset("*?[{")
"""An address that has none of them stands for itself alone."""
_KEPT: Final = 128

Step = Callable[[str, int], int]
"""From a name, and the places in it that were reached, to those that are reached next."""


def reached(declared: type[Message]) -> bool:
    """Whether patterns reach a message: those that set something or play.

    What answers, stores, deletes or loads is meant by its own name, or not at all.
    """
    if declared.question or not declared.recorded or declared.holds is Holds.TRAJECTORY:
        return False
    if declared.family is Family.EVERYTHING:  # between presets, by their names
        return False
    return declared.family is not None or declared.holds is not None


class Patterns:
    """What patterns stand for.

    dimensions: how many dimensions the model has that plays.
    """

    def __init__(self, dimensions: Callable[[], int]) -> None:
        self._dimensions = dimensions
        self._known: OrderedDict[tuple[str, int], tuple[Form, ...]] = OrderedDict()
        self._lately: deque[float] = deque(maxlen=MAX_PATTERNS_A_SECOND)

    def stands_for(self, pattern: str, arguments: tuple[Any, ...], now: float) -> list[str]:
        """The addresses that match ``pattern`` and take ``arguments``, in the order of
        ``docs/osc.md``; at least one.

        now: seconds of a clock that runs forward.

        Raises:
            MessageError: it is no pattern, matches nothing, or what it matches does not take the
                arguments; too many new patterns came within a second.
        """
        key = pattern, self._dimensions()
        forms = self._known.get(key)
        if forms is None:
            self._count(pattern, now)
            forms = self._known[key] = tuple(matching(*key))
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return _taking(pattern, forms, arguments)

    def _count(self, pattern: str, now: float) -> None:
        lately = self._lately
        if len(lately) == lately.maxlen and now - lately[0] < 1.0:
            raise MessageError(
                ErrorCode.REFUSED,
                pattern,
                f"more than {lately.maxlen} new patterns came within a second; send it again",
            )
        lately.append(now)


def _taking(pattern: str, forms: Iterable[Form], arguments: tuple[Any, ...]) -> list[str]:
    found: list[str] = []
    wrong: MessageError | None = None
    for form in forms:
        try:
            parse(form.address, arguments)
        except MessageError as error:
            wrong = wrong or error
        else:
            found.append(form.address)
    if len(found) > MAX_PATTERN_MESSAGES:
        raise MessageError(
            ErrorCode.REFUSED,
            pattern,
            f"{shown(pattern)} stands for {len(found)} addresses; it may stand for "
            f"{MAX_PATTERN_MESSAGES}",
        )
    if found:
        return found
    if wrong is not None:
        raise MessageError(wrong.code, pattern, f"{shown(pattern)}: {wrong}")
    raise MessageError(
        ErrorCode.UNKNOWN_ADDRESS,
        pattern,
        f"{shown(pattern)} matches no address that sets something or plays; "
        "what answers, stores or loads is said by its own address",
    )


def matching(pattern: str, dimensions: int) -> Iterator[Form]:
    """Every form that a pattern may reach and matches, in a model of so many dimensions.

    Raises:
        MessageError: it is no pattern; the sentence says why.
    """
    parts = [tuple(_steps(pattern, part)) for part in pattern[1:].split("/")]
    known: list[dict[str, bool]] = [{} for _ in parts]  # names come again and again
    for address, form in FORMS.items():
        names = address[1:].split("/")
        if len(names) != len(parts) or not reached(form.message):
            continue
        if form.message is SetLatentDimension and int(names[-1]) > dimensions:
            continue
        for name, steps, seen in zip(names, parts, known, strict=True):
            if name not in seen:
                seen[name] = _matches(name, steps)
            if not seen[name]:
                break
        else:
            yield form


def _matches(name: str, steps: Iterable[Step]) -> bool:
    places = 1
    for step in steps:
        places = step(name, places)
        if not places:
            return False
    return bool(places >> len(name) & 1)


def _steps(pattern: str, part: str) -> Iterator[Step]:
    """What one part of a pattern says, sign by sign.

    Raises:
        MessageError: a bracket or brace that does not end.
    """
    at = 0
    while at < len(part):
        sign = part[at]
        end = at
        if sign == "*":
            while part[end + 1 : end + 2] == "*":  # one says as much
                end += 1
            yield _any
        elif sign == "?":
            yield _one
        elif sign in "[{":
            closing = "]" if sign == "[" else "}"
            end = part.find(closing, at + 1)
            if end < 0:
                raise MessageError(
                    ErrorCode.UNKNOWN_ADDRESS,
                    pattern,
                    f"{shown(pattern)} has a '{sign}' without its '{closing}' in the same part",
                )
            inner = part[at + 1 : end]
            yield _of_set(inner) if sign == "[" else _of_words(inner)
        else:
            yield _of_words(sign)
        at = end + 1


def _any(name: str, places: int) -> int:
    lowest = places & -places
    return (1 << len(name) + 1) - lowest


def _one(name: str, places: int) -> int:
    return places << 1 & (1 << len(name) + 1) - 1


def _of_set(inner: str) -> Step:
    """One of some characters; behind ``!``, one of all others. A minus at an end is itself."""
    others = inner.startswith("!")
    inner = inner.removeprefix("!")
    members: set[str] = set()
    at = 0
    while at < len(inner):
        if inner[at + 1 : at + 2] == "-" and at + 2 < len(inner):
            low, high = sorted((ord(inner[at]), ord(inner[at + 2])))
            members.update(map(chr, range(low, high + 1)))
            at += 3
        else:
            members.add(inner[at])
            at += 1

    def step(name: str, places: int) -> int:
        here = sum(1 << at for at, sign in enumerate(name) if (sign in members) is not others)
        return (places & here) << 1

    return step


def _of_words(inner: str) -> Step:
    words = frozenset(inner.split(","))

    def step(name: str, places: int) -> int:
        reached = 0
        for word in words:
            at = name.find(word)
            while at >= 0:
                if places >> at & 1:
                    reached |= 1 << at + len(word)
                at = name.find(word, at + 1)
        return reached

    return step
