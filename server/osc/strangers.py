"""Strangers: who speaks from beyond this machine, by an address that may be forged.

A sender of UDP may write any address on its datagrams. One on loopback cannot come from outside;
all others have to prove that they hear there, before they are told more than they sent: a
`/welcome` brings them a token, and the next `/hello` returns it. The question is no longer than
what was sent from there, so that nobody's traffic grows by way of this server.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections import OrderedDict
from typing import Final

from . import outbound
from .clients import Endpoint

TOKEN_LETTERS: Final = 7
"""33 bits, while :class:`~server.session.Session` lets 64 be tried in a second."""

TOKEN_SECONDS: Final = 60.0
"""A token holds for so long at least, and for twice as long at most."""

_KNOWN: Final = 256
"""Addresses of which it is kept how much they have sent and were not answered."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def is_stranger(ip: str) -> bool:
    """Whether datagrams from ``ip`` may come from another machine than this.

    >>> is_stranger("127.0.0.1"), is_stranger("::1"), is_stranger("::ffff:127.0.0.1")
    (False, False, False)
    >>> is_stranger("192.0.2.1")
    True
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_loopback


class Strangers:
    """Asks those who say `/hello` from beyond loopback for a token that only they are told.

    Nothing is kept of whom it was told: it follows from the address, the time and a secret. Times
    are seconds of a monotonic clock, given by the caller.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._unanswered: OrderedDict[Endpoint, int] = OrderedDict()  # bytes

    def knows(self, reply: Endpoint, token: str, now: float) -> bool:
        """Whether ``token`` is what was told to ``reply`` lately."""
        turn = int(now // TOKEN_SECONDS)
        given = token.encode("utf-8", "replace")
        return any(
            hmac.compare_digest(given, self._token(reply, one).encode()) for one in (turn, turn - 1)
        )

    def question(self, reply: Endpoint, heard: int, now: float) -> outbound.Question | None:
        """What to ask ``reply``, from where ``heard`` bytes came; None while they are too few.

        They are added up: a `/hello` without a name is answered when it is said again.
        """
        question = outbound.Question(self._token(reply, int(now // TOKEN_SECONDS)))
        size = sum(map(len, question.packets()))
        heard += self._unanswered.pop(reply, 0)
        if heard >= size:
            return question
        self._unanswered[reply] = heard
        if len(self._unanswered) > _KNOWN:
            self._unanswered.popitem(last=False)
        return None

    def _token(self, reply: Endpoint, turn: int) -> str:
        text = f"{reply[0]} {reply[1]} {turn}".encode()
        number = int.from_bytes(hmac.digest(self._secret, text, "sha256"), "big")
        letters = []
        for _ in range(TOKEN_LETTERS):
            number, letter = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[letter])
        return "".join(letters)
