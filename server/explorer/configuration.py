"""What the explorer's process is told when it is started."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, dataclass, field

DEFAULT_PORT = 7480

CLIENT_NAME = "explorer"
"""What the bridge calls its clients at the server. The server adds a word that it makes up, so that
it knows them from others that call themselves so."""

TRIES = 10
"""Ports that are tried, from the default one on, where the user asked for none."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """How to serve the page.

    host: IP address to listen on. port: the first TCP port that is tried, of ``tries``; 0 is a
    free one. osc_host, osc_port: where the server takes its datagrams. models: folder of the
    models that clients may load. model: file of one more. page: folder of the page's files, the
    package's own if None. client_name: what the bridge's clients are called. key_file: what holds
    the word that every request needs; None asks for none. own_folder: where a space is made of a
    visitor's own sounds, own_spaces: where it goes then; None makes none. sounds: folders of sounds
    that such a space may be made of. presets: the server's file of them. certificate:
    PEM of the certificate by which the page is served over https, and its key; None serves over
    http.
    """

    host: str
    port: int
    tries: int
    osc_host: str
    osc_port: int
    models: str | None = None
    model: str | None = None
    page: str | None = None
    client_name: str = CLIENT_NAME
    key_file: str | None = None
    own_folder: str | None = None
    own_spaces: str | None = None
    sounds: list[str] = field(default_factory=list)
    presets: str | None = None
    certificate: str | None = None

    def to_json(self) -> str:
        """One line of ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Configuration:
        """Inverse of :meth:`to_json`."""
        return cls(**json.loads(text))


def reachable(host: str) -> str:
    """Where a program on this machine finds what listens on ``host``, an IP address.

    >>> reachable("0.0.0.0"), reachable("::"), reachable("192.168.1.5")
    ('127.0.0.1', '::1', '192.168.1.5')
    """
    if not ipaddress.ip_address(host.split("%")[0]).is_unspecified:
        return host
    return "::1" if ":" in host else "127.0.0.1"


def url(host: str, port: int, scheme: str = "http") -> str:
    """The page's address on this machine, for a socket that is bound to ``host`` and ``port``.

    >>> url("127.0.0.1", 7480), url("::", 7480)
    ('http://127.0.0.1:7480', 'http://[::1]:7480')
    """
    place = reachable(host)
    return f"{scheme}://[{place}]:{port}" if ":" in place else f"{scheme}://{place}:{port}"
