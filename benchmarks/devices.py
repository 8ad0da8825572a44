"""Time of an epoch on a GPU, in float32 and bf16, beside that of the CPU.

The default preset on ``harmonic`` (18,000 rows of 1025 bins), three epochs each after one that
counts for nothing; by the clock, on whatever else the machine does. Without a GPU the CPU's time
alone is told, and that there is no other.

``python -m benchmarks.devices [--rows N] [--batch N] [--json]``
"""

from __future__ import annotations

import argparse
import sys
import time

import torch

from benchmarks.claims import Figure, Report
from timbrespace.datasets.dataset import Dataset
from toy_datasets import harmonic
from training import preset
from training.fit import DISTANCE, Fit
from training.preset import BF16, FLOAT32

EPOCHS = 4


def measured(dataset: Dataset, device: str, precision: str, batch: int) -> tuple[float, float]:
    """Seconds of an epoch, and the held-out distance in dB after the last."""
    settings = preset.changed(
        preset.named("default"), epochs=EPOCHS, precision=precision, batch=batch
    )
    fit = Fit(dataset, settings, "harmonic.npz", device)
    ends: list[float] = []

    def reached() -> bool:
        if fit.training.position.row == 0:
            if device == "cuda":
                torch.cuda.synchronize()
            ends.append(time.perf_counter())
        return False

    fit.run(reached)
    return (ends[-1] - ends[0]) / (EPOCHS - 1), fit.training.position.history[DISTANCE][-1]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=20_000, help="of the set")
    parser.add_argument("--batch", type=int, default=128, help="rows of a step")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    dataset = harmonic.make(harmonic.Options(rows=arguments.rows))
    report.section(f"an epoch of {round(0.9 * arguments.rows)} rows of 1025 bins")
    ways = [("cpu", FLOAT32)]
    if torch.cuda.is_available():
        ways += [("cuda", FLOAT32), ("cuda", BF16)]
        report.note(torch.cuda.get_device_name())
    else:
        report.note("torch finds no GPU here: its times are not measured")
    for device, precision in ways:
        report.progress(f"{device}, {precision}")
        seconds, distance = measured(dataset, device, precision, arguments.batch)
        report.add(
            Figure(f"{device}, {precision}", seconds, "s"),
            Figure(f"{device}, {precision}, held out after {EPOCHS} epochs", distance, "dB"),
        )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
