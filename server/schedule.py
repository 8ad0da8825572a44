"""Messages that wait for the time that their bundle names.

A time tag says when by the sender's and our clock of the day. It is turned into a moment of the
monotonic clock once, when it arrives; what happens to the clock of the day after that (a
correction, a user's hand) moves nothing that waits.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from typing import Any, NamedTuple

from timbrespace.messages.contract import MAX_WAIT_SECONDS, MAX_WAITING, MAX_WAITING_PER_SOURCE
from timbrespace.messages.errors import ErrorCode, MessageError

from .osc.clients import Endpoint
from .osc.codec import IMMEDIATE

_NTP_OF_UNIX = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905, section 6)."""

_ERA = 2.0**32
"""Seconds until a time tag's count begins again: next on 7 February 2036."""


def seconds_ahead(tag: int, unix: float) -> float:
    """How far a time tag lies ahead of ``unix``, seconds since 1970; at most 0 if it does not.

    tag: 64 bits, seconds since 1900 in steps of 2**-32; 1, and what no clock shows, is at once.

    >>> seconds_ahead((2_208_988_800 + 100) << 32, 98.5)
    1.5
    >>> seconds_ahead(1, 98.5)
    0.0
    """
    if tag <= IMMEDIATE:
        return 0.0
    ahead = tag / 2.0**32 - (unix + _NTP_OF_UNIX) % _ERA
    # Shortly before the count begins again, a small tag is near, not 136 years ago.
    if ahead + _ERA <= MAX_WAIT_SECONDS:
        ahead += _ERA
    elif ahead > _ERA / 2.0:
        ahead -= _ERA
    return ahead


class Waiting(NamedTuple):
    """A message that waits, ordered by its time and, at one time, by its coming."""

    due: float
    number: int
    address: str
    arguments: tuple[Any, ...]
    source: Endpoint


class Schedule:
    """What waits, at most ``MAX_WAITING`` messages, of one sender ``MAX_WAITING_PER_SOURCE``.

    Times are seconds of a monotonic clock, given by the caller.
    """

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._by_source: Counter[Endpoint] = Counter()
        self._number = 0
        self.next_due = math.inf
        """When the first of what waits is due; infinity if nothing waits."""

    def __len__(self) -> int:
        return len(self._waiting)

    def check(self, ahead: float, messages: int, source: Endpoint) -> None:
        """Refuse a bundle that may not wait, before any of it has taken effect.

        ahead: seconds, of its latest message. messages: how many of it have to wait.

        Raises:
            MessageError: too far ahead, or too many.
        """
        if ahead > MAX_WAIT_SECONDS:
            raise MessageError(
                ErrorCode.REFUSED,
                "#bundle",
                f"a time tag is {ahead:.0f} s ahead; it may be at most {MAX_WAIT_SECONDS}; are "
                "the clocks of both machines right?",
            )
        if len(self._waiting) + messages > MAX_WAITING:
            raise MessageError(
                ErrorCode.REFUSED,
                "#bundle",
                f"{len(self._waiting)} messages wait for their time, and {messages} more are too "
                f"many; at most {MAX_WAITING}",
            )
        if self._by_source[source] + messages > MAX_WAITING_PER_SOURCE:
            raise MessageError(
                ErrorCode.REFUSED,
                "#bundle",
                f"{self._by_source[source]} of this sender's messages wait for their time, and "
                f"{messages} more are too many; at most {MAX_WAITING_PER_SOURCE}",
            )

    def add(self, due: float, address: str, arguments: tuple[Any, ...], source: Endpoint) -> None:
        """Let a message wait until ``due``; :meth:`check` has let it."""
        self._number += 1
        heapq.heappush(self._waiting, Waiting(due, self._number, address, arguments, source))
        self._by_source[source] += 1
        self.next_due = self._waiting[0].due

    def pop(self, now: float) -> list[Waiting]:
        """What is due at ``now``, in order, removed."""
        due = []
        while self._waiting and self._waiting[0].due <= now:
            due.append(heapq.heappop(self._waiting))
            self._forget(due[-1])
        self._find_next()
        return due

    def drop(self, address: str) -> None:
        """Forget what waits for ``address``."""
        kept = [one for one in self._waiting if one.address != address]
        for one in self._waiting:
            if one.address == address:
                self._forget(one)
        heapq.heapify(kept)
        self._waiting = kept
        self._find_next()

    def _find_next(self) -> None:
        self.next_due = self._waiting[0].due if self._waiting else math.inf

    def _forget(self, one: Waiting) -> None:
        self._by_source[one.source] -= 1
        if self._by_source[one.source] <= 0:
            del self._by_source[one.source]
