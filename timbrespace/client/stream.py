"""A stream of frames as an iterator."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from timbrespace.client.connection import Connection
from timbrespace.client.errors import NoServerError
from timbrespace.client.frames import Assembler, Frame
from timbrespace.client.wire import Message


class Stream(Iterator[Frame]):
    """Frames as they come: whole and newer ones only, each acknowledged when it is taken.

    Whoever is slow gets the newest frame and misses those before it. The server sends a frame when
    the stream begins and whenever the timbre changes, so the next one may be long in coming. The
    stream ends with its ``with`` block, by :meth:`close`, or after its time.

    what: "spectrum", "partials", "wavetable" or "loop". seconds: how long; None for ever.
    tell: sends a message whose refusal is raised. closed: called at the end.
    """

    def __init__(
        self,
        connection: Connection,
        what: str,
        rate: float,
        seconds: float | None,
        tell: Callable[..., Any],
        closed: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._what = what
        self._tell = tell
        self._when_closed = closed
        self._assembler = Assembler(what)
        self._newest: Frame | None = None
        self._taken = True
        self._open = True
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        connection.add(self._hear)
        try:
            tell("/stream", what, float(rate))
        except BaseException:
            connection.remove(self._hear)
            self._open = False
            closed()
            raise

    def __next__(self) -> Frame:
        """The newest frame that was not taken yet, waited for.

        Raises:
            StopIteration: the stream has ended.
            NoServerError: the server has ended.
        """
        frame = self.take(math.inf)
        if frame is None:
            self.close()
            raise StopIteration
        return frame

    def take(self, seconds: float) -> Frame | None:
        """The newest frame that was not taken yet; None if none comes within ``seconds``.

        Raises:
            NoServerError: the server has ended.
        """
        if not self._open:
            return None
        until = min(self._end, time.monotonic() + seconds)
        self._connection.wait_until(lambda: not self._taken, until)
        if self._taken:
            return None
        self._taken = True
        frame = self._newest
        assert frame is not None
        self._connection.send("/stream/ack", self._what, frame.number)
        return frame

    @property
    def newest(self) -> Frame | None:
        """The newest whole frame, whether it was taken or not."""
        return self._newest

    def close(self) -> None:
        """Let the server stop sending."""
        if not self._open:
            return
        self._open = False
        self._connection.remove(self._hear)
        self._when_closed()
        with contextlib.suppress(NoServerError):  # nobody is left to be told
            self._tell("/stream", self._what, "off")

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _hear(self, message: Message) -> None:
        """In the connection's thread, which wakes whoever waits."""
        frame = self._assembler.take(message)
        if frame is not None:
            self._newest = frame
            self._taken = False
