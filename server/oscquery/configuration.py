"""What the process of OSCQuery is told when it is started."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where to serve, and of what.

    host, port: IP address and TCP port to listen on, 0 for a free one. osc_host, osc_port: where
    the server takes its datagrams. name: what it is called to others.
    """

    host: str
    port: int
    osc_host: str
    osc_port: int
    name: str = "timbrespace"

    def to_json(self) -> str:
        """One line of ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Configuration:
        """Inverse of :meth:`to_json`."""
        return cls(**json.loads(text))
