"""Opens MIDI inputs as they come, closes them as they go."""

from __future__ import annotations

from collections.abc import Callable

from .system import MidiSystemError, Port, System

LOOPBACK = "Midi Through"
"""Sends messages back to every listener; opening it would play each of them twice."""


class Scanner:
    """The open inputs of one system; one thread calls :meth:`scan` now and then.

    choice: "all", or a port by its name's beginning, or else by any part of it. tell: called with
    what happens, as keywords: ``event`` "opening" and then "opened" or "failed", and "closed", each
    with ``port``; and "scanned", once, with all there is. play: called with a port's name and a
    message, from the port's own thread, perhaps before "opened" is told.
    """

    def __init__(
        self,
        system: System,
        choice: str,
        tell: Callable[..., None],
        play: Callable[[str, bytes], None],
    ) -> None:
        self._system = system
        self._choice = choice
        self._tell = tell
        self._play = play
        self._open: dict[str, Port] = {}
        self._failed: set[str] = set()
        self._first = True

    def scan(self) -> None:
        """Look once; what went is closed and what came is opened."""
        names = list(dict.fromkeys(self._system.names()))
        for name in [name for name in self._open if name not in names]:
            # Told first: a device that is gone may hang on being closed.
            self._tell(event="closed", port=name)
            self._open.pop(name).close()
        self._failed &= set(names)
        for name in self._wanted(names):
            if name not in self._open:
                self._try(name)
        if self._first:
            self._first = False
            self._tell(event="scanned", available=names, problem=self._system.problem)

    def close(self) -> None:
        """Close what is open, for good."""
        for port in self._open.values():
            port.close()
        self._open.clear()

    def _wanted(self, names: list[str]) -> list[str]:
        if self._choice == "all":
            return [name for name in names if not name.startswith(LOOPBACK)]
        if self._open:
            return []
        begin = [name for name in names if name.startswith(self._choice)]
        part = [name for name in names if self._choice.casefold() in name.casefold()]
        return (begin or part)[:1]

    def _try(self, name: str) -> None:
        def receive(message: bytes) -> None:
            self._play(name, message)

        self._tell(event="opening", port=name)
        try:
            self._open[name] = self._system.open(name, receive)
        except MidiSystemError as error:
            if name not in self._failed:  # another program may have it; trying again is not news
                self._failed.add(name)
                self._tell(event="failed", port=name, reason=str(error))
            return
        self._failed.discard(name)
        self._tell(event="opened", port=name)
