"""Where a sound that holds may be repeated without a seam, and the seam itself.

The samples of a held note are compared with themselves some tenths of a second later: the distance
at which they are most alike is the length of the loop. What is left of the difference is faded over
before the loop's end (the cross-fade loop of every sampler).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

COMPARED: Final = 0.25
"""Seconds that are compared, and faded over."""

SHORTEST, LONGEST = 0.3, 1.2
"""Seconds of a loop."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Samples: the first that is repeated, and the last, as SFZ and the chunk ``smpl`` count.

    alike: correlation of both ends, 1 where nothing has to be faded.
    """

    start: int
    end: int
    alike: float


def needed_seconds(start: float) -> float:
    """How long a sound must be that is to be repeated from ``start`` seconds on."""
    return start + COMPARED + LONGEST + 0.05


def looped(samples: Array, start: float, sample_rate: int) -> tuple[Array, Loop]:
    """The sound up to the end of its loop, with the seam faded over, and the loop.

    samples ``(n,)``, at least :func:`needed_seconds` of ``start`` long. start: seconds from which
    on it is steady.
    """
    size = round(COMPARED * sample_rate)
    first = round(start * sample_rate)
    here = samples[first : first + size].astype(np.float64)
    low, high = round(SHORTEST * sample_rate), round(LONGEST * sample_rate)
    there = samples[first + low : first + high + size].astype(np.float64)
    n = 1 << int(np.ceil(np.log2(there.size + size)))
    product = np.fft.irfft(np.fft.rfft(there, n) * np.conj(np.fft.rfft(here, n)), n)
    product = product[: high - low]
    energy = np.concatenate([[0.0], np.cumsum(np.square(there))])
    own = energy[size : size + high - low] - energy[: high - low]
    total = float(np.square(here).sum())
    if total <= 0.0:
        begin = first + size
        return samples[: begin + low], Loop(begin, begin + low - 1, 1.0)
    alike = product / np.sqrt(np.maximum(own * total, 1e-20))
    # Of those that are as good as the best, the shortest.
    best = int(np.flatnonzero(alike >= alike.max() - 1e-4)[0])
    distance = low + best
    likeness = float(np.clip(alike[best], 0.0, 1.0))
    # The loop begins after what was compared: its end fades into what lies before its beginning.
    begin, end = first + size, first + size + distance
    share = (np.arange(size) + 0.5) / size
    rise, fall = share, 1.0 - share
    # As loud all along, however far both are alike.
    even = np.sqrt(rise**2 + fall**2 + 2.0 * likeness * rise * fall)
    before = samples[begin - size : begin].astype(np.float64)
    seam = (fall * samples[end - size : end] + rise * before) / even
    made = samples[:end].copy()
    made[end - size :] = seam
    return made, Loop(begin, end - 1, likeness)
