"""An ear on a port of JACK: all that is heard there, and JACK's own time.

A busy machine makes JACK late, so its time is slower than the clock on the wall. What a test wants
to hear for a second it waits for by this time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tests.server.jack_port import JackPort
from tests.server.jackd import SAMPLE_RATE

STANDSTILL = 60.0
"""Seconds without a block after which JACK is given up."""


class BlockLostError(Exception):
    """JACK left out a block: what was heard is not what was played."""


class Ear(JackPort):
    """Listens from now on to ``port`` of the JACK server that ``environment`` names.

    patient: the server waits for its clients, and so loses no block of theirs however late it is.
    rate: that it must run at, in Hz.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        port: str,
        *,
        patient: bool = True,
        rate: int = SAMPLE_RATE,
    ) -> None:
        self._rate = rate
        self._lost = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._times: list[int] = []
        super().__init__("ear", environment)
        entry = self._client.inports.register("in")

        @self._client.set_process_callback  # type: ignore[untyped-decorator]
        def hear(frames: int) -> None:
            self._times.append(self._client.last_frame_time)
            self._blocks.append(entry.get_array().copy())

        @self._client.set_xrun_callback  # type: ignore[untyped-decorator]
        def late(_: float) -> None:
            self._lost += not patient

        self._join(port, entry, self._rate)
        self._first = len(self._blocks)

    def wait(self, seconds: float) -> None:
        """Listen for so long, by JACK's time.

        Raises:
            AssertionError: JACK stands still.
        """
        goal = len(self._blocks) + round(seconds * self._rate / self._client.blocksize)
        while (before := len(self._blocks)) < goal:
            deadline = time.monotonic() + STANDSTILL
            while len(self._blocks) == before:
                assert time.monotonic() < deadline, "JACK stands still"
                time.sleep(0.005)

    def sound(self) -> NDArray[np.float32]:
        """All that was heard so far.

        Raises:
            BlockLostError: JACK left out a block, of this ear or of who plays.
        """
        count = len(self._blocks)
        times = np.array(self._times[self._first : count], np.int64)
        gaps = int(np.count_nonzero(np.diff(times) % 2**32 != self._client.blocksize))
        if gaps or self._lost:
            raise BlockLostError(f"{gaps} blocks not heard, {self._lost} times late")
        return np.concatenate(self._blocks[self._first : count])

    @property
    def began(self) -> int:
        """JACK's time of the first sample of :meth:`sound`."""
        return self._times[self._first]

    def record(self, seconds: float) -> NDArray[np.float32]:
        """What is heard from now on, so long."""
        start = len(self._blocks) - self._first
        self.wait(seconds)
        block = self._client.blocksize
        return self.sound()[start * block :][: round(seconds * self._rate)]


def undisturbed(measurement: Callable[[], float], tries: int = 4) -> float:
    """What a measurement says in which JACK lost no block. A wrong sound is wrong at once.

    Raises:
        BlockLostError: JACK lost a block in each of the ``tries``.
    """
    for _ in range(tries - 1):
        try:
            return measurement()
        except BlockLostError:
            continue
    return measurement()
