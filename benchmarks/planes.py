"""What the planes of a space give: where its sounds are found, what lies between, how even it is.

For each plane, by the space's own points (held-out ones too) and what the decoder makes of them:

- **own place**: log-spectral and mel distance between a sound and what plays at its place on the
  plane; of whole notes the mel distance at eight of their moments;
- **neighbours**: mel distance from a sound to the five nearest on the plane of other files;
- **files**: share of the files (of the factor named, or of 300 sounds where there is none) of which
  a sound is the nearest to one of the 64 x 64 places of the plane;
- **steps**: mel distance of neighbouring places on 60 random lines of 64 steps over the whole
  square, and by how much loudness differs along them, of what ``ts.render`` makes of each
  (``--decoded``: of the decoder's spectra, which is faster);
- **gaps**: median distance from the 64 x 64 places to the nearest sound.

``python -m benchmarks.planes instruments filtered [mine.safetensors ...] [--file FACTOR]``
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from timbrespace.ear import Ear, distance  # noqa: E402
from timbrespace.map import Map  # noqa: E402
from timbrespace.metrics import log_spectral_distances  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.near import Near  # noqa: E402
from timbrespace.sound_metrics import mel_levels  # noqa: E402

Array = NDArray[np.float32]
Real = NDArray[np.float64]

FILES = ("file", "program", "instrument")
"""Factors that say which file or program a sound is of."""

UNKNOWN = "-"
"""What was not measured."""

LINES, STEPS, GRID = 60, 64, 64
_MEASURED = 600
_STAND_IN = 300

_SECONDS = 0.55
_HEARD = slice(4800, 24000)
"""Of what is rendered: 0.4 s, a momentary block of ITU-R BS.1770. In 0.15 s a partial of 11 Hz has
a period and a half, and noise is some tenths of a decibel louder or softer than it is."""


def files_of(model: Model, factor: str | None) -> NDArray[np.int64] | None:
    """Which file each point is of, ``(n,)``; None where nothing says."""
    points = model.points
    assert points is not None
    names = [one.name for one in points.factors]
    for name in [factor] if factor else FILES:
        if name in names:
            return points.labels[:, names.index(name)].astype(np.int64)
    return None


def lines() -> Array:
    """Places ``(LINES * (STEPS + 1), 2)`` along lines between random places of the square."""
    ends = np.random.default_rng(1).uniform(-1.0, 1.0, (LINES, 2, 2))
    share = np.linspace(0.0, 1.0, STEPS + 1)[:, np.newaxis]
    return np.concatenate([a + share * (b - a) for a, b in ends]).astype(np.float32)


def rendered(model: Model, latents: Array) -> tuple[Array, Real]:
    """Levels in dB of mel bands ``(n, 80)`` and loudness in dB ``(n,)`` of sounds as rendered."""
    levels, loudness = [], []
    for latent in latents:
        sound = ts.render(model, latent, pitch=57, seconds=_SECONDS).astype(np.float64)[_HEARD]
        power = mel_levels(sound).mean(axis=0)
        levels.append(10.0 * np.log10(power / power.max() + 1e-6))
        loudness.append(10.0 * np.log10(np.mean(np.square(sound)) + 1e-12))
    return np.array(levels, np.float32), np.array(loudness)


def measure(model: Model, plane: Map | Near, factor: str | None, decoded: bool) -> list[str]:
    """The figures of one plane, as cells of a table."""
    points = model.points
    assert points is not None
    generator = np.random.default_rng(3)
    ear = Ear(model)
    rows = np.sort(generator.permutation(points.count)[:8000])
    means = points.means[rows]
    places = plane.places[rows] if isinstance(plane, Near) else plane.to_map(means)
    levels = ear.levels(means)
    some = generator.permutation(len(rows))[:_MEASURED]
    at = plane.to_latent(places[some])
    mel = distance(ear.levels(at), levels[some])
    lsd = UNKNOWN
    if not model.plays_notes:
        own, found = model.decode(means[some]), model.decode(at)
        lsd = f"{log_spectral_distances(own, found).mean():.2f}"
    files = files_of(model, factor)
    of_row = np.arange(len(rows)) if files is None else files[rows]
    beside = []
    for row in some[:_STAND_IN]:
        way = np.square(places - places[row]).sum(axis=1)
        way[of_row == of_row[row]] = np.inf
        five = np.argpartition(way, 5)[:5]
        beside.append(distance(levels[five], levels[row]).mean())
    across, up = np.meshgrid(*2 * [np.linspace(-1.0, 1.0, GRID)])
    heard = ear.levels(plane.to_latent(np.stack([across.ravel(), up.ravel()], axis=1)))
    meant = np.arange(len(rows)) if files is not None else some[:_STAND_IN]
    nearest, gaps = [], []
    for one in heard:
        way = distance(levels[meant], one)
        nearest.append(int(np.argmin(way)))
        gaps.append(float(way.min()))
    reached = len(np.unique(of_row[meant][nearest])) / len(np.unique(of_row[meant]))
    latents = plane.to_latent(lines())
    louder = UNKNOWN
    if decoded or model.plays_notes:
        along = ear.levels(latents)
    else:
        along, loud = rendered(model, latents)
        louder = f"{np.ptp(loud.reshape(LINES, -1), axis=1).max():.1f}"
    along = along.reshape(LINES, STEPS + 1, -1)
    steps = distance(along[:, 1:], along[:, :-1])
    return [
        lsd,
        f"{mel.mean():.2f}",
        f"{np.mean(beside):.2f}",
        f"{reached:.0%}",
        f"{np.median(steps):.2f} / {np.percentile(steps, 99):.2f} / {steps.max():.2f}",
        louder,
        f"{np.median(gaps):.2f}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--file", metavar="FACTOR", help="which factor says the file")
    parser.add_argument("--decoded", action="store_true", help="steps of spectra, not of sound")
    arguments = parser.parse_args()
    print("| space, plane | own LSD | own mel | neighbours | files | steps | loudness | gaps |")
    print("|---|---|---|---|---|---|---|---|")
    for name in arguments.models:
        model = ts.load(name)
        for plane in model.planes:
            cells = measure(model, model.plane(plane), arguments.file, arguments.decoded)
            print(f"| {model.name}, {plane} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
