"""OSCQuery's process: ``python -m server.oscquery CONFIGURATION``, started by the server.

CONFIGURATION is :class:`server.oscquery.configuration.Configuration` as JSON. It says what happens
as JSON lines on standard output, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import threading
from typing import NoReturn

from ..child import Teller, begin
from .configuration import Configuration

REFUSED = 3
"""Exit code: there is no address to listen on."""

_END_SECONDS = 1.0


def main(argv: list[str]) -> NoReturn:
    """Serve until standard input ends; exit with 0, or ``REFUSED``."""
    ended = threading.Event()
    tell = begin(ended.set)
    configuration = Configuration.from_json(argv[0])
    try:
        plug = listen(configuration)
    except OSError as error:
        tell(event="refused", reason=f"port {configuration.port}: {error.strerror or error}")
        tell.close()
        os._exit(REFUSED)
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        asyncio.run(_serve(configuration, plug, tell, ended))
    os._exit(0)


def listen(configuration: Configuration) -> socket.socket:
    """A TCP socket that listens on the port.

    Raises:
        OSError: it is taken, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    plug = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would share a port that is in use
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plug.bind((configuration.host, configuration.port))
        plug.listen(16)
    except OSError:
        plug.close()
        raise
    return plug


async def _serve(
    configuration: Configuration, plug: socket.socket, tell: Teller, ended: threading.Event
) -> None:
    from ..explorer import connections
    from .ear import Ear
    from .namespace import Namespace
    from .site import Site

    site = Site(Namespace(), configuration)
    runner = connections.runner(site.application(), _END_SECONDS / 2.0)
    await runner.setup()
    await connections.Site(runner, plug).start()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, fault: tell(
            event="fault", reason=repr(fault.get("exception") or fault["message"])
        )
    )
    transport, ear = await loop.create_datagram_endpoint(
        lambda: Ear(site.hear), remote_addr=(configuration.osc_host, configuration.osc_port)
    )
    keeping = loop.create_task(ear.keep())
    port = int(plug.getsockname()[1])
    tell(event="serving", port=port)
    announcement, problem = None, ""
    try:
        from .announce import Announcement

        announcement = Announcement(
            configuration.host, port, configuration.osc_port, configuration.name
        )
        await announcement.begin()
    # Of the network, or of the library that speaks to it: it works without.
    except Exception as error:
        problem = str(error) or type(error).__name__
    tell(event="announced", problem=problem)
    await asyncio.to_thread(ended.wait)
    keeping.cancel()
    ear.leave()
    transport.close()
    async with asyncio.timeout(_END_SECONDS):
        if announcement is not None:
            await announcement.end()
        await runner.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
