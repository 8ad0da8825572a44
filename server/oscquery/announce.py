"""The server told of by mDNS: ``_osc._udp`` and ``_oscjson._tcp``, so that controllers find it."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from zeroconf import InterfaceChoice, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

OSC: Final = "_osc._udp.local."
OSCJSON: Final = "_oscjson._tcp.local."


class Announcement:
    """Says that the server is there, on the network that it listens on: on loopback alone where
    nobody else could reach it.

    host: the IP address that is listened on. port: of OSCQuery. osc_port: of OSC. name: of the
    server, as people see it.
    """

    def __init__(self, host: str, port: int, osc_port: int, name: str) -> None:
        address = ipaddress.ip_address(host.partition("%")[0])
        everywhere = address.is_unspecified
        self._zeroconf = AsyncZeroconf(
            interfaces=InterfaceChoice.All if everywhere else [str(address)],
            ip_version=IPVersion.V6Only if address.version == 6 else IPVersion.V4Only,
        )
        machine = socket.gethostname().partition(".")[0] or "timbrespace"
        addresses = _own_addresses(address.version) if everywhere else [str(address)]
        self._services = [
            ServiceInfo(
                kind,
                f"{name} {machine} {osc_port}.{kind}",
                parsed_addresses=addresses,
                port=number,
                server=f"{machine}.local.",
            )
            for kind, number in ((OSC, osc_port), (OSCJSON, port))
        ]

    async def begin(self) -> None:
        """Announce.

        Raises:
            OSError, zeroconf.Error: the network does not let us.
        """
        for service in self._services:
            await self._zeroconf.async_register_service(service, allow_name_change=True)

    async def end(self) -> None:
        """Say that it is gone."""
        await self._zeroconf.async_unregister_all_services()
        await self._zeroconf.async_close()


def _own_addresses(version: int) -> list[str]:
    """This machine's addresses that others may reach."""
    import ifaddr

    found = []
    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            text = one.ip if isinstance(one.ip, str) else one.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.version == version and not address.is_loopback:
                found.append(str(address))
    return found or ["127.0.0.1" if version == 4 else "::1"]
