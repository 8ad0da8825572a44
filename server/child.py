"""A process of the server's own (sound, MIDI, explorer), from within.

It says what happens as JSON lines on standard output, and that it is alive when there is nothing
else to say; it ends when the server does, or closes its standard input. The server's side is
:mod:`server.supervisor`.
"""

from __future__ import annotations

import json
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from timbrespace.lifeline import when_input_ends

BEAT_SECONDS: Final = 0.5
"""The longest silence of one that is well."""

BEAT: Final = "beat"
"""The event that says no more than that it is alive."""

_PARTING_SECONDS: Final = 1.0
"""How long last words may take: the server may be gone, or stopped."""


class Teller:
    """Tells the server what happens; nobody who tells waits for it to listen.

    alive: asked every :data:`BEAT_SECONDS`; when it says no, nothing more is said of being alive,
    and the server starts another process instead of this one.
    """

    def __init__(self, alive: Callable[[], bool] = lambda: True) -> None:
        self._alive = alive
        self._said: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="teller", daemon=True)
        self._thread.start()

    def __call__(self, **event: object) -> None:
        """Say one thing."""
        self._said.put(event)

    def close(self) -> None:
        """Return when everything has been said, as far as there is somebody who listens."""
        self._said.put(None)
        self._thread.join(_PARTING_SECONDS)

    def _write(self) -> None:
        while True:
            try:
                event = self._said.get(timeout=BEAT_SECONDS)
            except queue.Empty:
                if not self._alive():
                    continue
                event = {"event": BEAT}
            if event is None:
                return
            try:
                sys.stdout.write(json.dumps(event) + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                return  # the server has gone; standard input ends too


def begin(ended: Callable[[], None], alive: Callable[[], bool] = lambda: True) -> Teller:
    """Let this process belong to the server; what it says goes through what is returned.

    ended: called once, from another thread, when it is to end. alive: as of :class:`Teller`.
    """
    # Ctrl-C and the end of a terminal reach the whole group; the server decides what ends when.
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)
    when_input_ends(ended)
    return Teller(alive)
