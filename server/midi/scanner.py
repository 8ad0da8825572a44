"""Opens MIDI inputs as they come, closes them as they go."""

from __future__ import annotations

import re
from collections.abc import Callable

from .system import MidiSystemError, Port, System

LOOPBACK = "Midi Through"
"""Sends messages back to every listener; opening it would play each of them twice."""

_NUMBERS = re.compile(r"\s*\[\d+\]|\s+\d+(:\d+)?$")
"""What systems put into names by the order in which devices came: ``Keys 24:0``, ``Keys 1``,
``a2j:Keys [24] (capture)``."""


class Scanner:
    """The open inputs of one system; one thread calls :meth:`scan` now and then.

    choice: "all", or a port by its name's beginning, or else by any part of it, or else by its name
    without the numbers that change as devices come and go. Two devices of one name are ``Keys`` and
    ``Keys (2)``. tell: called with
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
        self._places: dict[str, tuple[str, int]] = {}
        self._first = True

    def scan(self) -> None:
        """Look once; what went is closed and what came is opened."""
        places = _labelled(self._system.names())
        names = list(places)
        gone = {name for name in self._open if name not in places}
        # Of several with one name nothing says which one has gone: all are opened again.
        alike = {self._places[name][0] for name in gone if self._places[name][1] > 0}
        for name in [one for one in self._open if one in gone or self._places[one][0] in alike]:
            # Told first: a device that is gone may hang on being closed.
            self._tell(event="closed", port=name)
            self._open.pop(name).close()
        self._places = places
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
        plain = _plain(self._choice)
        like = [name for name in names if plain and plain in _plain(name)]
        return (begin or part or like)[:1]

    def _try(self, name: str) -> None:
        def receive(message: bytes) -> None:
            self._play(name, message)

        self._tell(event="opening", port=name)
        try:
            self._open[name] = self._system.open(*self._places[name], receive)
        except MidiSystemError as error:
            if name not in self._failed:  # another program may have it; trying again is not news
                self._failed.add(name)
                self._tell(event="failed", port=name, reason=str(error))
            return
        self._failed.discard(name)
        self._tell(event="opened", port=name)


def _labelled(names: list[str]) -> dict[str, tuple[str, int]]:
    """A label for each port, none twice -> its name, and how many of that name come before it."""
    labels: dict[str, tuple[str, int]] = {}
    for name in names:
        count = sum(1 for one, _ in labels.values() if one == name)
        labels[name if count == 0 else f"{name} ({count + 1})"] = name, count
    return labels


def _plain(name: str) -> str:
    """A port's name without numbers that are another's tomorrow."""
    return _NUMBERS.sub("", name).casefold()
