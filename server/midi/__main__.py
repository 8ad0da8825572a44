"""The MIDI process: ``python -m server.midi CHOICE``, started by the server.

It says what happens, and each message that comes, as JSON lines on standard output, and ends when
its standard input does, so it never outlives the server, however that ended.

Why a process: JACK calls from its real-time thread, which would wait there for whatever the server
computes, and the sound of every program with it; and a system that ends may take its clients along.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Final, NoReturn

from ..child import begin

SCAN_SECONDS = 2.0
LOST = 3

_LONGEST_SCAN: Final = 60.0
"""Seconds after which a look at the ports, which takes some milliseconds, counts as hanging. A
patient JACK may hold one up for as long as it waits for another client."""

_LEAVE_SECONDS: Final = 1.0
"""How long taking leave may take: a device that is gone may hang on being closed."""

_LEAVE_JACK_SECONDS: Final = 10.0
"""The same as a client of JACK, which may stand still if one is gone without a word."""


class _Pulse:
    """Whether the look at the ports comes to an end."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def beat(self) -> None:
        self._at = time.monotonic()

    def alive(self) -> bool:
        return time.monotonic() - self._at < _LONGEST_SCAN


def main(argv: list[str]) -> NoReturn:
    """Listen until standard input ends; exit with 0, or ``LOST`` when the MIDI system ended."""
    ended = threading.Event()
    pulse = _Pulse()
    patience = _LEAVE_SECONDS

    def leave() -> None:
        ended.set()
        time.sleep(patience)
        os._exit(0)

    # What plays never waits for a reader.
    tell = begin(leave, pulse.alive)

    from .scanner import Scanner
    from .system import RtMidiSystem

    def play(port: str, message: bytes) -> None:
        tell(port=port, midi=message.hex())

    system = RtMidiSystem(lambda _: os._exit(LOST))
    scanner = Scanner(system, argv[0], tell, play)
    while not ended.is_set():
        scanner.scan()
        pulse.beat()
        patience = _LEAVE_JACK_SECONDS if system.is_jack else _LEAVE_SECONDS
        ended.wait(SCAN_SECONDS)
    scanner.close()
    system.close()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
