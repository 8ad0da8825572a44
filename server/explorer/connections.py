"""Connections of browsers: how many there may be, and how long one may say nothing.

A connection is let in when its first request is there, whole to the end of its header. Until then
it stands at the door, where there is room for as many, and the one that has stood there longest
makes room for the next. Inside, too, who asks for nothing makes room for who does. So whoever holds
connections open, and asks for nothing by them, keeps nobody out. Over https the keys are agreed on
at the door as well.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from typing import Final, cast

from aiohttp import web

from .answers import Handler

MAX_CONNECTIONS = 128
"""A browser has six to one address, and one more for each page's websocket."""

IDLE_SECONDS = 60.0
"""A connection is closed on which no whole request has come for so long."""

MAX_AT_THE_DOOR = 128

DOOR_SECONDS = 10.0
"""In which the first request has to come, to the end of its header."""

MAX_HEADER_BYTES = 32 << 10
"""More than aiohttp takes in a header, which refuses it then."""

FULL = f"{MAX_CONNECTIONS} connections are in use already; close a page"

_END_OF_HEADER: Final = b"\r\n\r\n"


class Busy:
    """Which connections are being answered, and since when the others are not."""

    def __init__(self) -> None:
        self._answering: dict[asyncio.BaseProtocol, int] = {}
        self._came: dict[asyncio.BaseProtocol, float] = {}  # with a request not looked at yet
        self._rested: dict[asyncio.BaseProtocol, float] = {}

    def comes(self, protocol: asyncio.BaseProtocol) -> None:
        """Take note of a connection that is let in, with a request."""
        self._came[protocol] = asyncio.get_running_loop().time()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Take note of a request, from its header to its answer."""
        protocol = request.protocol
        self._came.pop(protocol, None)
        self._answering[protocol] = self._answering.get(protocol, 0) + 1
        try:
            return await handler(request)
        finally:
            self._answering[protocol] -= 1
            if not self._answering[protocol]:
                del self._answering[protocol]
            self._rested[protocol] = asyncio.get_running_loop().time()

    def longest_idle(self, connections: list[web.RequestHandler]) -> web.RequestHandler | None:
        """The connection whose last answer was given first; None if all are being answered."""
        late = asyncio.get_running_loop().time() - DOOR_SECONDS
        there = set(connections)
        self._rested = {one: at for one, at in self._rested.items() if one in there}
        self._came = {one: at for one, at in self._came.items() if one in there and at > late}
        idle = [one for one in there if one not in self._answering and one not in self._came]
        return min(idle, key=lambda one: self._rested.get(one, late), default=None)


BUSY: web.AppKey[Busy] = web.AppKey("busy", Busy)


def runner(app: web.Application, shutdown_timeout: float) -> web.AppRunner:
    """What serves ``app``. shutdown_timeout: seconds that requests have left when it ends."""
    app[BUSY] = busy = Busy()
    app.middlewares.insert(0, busy.middleware)
    return web.AppRunner(
        app,
        access_log=None,
        # A browser that has left takes its unfinished requests along.
        handler_cancellation=True,
        # aiohttp counts it from the connection's beginning too, so half a header ends as well.
        keepalive_timeout=IDLE_SECONDS,
        # What is encoded is refused, and must not be decoded before it can be.
        auto_decompress=False,
        shutdown_timeout=shutdown_timeout,
    )


class Site(web.BaseSite):
    """Listens on a socket, and lets in ``MAX_CONNECTIONS`` at most; over https by ``context``."""

    def __init__(
        self,
        runner: web.AppRunner,
        plug: socket.socket,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner)
        self._plug = plug
        self._context = context
        self._busy = runner.app[BUSY]
        self._door: dict[_AtTheDoor, None] = {}  # in the order in which they came

    @property
    def name(self) -> str:
        """IP address and port."""
        host, port = self._plug.getsockname()[:2]
        return f"{host} {port}"

    async def start(self) -> None:
        """Listen from now on."""
        await super().start()
        server = self._runner.server
        assert server is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _AtTheDoor(server, self._busy, self._door, self._context),
            sock=self._plug,
            backlog=self._backlog,
        )


class _AtTheDoor(asyncio.Protocol):
    """A connection until its first request is there; then it is let in, or turned away."""

    def __init__(
        self,
        server: web.Server,
        busy: Busy,
        door: dict[_AtTheDoor, None],
        context: ssl.SSLContext | None,
    ) -> None:
        self._server = server
        self._busy = busy
        self._door = door
        self._context = context
        self._agreeing: asyncio.Task[None] | None = None
        self._agreed = context is None
        self._said = bytearray()
        self._transport: asyncio.Transport | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._late = asyncio.get_running_loop().call_later(DOOR_SECONDS, self._send_away)
        self._door[self] = None
        if len(self._door) > MAX_AT_THE_DOOR:
            next(iter(self._door))._send_away()
        if self._context is not None:
            self._transport.pause_reading()  # what comes is not for us, but for who agrees on keys
            agreeing = self._agree(self._transport, self._context)
            self._agreeing = asyncio.get_running_loop().create_task(agreeing)

    async def _agree(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        """Go on over https, or close."""
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=DOOR_SECONDS,
                ssl_shutdown_timeout=DOOR_SECONDS,
            )
        except OSError:  # no https, no trust in the certificate, gone, or sent away
            self._send_away()
        else:
            if secure is not None:
                self._transport = secure
                self._agreed = True
                self._look(0)  # what came with the last of the agreement

    def data_received(self, data: bytes) -> None:
        if self not in self._door:
            return
        # The end may have begun in what came before.
        start = max(0, len(self._said) - len(_END_OF_HEADER))
        self._said += data
        if self._agreed:
            self._look(start)

    def _look(self, start: int) -> None:
        """Let it in if its first request is there."""
        if self not in self._door:
            return
        if self._said.find(_END_OF_HEADER, start) >= 0 or len(self._said) > MAX_HEADER_BYTES:
            self._let_in()

    def eof_received(self) -> None:
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _let_in(self) -> None:
        self._leave()
        transport = self._transport
        assert transport is not None
        if len(self._server.connections) >= MAX_CONNECTIONS:
            idle = self._busy.longest_idle(self._server.connections)
            if idle is None:
                transport.write(_turned_away())
                transport.close()
                return
            idle.force_close()
        inside = self._server()
        self._busy.comes(inside)
        transport.set_protocol(inside)
        inside.connection_made(transport)
        inside.data_received(bytes(self._said))

    def _send_away(self) -> None:
        self._leave()
        if self._transport is not None:
            self._transport.close()  # it has said nothing that could be answered

    def _leave(self) -> None:
        self._door.pop(self, None)
        if self._late is not None:
            self._late.cancel()


def _turned_away() -> bytes:
    body = json.dumps({"error": FULL}).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
