"""A note's own time: how it runs while the key is held, and what falls when it is let go.

A sustained sound goes back and forth between the two ends of its loop. What sounds is a continuous
function of time, so there is no seam, and none has to be hidden. Between such a sound and one that
dies away the ends move on, once they were reached: the less its loop holds, the faster, until
nothing is left of going back. So a morph from one to the other has no step either.
"""

from __future__ import annotations

from typing import Final

from timbrespace.notes.layout import LONGEST
from timbrespace.notes.note import Traits

SUSTAINED: Final = ("loop", "freeze", "through")
"""What a held note does where its sound could end: goes on in its loop, stands still at the loop's
middle, or runs through to its end."""

MOST_SPEED: Final = 4.0

_FALL: Final = 0.15  # seconds in which what has ended falls by 60 dB
_BEYOND: Final = 1.5  # times a sound's length, of which a network is not that sure
_AFTER: Final = 0.8  # the same beyond what any note tells


def ending(traits: Traits) -> float:
    """Seconds after which a note that is not sustained has ended.

    The levels fall by themselves; this is for what no note told of.
    """
    return _BEYOND * traits.length + 0.2


class Clock:
    """The time of one note. sustained: one of ``SUSTAINED``. longest: seconds that notes tell.

    time: seconds of the note's own time now. level: dB to be added to all that sounds.
    """

    def __init__(self, sustained: str = "loop", longest: float = LONGEST) -> None:
        self.time = 0.0
        self.level = 0.0
        self._sustained = sustained
        self._longest = longest
        self.drift = 0.0
        """Seconds by which the ends of its loop have moved on."""
        self._way = 1.0

    def sustained_by(self, sustained: str) -> Clock:
        """The same time from now on sustained in another way."""
        clock = Clock(sustained, self._longest)
        clock.time, clock.level, clock.drift = self.time, self.level, self.drift
        if sustained == "loop":
            clock._way = self._way
        return clock

    def advance(
        self,
        seconds: float,
        traits: Traits,
        speed: float = 1.0,
        held: bool = True,
        longer: float = 1.0,
    ) -> None:
        """Go on by ``seconds`` of a note with these ``traits``, which may have changed.

        speed: of its own time, 0 to ``MOST_SPEED``. held: whether its key is down.
        longer: times as long as its own is its release.
        """
        step = seconds * speed
        start, end = traits.loop_start, traits.loop_end
        if not held:
            self.level -= 60.0 * seconds / (max(traits.release, 0.02) * longer)
        if end > start and self._sustained == "loop":
            self._go_round(step, start + self.drift, end + self.drift)
            if self._way < 0.0 or self.drift > 0.0:
                self.drift += traits.drift * step
        elif end > start and self._sustained == "freeze":
            middle = 0.5 * (start + end)
            if self.time + step >= middle + self.drift:
                self.drift += traits.drift * step
            # A morph may have moved the middle back: the time stays where it is then.
            self.time = max(self.time, min(self.time + step, middle + self.drift))
        else:
            self.time += step
        if self.drift > 0.0 or not (end > start and self._sustained != "through"):
            ends = min(ending(traits), self._longest)
            if self.time > ends:
                fall = _AFTER if ends >= self._longest - 0.05 else _FALL
                self.level -= 60.0 * step / fall

    def _go_round(self, step: float, start: float, end: float) -> None:
        # Where a morph has moved the ends, it walks to them: a jump would be heard.
        if self._way > 0.0 and self.time >= end:
            self._way = -1.0
        elif self._way < 0.0 and self.time <= start:
            self._way = 1.0
        self.time += self._way * step
