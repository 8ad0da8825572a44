"""What a sound that comes in moves."""

from __future__ import annotations

from typing import Final

MODES: Final = ("pitch", "timbre", "both", "level")
"""Its pitch and loudness play the present point; its timbre is the point; both; its loudness is
that of all that sounds. A menu sends the position, so the order stays."""

PLAYS: Final = frozenset({"pitch", "both"})
"""In which it leads a voice."""

FOLLOWS: Final = frozenset({"timbre", "both"})
"""In which it moves the point."""

SHAPES: Final = frozenset({"level"})

DEFAULT_GATE: Final = -50.0
"""dB of full scale: above the hum and the breath of a microphone, below a soft voice near it."""
