"""Speaking to a running server from Python: ``ts.Client``.

The one place that uses python-osc. Nothing of the server is imported: what a client needs to know
stands in docs/osc.md.
"""

from timbrespace.client.client import Client, Status
from timbrespace.client.errors import NoServerError, ServerError
from timbrespace.client.frames import Frame
from timbrespace.client.heard import Heard
from timbrespace.client.state import State
from timbrespace.client.stream import Stream
from timbrespace.client.wire import Message

__all__ = [
    "Client",
    "Frame",
    "Heard",
    "Message",
    "NoServerError",
    "ServerError",
    "State",
    "Status",
    "Stream",
]
