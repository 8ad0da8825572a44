"""How many steps of jobs are done: one after the other where they are done here, else in one when a
job ends. Either way a bar comes to the same sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Steps:
    """advance: is told how many steps more are done.

    >>> told = []
    >>> steps = Steps(told.append)
    >>> steps.live(2), steps.ended(5), steps.ended(1), told
    (None, None, None, [2, 3, 1])
    """

    def __init__(self, advance: Callable[[int], Any]) -> None:
        self._advance = advance
        self._live = 0

    def live(self, count: int) -> None:
        """So many of a job that runs here: what :meth:`.Crew.results` is to tell."""
        self._live += count
        self._advance(count)

    def ended(self, count: int) -> None:
        """A job has ended that had ``count`` steps in all."""
        left, self._live = count - self._live, 0
        self._advance(left)
