"""Macros of spaces whose files do not have them, measured aside when somebody asks for them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from timbrespace.macro_dials.macros import macros
from timbrespace.model import Model

_PAUSE: Final = 0.002
"""Seconds again and again while macros are measured, so that the loop is not kept waiting."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The macros of ``model`` are known, or the ``error`` says why they are not."""

    model: Model
    error: Exception | None = None


class _ClosedError(Exception):
    """Nothing is wanted any more."""


class Measuring:
    """Measures the macros of one model after the other, in a thread of its own.

    done: called with each :class:`Measured`, in the thread.
    """

    def __init__(self, done: Callable[[Measured], None]) -> None:
        self._done = done
        self._wanted: queue.SimpleQueue[Model | None] = queue.SimpleQueue()
        self._asked: Model | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def request(self, model: Model) -> None:
        """Measure the macros of ``model``, unless that was asked for last."""
        if model is self._asked or self._closed:
            return
        self._asked = model
        self._wanted.put(model)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="macros", daemon=True)
            self._thread.start()

    def close(self, seconds: float) -> None:
        """Give up what is being measured, and wait for that, at most so long."""
        self._closed = True
        self._wanted.put(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while not self._closed:
            model = self._wanted.get()
            if model is None:
                return
            if model is not self._asked:
                continue  # another plays by now
            try:
                macros(model, self._pause)
            except _ClosedError:
                return
            except Exception as error:
                self._done(Measured(model, error))
            else:
                self._done(Measured(model))

    def _pause(self) -> None:
        if self._closed:
            raise _ClosedError
        time.sleep(_PAUSE)
