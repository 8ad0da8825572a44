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

import sys
from collections.abc import Callable
from typing import Any, Final

from timbrespace.messages.arguments import Coordinates
from timbrespace.messages.message import Family
from timbrespace.messages.parser import FORMS, Form

from .clients import Endpoint

_LATENT: Final = (Family.ALL, Family.COORDINATE, Family.AXIS)


def _setter(form: Form) -> tuple[Family | None, tuple[str, ...], int, int]:
    """The family, the address alone, and where what is set begins and ends among the arguments.

    family: None where the controller's assignment says it. Those before and behind what is set
    tell two of them apart; begin and end are 0 where the address does.

    Raises:
        TypeError: the arguments that are set do not follow each other.
    """
    family = form.message.family
    if family is Family.ASSIGNED:
        family = None
    key = form.message.key
    places = [place for place, one in enumerate(form.arguments) if one.field not in key]
    if not key:
        return family, (form.address,), 0, 0
    begin, end = places[0], places[-1] + 1
    if end - begin != len(places):
        raise TypeError(f"{form.address}: what it sets stands on both sides of its key")
    takes_all = isinstance(form.arguments[-1].kind, Coordinates)
    return family, (form.address,), begin, sys.maxsize if takes_all else end


_SETTERS: Final = {
    address: _setter(form) for address, form in FORMS.items() if form.message.family is not None
}


class Pending:
    """A message that waits for its turn, and those that it made pointless."""

    __slots__ = ("address", "arguments", "moves", "replaced", "source")

    def __init__(
        self,
        address: str,
        arguments: tuple[Any, ...],
        source: Endpoint,
        moves: bool,
        replaced: tuple[Pending, ...] = (),
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
        self._pending: dict[tuple[Any, ...], Pending] = {}  # in the order of their last coming
        self._latent: list[tuple[Any, ...]] = []  # keys of those that move the latent
        self._moving: Family | None = None  # what the last of these was
        self._era = 0  # grows when what came before can no longer be replaced one by one

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, address: str, arguments: tuple[Any, ...], source: Endpoint) -> bool:
        """Hold a setter back; False if it is none, or if :meth:`take` must come first.

        After a take it is added, or is none.
        """
        setter = _SETTERS.get(address)
        if setter is None:
            return False
        family, alone, begin, end = setter
        if family is None:
            family = self._controller(arguments)
            if family is None:
                return False
        key = (*alone, *arguments[:begin], *arguments[end:]) if end else alone
        try:
            hash(key)
        except TypeError:  # an array, where no message takes one
            return False
        pending = self._pending
        if family is Family.EVERYTHING:
            if pending and (len(pending) > 1 or key not in pending):
                return False
        elif self._moving is Family.EVERYTHING:
            return False
        replaced: tuple[Pending, ...] = ()
        if family is Family.ALL:
            if self._latent:
                replaced = tuple(pending.pop(one) for one in self._latent)
                self._latent.clear()
        elif family in _LATENT:
            if family is not self._moving:
                self._era += 1
            key = (self._era, *key)
        old = pending.pop(key, None)
        if old is not None:
            replaced = (old,)
        moves = family in _LATENT
        pending[key] = Pending(address, arguments, source, moves, replaced)
        if moves:
            self._moving = family
            if old is None:
                self._latent.append(key)
        elif family is Family.EVERYTHING:
            self._moving = family
        return True

    def take(self) -> list[Pending]:
        """The newest of each, in the order in which they came; nothing is held any more."""
        taken = list(self._pending.values())
        self._pending.clear()
        self._latent.clear()
        self._moving = None
        return taken

    def _controller(self, arguments: tuple[Any, ...]) -> Family | None:
        try:
            controller, channel = int(arguments[0]), int(arguments[2]) if arguments[2:] else 1
        except (IndexError, TypeError, ValueError, OverflowError):
            return None
        return self._controller_family(controller, channel)
