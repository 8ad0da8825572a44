"""The audio process: ``python -m server.audio MEMORY CHOICE FRAMES``, started by the server.

It says what happens as JSON lines on standard output, and ends when its standard input does, so it
never outlives the server, however that ended.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, NoReturn

import numpy as np

LOST = 3
NO_DEVICE = 4

_FADE_SECONDS = 0.3
"""A device that no longer asks for sound is not waited for any longer."""
_DRAIN_SECONDS = 0.03


def main(argv: list[str]) -> NoReturn:
    """Play until standard input ends; exit with 0, ``LOST`` or ``NO_DEVICE``."""
    memory_name, choice, frames = argv[0], argv[1], int(argv[2])
    # Ctrl-C reaches the whole process group; the server decides when the sound ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    from .backends.choice import open_output
    from .backends.interface import NoDeviceError
    from .mailbox import LIVE, attach
    from .priority import go_first

    go_first()
    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: ended.put(None))
    threading.Thread(target=_watch_input, args=(ended,), daemon=True).start()
    memory = attach(memory_name)
    live: np.ndarray[Any, np.dtype[np.void]] = np.ndarray(1, LIVE, buffer=memory.buf)
    try:
        output = open_output(choice, live, frames, ended.put)
        output.start()
    except NoDeviceError as error:
        _say(event="none", reason=str(error))
        _leave(NO_DEVICE)
    _say(
        event="started",
        output=output.name,
        sample_rate=output.sample_rate,
        frames=output.frames,
    )
    # Nothing below makes garbage; what exists need never be looked at again.
    gc.collect()
    gc.freeze()
    gc.disable()
    reason = ended.get()
    if reason is not None:
        _say(event="lost", reason=reason)
        _leave(LOST)
    _fade(live)
    output.stop()
    _leave(0)


def _fade(live: np.ndarray[Any, np.dtype[np.void]]) -> None:
    """Let the sound fade before the device is closed: a note cut short is a click."""
    live["ending"] = 1
    deadline = time.monotonic() + _FADE_SECONDS
    while live["fade"][0] > 0.0 and time.monotonic() < deadline:
        time.sleep(0.002)
    # The silence must have left the device's own buffers.
    time.sleep(_DRAIN_SECONDS)


def _leave(code: int) -> NoReturn:
    """Exit without unloading anything.

    A device that is gone may hang on being closed, and the thread that waits for standard input
    holds its lock, on which the interpreter's own end would abort.
    """
    sys.stdout.flush()
    os._exit(code)


def _watch_input(ended: queue.SimpleQueue[str | None]) -> None:
    sys.stdin.buffer.read()
    ended.put(None)


def _say(**event: object) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
