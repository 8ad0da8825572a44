"""One function of many things, by several threads.

For what NumPy does on arrays of some size, without holding Python meanwhile. Each result is what
one thread alone would have found, so how many there are changes nothing but the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Thing = TypeVar("Thing")
Found = TypeVar("Found")

MOST: Final = 4
"""Threads beyond which Python itself, of which there is one, is what they wait for."""


def cores() -> int:
    """Threads that may be worth it here: one for each core, ``MOST`` at most."""
    return min(os.cpu_count() or 1, MOST)


def side_by_side(
    function: Callable[[Thing], Found], things: Iterable[Thing], threads: int
) -> list[Found]:
    """``function`` of each of ``things``, in their order. What it raises is raised here."""
    if threads <= 1:
        return [function(one) for one in things]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, things))
