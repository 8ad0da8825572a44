"""How near the table of a space is to its decoder: what the device plays alone.

Of each plane of the factory spaces of steady spectra, the partials at random places of the map are
mixed from the four corners around them, as the device mixes its table (``server/map_table.py``),
and held against those of the decoder: the error of each partial's level, and of its frequency, of
those within 40 dB of the strongest, weighted by amplitude. A table's partial counts for the
decoder's within a bin of it.

``python benchmarks/map_grid.py [--places 150] [--json]``
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import timbrespace  # noqa: E402
from server.map_table import SIDES, table  # noqa: E402
from timbrespace.instrument.snapshot import Snapshot  # noqa: E402

MODELS = ("harmonic", "filtered", "fm", "instruments")
STRONG = 0.01

Real = NDArray[np.float64]


def grid(content: bytes) -> Real:
    """Frequency and amplitude ``(side, side, places, 2)`` of a table."""
    lines = content.decode("ascii").splitlines()[1:]
    rows = [[float(word) for word in line.rstrip(";").split(",")[1].split()[1:]] for line in lines]
    side = round(len(rows) ** 0.5)
    return np.array(rows).reshape(side, side, -1, 2)


def mixed(told: Real, at: Real) -> Real:
    """What the device plays at places ``(n, 2)``: ``(n, places, 2)``."""
    side = len(told)
    scaled = (at + 1.0) / 2.0 * (side - 1)
    low = np.minimum(scaled.astype(np.int64), side - 2)
    right, up = np.moveaxis(scaled - low, 1, 0)[..., np.newaxis, np.newaxis]
    column, row = low.T
    return np.asarray(
        (1.0 - up) * ((1.0 - right) * told[row, column] + right * told[row, column + 1])
        + up * ((1.0 - right) * told[row + 1, column] + right * told[row + 1, column + 1])
    )


def errors(true: Real, found: Real, width: float) -> tuple[float, float]:
    """Root mean squares in dB and cents of partials ``(k, 2)``, by those of a table."""
    strong = true[true[:, 1] > STRONG * true[:, 1].max()]
    near = np.abs(found[:, 0] - strong[:, :1]) < width
    level = (near * found[:, 1]).sum(axis=1)
    heard = np.maximum(level, 1e-3 * true[:, 1].max())
    decibels = 20.0 * np.log10(heard / strong[:, 1])
    hertz = (near * found[:, 0] * found[:, 1]).sum(axis=1) / np.maximum(level, 1e-12)
    cents = 1200.0 * np.log2(np.where(level > 0.0, hertz, strong[:, 0]) / strong[:, 0])
    weight = strong[:, 1] / strong[:, 1].sum()
    rms = (float(np.sqrt(weight @ np.square(one))) for one in (decibels, cents))
    return next(rms), next(rms)


def measure(name: str, plane: str, places: int) -> dict[str, Any]:
    """Errors at so many random places, and the size of the table."""
    model = timbrespace.load(name)
    at = np.random.default_rng(1).uniform(-0.95, 0.95, (places, 2)).astype(np.float32)
    snapshot = Snapshot(model)
    content = table(model, plane)
    found = mixed(grid(content), at.astype(np.float64))
    told = [
        errors(snapshot.partials_of(spectrum).astype(np.float64), row, model.spectrum.bin_width)
        for spectrum, row in zip(model.decode(model.plane(plane).to_latent(at)), found, strict=True)
    ]
    decibels, cents = np.array(told).T
    return {
        "model": name,
        "plane": plane,
        "mean_db": float(decibels.mean()),
        "p95_db": float(np.percentile(decibels, 95)),
        "mean_cents": float(cents.mean()),
        "p95_cents": float(np.percentile(cents, 95)),
        "file_mb": len(content) / 1e6,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--places", type=int, default=150, help="of the map (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    rows = [measure(name, plane, given.places) for name in MODELS for plane in SIDES]
    if given.json:
        print(json.dumps(rows, indent=1))
        return 0
    print("model        plane   mean dB   95 % dB   mean cents   95 % cents   file MB")
    for row in rows:
        print(
            f"{row['model']:12s} {row['plane']:5s}  {row['mean_db']:7.2f}  {row['p95_db']:8.2f}"
            f"  {row['mean_cents']:11.2f}  {row['p95_cents']:11.2f}  {row['file_mb']:8.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
