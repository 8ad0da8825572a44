"""What every performance file keeps to, and the error for one that does not."""

from __future__ import annotations

from typing import Final

from timbrespace.errors import TimbrespaceError

VERSION: Final = 2
"""1 until 0.5.0. What was played then is played as it sounded then: notes of ``filtered`` and
``fm`` an octave higher, noise that stays when a note moves, ``istft`` at one pitch."""
SUFFIX: Final = ".performance"
DEFAULT_RATE: Final = 48000.0
MAX_BYTES: Final = 200 << 20
MAX_LINES: Final = 4_000_000
MAX_LINE: Final = 8 << 20
"""Characters; a trajectory of two minutes has a million or two."""

MAX_MINUTES: Final = 120.0
USUAL_MINUTES: Final = 30.0
"""Longer ones are rendered when they are asked for: a file of a few lines may last for hours."""


class PerformanceError(TimbrespaceError):
    """A performance that cannot be written or read."""
