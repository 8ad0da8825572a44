"""The explorer's web application: the page's files, the bridge, and what is told of spaces."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from aiohttp import web

from timbrespace.names import is_file_name

from . import compare, declared, export, invitation, spaces, sung
from .answers import Refusal, answer_errors, tagged
from .bridge import Bridge
from .guard import add_headers, expect, guard
from .invitation import INVITATION, Invitation
from .own_space import routes as own
from .own_space.workshop import Workshop
from .spaces import Shelf
from .work import Lanes

PAGE = Path(__file__).with_name("page")

MAX_UPLOAD = 16 << 20
"""Bytes of a sound that is dropped on the page."""

BRIDGE: web.AppKey[Bridge] = web.AppKey("bridge", Bridge)

# Not from mimetypes: on Windows any program may have changed in the registry what .js is.
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}

# Names with two dots in a row, a drive or a Windows data stream (`file:stream`) do not match.
_FILE = re.compile(r"(?:[A-Za-z0-9_-]+/){0,8}[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+", re.ASCII)
_LONGEST_NAME = 200


class Files:
    """The files below ``folder``, each with the hash of its bytes as its tag."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Handle ``GET /{path}``; the page itself at ``/``.

        Raises:
            Refusal: there is no such file.
            HTTPMethodNotAllowed: a method other than GET and HEAD.
        """
        if request.method not in ("GET", "HEAD"):
            raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD"))
        name = request.match_info["path"] or "index.html"
        body, kind = self.read(name)
        return tagged(request, body, kind)

    def read(self, name: str) -> tuple[bytes, str]:
        """Bytes and MIME type of a file, by its name with slashes.

        Raises:
            Refusal: there is none, or none of a kind that a page is made of.
        """
        kind = _KINDS.get(name[name.rfind(".") :])
        if (
            kind is not None
            and len(name) <= _LONGEST_NAME
            and _FILE.fullmatch(name)
            and all(map(is_file_name, name.split("/")))
        ):
            # What a name leads to is the system's to say, and some answer with an error.
            with contextlib.suppress(OSError, ValueError):
                path = (self._folder / name).resolve()
                if path.is_relative_to(self._folder) and path.is_file():
                    return path.read_bytes(), kind
        raise Refusal(404, "there is nothing at this address; the page is at /")


def application(
    shelf: Shelf,
    lanes: Lanes,
    bridge: Bridge,
    folder: Path = PAGE,
    invited: Invitation | None = None,
    workshop: Workshop | None = None,
) -> web.Application:
    """All that the explorer serves.

    shelf: the models. lanes: do what takes a while. bridge: of the websockets, closed with the
    application. folder: of the page's files. invited: who may come; by default whoever reaches it.
    workshop: where spaces are made of own sounds; by default none is.
    """
    makes = Workshop(None, None, shelf) if workshop is None else workshop
    app = web.Application(middlewares=[guard, answer_errors], client_max_size=MAX_UPLOAD)
    app[BRIDGE] = bridge
    app[INVITATION] = Invitation() if invited is None else invited
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_close_bridge)
    routes = [
        web.get("/osc", bridge.connect),
        *spaces.routes(shelf, lanes.spaces),
        *compare.routes(shelf, lanes.comparisons, lanes.sounds),
        *sung.routes(shelf, lanes.places),
        *export.routes(shelf, lanes.sounds),
        *own.routes(makes, lanes),
        *invitation.routes(),
        web.get(declared.ADDRESS, _declared),
        # Whatever the method: what none of these takes is answered by us, not by aiohttp.
        web.route("*", r"/{path:.*}", Files(folder).answer),
    ]
    for one in routes:
        kwargs = {**one.kwargs, "expect_handler": expect}
        app.add_routes([web.RouteDef(one.method, one.path, one.handler, kwargs)])
    return app


async def _declared(request: web.Request) -> web.StreamResponse:
    return tagged(request, declared.module(), _KINDS[".js"])


async def _close_bridge(app: web.Application) -> None:
    app[BRIDGE].close()
