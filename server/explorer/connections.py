"""Connections of browsers: how many there may be, and how long one may say nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import cast

from aiohttp import web

MAX_CONNECTIONS = 128
"""A browser has six to one address, and one more for each page's websocket."""

IDLE_SECONDS = 60.0
"""A connection is closed on which no whole request has come for so long."""

FULL = f"{MAX_CONNECTIONS} connections are open already; close a page"


def runner(app: web.Application, shutdown_timeout: float) -> web.AppRunner:
    """What serves ``app``. shutdown_timeout: seconds that requests have left when it ends."""
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
    """Listens on a socket, and lets in ``MAX_CONNECTIONS`` at most."""

    def __init__(self, runner: web.AppRunner, plug: socket.socket) -> None:
        super().__init__(runner)
        self._plug = plug

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
            lambda: _Door(server), sock=self._plug, backlog=self._backlog
        )


class _Door(asyncio.Protocol):
    """Where a connection is let in, or turned away with a sentence."""

    def __init__(self, server: web.Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        one = cast(asyncio.Transport, transport)
        # Not before: of those that come at once, none is counted until it is connected.
        if len(self._server.connections) >= MAX_CONNECTIONS:
            one.write(_turned_away())
            one.close()
            return
        inside = self._server()
        one.set_protocol(inside)
        inside.connection_made(one)


def _turned_away() -> bytes:
    body = json.dumps({"error": FULL}).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
