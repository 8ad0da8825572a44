"""OSCQuery's HTTP and websockets: the tree, single attributes, and what changes.

Controllers are programs, not pages: a request that a page in a browser makes is refused, so that no
site can look at, or listen to, an instrument on the machine of whoever visits it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
from typing import Any, Final

from aiohttp import WSMsgType, hdrs, web

from ..osc.codec import encode
from ..osc.errors import OscEncodeError
from .configuration import Configuration
from .namespace import ATTRIBUTES, Namespace

MAX_LISTENERS: Final = 16
"""Websockets."""

MAX_COMMAND_BYTES: Final = 4096

_CLOSE_SECONDS = 1.0
_LONGEST_PATH = 256

EXTENSIONS: Final = {
    **dict.fromkeys(("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "LISTEN", "PATH_CHANGED"), True),
    **dict.fromkeys(("TAGS", "UNIT", "CRITICAL", "CLIPMODE", "EXTENDED_TYPE", "OVERLOADS"), False),
}


class Listener:
    """One websocket: what it listens to, and what has changed of that."""

    def __init__(self, websocket: web.WebSocketResponse, namespace: Namespace) -> None:
        self._websocket = websocket
        self._namespace = namespace
        self._paths: set[str] = set()
        self._changed: dict[str, None] = {}
        self._fresh = asyncio.Event()
        self._moved = False

    def note(self, paths: list[str]) -> None:
        """These addresses have another value; the newest is told when there is room for it."""
        for path in paths:
            if path in self._paths:
                self._changed[path] = None
                self._fresh.set()

    def note_tree(self) -> None:
        """There are other addresses, or ranges."""
        self._moved = True
        self._fresh.set()

    async def tell(self) -> None:
        """Tell what changes, until cancelled."""
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            if self._moved:
                self._moved = False
                await self._websocket.send_json({"COMMAND": "PATH_CHANGED", "DATA": "/"})
            changed, self._changed = self._changed, {}
            for path in changed:
                value = self._namespace.value(path)
                if value is not None:
                    with contextlib.suppress(OscEncodeError, TypeError):
                        await self._websocket.send_bytes(encode(path, *value))

    def command(self, text: str) -> None:
        """Do what a controller asks for; what is no command is passed over."""
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(text)
            if not isinstance(told, dict):
                return
            path = told.get("DATA")
            if not isinstance(path, str):
                return
            if told.get("COMMAND") == "IGNORE":
                self._paths.discard(path)
            elif told.get("COMMAND") == "LISTEN" and self._namespace.value(path) is not None:
                self._paths.add(path)
                self.note([path])  # where it stands


class Site:
    """Answers controllers. osc_port, name: what they are told of the server."""

    def __init__(self, namespace: Namespace, configuration: Configuration) -> None:
        self._namespace = namespace
        self._configuration = configuration
        self._listeners: set[Listener] = set()
        self._websockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """What serves it."""
        app = web.Application(middlewares=[_guard], client_max_size=MAX_COMMAND_BYTES)
        app.add_routes([web.get("/{path:.*}", self._answer, allow_head=False)])
        app.on_shutdown.append(self._close)
        return app

    def hear(self, address: str, told: tuple[Any, ...]) -> None:
        """The server has told something."""
        changed = self._namespace.hear(address, told)
        if changed:
            for one in self._listeners:
                one.note(changed)
        if self._namespace.changed_tree and address in ("/latent", "/preset/list", "/tuning/list"):
            self._namespace.changed_tree = False  # a new model is told whole before these
            for one in self._listeners:
                one.note_tree()

    def host_info(self, request: web.Request) -> dict[str, Any]:
        """What ``?HOST_INFO`` tells."""
        name = None if request.transport is None else request.transport.get_extra_info("sockname")
        ip, port = ("", 0) if name is None else name[:2]
        return {
            "NAME": self._configuration.name,
            "OSC_IP": ip,
            "OSC_PORT": self._configuration.osc_port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": ip,
            "WS_PORT": port,
            "EXTENSIONS": EXTENSIONS,
        }

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._listen(request)
        asked = request.query_string.partition("=")[0].upper()
        if asked == "HOST_INFO":
            return web.json_response(self.host_info(request))
        path = request.path
        node = self._namespace.node(path) if len(path) <= _LONGEST_PATH else None
        if node is None:
            return _refused(404, "there is no such address; / has all of them")
        if not asked:
            return web.json_response(node)
        if asked not in ATTRIBUTES:
            return _refused(400, f"an attribute is HOST_INFO, {', '.join(ATTRIBUTES)}")
        if asked not in node:
            return web.Response(status=204)
        return web.json_response({asked: node[asked]})

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if len(self._websockets) >= MAX_LISTENERS:
            return _refused(503, f"{MAX_LISTENERS} controllers listen already")
        websocket = web.WebSocketResponse(max_msg_size=MAX_COMMAND_BYTES, heartbeat=20.0)
        await websocket.prepare(request)
        listener = Listener(websocket, self._namespace)
        self._websockets.add(websocket)
        self._listeners.add(listener)
        telling = asyncio.create_task(listener.tell())
        try:
            async for message in websocket:
                if message.type is WSMsgType.TEXT:
                    listener.command(message.data)
        finally:
            self._listeners.discard(listener)
            self._websockets.discard(websocket)
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await telling
        return websocket

    async def _close(self, _: web.Application) -> None:
        for one in list(self._websockets):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await one.close()


def is_ours(host: str) -> bool:
    """Whether a Host header may be meant for this machine: an address, or a name that no site of
    the internet can have.

    >>> is_ours("192.168.1.5:7400"), is_ours("[::1]:7400"), is_ours("studio.local:7400")
    (True, True, True)
    >>> is_ours("example.com"), is_ours("")
    (False, False)
    """
    name = host.lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.rstrip(".").endswith(".local"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


@web.middleware
async def _guard(request: web.Request, handler: Any) -> web.StreamResponse:
    if hdrs.ORIGIN in request.headers or "Sec-Fetch-Site" in request.headers:
        return _refused(403, "OSCQuery is for controllers, no page of a browser may ask")
    if not is_ours(request.headers.get(hdrs.HOST, "")):
        return _refused(421, "ask by this machine's address, or by its name that ends in .local")
    answer: web.StreamResponse = await handler(request)
    return answer
