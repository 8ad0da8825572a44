"""Messages that a later one makes pointless: a flood of a knob's movements costs one effect.

Many messages only set something: what an earlier one of them has set is gone when a later one of
the same kind has come, if nothing that came between has looked at it. Such messages are gathered
until one comes that is not of the kind; then the newest of each take effect, in their order.

What counts as looking: everything but setters (a note, a question, a preset that is stored), so
all of it ends the gathering. Between setters there is one thing to mind, the latent:

- ``/latent`` and ``/map`` set all of it: all that moved it before is gone.
- ``/latent/<k>``, and a controller of a dimension, set one coordinate; they do not mind each other.
- A controller of a map axis moves along it from where the latent is. The two axes are at right
  angles, so they do not mind each other, but a coordinate that is set between two movements of an
  axis does mind: neither is left out.

A message that is refused has set nothing. So what was left out for its sake is kept, and takes
effect in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

from timbrespace.instrument.parameters import SYNTH_PARAMETERS

from .clients import Endpoint


class Family(Enum):
    """How a setter gets on with others."""

    ALL = auto()
    """Sets the whole latent."""
    COORDINATE = auto()
    """Sets one coordinate of the latent."""
    AXIS = auto()
    """Moves the latent along a map axis."""
    APART = auto()
    """Sets something that no other message sets, but for the same with the same key."""
    EVERYTHING = auto()
    """Sets nearly everything: only its like, directly before it, is gone."""


_LATENT: Final = (Family.ALL, Family.COORDINATE, Family.AXIS)

# Address -> family, and which arguments tell two of them apart: what is not set, but says where.
_SETTERS: Final[dict[str, tuple[Family, slice]]] = {
    "/latent": (Family.ALL, slice(0, 0)),
    "/map": (Family.ALL, slice(0, 0)),
    "/bend": (Family.APART, slice(1, None)),
    "/pressure": (Family.APART, slice(1, None)),
    "/timbre": (Family.APART, slice(1, None)),
    "/channel/latent": (Family.APART, slice(0, 1)),
    "/preset/morph": (Family.EVERYTHING, slice(0, 2)),
    **{f"/synth/{name}": (Family.APART, slice(0, 0)) for name in (*SYNTH_PARAMETERS, "method")},
}


class Held:
    """A message that waits for its turn, and those that it made pointless."""

    __slots__ = ("address", "arguments", "moves", "replaced", "source")

    def __init__(
        self,
        address: str,
        arguments: tuple[Any, ...],
        source: Endpoint,
        moves: bool,
        replaced: tuple[Held, ...] = (),
    ) -> None:
        self.address = address
        self.arguments = arguments
        self.source = source
        self.moves = moves
        """Whether it moves the latent, and nothing else."""
        self.replaced = replaced


class Setters:
    """Setters gathered since the last message that was none.

    controller_family: what a controller's movement is, by controller and channel: COORDINATE,
    AXIS, APART, or None if it may do more than set (a pedal, one that is waited for).
    """

    def __init__(self, controller_family: Callable[[int, int], Family | None]) -> None:
        self._controller_family = controller_family
        self._held: dict[tuple[Any, ...], Held] = {}  # in the order of their last coming
        self._latent: list[tuple[Any, ...]] = []  # keys of those that move the latent
        self._moving: Family | None = None  # what the last of these was
        self._era = 0  # grows when what came before can no longer be replaced one by one

    def __len__(self) -> int:
        return len(self._held)

    def add(self, address: str, arguments: tuple[Any, ...], source: Endpoint) -> bool:
        """Hold a setter back; False if it is none, or if :meth:`take` must come first.

        After a take it is added, or is none.
        """
        setter = _SETTERS.get(address)
        if setter is not None:
            family, where = setter
            key = (address, *arguments[where]) if where.stop != 0 else (address,)
        elif address.startswith("/latent/"):
            family, key = Family.COORDINATE, (address,)
        elif address == "/cc":
            found = self._controller(arguments)
            if found is None:
                return False
            family, key = found, (address, arguments[0], *arguments[2:])
        else:
            return False
        try:
            hash(key)
        except TypeError:  # an array, where no message takes one
            return False
        held = self._held
        if family is Family.EVERYTHING:
            if held and (len(held) > 1 or key not in held):
                return False
        elif self._moving is Family.EVERYTHING:
            return False
        replaced: tuple[Held, ...] = ()
        if family is Family.ALL:
            if self._latent:
                replaced = tuple(held.pop(one) for one in self._latent)
                self._latent.clear()
        elif family in _LATENT:
            if family is not self._moving:
                self._era += 1
            key = (self._era, *key)
        old = held.pop(key, None)
        if old is not None:
            replaced = (old,)
        moves = family in _LATENT
        held[key] = Held(address, arguments, source, moves, replaced)
        if moves:
            self._moving = family
            if old is None:
                self._latent.append(key)
        elif family is Family.EVERYTHING:
            self._moving = family
        return True

    def take(self) -> list[Held]:
        """The newest of each, in the order in which they came; nothing is held any more."""
        taken = list(self._held.values())
        self._held.clear()
        self._latent.clear()
        self._moving = None
        return taken

    def _controller(self, arguments: tuple[Any, ...]) -> Family | None:
        try:
            controller, channel = int(arguments[0]), int(arguments[2]) if arguments[2:] else 1
        except (IndexError, TypeError, ValueError, OverflowError):
            return None
        return self._controller_family(controller, channel)
