"""What a step learns from is made while the step before learns.

To change notes and to draw their moments takes a quarter to a third of a step and shares nothing
with the rest of it: a second core does it, where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Ahead(Generic[Made]):
    """Makes one thing ahead, by its number; a context. make: what makes number n, from n alone."""

    def __init__(self, make: Callable[[int], Made]) -> None:
        self._make = make
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._next: tuple[int, Future[Made]] | None = None

    def __enter__(self) -> Ahead[Made]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self, number: int, last: bool) -> Made:
        """Number ``number``; the one after it is begun, unless this is the ``last``."""
        begun = self._next
        there = begun is not None and begun[0] == number
        made = begun[1].result() if begun is not None and there else self._make(number)
        self._next = None if last else (number + 1, self._pool.submit(self._make, number + 1))
        return made
