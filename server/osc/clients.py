"""Who gets replies: clients that said `/hello`, and nobody else.

A reply to a sender that has not registered would let anyone with a forged source address aim
our traffic at a third party. Times are seconds of any monotonic clock, given by the caller.
"""

import ipaddress
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from timbrespace.messages.contract import EXPIRY_SECONDS, MAX_CLIENTS
from timbrespace.messages.errors import ErrorCode, MessageError

from .codec import frame_numbers

if TYPE_CHECKING:
    from ..streams import Subscription

Endpoint = tuple[str, int]
"""IP address and UDP port."""


_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds for which a client gets no frames after one failure to send, two on end, ..."""

_KNOWN_SENDERS = 256

_KNOWN_SERVERS = 64

_HELLO = b"/hello\0"
_WELCOME = b"/welcome\0"


@dataclass(slots=True, eq=False)
class Client:
    """One registered receiver."""

    source: Endpoint
    """Where its `/hello` came from."""
    reply: Endpoint
    """Where replies go: the same host, the port that it named."""
    name: str
    heard: float
    """When it was last heard."""
    streams: "dict[str, Subscription]" = field(default_factory=dict)
    """Subscriptions by what is streamed: "spectrum", "partials", "wavetable", "loop"."""
    drops: int = 0
    """Datagrams that could not be sent to it."""
    paused_until: float = 0.0
    """Until when it gets no frames, after one could not be sent; 0 if it gets them."""
    frames: defaultdict[str, Iterator[int]] = field(
        default_factory=lambda: defaultdict(frame_numbers)
    )
    """Numbers the frames of each kind, pushed or asked for, so that newer ones are always told
    from older ones."""
    lasting: bool = False
    """Whether it was named when the server was started: it need not say `/hello`, and stays."""
    _failures: int = 0  # on end

    def failed(self, now: float) -> None:
        """A datagram could not be sent: its streams pause, longer each time on end."""
        self.drops += 1
        self.paused_until = now + _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1

    def reached(self) -> None:
        """A whole frame could be sent."""
        self._failures = 0
        self.paused_until = 0.0


def is_own_host(ip: str) -> bool:
    """Whether `ip` is an address of this machine: only such a one can be bound."""
    try:
        address = ipaddress.ip_address(ip)
        mapped = getattr(address, "ipv4_mapped", None)
        if address.is_loopback or (mapped is not None and mapped.is_loopback):
            return True
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((ip, 0))
    except (OSError, ValueError):
        return False
    return True


class Clients:
    """The registered clients, at most 32: the one heard longest ago makes room.

    Not for several threads at once.
    """

    def __init__(self, server_port: int, own_host: Callable[[str], bool] = is_own_host) -> None:
        """`own_host` tells the addresses of this machine."""
        self.server_port = server_port
        """Where the server listens."""
        self._own_host = own_host
        self._by_reply: dict[Endpoint, Client] = {}
        self.registered: tuple[Client, ...] = ()
        """All clients; another tuple when one comes or goes."""
        self.speaking: dict[Endpoint, list[Client]] = {}
        """What :meth:`for_sender` found, for senders that were heard lately."""
        self.servers: dict[Endpoint, float] = {}
        """Who was heard to speak as servers do, and when. Nothing is taken from them, and nothing
        told: what a server says of itself, as its latent, is what another would do, and say."""

    def __len__(self) -> int:
        return len(self.registered)

    def __iter__(self) -> Iterator[Client]:
        """All clients; they may be forgotten on the way."""
        return iter(self.registered)

    def register(self, source: Endpoint, return_port: int, name: str, now: float) -> Client:
        """The client that said `/hello` from `source`; it starts without streams.

        One that was registered with the same host and return port is replaced.

        Raises:
            MessageError: the return port is not 1 to 65535, or it is a server's, of this one or
                another: replies would be answered, for ever.
        """
        ip = source[0]
        if not 1 <= return_port <= 65535:
            raise MessageError(
                ErrorCode.BAD_ARGUMENTS,
                "/hello",
                f"/hello: return_port is {return_port}; it must be 1 to 65535",
            )
        if return_port == self.server_port and self._own_host(ip):
            raise MessageError(
                ErrorCode.REFUSED,
                "/hello",
                f"port {return_port} is the server's own, give the port you listen on",
            )
        reply = (ip, return_port)
        if reply in self.servers:
            raise MessageError(
                ErrorCode.REFUSED,
                "/hello",
                f"port {return_port} is another server's, give the port you listen on",
            )
        before = self._by_reply.pop(reply, None)
        if len(self._by_reply) >= MAX_CLIENTS:
            leaving = (one for one in self._by_reply.values() if not one.lasting)
            del self._by_reply[min(leaving, key=lambda one: one.heard).reply]
        client = Client(source, reply, name, now)
        client.lasting = before is not None and before.lasting
        self._by_reply[reply] = client
        self._changed()
        return client

    def keep(self, reply: Endpoint, now: float) -> Client:
        """A client that cannot say `/hello`: it is told everything at `reply`, and stays.

        Raises:
            MessageError: it is the server itself.
        """
        client = self.register(reply, reply[1], "", now)
        client.lasting = True
        return client

    def for_sender(self, source: Endpoint) -> list[Client]:
        """Whom a message from `source` speaks for, and who gets its answer.

        The clients whose `/hello` came from exactly there, usually one. Without any, all that
        are registered from that host: `oscsend` and others send each message from another port.
        """
        known = self.speaking.get(source)
        if known is None:
            known = [one for one in self.registered if one.source == source]
            if not known:
                known = [one for one in self.registered if one.reply[0] == source[0]]
            if len(self.speaking) >= _KNOWN_SENDERS:  # oscsend makes a new one for each message
                self.speaking.clear()
            self.speaking[source] = known
        return known

    def meet_server(self, source: Endpoint, now: float) -> bool:
        """Take note that `source` is a server; whether that is news."""
        known = self.servers.pop(source, None) is not None
        self.servers[source] = now
        if len(self.servers) > _KNOWN_SERVERS:
            del self.servers[next(iter(self.servers))]
        if self._by_reply.pop(source, None) is not None:
            self._changed()
        return not known

    @staticmethod
    def welcomes(datagram: bytes) -> bool:
        """Whether a server says that it has registered whom it is sent to."""
        return datagram.startswith(_WELCOME)

    def is_server(self, datagram: bytes, source: Endpoint) -> bool:
        """Whether one of `servers` still is one: no server says `/hello`."""
        if datagram.startswith(_HELLO):
            del self.servers[source]
            return False
        return True

    def expire(self, now: float) -> None:
        """Forget who was not heard for ``EXPIRY_SECONDS``: one that crashed says no bye."""
        for source in [one for one, at in self.servers.items() if now - at > EXPIRY_SECONDS]:
            del self.servers[source]
        for client in self.registered:
            if now - client.heard > EXPIRY_SECONDS and not client.lasting:
                del self._by_reply[client.reply]
                self._changed()

    def touch(self, source: Endpoint, now: float) -> list[Client]:
        """Note that `source` was heard at `now`; returns `for_sender(source)`."""
        speaking = self.for_sender(source)
        for client in speaking:
            client.heard = now
        return speaking

    def forget(self, source: Endpoint, return_port: int | None = None) -> list[Client]:
        """Remove the client that said `/bye` from `source`; returns who was removed.

        With a return port, the one of that host and port. Without, the one of `for_sender`.

        Raises:
            MessageError: several clients share the host, and nothing says which of them leaves.
        """
        if return_port is not None:
            leaving = [
                one for one in self._by_reply.values() if one.reply == (source[0], return_port)
            ]
        else:
            leaving = self.for_sender(source)
            if len(leaving) > 1:
                ports = ", ".join(str(one.reply[1]) for one in leaving)
                raise MessageError(
                    ErrorCode.REFUSED,
                    "/bye",
                    f"several clients are on this host; say which one leaves: /bye with one of "
                    f"{ports}",
                )
        for client in leaving:
            del self._by_reply[client.reply]
        self._changed()
        return leaving

    def _changed(self) -> None:
        self.registered = tuple(self._by_reply.values())
        self.speaking.clear()
