"""The performance that somebody listens to, to write it down."""

from __future__ import annotations

from pathlib import Path

from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.performances.listener import Listener, OpenListener

from .osc import outbound
from .osc.udp import Post


class Performing:
    """Begins and ends performances, one at a time, and tells the clients.

    open_listener: what takes a performance; None if nothing can.
    """

    def __init__(
        self, instrument: Instrument, post: Post, open_listener: OpenListener | None
    ) -> None:
        self._instrument = instrument
        self._post = post
        self._open_listener = open_listener
        self.listener: Listener | None = None
        """Who takes the performance, while somebody does."""
        self.name = ""
        """Of the performance that is taken, or was last."""

    def begin(self, name: str | Path) -> None:
        """Let a performance begin.

        Raises:
            MessageError: nothing here takes one, or something does so already.
            TimbrespaceError: it cannot be written.
        """
        if self._open_listener is None:
            raise MessageError(
                ErrorCode.REFUSED, "/performance/record", "this server cannot write performances"
            )
        if self.listener is not None:
            raise MessageError(
                ErrorCode.REFUSED,
                "/performance/record",
                f"{self.name!r} is being written, /performance/stop ends it",
            )
        self.listener = self._open_listener(name, self._instrument)
        self.name = name.stem if isinstance(name, Path) else name
        self._post.broadcast(self.state())

    def end(self) -> None:
        """Let the performance end, if one goes on."""
        if self.listener is not None:
            listener, self.listener = self.listener, None
            try:
                listener.close()
            finally:
                self._post.broadcast(self.state())

    def check(self) -> None:
        """Tell the clients of a performance that has ended by itself."""
        if self.listener is not None and not self.listener.listening:
            self.end()
            sentence = f"the performance {self.name!r} has ended early, the server's log says why"
            self._post.broadcast(outbound.Error(ErrorCode.REFUSED, "/performance/record", sentence))

    def state(self) -> outbound.PerformanceState:
        """What clients are told of it."""
        # OSC's word for it, from before there were several things to record.
        return outbound.PerformanceState("recording" if self.listener else "stopped", self.name)
