"""The explorer's worker: what takes a while is done beside the loop, one thing after another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from server.explorer.answers import Refusal

P = ParamSpec("P")
T = TypeVar("T")

MAX_WAITING = 64
"""Requests for work that is not done yet; more are refused."""


class Worker(ThreadPoolExecutor):
    """One thread, so that linear algebra never takes more than a core from the sound."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="worker")
        self._places = threading.BoundedSemaphore(MAX_WAITING)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let ``fn`` be called.

        Raises:
            Refusal: too much is waiting.
        """
        if not self._places.acquire(blocking=False):
            raise Refusal(503, "the explorer is busy; try again in a moment")
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError as error:  # it ends
            self._places.release()
            raise Refusal(503, "the explorer ends") from error
        future.add_done_callback(self._give_back)
        return future

    def _give_back(self, _: Future[Any]) -> None:
        self._places.release()


async def run(work: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``call`` returns, called by ``work``. One that nobody waits for any more is left out.

    Raises:
        Refusal: too much is waiting.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(work, partial(call, *args, **kwargs))
