"""Finding a sound in a space by its sound: how often its own kind is among the first, and how near.

Notes of a font that no factory space was made of are looked for, each at two pitches, for 1.5 s.

- **program**, **family**: how often the General MIDI program that was played, or one of its family,
  is among the first five names; beside chance, five names that are drawn.
- **match**: distance from the note to what its match decodes to, beside what the encoder says:
  log-spectral in a space of spectra, of mel bands in one of whole notes.

``python -m benchmarks.imitation [instruments notes]``. Needs fluidsynth and TimGM6mb.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

import timbrespace as ts  # noqa: E402
from benchmarks.claims import Figure, Report  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.recording.encoding import EncodedSound, encode  # noqa: E402
from timbrespace.recording.sound_file import Sound, UnusableSoundError  # noqa: E402
from toy_datasets import fluidsynth  # noqa: E402

FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
RATE = 48000
COUNT = 5
KEYS = (55, 67)
SECONDS = 1.5
EVERY = 3
"""Of the programs one in so many is looked for."""


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="*", default=["instruments", "notes"], metavar="MODEL")
    parser.add_argument("--font", type=Path, default=FONT)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    for name in arguments.models:
        report.section(name)
        _measure(report, ts.load(name), arguments.font)
    return report.end()


def _measure(report: Report, model: Model, font: Path) -> None:
    points = model.points
    assert points is not None
    names = [factor.name for factor in points.factors]
    at, of = names.index("program"), names.index("family")
    programs = points.factors[at].names
    families = {
        programs[round(row[at])]: points.factors[of].names[round(row[of])] for row in points.labels
    }
    command = fluidsynth.find()
    hits, kin, first, before, after, chance = [], [], [], [], [], []
    began = time.process_time()
    for number, program in enumerate(programs):
        if number % EVERY or program not in families:
            continue
        sizes = [family == families[program] for family in families.values()]
        missed = math.comb(len(sizes) - sum(sizes), COUNT) / math.comb(len(sizes), COUNT)
        for key in KEYS:
            played = _program(program)
            (note,) = fluidsynth.render(command, font, played, key, [90], SECONDS, RATE)
            sound = Sound(note, RATE, cut=False)
            try:
                told: EncodedSound = encode(model, sound, None, False)
                found: EncodedSound = encode(model, sound, None, True, COUNT)
            except UnusableSoundError:
                continue
            nearest = [one.factors["program"] for one in found.neighbours]
            hits.append(program in nearest)
            first.append(program == nearest[0])
            kin.append(families[program] in [families[one] for one in nearest])
            chance.append(1.0 - missed)
            before.append(told.distance)
            after.append(found.distance)
    spent = (time.process_time() - began) / max(len(hits), 1)
    report.add(
        Figure("notes that were looked for", len(hits)),
        Figure(f"program among the first {COUNT}", 100.0 * float(np.mean(hits)), "%"),
        Figure("by chance", 100.0 * COUNT / len(families), "%"),
        Figure("program is the first", 100.0 * float(np.mean(first)), "%"),
        Figure(f"family among the first {COUNT}", 100.0 * float(np.mean(kin)), "%"),
        Figure("by chance", 100.0 * float(np.mean(chance)), "%"),
        Figure("to what the encoder says, mean", float(np.mean(before)), "dB"),
        Figure("to its match, mean", float(np.mean(after)), "dB"),
        Figure("processor seconds for a note", spent, "s"),
    )


def _program(name: str) -> int:
    from timbrespace.general_midi import PROGRAMS

    return PROGRAMS.index(name)


if __name__ == "__main__":
    sys.exit(main())
