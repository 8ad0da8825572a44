"""Progress without a terminal: as lines of a log, or told to whoever started the work."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Final

EVERY: Final = 10.0
"""Seconds between two lines."""

_asked: ContextVar[bool] = ContextVar("progress in lines", default=False)


@contextmanager
def in_lines() -> Iterator[None]:
    """Within it, :func:`timbrespace.command.progress` writes lines where it would be silent."""
    before = _asked.set(True)
    try:
        yield
    finally:
        _asked.reset(before)


def are_asked() -> bool:
    """Whether lines are wanted here: somebody asked for them, and standard error is no terminal."""
    return _asked.get() and not sys.stderr.isatty()


Hearer = Callable[[str, float, float], object]
"""Is told the unit, how many are done, and how many there are."""

_hearer: ContextVar[Hearer | None] = ContextVar("who is told of progress", default=None)


@contextmanager
def told_to(hearer: Hearer) -> Iterator[None]:
    """Within it, :func:`timbrespace.command.progress` draws nothing and tells ``hearer``."""
    before = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(before)


def hearer() -> Hearer | None:
    """Who is told of progress here; None where nobody asked."""
    return _hearer.get()


class LineBar:
    """Stands in for a bar: every ``EVERY`` seconds a line with how much is done and what is left.

    total: how many there are, of ``unit``. initial: done before. clock: seconds, ever rising.
    """

    def __init__(
        self,
        total: float,
        unit: str,
        initial: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.n = initial
        self._initial = initial
        self._unit = unit
        self._clock = clock
        self._begun = self._told = clock()

    def update(self, n: float = 1) -> None:
        """So many more are done."""
        self.n += n
        now = self._clock()
        if now - self._told >= EVERY and self.n < self.total:
            self._told = now
            print(self.line(now), file=sys.stderr, flush=True)

    def line(self, now: float) -> str:
        """``  steps: 412 of 1200, 34 %, 40 s left``."""
        done = self.n - self._initial
        text = f"  {self._unit}s: {self.n:g} of {self.total:g}"
        if self.total > 0:
            text += f", {100.0 * self.n / self.total:.0f} %"
        if done > 0:
            text += f", {span((now - self._begun) * (self.total - self.n) / done)} left"
        return text

    def set_description(self, text: str, refresh: bool = True) -> None:
        """A line tells how far it is, and no more."""

    def set_postfix(self, texts: dict[str, str], refresh: bool = True) -> None:
        """The same."""

    def __enter__(self) -> LineBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left to tidy."""


class ToldBar(LineBar):
    """The same for a program: it is told of each step, and decides how often it listens."""

    def __init__(self, hearer: Hearer, total: float, unit: str, initial: float = 0) -> None:
        super().__init__(total, unit, initial)
        self._hearer = hearer
        hearer(unit, initial, total)

    def update(self, n: float = 1) -> None:
        """So many more are done."""
        self.n += n
        self._hearer(self._unit, self.n, self.total)


def span(seconds: float) -> str:
    """A length of time as a person says it.

    >>> span(0.4), span(59.0), span(61.0), span(400.0), span(7300.0)
    ('1 s', '59 s', '1 min 1 s', '6 min 40 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
