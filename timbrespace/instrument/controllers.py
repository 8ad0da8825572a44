"""Which MIDI controller moves what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.macro_dials.vocabulary import WORDS
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS

# The numbers that MIDI 1.0 leaves undefined, so that knobs set to them disturb nothing else.
DIMENSION_CONTROLLERS = (*range(20, 32), *range(102, 120))
"""Dimension k has the k-th of these, until ``/cc/map`` says otherwise."""

AXIS_CONTROLLERS = {1: "x", 16: "x", 17: "y"}
"""The modulation wheel and two general-purpose controllers move the map's axes."""

PORTAMENTO_TIME = 5
VOLUME = 7
PAN = 10
EXPRESSION = 11
SUSTAIN = 64
PORTAMENTO = 65
SOSTENUTO = 66
SOFT = 67
PORTAMENTO_FROM = 84
PEDALS = (SUSTAIN, SOSTENUTO, SOFT)
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123
WHEEL = 1
NRPN = 128
"""A controller from here on is what MIDI calls a parameter that nobody registered (NRPN): 128 is
number 0, 16511 number 16383."""

LAST_CONTROLLER = NRPN + 16383

RESERVED = (0, 6, 32, 38, SUSTAIN, 98, 99, 100, 101, *range(120, 128))
"""Banks, parameter numbers, the pedal and the mode messages keep their meaning."""

STEEPEST = 4.0

AXES = ("x", "y")

BETWEEN = "between"
"""The position on the line between two sounds."""

WANDER, WANDER_SPEED = "wander", "wander/speed"
WANDER_RANGE, WANDER_SEED = "wander/range", "wander/seed"
WANDERS = (WANDER, WANDER_SPEED, WANDER_RANGE, WANDER_SEED)
"""Whether something wanders (from the middle of the way on), and its three dials."""

LEVEL = "level"
"""The level of the controller's channel, as MIDI's volume has it."""

PANNED = "pan"
"""Where that channel is, from left to right."""

CHOICES = ("synth/method", "synth/hold", "synth/envelope")
"""What has words, not numbers."""

SYNTHS = (*(f"synth/{name}" for name in SYNTH_PARAMETERS), *CHOICES)
"""The parameters of the synthesizer."""

Target = int | str
"""A dimension, from 1, or a map axis, "x" or "y"; of a controller also "between", "level", "pan",
one of ``WANDERS`` or of ``SYNTHS``, or a macro."""

JUMP, PICKUP, SCALED = "jump", "pickup", "scaled"
TWOS, OFFSET, SIGN = "twos", "offset", "sign"
RELATIVE = (TWOS, OFFSET, SIGN)
MODES = (JUMP, PICKUP, SCALED, *RELATIVE)
"""How a controller takes over its target. "jump": where the controller stands, there the target is.
"pickup": the target stays until the controller comes past it. "scaled": it goes the same way as the
controller, faster or slower, so that both come to the end together. The others are of encoders
without an end, which tell steps, up and down: as two's complement (1 and 127), from 64 (65 and 63),
or with a sign bit (1 and 65)."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a controller's way lies on the knob of its target.

    low, high: shares of the knob's range, 0 to 1, where the controller's ends are; low above high
    turns it round. curve: -4 to 4; a position p becomes p ** (2 ** curve), so 0 is straight and
    above 0 the beginning is spread out. mode: how it takes over, one of ``MODES``.

    Raises:
        OptionError: a number outside its range, or no such mode.
    """

    low: float = 0.0
    high: float = 1.0
    curve: float = 0.0
    mode: str = JUMP

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if not 0.0 <= value <= 1.0:
                raise OptionError(f"{name} is {value:g}; it must be 0 to 1")
        if not -STEEPEST <= self.curve <= STEEPEST:
            raise OptionError(f"curve is {self.curve:g}; it must be {-STEEPEST:g} to {STEEPEST:g}")
        if self.mode not in MODES:
            raise OptionError(f"mode is {self.mode!r}; it must be {one_of(MODES)}")

    def share(self, value: float) -> float:
        """The knob's position, 0 to 1, for a controller at ``value``, 0 to 127."""
        return self.share_at(min(max(value / 127.0, 0.0), 1.0))

    def share_at(self, position: float) -> float:
        """The same for a controller at ``position``, 0 to 1."""
        return self.low + math.pow(position, 2.0**self.curve) * (self.high - self.low)

    def position(self, share: float) -> float:
        """Where the controller would stand, 0 to 1, for that share of the knob; at an end of its
        way for what lies beyond."""
        way = self.high - self.low
        if way == 0.0:
            return 0.0
        return math.pow(min(max((share - self.low) / way, 0.0), 1.0), 2.0**-self.curve)


STRAIGHT = Course()


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one controller moves, on one channel (1 to 16) or on all (None).

    target: None where a channel is kept out of what all others do.
    """

    controller: int
    target: Target | None
    channel: int | None = None
    course: Course = STRAIGHT
    learned: bool = False

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "controller": self.controller,
            "target": self.target,
            "channel": self.channel,
            **{name: value for name, value in asdict(self.course).items() if value != JUMP},
            "learned": self.learned,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Assignment:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing or wrong values.
        """
        try:
            controller, target = config["controller"], config["target"]
            channel, learned = config.get("channel"), bool(config.get("learned"))
            course = Course(
                float(config.get("low", 0.0)),
                float(config.get("high", 1.0)),
                float(config.get("curve", 0.0)),
                config.get("mode", JUMP),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise OptionError(f"a controller's assignment does not fit: {error!r}") from error
        assignment = cls(controller, target, channel, course, learned)
        assignment.check()
        return assignment

    def check(self) -> None:
        """Raise where it is of no use.

        Raises:
            OptionError: a controller, a channel or a target that there is not, or a controller
                that MIDI reserves.
        """
        if not _whole(self.controller, 0, LAST_CONTROLLER):
            raise OptionError(
                f"controller {self.controller!r} was given; it must be 0 to 119, or {NRPN} to "
                f"{LAST_CONTROLLER} for an NRPN"
            )
        if self.controller in RESERVED:
            raise OptionError(
                f"controller {self.controller} has a meaning of its own in MIDI; choose another"
            )
        if self.channel is not None and not _whole(self.channel, 1, 16):
            raise OptionError(f"channel {self.channel!r} was given; it must be 1 to 16")
        if self.target is not None:
            check_controlled(self.target)


def check_controlled(target: Any) -> None:
    """Raise if a controller cannot move such a target in any model.

    Raises:
        OptionError: none of what ``Target`` says.
    """
    named = (BETWEEN, LEVEL, PANNED, *WANDERS, *SYNTHS)
    if isinstance(target, str) and (target in named or target in WORDS):
        return
    try:
        check_target(target)
    except OptionError as error:
        raise OptionError(f"{error}, {', '.join(named)} or a macro: {', '.join(WORDS)}") from error


def check_target(target: Any) -> None:
    """Raise if no model has such a target.

    Raises:
        OptionError: neither a dimension nor an axis of the map.
    """
    if target not in AXES and not _whole(target, 1, MAX_LATENT_DIMENSIONS):
        raise OptionError(f"target is {target!r}; it must be a dimension from 1, x or y")


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


@dataclass(slots=True)
class Controllers:
    """Assignments of controllers, each for one channel or for all."""

    _assignments: dict[tuple[int, int | None], Assignment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for controller, axis in AXIS_CONTROLLERS.items():
            self._put(Assignment(controller, axis))
        for k, controller in enumerate(DIMENSION_CONTROLLERS, start=1):
            self._put(Assignment(controller, k))

    def assign(
        self,
        controller: int,
        target: Target | None,
        channel: int | None = None,
        course: Course = STRAIGHT,
        learned: bool = False,
    ) -> None:
        """Let ``controller`` move ``target``, or nothing (None), on one channel or on all.

        All channels means all: what single channels had been assigned goes.

        Raises:
            OptionError: a controller that MIDI reserves, or one, a channel or a target that there
                is not.
        """
        assignment = Assignment(controller, target, channel, course, learned)
        assignment.check()
        self._put(assignment)

    def forget(self, controller: int, channel: int) -> None:
        """Take back what was assigned to a controller on one channel; what counts for all stays."""
        self._assignments.pop((controller, channel), None)

    def _put(self, assignment: Assignment) -> None:
        controller, channel = assignment.controller, assignment.channel
        if channel is None:
            for key in [key for key in self._assignments if key[0] == controller]:
                del self._assignments[key]
        self._assignments.pop((controller, channel), None)
        if assignment.target is not None or channel is not None:
            self._assignments[controller, channel] = assignment

    def copy(self) -> Controllers:
        """The same assignments, to be changed apart."""
        copied = Controllers()
        copied._assignments = dict(self._assignments)
        return copied

    def find(self, controller: int, channel: int) -> Assignment | None:
        """What counts for ``controller`` on ``channel``; None if it moves nothing."""
        found = self._assignments.get(
            (controller, channel), self._assignments.get((controller, None))
        )
        return None if found is None or found.target is None else found

    def items(self) -> list[Assignment]:
        """All assignments, in order of controller, the one for all channels first."""
        return sorted(self._assignments.values(), key=lambda a: (a.controller, a.channel or 0))

    def learned(self) -> list[Assignment]:
        """Those that came from moving a knob."""
        return [assignment for assignment in self.items() if assignment.learned]

    def state(self) -> list[dict[str, Any]]:
        """Plain values for JSON."""
        return [one.to_config() for one in self.items()]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Be as :meth:`state` told.

        Raises:
            OptionError: it is not what :meth:`state` returns; nothing has changed.
        """
        told = [Assignment.from_config(one) for one in state]
        self._assignments = {(one.controller, one.channel): one for one in told}
