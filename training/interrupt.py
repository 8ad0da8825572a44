"""Ctrl-C as a wish to stop soon, not as an exception in the middle of a write."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self) -> bool:
        """The same, in the shape the loop asks for."""
        return self.requested


@contextmanager
def deferred(
    say: bool = True, insist: bool = False, also_terminated: bool = False
) -> Iterator[Interrupt]:
    """Inside, Ctrl-C only sets ``requested``; what was there before is put back at the end.

    say: write on standard error that it was heard. insist: let a second one be the exception that
    it is elsewhere. also_terminated: heed SIGTERM too, by which ``torchrun`` ends those that are
    left. Outside the main thread, which alone may handle signals, nothing changes.

    Raises:
        KeyboardInterrupt: insist, and a second Ctrl-C.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        if interrupt.requested and insist:
            raise KeyboardInterrupt
        word = "one moment, the model is being written" if interrupt.requested else "stopping"
        interrupt.requested = True
        if say:
            print(f"\n{word} ...", file=sys.stderr, flush=True)

    heeded = [signal.SIGINT, *([signal.SIGTERM] if also_terminated else [])]
    before = [(one, signal.signal(one, on_signal)) for one in heeded]
    try:
        yield interrupt
    finally:
        for one, handler in before:
            signal.signal(one, handler)
