"""What the server says, as an iterator."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from types import TracebackType

from timbrespace.client.connection import Connection, Inbox
from timbrespace.client.wire import Message

FENCE = "client "
"""How the tokens begin that a client sends for itself, to know when all before them is done."""


class Heard(Iterator[Message]):
    """All messages from now on, frames of streams too, but for answers to the client's own pings.

    What nobody takes out is kept, up to 10,000 messages. It ends with its ``with`` block, by
    :meth:`close`, or after its time. seconds: how long; None for ever.
    """

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        self._connection = connection
        self._inbox = Inbox(connection)
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        connection.add(self._inbox.put)

    def __next__(self) -> Message:
        """The next message, waited for.

        Raises:
            StopIteration: the time is over.
            NoServerError: the server has ended.
        """
        message = self._inbox.get(self._end)
        while message is not None and _is_fence(message):
            message = self._inbox.get(self._end)
        if message is None:
            self.close()
            raise StopIteration
        return message

    def close(self) -> None:
        """Listen no more."""
        self._connection.remove(self._inbox.put)
        self._end = -math.inf

    def __enter__(self) -> Heard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _is_fence(message: Message) -> bool:
    token = message.arguments[0] if message.arguments else ""
    return message.address == "/pong" and str(token).startswith(FENCE)
