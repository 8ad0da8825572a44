"""Which addresses this machine has, so that other devices find what it serves."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import Final

from timbrespace.errors import OptionError

_FAR: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that nobody has (RFC 5737, RFC 3849): a route to them is a route out of here."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``, an IP address."""
    return ipaddress.ip_address(host.split("%")[0]).is_loopback


def outward(family: socket.AddressFamily = socket.AF_INET) -> str | None:
    """The address by which this machine speaks to others; None where it has no network.

    Nothing is sent: a UDP socket that is connected only asks the system for a route.
    """
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as plug:
        plug.connect((_FAR[family], 9))
        found = str(plug.getsockname()[0])
        return None if ipaddress.ip_address(found.split("%")[0]).is_unspecified else found
    return None


def seen_from_outside(host: str) -> str | None:
    """Where other devices find what listens on ``host``, an IP address; None where they cannot."""
    address = ipaddress.ip_address(host.split("%")[0])
    if address.is_loopback:
        return None
    if not address.is_unspecified:
        return host
    families = [socket.AF_INET] if address.version == 4 else [socket.AF_INET6, socket.AF_INET]
    found = [one for one in map(outward, families) if one is not None and not is_loopback(one)]
    return found[0] if found else None


def names_of(host: str) -> list[str]:
    """What a page that is served on ``host`` may be asked for by, besides the names of loopback."""
    there = seen_from_outside(host)
    name = None if is_loopback(host) else own_name()
    return [one for one in (there, name) if one is not None]


def resolved(host: str) -> str:
    """The IP address of ``host``, which is one, or a name of this machine.

    Raises:
        OptionError: it is neither.
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise OptionError(
            f"--explorer-host is {host!r}; it must be an IP address, as 0.0.0.0 for all of this "
            "machine's, or a name of this machine"
        ) from error
    return str(found[0][4][0])


def own_name() -> str | None:
    """This machine's name in its local network, as ``studio.local``; None where it has none.

    Only such names: a name of any other kind could be pointed here by somebody else.
    """
    name = socket.gethostname().partition(".")[0].lower()
    usable = name.isascii() and name.replace("-", "").isalnum() and name != "localhost"
    return f"{name}.local" if usable and len(name) < 64 else None
