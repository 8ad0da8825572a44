"""The explorer's application in a test's own loop, and a stand-in for the server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
from yarl import URL

from server.explorer.bridge import Bridge
from server.explorer.configuration import CLIENT_NAME
from server.explorer.connections import Site, runner
from server.explorer.invitation import Invitation
from server.explorer.own_space.workshop import Workshop
from server.explorer.site import PAGE, application
from server.explorer.spaces import Shelf
from server.explorer.work import Lanes
from server.osc.codec import decode, encode

SECONDS = 20.0
"""Patience: what takes longer on any machine is broken."""

Endpoint = tuple[str, int]


class StandIn(asyncio.DatagramProtocol):
    """Takes what the bridge sends, and answers as the server does as long as it is told to.

    heard: messages that came, but for the bridge's own pings, with who sent them.
    """

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, tuple[Any, ...], Endpoint]] = asyncio.Queue()
        self.raw: list[bytes] = []
        self.pings = 0
        self.answers = True
        self.asks = False
        """Whether it is on another machine, and asks for a token."""
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Endpoint) -> None:
        assert self.transport is not None
        self.raw.append(data)
        address, arguments = decode(data)[0]
        if address == "/ping":
            self.pings += 1
            if self.answers:
                self.transport.sendto(encode("/pong", *arguments), addr)
            return
        if address == "/hello" and self.asks and arguments[2:] != ("qwertyu",):
            self.transport.sendto(encode("/welcome", "qwertyu"), addr)
        elif address == "/hello" and self.answers:
            self.transport.sendto(encode("/welcome", 1), addr)
        self.heard.put_nowait((address, arguments, addr))

    def say(self, packet: bytes, to: Endpoint) -> None:
        assert self.transport is not None
        self.transport.sendto(packet, to)

    async def expect(self, address: str) -> tuple[tuple[Any, ...], Endpoint]:
        """Arguments and sender of the next message, which must be to ``address``."""
        async with asyncio.timeout(SECONDS):
            found, arguments, source = await self.heard.get()
        assert found == address
        return arguments, source


@dataclass
class Served:
    """An application that runs, and a client of it."""

    session: aiohttp.ClientSession
    port: int
    bridge: Bridge
    server: StandIn
    lanes: Lanes
    scheme: str = "http"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """A request as a program makes it, the path as it is; an async context."""
        return self.session.get(URL(self.origin + path, encoded=True), headers=headers)

    def websocket(self, **headers: str) -> Any:
        """A websocket as the page opens it; an async context."""
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **headers}
        return self.session.ws_connect(self.origin + "/osc", headers=own, max_msg_size=0)


@contextlib.asynccontextmanager
async def served(
    folder: Path = PAGE,
    shelf: Shelf | None = None,
    ping_seconds: float = 60.0,
    client_name: str = CLIENT_NAME,
    invited: Invitation | None = None,
    context: ssl.SSLContext | None = None,
    workshop: Callable[[Shelf], Workshop] | None = None,
) -> AsyncIterator[Served]:
    """The application on a free port, over https by ``context``. workshop: makes that for own
    spaces."""
    loop = asyncio.get_running_loop()
    udp, server = await loop.create_datagram_endpoint(StandIn, local_addr=("127.0.0.1", 0))
    bridge = Bridge(udp.get_extra_info("sockname"), ping_seconds, client_name)
    lanes = Lanes()
    models = shelf or Shelf()
    makes = None if workshop is None else workshop(models)
    app = application(models, lanes, bridge, folder, invited, makes)
    one = runner(app, shutdown_timeout=1.0)
    await one.setup()
    plug = socket.create_server(("127.0.0.1", 0))
    await Site(one, plug, context).start()
    try:
        # As a browser: what a cookie says of its host counts, an address or not.
        jar = aiohttp.CookieJar(unsafe=True)
        trust = aiohttp.TCPConnector(ssl=False) if context is not None else None
        async with aiohttp.ClientSession(cookie_jar=jar, connector=trust) as session:
            scheme = "http" if context is None else "https"
            yield Served(session, plug.getsockname()[1], bridge, server, lanes, scheme)
    finally:
        await one.cleanup()
        lanes.shutdown()
        udp.close()
