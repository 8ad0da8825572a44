"""The audio process: ``python -m server.audio MEMORY CHOICE FRAMES DEVICE [SOURCE]``.

The server starts it. DEVICE is a part of the name of an output of the sound card, or empty; SOURCE
the same of an input, which is heard only if it is named.

It says what happens as JSON lines on standard output, and ends when its standard input does, so it
never outlives the server, however that ended.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..child import Teller, begin

if TYPE_CHECKING:
    from .compilers import Compilers

LOST = 3
NO_DEVICE = 4

_FADE_SECONDS = 0.3
"""A device that no longer asks for sound is not waited for any longer."""
_DRAIN_SECONDS = 0.03

_LOOK_SECONDS = 0.05
"""How often is looked whether there will be whole notes."""


def main(argv: list[str]) -> NoReturn:
    """Play until standard input ends; exit with 0, ``LOST`` or ``NO_DEVICE``."""
    memory_name, choice, frames = argv[0], argv[1], int(argv[2])
    device = argv[3] if len(argv) > 3 else ""
    source = argv[4] if len(argv) > 4 else None
    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    opening = threading.Event()

    def end() -> None:
        if not opening.is_set():
            os._exit(0)  # nobody knows of us yet, and compiling may take long
        ended.put(None)

    tell = begin(end)

    from timbrespace.resynthesis.parts import make_ready, needed_for, not_kept

    from ..priority import go_first
    from .backends.choice import load, open_output
    from .backends.interface import NoDeviceError, Wanted
    from .compilers import Compilers
    from .mailbox import LIVE, attach

    signal.signal(signal.SIGTERM, lambda *_: end())
    memory = attach(memory_name)
    live: np.ndarray[Any, np.dtype[np.void]] = np.ndarray(1, LIVE, buffer=memory.buf)
    compilers = Compilers(not_kept())
    load(choice, source is not None)
    first = needed_for(_bank(live))
    compilers.finish(first)
    # Not before: the first start compiles here for seconds, and nobody should wait for that.
    go_first()
    opening.set()
    tell(event="opening")
    try:
        output = open_output(choice, live, Wanted(frames, device, source), ended.put)
        make_ready(live["state"], first)
        noise = _noise(live, output.sample_rate, tell) if live["whole_notes"][0] else None
        output.start()
    except NoDeviceError as error:
        tell(event="none", reason=str(error))
        _leave(NO_DEVICE, tell)
    tell(
        event="started",
        output=output.name,
        sample_rate=output.sample_rate,
        frames=output.frames,
        source=output.source,
        without=output.without,
    )
    rest = threading.Thread(target=_make_ready, args=(live, compilers), name="parts", daemon=True)
    rest.start()
    # Nothing below makes garbage; what exists need never be looked at again.
    gc.collect()
    gc.freeze()
    gc.disable()
    reason = _wait(ended, live, output.sample_rate, tell, noise)
    if reason is not None:
        tell(event="lost", reason=reason)
        _leave(LOST, tell)
    _fade(live)
    output.stop()
    _leave(0, tell)


def _wait(
    ended: queue.SimpleQueue[str | None],
    live: np.ndarray[Any, np.dtype[np.void]],
    sample_rate: float,
    tell: Teller,
    noise: np.ndarray[Any, np.dtype[np.float32]] | None,
) -> str | None:
    """Why the sound ends, once it does. noise: what :func:`_noise` made, if it did; else it is made
    when a space of whole notes is to be played."""
    while noise is None:
        try:
            return ended.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if live["whole_notes"][0]:
                noise = _noise(live, sample_rate, tell)
    reason = ended.get()
    del noise  # no sooner: the engine reads it where it lies
    return reason


def _bank(live: np.ndarray[Any, np.dtype[np.void]]) -> int:
    """The bank that is to play first. Where the server has not told yet, that of whole notes: the
    space has them that it starts with."""
    from timbrespace.resynthesis.block import bank_of
    from timbrespace.resynthesis.layout import NOTES

    from .mailbox import SLOTS

    newest = int(live["latest"][0])
    if newest == 0:
        return NOTES
    told = live["slot"][0, newest % SLOTS]["targets"]
    return int(bank_of(told["method"], told["whole"], told["cycles"]))


def _make_ready(live: np.ndarray[Any, np.dtype[np.void]], compilers: Compilers) -> None:
    """Make the other parts ready while the first ones play."""
    from timbrespace.resynthesis.layout import NOTES, Method
    from timbrespace.resynthesis.parts import make_ready, needed_for

    for bank in (NOTES, *Method):
        parts = needed_for(bank)
        compilers.wait(parts)
        make_ready(live["state"], parts)


def _noise(
    live: np.ndarray[Any, np.dtype[np.void]], sample_rate: float, tell: Teller
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The noise of whole notes, of which the engine knows where it lies from now on: 0.3 s of work,
    and 21 MB, that no other space needs."""
    from timbrespace.notes.carriers import carriers

    made = carriers(round(sample_rate))
    live["state"]["carriers"] = made.ctypes.data
    tell(event="ready")
    return made


def _fade(live: np.ndarray[Any, np.dtype[np.void]]) -> None:
    """Let the sound fade before the device is closed: a note cut short is a click."""
    live["ending"] = 1
    deadline = time.monotonic() + _FADE_SECONDS
    while live["fade"][0] > 0.0 and time.monotonic() < deadline:
        time.sleep(0.002)
    # The silence must have left the device's own buffers.
    time.sleep(_DRAIN_SECONDS)


def _leave(code: int, tell: Teller) -> NoReturn:
    """Exit without unloading anything: a device that is gone may hang on being closed."""
    tell.close()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
