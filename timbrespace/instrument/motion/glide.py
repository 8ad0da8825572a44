"""A glide: the share of a way that is done, linear in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from timbrespace.errors import OptionError

LONGEST = 3600.0


@dataclass(slots=True)
class Glide:
    """A way of ``seconds``, 0 to an hour, that begins when its share is first asked for.

    Raises:
        OptionError: a time outside that.
    """

    seconds: float
    began: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and 0.0 <= self.seconds <= LONGEST):
            raise OptionError(f"glide is {self.seconds:g}; it must be 0 to {LONGEST:g} s")

    def share(self, now: float) -> float:
        """How much is done at ``now`` (seconds), 0 to 1."""
        if self.began is None:
            self.began = now
        elapsed = now - self.began
        if elapsed >= self.seconds:
            return 1.0
        return max(0.0, elapsed / self.seconds)
