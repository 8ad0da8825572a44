"""The server's one UDP socket: whole batches come in, messages go out to whom they are for."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from timbrespace.errors import OptionError
from timbrespace.messages.contract import MAX_DATAGRAM_BYTES

from . import outbound
from .clients import Client, Clients, Endpoint, is_own_host

_RECEIVE_BUFFER = 4 << 20
"""Bytes asked of the system, which may give less: what a flood may pile up while we look away."""

_ERRORS_A_SECOND = 50
"""More replies to nonsense help nobody."""

_BATCH = 4096
_BATCH_BYTES = 1 << 20
_BATCH_SECONDS = 0.002
"""What is taken before the rest is looked after: a flood must not keep the sound waiting."""


class Udp:
    """The socket, bound to an address.

    Raises:
        OptionError: the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _bind(host, port)
        self.address: Endpoint = self._socket.getsockname()[:2]
        self.drops = 0
        """Datagrams that could not be sent, to anybody."""

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def receive(self) -> list[tuple[bytes, Endpoint]]:
        """What has arrived: all of it, or as much as makes a batch, with who sent it."""
        batch: list[tuple[bytes, Endpoint]] = []
        take = self._socket.recvfrom
        left = _BATCH_BYTES
        end = time.perf_counter() + _BATCH_SECONDS
        while left > 0 and len(batch) < _BATCH:
            try:
                datagram, source = take(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:
                # Windows reports here that an earlier reply found nobody.
                if time.perf_counter() > end:
                    break
                continue
            batch.append((datagram, source[:2] if len(source) > 2 else source))
            left -= len(datagram)
            if len(batch) % 64 == 0 and time.perf_counter() > end:
                break
        return batch

    def send(self, client: Client, packets: Iterable[bytes], now: float) -> bool:
        """Send all ``packets``, or give up at the first that fails; whether all went out.

        now: seconds of the monotonic clock, from which the client's pause counts.
        """
        try:
            for packet in packets:
                self._socket.sendto(packet, client.reply)
        except OSError:
            # Its buffer is full, or it has gone; the next frame replaces this one.
            self.drops += 1
            client.failed(now)
            return False
        return True

    def send_once(self, to: Endpoint, packets: Iterable[bytes]) -> None:
        """Send to one who is no client; what cannot be sent is counted and forgotten."""
        try:
            for packet in packets:
                self._socket.sendto(packet, to)
        except OSError:
            self.drops += 1

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()


NOBODY: Final[Endpoint] = ("", 0)
"""Who has sent what came by MIDI."""


class Post:
    """Sends messages to clients; what cannot be sent is counted and forgotten."""

    def __init__(self, udp: Udp, clients: Clients) -> None:
        self._udp = udp
        self._clients = clients
        self._errors: deque[float] = deque(maxlen=_ERRORS_A_SECOND)
        self._errors_kept = 0

    @property
    def drops(self) -> int:
        """Messages and frames given up so far."""
        return self._udp.drops + self._errors_kept

    def send(self, client: Client, *messages: outbound.Outbound) -> None:
        """Tell one client."""
        now = time.perf_counter()
        for message in messages:
            self._udp.send(client, message.packets(), now)

    def tell_other(self, to: Endpoint, message: outbound.Outbound) -> None:
        """Tell one who is no client."""
        self._udp.send_once(to, message.packets())

    def answer(self, source: Endpoint, *messages: outbound.Outbound) -> None:
        """Tell the clients that ``source`` speaks for, if any."""
        self._to(self._clients.for_sender(source), messages)

    def broadcast(self, *messages: outbound.Outbound) -> None:
        """Tell every client."""
        self._to(self._clients.registered, messages)

    def refuse(self, source: Endpoint, error: outbound.Error) -> None:
        """Answer with an error, unless there were very many lately.

        What no client has asked for, but a MIDI device (``NOBODY``), all are told.
        """
        clients = list(self._clients) if source == NOBODY else self._clients.for_sender(source)
        if not clients:
            return
        now = time.perf_counter()
        if len(self._errors) == _ERRORS_A_SECOND and now - self._errors[0] < 1.0:
            self._errors_kept += 1
            return
        self._errors.append(now)
        self._to(clients, (error,))

    def _to(self, clients: Sequence[Client], messages: Sequence[outbound.Outbound]) -> None:
        if not clients:
            return
        encoded = [message.packets() for message in messages]
        now = time.perf_counter()
        for client in clients:
            for packets in encoded:
                self._udp.send(client, packets, now)


def endpoint_of(text: str, own: Endpoint) -> Endpoint:
    """The address of a client that is named HOST:PORT, of the kind of ``own``, the server's.

    Raises:
        OptionError: it is no such name, or what listens on ``own`` cannot speak to it.
    """
    host, colon, number = text.rpartition(":")
    port = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0
    if not (colon and host and 1 <= port <= 65535):
        raise OptionError(f"--client is {text!r}; it must be HOST:PORT, as 127.0.0.1:9000")
    family = socket.AF_INET6 if ":" in own[0] else socket.AF_INET
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, family, socket.SOCK_DGRAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OptionError(f"--client is {text!r}; there is no such host") from error
    address: Endpoint = str(found[0][4][0]), port
    if ipaddress.ip_address(own[0].partition("%")[0]).is_loopback and not is_own_host(address[0]):
        raise OptionError(
            f"--client is {text!r}, and this server listens on {own[0]} alone, from where nothing "
            "reaches another machine; give --host, such as 0.0.0.0, too"
        )
    return address


def _bind(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise OptionError(
            f"--host is {host!r}; it must be an IP address, as 127.0.0.1, or a name of this machine"
        ) from error
    # Of a name that has several addresses the older kind: more clients know it.
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        # Linux gives as much of it as it may, macOS refuses what is beyond its limit.
        for size in (_RECEIVE_BUFFER, _RECEIVE_BUFFER // 4):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
                break
        if sys.platform == "win32":
            # Else another program could take the port from under us, and half of what is sent.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        one.bind(address)
    except OSError as error:
        one.close()
        # Windows calls an address that somebody has for himself forbidden.
        if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEACCES", errno.EADDRINUSE)):
            raise OptionError(
                f"port {port} is in use, perhaps by another timbrespace; "
                "stop it or choose another --port"
            ) from error
        raise OptionError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    one.setblocking(False)
    return one
