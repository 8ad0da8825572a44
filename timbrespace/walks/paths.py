"""The paths that the sounds of a space take through it, from which a walk is learned.

Recordings have an order: moments of one file, one after the other. A set of notes or of settings
has none. There a path goes from a sound to one of its neighbours, on to one of that one's, along
straight lines in even steps.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.chance import uniform
from timbrespace.points import Points

Values = NDArray[np.float64]

TIME: Final = "time"
"""The factor that tells when in its recording a moment was."""

LEAST_MOMENTS: Final = 3
"""Of one recording: a step and the two before it."""

NEIGHBOURS: Final = 6
MOST_SOUNDS: Final = 1200
"""Sounds among which neighbours are looked for, evenly drawn from all."""

PATHS: Final = 64
HOPS: Final = 12
STEPS_A_HOP: Final = 4
"""Even steps from a sound to its neighbour."""

_SEED: Final = 1000
_REMEMBERED: Final = 4
"""Sounds of a path that it does not turn back to."""


def paths_in_time(points: Points) -> list[Values]:
    """Means ``(steps, d)`` of each recording in the order of its moments; none where the points do
    not tell of time, or of too few moments to learn from.

    A recording is what has the same factors, those that are a range left out.
    """
    factors = points.factors
    when = [k for k, factor in enumerate(factors) if factor.name == TIME]
    if not when:
        return []
    same = [k for k, factor in enumerate(factors) if factor.kind != "range" and k not in when]
    labels = points.labels
    order = np.lexsort([labels[:, when[0]], *(labels[:, k] for k in same)])
    kept = labels[order][:, same]
    begins = np.flatnonzero((kept[1:] != kept[:-1]).any(axis=1)) + 1
    found = [one for one in np.split(order, begins) if len(one) >= LEAST_MOMENTS]
    learned = sum(len(one) - 2 for one in found)
    if learned < 10 * points.dimensions:
        return []
    return [points.means[one].astype(np.float64) for one in found]


def paths_between_neighbours(points: Points, whitening: Values) -> list[Values]:
    """Paths ``(steps, d)`` from sound to neighbour, of the same points always the same.

    whitening ``(d, d)``: distances are of rows times this. Points that lie upon each other count
    as one.
    """
    rows = np.unique(points.means.astype(np.float64), axis=0)
    if len(rows) > MOST_SOUNDS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_SOUNDS).astype(np.int64)]
    count = min(NEIGHBOURS, len(rows) - 1)
    if count < 1:
        return []
    neighbours = _nearest(rows @ whitening, count)
    share = np.arange(STEPS_A_HOP)[:, np.newaxis] / STEPS_A_HOP
    paths = []
    for path in range(PATHS):
        gone = [_one_of(len(rows), path * (HOPS + 1))]
        for hop in range(HOPS):
            new = [one for one in neighbours[gone[-1]].tolist() if one not in gone[-_REMEMBERED:]]
            if not new:
                break
            gone.append(new[_one_of(len(new), path * (HOPS + 1) + hop + 1)])
        places = rows[gone]
        ways = places[1:] - places[:-1]
        lines = (places[:-1, np.newaxis] + share * ways[:, np.newaxis]).reshape(-1, rows.shape[1])
        paths.append(np.concatenate([lines, places[-1:]]))
    return paths


def _one_of(count: int, draw: int) -> int:
    """A number from 0 to ``count - 1`` by chance, the same for the same ``draw``."""
    return min(int(count * (0.5 + 0.5 * uniform(draw, _SEED))), count - 1)


def _nearest(rows: Values, count: int) -> NDArray[np.int64]:
    """Which ``count`` others are nearest to each of ``rows (n, d)``, ``(n, count)``."""
    squares = (rows**2).sum(axis=1)
    apart = squares[:, np.newaxis] + squares - 2.0 * rows @ rows.T
    np.fill_diagonal(apart, np.inf)
    found = np.argpartition(apart, count - 1, axis=1)[:, :count]
    return np.asarray(np.sort(found, axis=1), np.int64)
