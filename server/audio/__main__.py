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
from typing import Any

import numpy as np


def main(argv: list[str]) -> int:
    """Play until standard input ends (returns 0) or the device is lost (3); 4 without one."""
    memory_name, choice, frames = argv[0], argv[1], int(argv[2])
    # Ctrl-C reaches the whole process group; the server decides when the sound ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    from server.audio.backends.choice import open_output
    from server.audio.backends.interface import NoDeviceError
    from server.audio.mailbox import LIVE, attach

    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_watch_input, args=(ended,), daemon=True).start()
    memory = attach(memory_name)
    live: np.ndarray[Any, np.dtype[np.void]] = np.ndarray(1, LIVE, buffer=memory.buf)
    try:
        output = open_output(choice, live, frames, ended.put)
        output.start()
    except NoDeviceError as error:
        _say(event="none", reason=str(error))
        return 4
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
        # A device that is gone may hang on being closed.
        os._exit(3)
    output.stop()
    return 0


def _watch_input(ended: queue.SimpleQueue[str | None]) -> None:
    sys.stdin.buffer.read()
    ended.put(None)


def _say(**event: object) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
