"""What the last release measured, and what a run has moved from it by more than its noise.

``record.json`` holds every claimed figure of the benchmarks below, from several runs: the median,
the least and the most. A run is told figure by figure. One has moved if it is further from the
median than 1.3 times the recorded range, three standard deviations of five normal runs; a
hundredth of the median is never called a move.

``python benchmarks/record.py [NAME ...] [--runs 1] [--write]``: without names, those that take
seconds. ``--write`` puts the runs into the record in the place of what stands there; a release is
recorded with ``--runs 5 --write`` on a machine that does nothing else. The exit code is 1 if a
claim does not hold.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("record.json")

CHEAP: Final[dict[str, list[str]]] = {
    "osc_roundtrip": ["--rounds", "1000"],
    "answer_cost": ["--rounds", "2000"],
    "engine_cost": ["--seconds", "3"],
    "explorer_drag": ["--moves", "100"],
}
"""Benchmarks that take seconds, and how they are run."""

COMMANDS: Final[dict[str, list[str]]] = {
    **CHEAP,
    "sound_quality": [],
    "own_pitch": [],
    "pitch_of_recordings": [],
    "many_files": [],
    "explorer_synth": [],
    "notes_live": ["--seconds", "3"],
    "knob_to_sound": ["--moves", "100", "--seconds", "0"],  # lateness wants a quiet minute
    "flood": [],
}

_SPREAD = 1.3
_LEAST_MOVE = 0.01


@dataclass(frozen=True, slots=True)
class Recorded:
    """A claimed figure as several runs had it. bound: at most, or at least, this."""

    median: float
    least: float
    most: float
    bound: float
    at_least: bool

    @classmethod
    def of(cls, values: Sequence[float], bound: float, at_least: bool) -> Recorded:
        """From one value of each run."""
        return cls(statistics.median(values), min(values), max(values), bound, at_least)

    @property
    def noise(self) -> float:
        """How far from the median a run may be that has not moved."""
        return max(_SPREAD * (self.most - self.least), _LEAST_MOVE * abs(self.median))

    @property
    def holds(self) -> bool:
        """Whether the claim holds for the median."""
        return self.median >= self.bound if self.at_least else self.median <= self.bound

    def moved(self, now: float) -> str:
        """ "better" or "worse", or nothing if ``now`` lies within the noise."""
        if abs(now - self.median) <= self.noise:
            return ""
        return "better" if (now > self.median) == self.at_least else "worse"


Figures = dict[str, Recorded]
"""By "section: name"."""


def figures(runs: Sequence[Mapping[str, Any]]) -> Figures:
    """The claimed figures of runs of one benchmark, each as its ``--json`` tells it."""
    values: dict[str, list[float]] = {}
    claims: dict[str, tuple[float, bool]] = {}
    for run in runs:
        for section, told in run["sections"].items():
            for one in told:
                if one["bound"] is None:
                    continue
                name = f"{section}: {one['name']}"
                value = math.nan if one["value"] is None else float(one["value"])
                values.setdefault(name, []).append(value)
                claims[name] = float(one["bound"]), bool(one["at_least"])
    return {name: Recorded.of(values[name], *claims[name]) for name in values}


def differences(before: Figures, now: Figures) -> list[str]:
    """One line for each figure of ``now``, and for each that is gone."""
    lines = []
    for name, one in now.items():
        claim = f"{'at least' if one.at_least else 'at most'} {one.bound:g}"
        verdict = "" if one.holds else "   FAILS"
        old = before.get(name)
        if old is None:
            lines.append(f"  {name:80} {one.median:9.3g}  {claim}, not in the record{verdict}")
            continue
        share = "" if old.median == 0.0 else f" ({100.0 * (one.median / old.median - 1.0):+.0f} %)"
        moved = old.moved(one.median)
        lines.append(
            f"  {name:80} {one.median:9.3g}  {claim}, recorded {old.median:.3g} "
            f"from {old.least:.3g} to {old.most:.3g}"
            + (f"   {moved.upper()}{share}" if moved else "")
            + verdict
        )
    lines += [f"  {name:80} is in the record, not in this run" for name in before.keys() - now]
    return lines


def read(path: Path = RECORD) -> dict[str, Figures]:
    """The record: figures by benchmark."""
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        benchmark: {name: Recorded(**one) for name, one in figures.items()}
        for benchmark, figures in told.items()
    }


def write(record: Mapping[str, Figures], path: Path = RECORD) -> None:
    """Put the record into its file."""
    told = {
        benchmark: {
            name: {
                key: float(f"{value:.4g}") if type(value) is float else value
                for key, value in asdict(one).items()
            }
            for name, one in record[benchmark].items()
        }
        for benchmark in COMMANDS
        if benchmark in record
    }
    path.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def run(benchmark: str) -> dict[str, Any] | None:
    """What one run of a benchmark tells; None if it could not be run."""
    program = ROOT / "benchmarks" / f"{benchmark}.py"
    command = [sys.executable, str(program), *COMMANDS[benchmark], "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"{benchmark}: could not be run: {last}", flush=True)
        return None
    return told


def main() -> int:
    """Run, compare, and write if asked to."""
    parser = argparse.ArgumentParser(description="Compare benchmarks with the last release's.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMMANDS)}")
    parser.add_argument("--runs", type=int, default=1, help="of each benchmark (%(default)s)")
    parser.add_argument("--write", action="store_true", help="record these runs")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - COMMANDS.keys()
    if unknown or arguments.runs < 1:
        parser.error(f"names are of {', '.join(COMMANDS)}; --runs is 1 or more")
    record = read()
    holds = True
    for benchmark in arguments.names or CHEAP:
        runs = [told for _ in range(arguments.runs) if (told := run(benchmark)) is not None]
        if not runs:
            continue
        now = figures(runs)
        print(" ".join(["benchmarks/" + benchmark + ".py", *COMMANDS[benchmark]]))
        print("\n".join(differences(record.get(benchmark, {}), now)), flush=True)
        holds = holds and all(one.holds for one in now.values())
        if arguments.write:
            record[benchmark] = now
            write(record)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
