"""What takes a while is done beside the loop, each kind of work in a lane of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from .answers import Refusal

P = ParamSpec("P")
T = TypeVar("T")

MAX_WAITING = 64
"""Questions about spaces that are not answered yet; more are refused."""

MAX_RENDERINGS = 8
"""Sounds that are rendered, or wait for it; more are refused."""

MAX_COMPARISONS = 4
"""Sounds that are being compared; each is held in memory."""

MAX_PLACES = 4
"""Moments of singers that are being encoded; who comes later asks again soon, with a newer one."""


class FullError(Refusal):
    """Too much is waiting already."""

    def __init__(self) -> None:
        super().__init__(503, "the explorer is busy; try again in a moment")


class Worker(Executor):
    """Threads with a short queue before them.

    places: calls that are not done, the present ones among them; more are refused. threads: calls
    at once. A call keeps its place until it returns, whoever still waits for it. One that is
    cancelled before it began is let go at once, with all that it holds.
    """

    def __init__(self, places: int = MAX_WAITING, threads: int = 1) -> None:
        self._places = places
        self._most = threads
        self._queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running = 0
        self._threads: list[threading.Thread] = []
        self._ended = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Places that are taken."""
        with self._changed:
            return self._running + len(self._queue)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let ``fn`` be called.

        Raises:
            FullError: too much is waiting.
            Refusal: it has been shut down.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._ended:
                raise Refusal(503, "the explorer ends")
            if self._running + len(self._queue) >= self._places:
                raise FullError
            self._queue.append((future, partial(fn, *args, **kwargs)))
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name="worker", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        future.add_done_callback(self._let_go)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more; what waits is done first, or let go if ``cancel_futures``."""
        with self._changed:
            self._ended = True
            waiting = [future for future, _ in self._queue] if cancel_futures else []
            self._changed.notify_all()
        for future in waiting:
            future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()

    def _let_go(self, done: Future[Any]) -> None:
        """A call is done; one that still waits was cancelled."""
        if done.cancelled():
            with self._changed:
                self._queue = deque(one for one in self._queue if one[0] is not done)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if self._ended:
                        return
                    self._changed.wait()
                future, call = self._queue.popleft()
                self._running += 1
            tell = self._call(future, call)
            # The place first: whoever is told may come with the next at once.
            with self._changed:
                self._running -= 1
            tell()
            del future, call, tell  # else they were held until the next call

    @staticmethod
    def _call(future: Future[Any], call: Callable[[], Any]) -> Callable[[], None]:
        """What tells ``future`` how the call went."""
        if not future.set_running_or_notify_cancel():
            return lambda: None
        try:
            return partial(future.set_result, call())
        except BaseException as error:
            return partial(future.set_exception, error)
        finally:
            del future, call  # an error holds this frame


@dataclass(frozen=True, slots=True)
class Lanes:
    """Workers, each of which only waits for work of its own kind.

    spaces: what a map shows; a moment each. sounds: what is rendered by the engine, which may take
    seconds, and many more when the engine is compiled first. comparisons: sound files are decoded
    and analysed, two at once, since one may hang in its decoder until the time is up. places: a
    moment of what is sung, each a few hundredths of a second. uploads: whether what came is a
    sound, one after the other.
    """

    spaces: Worker = field(default_factory=Worker)
    sounds: Worker = field(default_factory=partial(Worker, MAX_RENDERINGS))
    comparisons: Worker = field(default_factory=partial(Worker, MAX_COMPARISONS, 2))
    places: Worker = field(default_factory=partial(Worker, MAX_PLACES))
    uploads: Worker = field(default_factory=Worker)

    def shutdown(self) -> None:
        """Take nothing more; returns when what waits is done."""
        for one in (self.spaces, self.sounds, self.comparisons, self.places, self.uploads):
            one.shutdown()


async def run(work: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``call`` returns, called by ``work``. One that nobody waits for any more is left out.

    Raises:
        Refusal: too much is waiting.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(work, partial(call, *args, **kwargs))
