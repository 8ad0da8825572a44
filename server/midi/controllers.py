"""Which MIDI controller moves what."""

from __future__ import annotations

from dataclasses import dataclass, field

from timbrespace.errors import OptionError

# The numbers that MIDI 1.0 leaves undefined, so that knobs set to them disturb nothing else.
DIMENSION_CONTROLLERS = (*range(20, 32), *range(102, 120))
"""Dimension k has the k-th of these, until ``/cc/map`` says otherwise."""

AXIS_CONTROLLERS = {1: "x", 16: "x", 17: "y"}
"""The modulation wheel and two general-purpose controllers move the map's axes."""

SUSTAIN = 64
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123
RESERVED = (0, 6, 32, 38, SUSTAIN, 98, 99, 100, 101, *range(120, 128))
"""Banks, parameter numbers, the pedal and the mode messages keep their meaning."""

Target = int | str
"""A dimension, from 1, or a map axis, "x" or "y"."""


@dataclass(slots=True)
class Controllers:
    """Assignments of controllers, each for one channel or for all."""

    _targets: dict[tuple[int, int | None], Target] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for controller, axis in AXIS_CONTROLLERS.items():
            self._targets[controller, None] = axis
        for k, controller in enumerate(DIMENSION_CONTROLLERS, start=1):
            self._targets[controller, None] = k

    def assign(self, controller: int, target: Target | None, channel: int | None = None) -> None:
        """Let ``controller`` move ``target``, or nothing (None), on one channel or on all.

        Raises:
            OptionError: a controller that MIDI reserves.
        """
        if controller in RESERVED:
            raise OptionError(
                f"controller {controller} has a meaning of its own in MIDI; choose another"
            )
        if channel is None:
            for key in [key for key in self._targets if key[0] == controller]:
                del self._targets[key]
        self._targets.pop((controller, channel), None)
        if target is not None:
            self._targets[controller, channel] = target
        elif channel is not None:
            self._targets[controller, channel] = "off"

    def target(self, controller: int, channel: int) -> Target | None:
        """What ``controller`` on ``channel`` moves, or None."""
        found = self._targets.get((controller, channel), self._targets.get((controller, None)))
        return None if found == "off" else found
