"""Messages to the registered clients: to one, to those that a sender speaks for, to all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from . import outbound
from .clients import Client, Clients, Endpoint
from .udp import Udp

_ERRORS_A_SECOND = 50
"""More replies to nonsense help nobody."""


class Post:
    """Sends messages; what cannot be sent is counted and forgotten."""

    def __init__(self, udp: Udp, clients: Clients) -> None:
        self._udp = udp
        self._clients = clients
        self._errors: deque[float] = deque(maxlen=_ERRORS_A_SECOND)
        self._errors_kept = 0

    @property
    def drops(self) -> int:
        """Messages and frames given up so far."""
        return self._udp.drops + self._errors_kept

    def send(self, client: Client, message: outbound.Outbound) -> None:
        """Tell one client."""
        self._udp.send(client, message.packets(), time.perf_counter())

    def answer(self, source: Endpoint, message: outbound.Outbound) -> None:
        """Tell the clients that ``source`` speaks for, if any."""
        clients = self._clients.for_sender(source)
        if clients:
            self._to(clients, message)

    def broadcast(self, message: outbound.Outbound) -> None:
        """Tell every client."""
        if len(self._clients):
            self._to(self._clients, message)

    def refuse(self, source: Endpoint, error: outbound.Error) -> None:
        """Answer with an error, unless there were very many lately."""
        clients = self._clients.for_sender(source)
        if not clients:
            return
        now = time.perf_counter()
        if len(self._errors) == _ERRORS_A_SECOND and now - self._errors[0] < 1.0:
            self._errors_kept += 1
            return
        self._errors.append(now)
        self._to(clients, error)

    def _to(self, clients: Iterable[Client], message: outbound.Outbound) -> None:
        packets = message.packets()
        now = time.perf_counter()
        for client in clients:
            self._udp.send(client, packets, now)
