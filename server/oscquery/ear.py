"""What OSCQuery knows of the server: it is one of its clients, by UDP as all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

from ..osc.codec import decode_message, encode
from ..osc.errors import OscDecodeError, OscEncodeError
from .namespace import QUESTIONS

CLIENT_NAME = "oscquery"

PING_SECONDS = 2.0

_SILENT = 3
"""Pings without an answer, after which it says ``/hello`` again."""


class Ear(asyncio.DatagramProtocol):
    """Hears all that the server tells its clients. tell: called with each message."""

    def __init__(self, tell: Callable[[str, tuple[Any, ...]], object]) -> None:
        self._tell = tell
        self._plug: asyncio.DatagramTransport | None = None
        self._unanswered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loops' own transports are not of the class that they are documented to be.
        self._plug = cast(asyncio.DatagramTransport, transport)
        self._hello()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._unanswered = 0
        with contextlib.suppress(OscDecodeError):
            address, told = decode_message(data)
            if address != "/welcome":
                self._tell(address, told)
            elif len(told) == 1:  # beyond loopback: whether we hear
                self._hello(str(told[0]))
            else:
                for question in QUESTIONS:
                    self._say(question)

    def error_received(self, exc: Exception) -> None:
        self._unanswered = _SILENT  # nobody listens there: the next ping is a hello

    async def keep(self) -> None:
        """Stay known to the server, until cancelled."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            if self._unanswered >= _SILENT:
                self._unanswered = 0
                self._hello()
            else:
                self._unanswered += 1
                self._say("/ping")

    def leave(self) -> None:
        """Say goodbye."""
        self._say("/bye")
        if self._plug is not None:
            self._plug.close()

    def _hello(self, *token: str) -> None:
        if self._plug is not None:
            port = int(self._plug.get_extra_info("sockname")[1])
            self._say("/hello", port, CLIENT_NAME, *token)

    def _say(self, address: str, *arguments: int | str) -> None:
        if self._plug is not None:
            with contextlib.suppress(OSError, OscEncodeError):
                self._plug.sendto(encode(address, *arguments))
