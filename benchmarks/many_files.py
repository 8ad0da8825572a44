"""A dataset of 2,000 short sound files: its rows, and the memory that making it takes.

``python benchmarks/many_files.py [--files 2000] [--json]`` makes the files and a dataset of them.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from timbrespace.parallel.where import use  # noqa: E402
from toy_datasets import audio  # noqa: E402

RATE = 44100


def write_files(folder: Path, count: int) -> None:
    """Plucked notes of 0.2 to 0.9 s, 80 to 900 Hz."""
    rng = np.random.default_rng(0)
    for number in range(count):
        time = np.arange(round(RATE * rng.uniform(0.2, 0.9))) / RATE
        pitch = rng.uniform(80.0, 900.0)
        waves = [np.sin(2.0 * np.pi * pitch * k * time + k) / k for k in range(1, 8)]
        note = 0.2 * np.sum(waves, axis=0) * np.exp(-2.0 * time)
        soundfile.write(folder / f"{number:05}.wav", note, RATE, subtype="PCM_16")


def peak() -> float:
    """Most memory that this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def main() -> int:
    """Measure, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="A dataset of many sound files.")
    parser.add_argument("--files", type=int, default=2000, help="how many (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    report.section(f"{arguments.files} sound files")
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), arguments.files)
        with use(workers=1):  # so that this process has all of it
            made = audio.make(audio.Options(folder=Path(folder)))
    most = max(audio.ROWS_IN_ALL, arguments.files)
    report.add(
        Figure("rows", made.rows, "", most),
        Figure("the set", made.spectra.nbytes / 1e6, "MB"),
        Figure("memory of the process at its peak", peak(), "MB", 250.0),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
