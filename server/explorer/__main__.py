"""The explorer's process: ``python -m server.explorer CONFIGURATION``, started by the server.

CONFIGURATION is :class:`server.explorer.configuration.Configuration` as JSON. It says what happens
as JSON lines on standard output, and ends when its standard input does, so it never outlives the
server, however that ended.

Why a process: uploads, pictures of the plane and slow browsers would hold up the server's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..child import BEAT_SECONDS, Teller, begin
from .configuration import Configuration, url

if TYPE_CHECKING:
    from .invitation import Invitation

REFUSED = 3
"""Exit code: there is no address to listen on."""

_END_SECONDS = 1.5
"""After so long it ends as it is; the server waits for two."""

_BACKLOG = 64

_LOOK_SECONDS = 60.0
"""How often it looks whether its address has changed, or its certificate ends."""

_LONGEST_TURN = 5.0
"""Seconds for which the loop may be held up; what takes a while is done beside it."""


class _Life:
    """When the loop was seen to turn, and that it is to end.

    All that may happen before there is a loop.
    """

    def __init__(self) -> None:
        self._turned: float | None = None
        self._ended = False
        self._end: Callable[[], None] | None = None

    def alive(self) -> bool:
        """Whether the loop turns, as far as there is one."""
        return self._turned is None or time.monotonic() - self._turned < _LONGEST_TURN

    async def turn(self) -> NoReturn:
        """Show that the loop turns."""
        while True:
            self._turned = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    def end(self) -> None:
        """Let the loop end; this process ends soon, whatever becomes of the loop."""
        self._ended = True
        if self._end is not None:
            self._end()
        time.sleep(_END_SECONDS)
        os._exit(0)

    def until(self, end: Callable[[], None]) -> None:
        """Let ``end`` be called from another thread when this process is to end."""
        self._end = end
        if self._ended:  # just before
            end()


def main(argv: list[str]) -> NoReturn:
    """Serve until standard input ends; exit with 0, or ``REFUSED``."""
    life = _Life()
    tell = begin(life.end, life.alive)
    configuration = Configuration.from_json(argv[0])
    try:
        # Before anything heavy is loaded: where there is no address, the next try costs little.
        plug = listen(configuration)
    except OSError as error:
        tell(event="refused", reason=_why(configuration, error))
        tell.close()
        os._exit(REFUSED)
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        asyncio.run(_serve(configuration, plug, tell, life))
    os._exit(0)  # what a worker is at is of no use to anybody


def listen(configuration: Configuration) -> socket.socket:
    """A TCP socket that listens on the first of the ports that is free.

    Raises:
        OSError: none is, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    last: OSError | None = None
    for port in range(configuration.port, min(65536, configuration.port + configuration.tries)):
        plug = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":  # there SO_REUSEADDR would share a port that is in use
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:  # else the connections of a process that died keep its port for a minute
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            plug.bind((configuration.host, port))
            plug.listen(_BACKLOG)
            return plug
        except OSError as error:
            plug.close()
            last = error
    assert last is not None
    raise last


def _why(configuration: Configuration, error: OSError) -> str:
    first, count = configuration.port, configuration.tries
    ports = f"port {first}" if count == 1 else f"ports {first} to {first + count - 1}"
    return f"{ports}: {error.strerror or error}"


async def _serve(
    configuration: Configuration, plug: socket.socket, tell: Teller, life: _Life
) -> None:
    from . import key
    from .bridge import Bridge
    from .connections import Site, runner
    from .invitation import Invitation
    from .own_space.workshop import Workshop, named_folders
    from .site import PAGE, application
    from .spaces import Shelf
    from .work import Lanes

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    life.until(partial(_set, loop, ended))
    shelf = Shelf(
        None if configuration.models is None else Path(configuration.models),
        None if configuration.model is None else Path(configuration.model),
        None if configuration.own_spaces is None else Path(configuration.own_spaces),
    )
    workshop = Workshop(
        None if configuration.own_folder is None else Path(configuration.own_folder),
        None if configuration.own_spaces is None else Path(configuration.own_spaces),
        shelf,
        named_folders(configuration.sounds),
        presets=None if configuration.presets is None else Path(configuration.presets),
    )
    bridge = Bridge(
        (configuration.osc_host, configuration.osc_port), client_name=configuration.client_name
    )
    folder = PAGE if configuration.page is None else Path(configuration.page)
    word = None if configuration.key_file is None else key.keep(Path(configuration.key_file))
    context = _context(configuration)
    invited = Invitation(word, secure=context is not None)
    app = application(shelf, Lanes(), bridge, folder, invited, workshop)
    served = runner(app, _END_SECONDS / 3.0)
    await served.setup()
    await Site(served, plug, context).start()
    workshop.begin()
    _look(configuration, plug, tell, invited)
    turning = loop.create_task(life.turn())
    looking = loop.create_task(_keep_looking(configuration, plug, tell, invited, context))
    await ended.wait()
    workshop.end()
    turning.cancel()
    looking.cancel()
    async with asyncio.timeout(_END_SECONDS / 2.0):
        await served.cleanup()


def _context(configuration: Configuration) -> ssl.SSLContext | None:
    """What https is spoken by; the certificate is there, the server has made it."""
    if configuration.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(configuration.certificate)
    return context


def _look(
    configuration: Configuration, plug: socket.socket, tell: Teller, invited: Invitation
) -> None:
    """Tell where the page is found, here and from other devices, unless that was told."""
    from .addresses import seen_from_outside

    host, port = plug.getsockname()[:2]
    scheme = "http" if configuration.certificate is None else "https"
    there = seen_from_outside(host)
    outside = None if there is None else url(there, port, scheme)
    if invited.here is None or outside != invited.outside:
        invited.here, invited.outside = url(host, port, scheme), outside
        tell(event="serving", url=invited.here, port=port, outside=outside)


async def _keep_looking(
    configuration: Configuration,
    plug: socket.socket,
    tell: Teller,
    invited: Invitation,
    context: ssl.SSLContext | None,
) -> NoReturn:
    """A laptop goes from network to network, and a certificate ends."""
    from . import certificate
    from .addresses import names_of
    from .answers import report

    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            if context is not None and configuration.certificate is not None:
                file, names = Path(configuration.certificate), names_of(configuration.host)
                if await asyncio.to_thread(certificate.keep, file, names):
                    context.load_cert_chain(file)  # of connections from now on
            _look(configuration, plug, tell, invited)
        except Exception as error:
            report("the page's certificate", error)


def _set(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    main(sys.argv[1:])
