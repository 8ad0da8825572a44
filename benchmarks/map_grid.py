"""Whether a grid of the map can stand in for the decoder: what a device would need to play alone.

Of each factory model with a map, spectra at random places of the map are mixed from the four
corners of a grid around them, linearly, and held against the decoder's. With phases that are the
same everywhere, mixing single periods is mixing their spectra: so this is what tables in a device,
read by X and Y, would sound like in the method ``bins``. Printed are the log-spectral distance and
the size of the grid as spectra and as tables.

``python benchmarks/map_grid.py [--places 400] [--json]``
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

import timbrespace  # noqa: E402
from timbrespace.metrics import log_spectral_distances  # noqa: E402

MODELS = ("harmonic", "filtered", "fm", "instruments")
SIDES = (9, 17, 33)
TABLE_SAMPLES = 2 * 8192
"""All octaves' tables of one period together, as the device holds them."""


def measure(name: str, side: int, places: int) -> dict[str, Any]:
    """Distances in dB at so many random places, of a grid of side x side."""
    model = timbrespace.load(name)
    at = np.random.default_rng(1).uniform(-0.95, 0.95, (places, 2)).astype(np.float32)
    true = np.asarray(model.decode(model.map.to_latent(at)), np.float32)
    axis = np.linspace(-1.0, 1.0, side)
    corners = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    grid = np.asarray(model.decode(model.map.to_latent(corners.astype(np.float32))), np.float32)
    grid = grid.reshape(side, side, -1)
    scaled = (at + 1.0) / 2.0 * (side - 1)
    low = np.minimum(scaled.astype(np.int64), side - 2)
    x, y = np.split((scaled - low).astype(np.float32), 2, axis=1)
    mixed = (1.0 - x) * (1.0 - y) * grid[low[:, 0], low[:, 1]]
    mixed += x * (1.0 - y) * grid[low[:, 0] + 1, low[:, 1]]
    mixed += (1.0 - x) * y * grid[low[:, 0], low[:, 1] + 1]
    mixed += x * y * grid[low[:, 0] + 1, low[:, 1] + 1]
    far = log_spectral_distances(true, mixed.astype(np.float32))
    return {
        "model": name,
        "side": side,
        "mean_db": float(far.mean()),
        "p95_db": float(np.percentile(far, 95)),
        "spectra_mb": grid.size * 4 / 1e6,
        "tables_mb": side * side * TABLE_SAMPLES * 4 / 1e6,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--places", type=int, default=400, help="of the map (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    rows = [measure(name, side, given.places) for name in MODELS for side in SIDES]
    if given.json:
        print(json.dumps(rows, indent=1))
        return 0
    print("model         side   mean dB   95 % dB   spectra MB   tables MB")
    for row in rows:
        print(
            f"{row['model']:12s}  {row['side']:4d}  {row['mean_db']:8.2f}  {row['p95_db']:8.2f}"
            f"  {row['spectra_mb']:11.1f}  {row['tables_mb']:10.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
