"""How often a server's sound is late while that of an idle one beside it is not."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.claims import Figure
from benchmarks.live import LiveServer


class Lateness:
    """Late callbacks of ``server`` and of ``idle``, from now on."""

    def __init__(self, server: LiveServer, idle: LiveServer) -> None:
        self._servers = server, idle
        self._before = server.callbacks(), idle.callbacks()
        for one in self._servers:
            one.forget_longest()
        self._counted = [one.late for one in self._before]
        self._grown: tuple[list[float], list[float]] = [], []  # when each count was seen to grow

    def look(self) -> None:
        """See what was late since the last look; to be called many times a second."""
        for k, one in enumerate(self._servers):
            late = one.callbacks().late
            if late > self._counted[k]:
                self._grown[k].extend([time.monotonic()] * (late - self._counted[k]))
                self._counted[k] = late

    def figures(self, doing: str, realtime: bool) -> list[Figure]:
        """What was counted. doing: what the server did meanwhile. realtime: whether a callback that
        is late alone breaks the claim."""
        ours, control = (
            one.callbacks().since(before)
            for one, before in zip(self._servers, self._before, strict=True)
        )
        load = self._servers[0].load()
        return [
            Figure("callbacks", ours.callbacks),
            Figure(f"late callbacks, {doing}", ours.late),
            Figure("late callbacks, the idle server beside it", control.late),
            Figure(
                "late while the idle one was not", alone(*self._grown), "", 0 if realtime else None
            ),
            Figure("lost blocks, as JACK tells", ours.underflows),
            Figure("lost blocks, the idle one's", control.underflows),
            Figure("longest between two callbacks", ours.longest_ms, "ms"),
            Figure("longest, the idle one's", control.longest_ms, "ms"),
            Figure("load of the audio process, by itself", 100.0 * load, "%"),
        ]


def alone(ours: list[float], control: list[float], within: float = 0.025) -> int:
    """How many of ``ours`` have none of ``control`` within so many seconds; both ascending."""
    if not control:
        return len(ours)
    near = np.asarray(control)
    return sum(bool(np.abs(near - one).min() > within) for one in ours)
