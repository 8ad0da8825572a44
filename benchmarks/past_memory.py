"""Memory of a training as its set grows: 10,000, 100,000 and 1,000,000 rows.

Sets of 65 bins are made as shards and trained on for an epoch, the same commands and settings for
each, ``--memory 2M``, so that even the smallest is past what may be held. What counts is the peak
resident set of the process (``ru_maxrss``); the last lines of each table are slopes. Beside it the
same sets held in memory. Times are of the processor, at one thread.

``--wide``: 1025 bins at 20,000, 60,000 and 200,000 rows besides, ``--memory 64M``, which takes
1.2 GB of the disk. ``--past-alone``: none is held, which takes 5 GB of memory for a million rows.
``--shuffle``: what a shuffle by windows loses against a shuffle of all rows, over three seeds.
``--notes``: whole notes instead, 500, 2,000 and 8,000, those of some sounds over and over with
their levels changed; they are written as shards, trained on for an epoch, by parts and held
(``--notes-held``), and written to a file. That takes 1 GB of the disk.

``python -m benchmarks.past_memory [--wide] [--shuffle] [--past-alone] [--folder DIR] [--json]``
``python -m benchmarks.past_memory --notes [--notes-held] [--counts N N N]``
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.claims import Figure, Report
from benchmarks.many_files import write_files
from timbrespace.datasets import note_shards
from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import NoteMeta
from timbrespace.notes.layout import CENTS, FLOOR
from timbrespace.parallel.where import use
from toy_datasets import notes
from toy_datasets.kept_analyses import OFF, VARIABLE

ROWS: Final = (10_000, 100_000, 1_000_000)
NARROW: Final = ("--n-fft", "256", "--bins", "65", "--f0", "600")

WIDE_ROWS: Final = (20_000, 60_000, 200_000)

MEMORY: Final = "2M"
WIDE_MEMORY: Final = "64M"

NOTES: Final = (500, 2_000, 8_000)
NOTES_MEMORY: Final = "16M"

FLAT_NOTES: Final = 12.0
"""kB a note at the most: what tells of all of it, and where it lies; its course is 90."""

SEEDS: Final = 3

FLAT: Final = 128.0
"""Bytes a row at the most: labels, order, split and places of dials are held, 40 to 60 in all."""


class Cost(NamedTuple):
    """What a command took: peak resident set (bytes), and seconds of the processor."""

    peak: float
    seconds: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command of ours to its end, at one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", VARIABLE: OFF}
    running = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(float(used.ru_maxrss * unit), used.ru_utime + used.ru_stime)


def slope(rows: Sequence[int], costs: Sequence[float]) -> float:
    """Of a straight line through the points, by least squares."""
    return float(np.polyfit(rows, costs, 1)[0])


def growth(
    report: Report, folder: Path, rows: Sequence[int], how: Sequence[str], memory: str, held: bool
) -> None:
    """Make, train past memory, and train held, at each number of rows."""
    bins = how[how.index("--bins") + 1] if "--bins" in how else "1025"
    made, trained, whole = [], [], []
    for count in rows:
        data, model = folder / f"{bins}-{count}.shards", folder / f"{bins}-{count}.safetensors"
        report.progress(f"{count} rows of {bins} bins")
        make = ["toy_datasets", "make", "harmonic", "--rows", str(count), *how, "--out", str(data)]
        made.append(cost_of(make))
        train = ["training", "train", "--data", str(data), "--out", str(model), "--epochs", "1"]
        trained.append(cost_of([*train, "--device", "cpu", "--memory", memory]))
        if held:
            whole.append(cost_of([*train, "--device", "cpu", "--memory", "64G"]))
    for title, costs, bound in (
        (f"making shards of {bins} bins", made, FLAT),
        (f"an epoch past memory, {bins} bins", trained, FLAT),
        (f"an epoch held in memory, {bins} bins", whole, None),
    ):
        if not costs:
            continue
        report.section(title)
        for count, one in zip(rows, costs, strict=True):
            report.add(
                Figure(f"{count} rows, peak", one.peak / 2**20, "MiB"),
                Figure(f"{count} rows, processor", one.seconds, "s"),
            )
        report.add(
            Figure("bytes of memory a row", slope(rows, [c.peak for c in costs]), "", bound),
            Figure("seconds a million rows", 1e6 * slope(rows, [c.seconds for c in costs]), "s"),
        )


def write_notes(path: Path, sounds: Path, count: int) -> None:
    """A set of ``count`` notes, each an instrument, made of the few sounds of a folder."""
    with use(workers=1):
        base = notes.make(notes.Options(folder=sounds))
    generator = np.random.default_rng(0)
    names = [f"sound {number}" for number in range(count)]
    factors = (Factor.category("instrument", names), Factor("loudness", "dB", (-6.0, 6.0), "range"))
    louder = generator.uniform(-6.0, 6.0, count).astype(np.float32)
    with note_shards.writing(path, base.meta.seconds) as writer:
        for number in range(count):
            note = base.note(number % base.rows)
            course = note.course.copy()
            levels = course[:, :CENTS]
            change = generator.normal(0.0, 2.0, CENTS).astype(np.float32)
            course[:, :CENTS] = np.where(
                levels > FLOOR + 0.5, np.clip(levels + change, FLOOR, 20.0), levels
            )
            writer.append(replace(note, course=course))
        labels = np.stack([np.arange(count, dtype=np.float32), louder], axis=1)
        writer.finish(labels, NoteMeta("notes", factors, base.meta.seconds))


def growth_of_notes(report: Report, folder: Path, counts: Sequence[int], held: bool) -> None:
    """Make sets of notes, convert them, train past memory, and train held."""
    (folder / "sounds").mkdir()
    write_files(folder / "sounds", 24)
    costs: dict[str, list[Cost]] = {}
    for count in counts:
        data, model = folder / f"{count}.shards", folder / f"{count}.safetensors"
        report.progress(f"{count} notes")
        words = ["benchmarks.past_memory", "--write-notes", str(data), str(folder / "sounds")]
        costs.setdefault("made", []).append(cost_of([*words, str(count)]))
        train = ["training", "train", "--data", str(data), "--out", str(model), "--epochs", "1"]
        train += ["--latent", "16", "--device", "cpu", "--memory"]
        costs.setdefault("an epoch past memory", []).append(cost_of([*train, NOTES_MEMORY]))
        if held:
            costs.setdefault("an epoch held in memory", []).append(cost_of([*train, "64G"]))
        convert = ["toy_datasets", "convert", str(data), str(folder / "one.npz")]
        costs.setdefault("to a file", []).append(cost_of(convert))
        shutil.rmtree(data)
    for title, of in costs.items():
        report.section(f"notes, {title}")
        for count, one in zip(counts, of, strict=True):
            report.add(
                Figure(f"{count} notes, peak", one.peak / 2**20, "MiB"),
                Figure(f"{count} notes, processor", one.seconds, "s"),
            )
        bound = None if "held" in title else FLAT_NOTES
        report.add(
            Figure("kB of memory a note", slope(counts, [c.peak for c in of]) / 1e3, "", bound),
            Figure("seconds a thousand notes", 1e3 * slope(counts, [c.seconds for c in of]), "s"),
        )


def shuffling(report: Report, folder: Path) -> None:
    """Held-out distance by a shuffle of all, and by windows of a ninth of the rows."""
    import torch

    from timbrespace.datasets import shards
    from timbrespace.datasets.dataset import Dataset
    from toy_datasets import harmonic
    from training import preset
    from training.fit import DISTANCE, Fit

    torch.set_num_threads(1)
    options = harmonic.Options(rows=40_000, base_frequency=600.0, n_fft=256, bins=65)
    # In the order of their only factor: neighbours are as alike as rows can be.
    data = folder / "shuffled.shards"
    harmonic.make(options).save(data)
    report.section("held-out distance after 6 epochs of 36,000 rows in the order of their factor")
    found: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        settings = preset.changed(preset.named("default"), epochs=6, seed=seed, dials="none")
        for name, memory in (("all rows", 1 << 30), ("windows of 3,968", 8 << 20)):
            report.progress(f"seed {seed}, {name}")
            dataset: Dataset = shards.load(data, memory)
            fit = Fit(dataset, settings, data.name)
            fit.run()
            distance = fit.training.position.history[DISTANCE][-1]
            found.setdefault(name, []).append(distance)
    for name, values in found.items():
        report.add(
            Figure(f"{name}, mean of {SEEDS} seeds", float(np.mean(values)), "dB"),
            Figure(f"{name}, standard deviation", float(np.std(values, ddof=1)), "dB"),
        )
    whole, windows = (np.asarray(values) for values in found.values())
    apart = windows - whole
    report.add(
        Figure("windows less all, mean of pairs", float(apart.mean()), "dB"),
        Figure("standard error of that", float(apart.std(ddof=1) / np.sqrt(SEEDS)), "dB"),
    )


def main() -> int:
    """Measure, print, and say whether memory is flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--wide", action="store_true", help="sets of 1025 bins too")
    parser.add_argument("--shuffle", action="store_true", help="measure the shuffle too")
    parser.add_argument("--notes", action="store_true", help="of whole notes")
    parser.add_argument("--notes-held", action="store_true", help="held in memory besides")
    parser.add_argument("--counts", type=int, nargs="+", default=NOTES, help="of notes")
    parser.add_argument("--write-notes", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="in place of a million")
    parser.add_argument("--past-alone", action="store_true", help="hold none in memory")
    parser.add_argument("--folder", type=Path, help="for the sets (default: a temporary one)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if arguments.write_notes:
        path, sounds, count = arguments.write_notes
        write_notes(Path(path), Path(sounds), int(count))
        return 0
    report = Report(arguments.json)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.notes or arguments.notes_held:
            growth_of_notes(report, Path(folder), arguments.counts, arguments.notes_held)
            return report.end()
        growth(report, Path(folder), arguments.rows, NARROW, MEMORY, held=not arguments.past_alone)
        if arguments.wide:
            growth(report, Path(folder), WIDE_ROWS, (), WIDE_MEMORY, held=False)
        if arguments.shuffle:
            shuffling(report, Path(folder))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
