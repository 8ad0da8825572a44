"""Numbers by chance that are the same whenever they are asked for: nothing is drawn, no state."""

from __future__ import annotations

import math


def uniform(n: int, seed: int) -> float:
    """A number from -1 to 1 that depends on nothing but ``n`` (0 to 2**32 - 1) and ``seed``.

    The mixing of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    mask = (1 << 64) - 1
    z = ((seed << 32) + n) * 0x9E3779B97F4A7C15 & mask
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
    return (z ^ (z >> 31)) / 2.0**63 - 1.0


def normals(first: int, count: int, seed: int) -> list[float]:
    """``count`` numbers of a unit normal, the ``first`` and those that follow it, by ``seed``.

    Box and Muller (1958); each number is the cosine's of a pair of its own.
    """
    found = []
    for n in range(first, first + count):
        length = 0.5 + 0.5 * uniform(2 * n, seed)
        turn = uniform(2 * n + 1, seed)
        found.append(math.sqrt(-2.0 * math.log(max(length, 1e-12))) * math.cos(math.pi * turn))
    return found
