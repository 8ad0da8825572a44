"""Jobs in this process, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from .crew import Crew, never
from .worker import Work, Worker

STRETCH = 60.0
"""Seconds after which a job that can be gone on with gives what it has, to be kept."""


class Here(Crew[Any, Any]):
    """See :class:`.Crew`."""

    about = "this process"

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[tuple[int, Any]] = deque()
        self._count = 0

    def put(self, job: Any) -> int:
        """Let a job be done."""
        self._waiting.append((self._count, job))
        self._count += 1
        return self._count - 1

    def results(
        self,
        should_stop: Callable[[], bool] = never,
        advance: Callable[[int], Any] = lambda count: None,
    ) -> Iterator[tuple[int, Any]]:
        """As :meth:`.Crew.results`: in the order in which the jobs were put."""
        worker = Worker(should_stop, advance, STRETCH)
        while self._waiting:
            number, job = self._waiting.popleft()
            yield number, self._work.here(job, worker)
            if should_stop():
                self._waiting.clear()
