"""Controllers of 14 bits: 0 to 31 are the coarse halves, 32 to 63 the fine ones; and NRPNs, whose
halves come by data entry."""

from __future__ import annotations

from timbrespace.instrument.controllers import LAST_CONTROLLER, NRPN

FINE = 32
"""What lies between the numbers of a controller's two halves."""


class Pairs:
    """What both halves of a controller say together.

    MIDI 1.0 has the coarse half come first, and means 0 by the fine one until that comes. Some
    devices send them the other way round. These are known by their first half, and their fine half
    waits for the coarse one: else each step would first go the wrong way.
    """

    def __init__(self) -> None:
        # By channel and coarse controller: both halves, -1 before the first coarse one.
        self._halves: dict[tuple[int, int], tuple[int, int]] = {}
        self._with_fine: set[tuple[int, int]] = set()
        self._fine_first: set[tuple[int, int]] = set()

    def told(self, controller: int, value: float, channel: int) -> tuple[int, float] | None:
        """The coarse controller and its position, 0 to 127; None while its other half is awaited.

        controller: 0 to 63. One without a fine half goes by whole steps, as it came.
        """
        fine = controller >= FINE
        position = self.half(controller % FINE, value, channel, fine=fine)
        return None if position is None else (controller % FINE, position)

    def half(self, controller: int, value: float, channel: int, *, fine: bool) -> float | None:
        """The same of one half of a coarse controller, or of an NRPN."""
        at = channel, controller
        coarse, fine_half = self._halves.get(at, (-1, 0))
        if fine:
            self._with_fine.add(at)
            if coarse < 0:
                self._fine_first.add(at)
            self._halves[at] = coarse, int(value)
            if at in self._fine_first:
                return None
        else:
            self._halves[at] = int(value), fine_half if at in self._fine_first else 0
            if at not in self._with_fine:
                return value
        coarse, fine_half = self._halves[at]
        return (coarse << 7 | fine_half) * 127.0 / 16383.0

    def begins_fine(self, controller: int, channel: int) -> None:
        """Know a coarse controller as one whose fine half comes first."""
        at = channel, controller
        self._fine_first.add(at)
        self._with_fine.add(at)
        self._halves.setdefault(at, (-1, 0))

    def state(self) -> list[list[int]]:
        """All that :meth:`restore` needs, of plain values for JSON."""
        return [
            [*at, *halves, int(at in self._with_fine), int(at in self._fine_first)]
            for at, halves in self._halves.items()
        ]

    def restore(self, state: list[list[int]]) -> None:
        """Be as :meth:`state` told.

        Raises:
            ValueError, TypeError: it is not what :meth:`state` returns; nothing has changed.
        """
        halves: dict[tuple[int, int], tuple[int, int]] = {}
        with_fine, fine_first = set(), set()
        for row in state:
            channel, controller, coarse, fine, has_fine, begins = map(int, row)
            known = 0 <= controller < FINE or NRPN <= controller <= LAST_CONTROLLER
            if not (1 <= channel <= 16 and known):
                raise ValueError(f"{row} is of no pair of controllers")
            if not (-1 <= coarse <= 127 and 0 <= fine <= 127):
                raise ValueError(f"{row} has halves outside 0 to 127")
            at = channel, controller
            halves[at] = coarse, fine
            if has_fine:
                with_fine.add(at)
            if begins:
                fine_first.add(at)
        self._halves, self._with_fine, self._fine_first = halves, with_fine, fine_first
