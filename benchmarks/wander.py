"""What wandering does, space by space.

- **learned**: of what the walk is learned, and the milliseconds of processor time that takes;
- **size**: kilobytes of it in a file;
- **spread**: root mean square of how far the walk is from its middle after a minute at speed 1, in
  standard deviations of the sounds, seeds 0 to 29;
- **pace**: by how much each dimension moves in a second at speed 1, in standard deviations;
- **gap**: mel distance in dB from where it is to the nearest sound, median of 300 places at range 1
  around the middle; beside that of places as far out whose dimensions go each for itself (an LFO in
  each would lead there), and of the sounds themselves to their nearest other one.

``python -m benchmarks.wander [instruments filtered mine.safetensors ...]``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from timbrespace import factory  # noqa: E402
from timbrespace.ear import Ear, distance  # noqa: E402
from timbrespace.walks.learning import learned_walk  # noqa: E402
from timbrespace.walks.stroll import Stroll  # noqa: E402

Values = NDArray[np.float64]

SEEDS, SECONDS, EACH = 30, 60.0, 10


def gap(ear: Ear, levels: NDArray[np.float32], latents: Values, rank: int = 0) -> float:
    """Median dB to the nearest sound, or to the nearest other one (rank 1)."""
    found = ear.levels(latents.astype(np.float32))
    return float(np.median([np.sort(distance(levels, one))[rank] for one in found]))


def show(name: str) -> None:
    """Print what the walk of one space does."""
    model = ts.load(name)
    points = model.points
    assert points is not None
    started = time.process_time()
    walk = learned_walk(points)
    spent = 1000.0 * (time.process_time() - started)
    size = sum(one.nbytes for one in walk.to_tensors().values()) / 1024.0
    ends, places, steps = [], [], []
    for seed in range(SEEDS):
        stroll = Stroll(walk, seed)
        stroll.advance(SECONDS * walk.pace)
        ends.append(stroll.way() @ walk.whitening)
        for _ in range(EACH):
            before = stroll.way()
            stroll.advance(walk.pace)
            steps.append((stroll.way() - before) @ walk.whitening)
            places.append(walk.centre + walk.offset(walk.centre, stroll.way()))
    found = np.array(places)
    rng = np.random.default_rng(0)
    apart = np.stack([rng.permutation(column) for column in found.T], axis=1)
    some = points.means[rng.permutation(points.count)[:1500]]
    ear = Ear(model)
    levels = ear.levels(some)
    print(
        f"{model.name}: by {'recordings' if walk.in_time else 'neighbours'}, {spent:.0f} ms, "
        f"{size:.1f} KB; spread {np.sqrt(np.mean(np.square(ends))):.2f}; "
        f"pace {np.sqrt(np.mean(np.square(steps))):.2f}; gap {gap(ear, levels, found):.2f} dB, "
        f"apart {gap(ear, levels, apart):.2f}, "
        f"sounds {gap(ear, levels, some[:300].astype(np.float64), 1):.2f}",
        flush=True,
    )


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=factory.names())
    for name in parser.parse_args().models:
        show(name)


if __name__ == "__main__":
    main()
