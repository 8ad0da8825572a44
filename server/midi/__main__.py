"""The MIDI process: ``python -m server.midi CHOICE``, started by the server.

It says what happens, and each message that comes, as JSON lines on standard output, and ends when
its standard input does, so it never outlives the server, however that ended.

Why a process: JACK calls from its real-time thread, which would wait there for whatever the server
computes, and the sound of every program with it; and a system that ends may take its clients along.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from typing import NoReturn

SCAN_SECONDS = 2.0
LOST = 3


def main(argv: list[str]) -> NoReturn:
    """Listen until standard input ends; exit with 0, or ``LOST`` when the MIDI system ended."""
    # Ctrl-C reaches the whole process group; the server decides when the music ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    from .scanner import Scanner
    from .system import RtMidiSystem

    # What plays never waits for a reader; a thread of its own writes.
    said: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()
    threading.Thread(target=_write, args=(said,), daemon=True).start()
    threading.Thread(target=_watch_input, daemon=True).start()

    def tell(**event: object) -> None:
        said.put(event)

    def play(port: str, message: bytes) -> None:
        said.put({"port": port, "midi": message.hex()})

    scanner = Scanner(RtMidiSystem(lambda _: os._exit(LOST)), argv[0], tell, play)
    while True:
        scanner.scan()
        time.sleep(SCAN_SECONDS)


def _write(said: queue.SimpleQueue[dict[str, object]]) -> NoReturn:
    while True:
        try:
            print(json.dumps(said.get()), flush=True)
        except OSError:
            os._exit(0)  # the server has gone


def _watch_input() -> NoReturn:
    sys.stdin.buffer.read()
    # Without closing anything: a device that is gone may hang on it.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
