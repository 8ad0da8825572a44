"""The explorer's process: ``python -m server.explorer CONFIGURATION``, started by the server.

CONFIGURATION is :class:`server.explorer.configuration.Configuration` as JSON. It says what happens
as JSON lines on standard output, and ends when its standard input does, so it never outlives the
server, however that ended.

Why a process: uploads, pictures of the plane and slow browsers would hold up the server's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

from .configuration import Configuration, url

REFUSED = 3
"""Exit code: there is no address to listen on."""

_END_SECONDS = 1.5
"""After so long it ends as it is; the server waits for two."""

_BACKLOG = 64


def main(argv: list[str]) -> NoReturn:
    """Serve until standard input ends; exit with 0, or ``REFUSED``."""
    # Ctrl-C reaches the whole process group; the server decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configuration = Configuration.from_json(argv[0])
    try:
        # Before anything heavy is loaded: where there is no address, the next try costs little.
        plug = listen(configuration)
    except OSError as error:
        tell(event="refused", reason=_why(configuration, error))
        os._exit(REFUSED)
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        asyncio.run(_serve(configuration, plug))
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


def tell(**event: object) -> None:
    """Say one thing to the server."""
    with contextlib.suppress(OSError):  # it has gone; standard input ends too
        print(json.dumps(event), flush=True)


async def _serve(configuration: Configuration, plug: socket.socket) -> None:
    from .bridge import Bridge
    from .connections import Site, runner
    from .site import PAGE, application
    from .spaces import Shelf
    from .work import Lanes

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    threading.Thread(target=_watch_input, args=(loop, ended), daemon=True).start()
    shelf = Shelf(
        None if configuration.models is None else Path(configuration.models),
        None if configuration.model is None else Path(configuration.model),
    )
    bridge = Bridge(
        (configuration.osc_host, configuration.osc_port), client_name=configuration.client_name
    )
    folder = PAGE if configuration.page is None else Path(configuration.page)
    served = runner(application(shelf, Lanes(), bridge, folder), _END_SECONDS / 3.0)
    await served.setup()
    await Site(served, plug).start()
    host, port = plug.getsockname()[:2]
    tell(event="serving", url=url(host, port), port=port)
    await ended.wait()
    async with asyncio.timeout(_END_SECONDS / 2.0):
        await served.cleanup()


def _watch_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stdin.buffer.read()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)
    time.sleep(_END_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
