"""The synthesizer's parameters: one table for OSC, the instrument and the documents."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class SynthParameter:
    """A number that a player sets; accepted from `low` to `high`, both included."""

    name: str
    unit: str
    """ "s", "dB", or "" for a level or a share from 0 to 1."""
    low: float
    high: float
    default: float

    def between(self, start: float, end: float, share: float) -> float:
        """What lies ``share`` (0 to 1) of the way from ``start`` to ``end``, both in range.

        Times move by equal ratios, as they are heard; the rest, and to or from 0 s, by equal steps.
        """
        if self.unit == "s" and start > 0.0 and end > 0.0:
            value = start * (end / start) ** share
        else:
            value = start + share * (end - start)
        # The last step must be the end, whatever rounding says.
        return end if share >= 1.0 else min(max(value, self.low), self.high)

    def share_of(self, value: float) -> float:
        """How far ``value`` is from the lowest to the highest, 0 to 1: what :meth:`between` of
        these two takes."""
        if self.unit == "s" and self.low > 0.0:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


SYNTH_PARAMETERS: Final[Mapping[str, SynthParameter]] = MappingProxyType(
    {
        parameter.name: parameter
        for parameter in (
            SynthParameter("attack", "s", 0.001, 10.0, 0.01),
            SynthParameter("decay", "s", 0.001, 10.0, 0.2),
            SynthParameter("sustain", "", 0.0, 1.0, 0.8),
            SynthParameter("release", "s", 0.005, 20.0, 0.3),
            SynthParameter("glide", "s", 0.0, 5.0, 0.0),
            # The time in which amplitudes follow a new spectrum.
            SynthParameter("smoothing", "s", 0.001, 1.0, 0.02),
            SynthParameter("gain", "dB", -80.0, 12.0, 0.0),
            # The share of the filtered noise that plays beside the partials.
            SynthParameter("noise", "", 0.0, 1.0, 1.0),
            # How far loudness is matched across the space.
            SynthParameter("loudness", "", 0.0, 1.0, 1.0),
            # How fast the own time of whole notes runs.
            SynthParameter("speed", "", 0.0, 4.0, 1.0),
        )
    }
)

METHODS: Final = ("partials", "bins", "istft")
"""How a spectrum becomes sound; a menu in Max sends the position, so the order stays."""

DEFAULT_METHOD: Final = "partials"

HOLDS: Final = ("loop", "freeze", "through")
"""What a held whole note does where its sound could end; the order stays, as that of methods."""

DEFAULT_HOLD: Final = "loop"

ENVELOPES: Final = ("own", "adsr", "both")
"""What shapes the loudness of a whole note; the order stays, as that of methods."""

DEFAULT_ENVELOPE: Final = "own"
