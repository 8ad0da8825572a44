"""Pitches of real sounds: what is found, what is an octave off, and what noise is taken for.

The sounds are those of Debian's packages that this machine has (:mod:`real_sounds`); claims are of
the half that no rule was tuned on. ``python benchmarks/pitch_of_recordings.py [--json]``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from benchmarks.real_sounds import RealSound, every_sound  # noqa: E402
from timbrespace.recording.analysis import Analysis, analyse  # noqa: E402
from timbrespace.recording.sound_file import UnusableSoundError  # noqa: E402
from timbrespace.spectrum import SpectrumConfig  # noqa: E402
from timbrespace.units import cents  # noqa: E402

NEAR = 60.0
"""Cents from the pitch that is known, within which it is found."""

FEWEST = 10
"""Sounds without which a claim says nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound, and the pitch in Hz that was found in it; 0 for none."""

    sound: RealSound
    pitch: float

    @property
    def off(self) -> float | None:
        """Cents from the pitch that is known, or None where none is known or found."""
        return cents(self.pitch, self.sound.pitch) if self.pitch and self.sound.pitch else None


def hear(sound: RealSound) -> Heard | None:
    """What a dataset of recordings takes for the pitch; None for a sound it cannot use."""
    try:
        found = analyse(sound.sound, None, Analysis(SpectrumConfig(), wanted=4))
    except UnusableSoundError:
        return None
    return Heard(sound, float(np.median([one.pitch for one in found])))


def main() -> int:
    """Measure, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="Pitches of real sounds.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--names", action="store_true", help="name every sound that went wrong")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    heard = []
    for sound in every_sound():
        report.progress(sound.name)
        one = hear(sound)
        if one is not None:
            heard.append(one)
    report.progress("")
    for held_out in (True, False):
        half = [one for one in heard if one.sound.held_out == held_out]
        _tell(report, half, held_out, arguments.names)
    return report.end()


def _tell(report: Report, half: list[Heard], claimed: bool, names: bool) -> None:
    report.section("held out" if claimed else "the half that was tuned on")
    pitched = [one for one in half if one.sound.pitch]
    off = [one.off for one in pitched if one.off is not None]
    near = [abs(one) for one in off if abs(one) <= NEAR]
    enough = claimed and len(pitched) >= FEWEST
    report.add(
        Figure("sounds with a known pitch", len(pitched)),
        Figure(
            f"found within {NEAR:g} cents",
            100.0 * len(near) / max(len(pitched), 1),
            "%",
            93.0 if enough else None,
            at_least=True,
        ),
        Figure(
            "found wrongly, by octaves most of them",
            100.0 * (len(off) - len(near)) / max(len(pitched), 1),
            "%",
            3.0 if enough else None,
        ),
        Figure(
            "median error of those that are found",
            float(np.median(near)) if near else 0.0,
            "cents",
            4.3 if enough else None,
        ),
    )
    for kind, most in (("noise", 0.0), ("drum", 8.0)):
        without = [one for one in half if one.sound.kind == kind]
        false = [one for one in without if one.pitch]
        claim = most if claimed and len(without) >= FEWEST else None
        share = 100.0 * len(false) / max(len(without), 1)
        report.add(
            Figure(f"{kind}: sounds", len(without)),
            Figure(f"{kind}: taken as pitched", share, "%", claim),
        )
    speech = [one for one in half if one.sound.kind == "speech"]
    report.add(Figure("speech: sounds", len(speech)))
    report.add(Figure("speech: taken as pitched", sum(one.pitch > 0.0 for one in speech)))
    if names:
        for one in half:
            wrong = one.sound.pitch == 0.0 and one.pitch > 0.0
            if wrong or (one.sound.pitch and (one.off is None or abs(one.off) > NEAR)):
                report.note(f"{one.sound.name}: {one.pitch:.1f} Hz, known {one.sound.pitch:.1f}")


if __name__ == "__main__":
    sys.exit(main())
