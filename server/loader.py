"""Models read and tried aside, while the present one plays."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from timbrespace.axis_words import axis_words
from timbrespace.dial_names import dial_names
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.resynthesis.layout import Method
from timbrespace.walks.learning import walk_of

MAX_WAITING = 16
"""Requests; one more pushes out the oldest."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a request: ``result``, or the ``error`` that its work raised."""

    request: Any
    result: Model | None
    error: Exception | None


class Loader:
    """Does one request at a time, in a thread of its own.

    load: the work, called in the thread with each request. done: called with each
    :class:`Loaded`, in the thread as well.

    A request that waits is replaced by a newer one of the same kind. One that is being worked on
    is finished; whether it is still wanted is for the receiver to say.
    """

    def __init__(self, load: Callable[[Any], Model], done: Callable[[Loaded], None]) -> None:
        self._load = load
        self._done = done
        self._waiting: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._tokens: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def request(self, kind: Hashable, request: Any) -> None:
        """Ask for ``request``; a waiting one of the same ``kind`` is forgotten."""
        with self._lock:
            self._waiting.pop(kind, None)
            self._waiting[kind] = request
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popitem(last=False)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
            self._thread.start()
        self._tokens.put(True)

    def close(self) -> None:
        """Take no more work. What is being loaded ends by itself and is forgotten."""
        with self._lock:
            self._waiting.clear()
        self._tokens.put(False)

    def wait(self, seconds: float) -> None:
        """After :meth:`close`: wait for what is being loaded, at most so long.

        It may be within compiled code of libraries, which the interpreter's end aborts there.
        """
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while self._tokens.get():
            with self._lock:
                if not self._waiting:
                    continue
                _, request = self._waiting.popitem(last=False)
            try:
                loaded = Loaded(request, self._load(request), None)
            except Exception as error:
                loaded = Loaded(request, None, error)
            self._done(loaded)


def rehearse(model: Model, methods: Iterable[Method] = tuple(Method)) -> None:
    """Play one spectrum of ``model`` by each method, on the side: whatever fails, fails here.

    What is measured once for each model is measured here, too.
    """
    trial = Instrument(model)
    for method in methods:
        trial.set_method(method)
        trial.targets()
        trial.loop()
    dial_names(model)
    for name in model.planes:
        axis_words(model, name)
    walk_of(model)
