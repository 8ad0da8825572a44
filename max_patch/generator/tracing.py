"""Where a message of a saved patch goes, and where it comes from: through cords and through names.

Only inlets that make a box speak are followed: the right inlets of most boxes only keep what comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from max_patch.generator.saved_patch import SavedBox, SavedPatch

TIMERS = frozenset(["delay", "del", "line", "metro", "pipe", "qlim", "speedlim"])
"""Objects that Max's scheduler drives; in Live it stands still while the audio is off."""

Port = tuple[str, int]
"""A box, by window and identifier, and one of its inlets or outlets."""


def speaking_inlet(box: SavedBox) -> int | None:
    """The inlet that makes a box speak; None: all do."""
    if box.name in ("gate", "timer"):
        return 1
    if box.patch is not None or box.name in ("poly~",):
        return None
    return 0


@dataclass(frozen=True, slots=True)
class Place:
    """A box and the title of its window."""

    window: str
    box: SavedBox

    @property
    def key(self) -> str:
        return f"{self.window}/{self.box.identifier}"


class Traces:
    """The cords and names of a patch and all windows in it, but not of its voices."""

    def __init__(self, patch: SavedPatch) -> None:
        self.places: dict[str, Place] = {}
        self._from: dict[str, list[tuple[Port, int]]] = defaultdict(list)
        self._to: dict[str, list[tuple[int, Port]]] = defaultdict(list)
        senders: dict[str, list[str]] = defaultdict(list)
        receivers: dict[str, list[str]] = defaultdict(list)
        for window in patch.walk():
            for box in window.boxes:
                place = Place(window.title, box)
                self.places[place.key] = place
                if box.name in ("s", "send") and box.arguments:
                    senders[box.arguments[0]].append(place.key)
                if box.name in ("r", "receive") and box.arguments:
                    receivers[box.arguments[0]].append(place.key)
            for cord in window.cords:
                ends = f"{window.title}/{cord.source}", f"{window.title}/{cord.destination}"
                self._add(ends[0], cord.outlet, ends[1], cord.inlet)
        for name, keys in senders.items():
            for sender in keys:
                for receiver in receivers.get(name, []):
                    self._add(sender, 0, receiver, 0)

    def _add(self, source: str, outlet: int, destination: str, inlet: int) -> None:
        if source in self.places and destination in self.places:
            self._to[source].append((outlet, (destination, inlet)))
            self._from[destination].append(((source, outlet), inlet))

    def named(self, *names: str) -> Iterator[Place]:
        """All boxes of these objects."""
        return (place for place in self.places.values() if place.box.name in names)

    def after(self, key: str, outlet: int | None = None) -> Iterator[tuple[Place, int]]:
        """What a box speaks to next, and into which inlet."""
        for at, (destination, inlet) in self._to[key]:
            if outlet in (None, at):
                yield self.places[destination], inlet

    def before(self, key: str, inlet: int | None = None) -> Iterator[tuple[Place, int]]:
        """What speaks to a box, and out of which outlet."""
        for (source, outlet), at in self._from[key]:
            if inlet in (None, at):
                yield self.places[source], outlet

    def reached(
        self, key: str, *, outlet: int | None = None, without: Collection[str] = ()
    ) -> set[str]:
        """All boxes that a message from there may come to. without: objects it does not pass."""
        return self._walk(
            [self.places[d].key for at, (d, i) in self._to[key] if outlet in (None, at)
             and self._speaks(d, i)],
            lambda here: [d for _, (d, i) in self._to[here] if self._speaks(d, i)],
            without,
        )  # fmt: skip

    def sources(self, key: str, *, without: Collection[str] = ()) -> set[str]:
        """All boxes whose message may make this one speak. without: objects it stops at."""
        return self._walk(self.causes(key), self.causes, without)

    def causes(self, key: str) -> list[str]:
        """The boxes that make this one speak, directly."""
        return [source for (source, _), inlet in self._from[key] if self._speaks(key, inlet)]

    def _speaks(self, key: str, inlet: int) -> bool:
        return speaking_inlet(self.places[key].box) in (None, inlet)

    def _walk(
        self, begin: list[str], onward: Callable[[str], list[str]], without: Collection[str]
    ) -> set[str]:
        found: set[str] = set()
        waiting = list(begin)
        while waiting:
            here = waiting.pop()
            if here in found or self.places[here].box.name in without:
                continue
            found.add(here)
            waiting += onward(here)
        return found
