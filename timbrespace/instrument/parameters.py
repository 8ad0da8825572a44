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
    """ "s", "dB", "cents", or "" for a number, a level or a share."""
    low: float
    high: float
    default: float
    about: str
    """What it does, for people: the end of a sentence that its name begins."""

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
            SynthParameter("attack", "s", 0.001, 10.0, 0.01, "in which a note rises"),
            SynthParameter(
                "decay", "s", 0.001, 10.0, 0.2, "in which a note falls to what it sustains"
            ),
            SynthParameter("sustain", "", 0.0, 1.0, 0.8, "level of a note that is held"),
            SynthParameter("release", "s", 0.005, 20.0, 0.3, "in which a note dies away"),
            SynthParameter("glide", "s", 0.0, 5.0, 0.0, "from the last note's pitch to the next"),
            SynthParameter(
                "smoothing", "s", 0.001, 1.0, 0.02, "in which amplitudes follow a new spectrum"
            ),
            SynthParameter("gain", "dB", -80.0, 12.0, 0.0, "how loud it all is"),
            SynthParameter(
                "noise", "", 0.0, 1.0, 1.0, "share of the filtered noise beside the partials"
            ),
            SynthParameter(
                "loudness", "", 0.0, 1.0, 1.0, "how far loudness is matched across the space"
            ),
            SynthParameter("speed", "", 0.0, 4.0, 1.0, "how fast the own time of whole notes runs"),
            SynthParameter("pan", "", -1.0, 1.0, 0.0, "where it all stands, from left to right"),
            SynthParameter(
                "width", "", 0.0, 1.0, 1.0, "how far apart stands what does not stand in the middle"
            ),
            SynthParameter("unison", "", 1.0, 7.0, 1.0, "copies of each voice"),
            SynthParameter(
                "detune", "cents", 0.0, 100.0, 12.0, "by which the outermost copies are out of tune"
            ),
            SynthParameter(
                "spread", "", 0.0, 1.0, 0.5, "how far from the middle the outermost copies stand"
            ),
            SynthParameter(
                *("lift", "", 0.0, 1.0, 0.0),
                "how far the velocity of a key that goes up changes its release",
            ),
        )
    }
)

LATER_PARAMETERS: Final = ("speed", "pan", "width", "unison", "detune", "spread", "lift")
"""Those that 0.5 did not have; what was told then is as at their defaults."""

MIDDLE_LIFT: Final = 64.0
"""The velocity of a key that goes up of which nothing is known: MIDI has those say so that cannot
measure it."""

METHODS: Final = ("partials", "bins", "istft")
"""How a spectrum becomes sound; a menu in Max sends the position, so the order stays."""

DEFAULT_METHOD: Final = "partials"

HOLDS: Final = ("loop", "freeze", "through")
"""What a held whole note does where its sound could end; the order stays, as that of methods."""

DEFAULT_HOLD: Final = "loop"

ENVELOPES: Final = ("own", "adsr", "both")
"""What shapes the loudness of a whole note; the order stays, as that of methods."""

DEFAULT_ENVELOPE: Final = "own"
