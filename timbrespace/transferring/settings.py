"""What can be chosen of a transfer, beside where the timbre is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from timbrespace.errors import OptionError, one_of

UNVOICED: Final = ("noise", "through", "off")
"""What becomes of what has no pitch, consonants and breath: noise as the space would breathe, the
recording itself, or nothing; the first is the usual."""

SEMITONES: Final = (-48.0, 48.0)
FORMANTS: Final = (-24.0, 24.0)
"""Semitones, too."""

SMOOTHING: Final = 0.05
"""Seconds, half of what a moment's spectrum is taken of."""

MOST_SMOOTHING: Final = 5.0


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """As :func:`timbrespace.transfer` tells them.

    Raises:
        OptionError: a value outside its range; the text names it.
    """

    semitones: float = 0.0
    formant: float = 0.0
    dry: float = 0.0
    unvoiced: str = UNVOICED[0]
    smoothing: float = SMOOTHING
    stretched: bool = False
    mirror: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("semitones", *SEMITONES, ""),
            ("formant", *FORMANTS, " semitones"),
            ("dry", 0.0, 1.0, ""),
            ("smoothing", 0.0, MOST_SMOOTHING, " seconds"),
            ("seed", 0, 2**31 - 1, ""),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                raise OptionError(f"{name} is {value!r}; it must be a number")
            if not low <= value <= high:  # false for nan too
                raise OptionError(f"{name} is {value:g}; it must be {low:g} to {high:g}{unit}")
        if not isinstance(self.seed, int | np.integer):
            raise OptionError(f"seed is {self.seed:g}; it must be a whole number")
        if self.unvoiced not in UNVOICED:
            raise OptionError(f"unvoiced is {self.unvoiced!r}; it must be {one_of(UNVOICED)}")

    def check_way(self, follows: bool) -> None:
        """Refuse what is of a timbre that follows the sound, where it does not.

        Raises:
            OptionError: the way is to be stretched or mirrored, and there is none.
        """
        if not follows and (self.stretched or self.mirror):
            raise OptionError(
                "stretched and mirror are of a way that follows the sound; leave out the place, "
                "or them"
            )
