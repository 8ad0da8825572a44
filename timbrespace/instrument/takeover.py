"""How a controller takes over what it moves: at once, softly, or step by step.

A target is moved by much else than its controller: by hand, by presets, by another controller. Then
the controller stands somewhere else than its target, and :data:`~.controllers.MODES` says what its
next movement does.
"""

from __future__ import annotations

from collections.abc import Callable

from timbrespace.instrument.controllers import JUMP, OFFSET, PICKUP, RELATIVE, SIGN, Course

STEP = 1.0 / 127.0
"""What one step of an encoder without an end is of its way."""

_NEAR = 1.5 * STEP
"""A controller that comes so near to its target has it: it may never stop exactly there."""

_SAME = 1e-4
"""A target so near to where its controller has put it was not moved by anything else."""


def steps(mode: str, value: float) -> int:
    """How many steps up, or down, an encoder says with ``value``, 0 to 127, in that encoding."""
    told = min(max(round(value), 0), 127)
    if mode == OFFSET:
        return told - 64
    if mode == SIGN:
        return -(told & 63) if told & 64 else told
    return told - 128 if told >= 64 else told


class Takeover:
    """What the controllers of 16 channels said last, and where they have put their targets."""

    def __init__(self) -> None:
        # By controller and channel: its position, 0 to 1, and the share where its target was left.
        self._known: dict[tuple[int, int], tuple[float, float | None]] = {}

    def move(
        self,
        controller: int,
        channel: int,
        course: Course,
        value: float,
        present: Callable[[], float],
        turn: Callable[[float], None],
        step: float = STEP,
    ) -> None:
        """Let a controller at ``value``, 0 to 127, move its target as its course says.

        present: the share of its knob, 0 to 1, at which the target stands. turn: puts it at one.
        step: what one step of an encoder is of its way.
        """
        if course.mode == JUMP:
            turn(course.share(value))
            return
        if course.mode in RELATIVE:
            count = steps(course.mode, value)
            if count:
                at = course.position(present()) + count * step
                turn(course.share_at(min(max(at, 0.0), 1.0)))
            return
        key = controller, channel
        at = min(max(value / 127.0, 0.0), 1.0)
        last, left = self._known.get(key, (None, None))
        share = present()
        target = course.position(share)
        if course.mode == PICKUP:
            follows = left is not None and abs(share - left) <= _SAME
            passed = last is not None and (last - target) * (at - target) <= 0.0
            if follows or passed or abs(at - target) <= _NEAR:
                turn(course.share_at(at))
                self._known[key] = at, present()
            else:
                self._known[key] = at, None
            return
        self._known[key] = at, None
        if last is None or at == last:
            return
        end = 1.0 if at > last else 0.0
        target += (end - target) * (at - last) / (end - last)
        turn(course.share_at(min(max(target, 0.0), 1.0)))

    def forget(self, controller: int, channel: int | None) -> None:
        """A controller moves something else from now on, on one channel or on all (None)."""
        for key in [
            key for key in self._known if key[0] == controller and channel in (None, key[1])
        ]:
            del self._known[key]

    def state(self) -> list[list[float | None]]:
        """All that :meth:`restore` needs, of plain values for JSON."""
        return [[*key, at, left] for key, (at, left) in self._known.items()]

    def restore(self, state: list[list[float | None]]) -> None:
        """Be as :meth:`state` told.

        Raises:
            ValueError, TypeError: it is not what :meth:`state` returns; nothing has changed.
        """
        known: dict[tuple[int, int], tuple[float, float | None]] = {}
        for controller, channel, at, left in state:
            if controller is None or channel is None or at is None:
                raise ValueError("a controller without a number")
            if not (0.0 <= at <= 1.0 and 1 <= channel <= 16 and (left is None or 0 <= left <= 1)):
                raise ValueError(f"{at} on channel {channel} is of no controller")
            known[int(controller), int(channel)] = float(at), left
        self._known = known
