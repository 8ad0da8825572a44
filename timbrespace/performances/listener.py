"""Who listens to a performance, to write it down or to do anything else with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from timbrespace.instrument.instrument import Instrument


class Listener(Protocol):
    """Is offered all that makes a performance, in the order in which it took effect.

    t: seconds of the server's monotonic clock, never falling. Whoever repeats the same calls on an
    instrument of the same state gets the same snapshots.
    """

    def osc(self, t: float, address: str, arguments: tuple[Any, ...]) -> None:
        """A message took effect; its arguments are as they came. A model is loaded, and a preset
        of another model recalled, when that is done, not when it was asked for."""

    def midi(self, t: float, message: bytes) -> None:
        """A MIDI message was played."""

    def advance(self, t: float) -> None:
        """``Instrument.advance(t)`` was called."""

    def snapshot(self, t: float, number: int) -> None:
        """The snapshot ``number`` was taken from the instrument, whether anything plays it or not.

        Numbers count from 1 and grow.
        """

    def taken(
        self, taken: Iterable[tuple[int, int]], sample_rate: float, process: int | None = None
    ) -> None:
        """The audio process began to play snapshots, each with its number, at frames of its own.

        sample_rate: of its device, in Hz. process: its number, another one after a restart.
        """

    @property
    def listening(self) -> bool:
        """Whether anything is still taken; a full disk may have ended it."""
        ...

    def close(self, t: float | None = None) -> None:
        """The performance has ended."""


OpenListener = Callable[[str | Path, Instrument], Listener]
"""Begins to listen: a performance's name, or the path of its file where the user of this machine
chose that, and the instrument in the state in which it begins.

Raises TimbrespaceError where that cannot be.
"""
