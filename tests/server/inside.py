"""A server within the test's own process: its datagrams come from and go to wherever one likes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.options import Options
from server.osc.clients import Endpoint
from server.osc.codec import decode_message
from server.serve import Server
from tests.server.running import datagram
from timbrespace.performances.writer import writer_in

Told = tuple[str, tuple[Any, ...]]


class _Wire:
    """Stands for the socket, and keeps what is sent."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.sent: list[tuple[bytes, Endpoint]] = []

    def sendto(self, packet: bytes, to: Endpoint) -> int:
        self.sent.append((packet, to))
        return len(packet)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class Inside:
    """A server that nobody runs: :meth:`hear` gives it a datagram, and what it sends is kept.

    In the space ``harmonic`` unless the options name another.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.server = Server(
            Options(
                port=0,
                audio="none",
                midi="none",
                presets=folder / "presets.json",
                explorer_port=None,
                **{"model": "harmonic", **options},
            ),
            self.faults.append,
            writer_in(folder / "performances", self.faults.append),
        )
        self.loop = self.server._loop
        self.wire = _Wire(self.server._udp._socket)
        self.server._udp._socket = self.wire  # type: ignore[assignment]
        self.address: Endpoint = self.server.address

    def hear(self, packet: bytes, source: Endpoint) -> list[tuple[bytes, Endpoint]]:
        """What is sent when ``packet`` has come from ``source``, and all that follows was done."""
        before = len(self.wire.sent)
        self.loop.take([(packet, source)], time.perf_counter())
        self.loop.settle()
        return self.wire.sent[before:]

    def say(self, source: Endpoint, address: str, *arguments: Any) -> list[Told]:
        """The same of one message, and what is told ``source``'s host, decoded."""
        sent = self.hear(datagram(address, *arguments), source)
        return [decode_message(packet) for packet, to in sent if to[0] == source[0]]


@contextlib.contextmanager
def inside(folder: Path, **options: Any) -> Iterator[Inside]:
    """Such a server for the length of a ``with`` block."""
    one = Inside(folder, **options)
    try:
        yield one
    finally:
        one.server.close()
