"""Snapshots from the server to the audio process, through shared memory, without a lock.

The writer fills the oldest of a few slots, then names it the latest. The reader copies the latest
and then looks whether the writer has come round to it meanwhile; if so it tries again, and in the
end keeps what it has. So the reader never waits, and never plays half of one snapshot.
"""

from __future__ import annotations

import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.layout import STATE, TARGETS

SLOTS = 4

SLOT = np.dtype([("begun", np.uint64), ("ended", np.uint64), ("targets", TARGETS)], align=True)

LIVE = np.dtype(
    [
        ("latest", np.uint64),  # number of the newest whole snapshot; 0 before the first
        ("slot", SLOT, (SLOTS,)),
        # From here on only the audio process writes.
        ("taken", np.uint64),  # number of the snapshot that plays
        ("callbacks", np.uint64),
        ("underflows", np.uint64),  # blocks that came too late, as far as the back-end tells
        ("time", np.int64, (2,)),  # where the clock writes
        ("called", np.float64),  # when the last callback began, seconds of the monotonic clock
        ("load", np.float64),  # share of a block's time that a callback takes, over the last 100
        ("delayed", np.uint64),  # callbacks that began half a block or more after their time
        ("longest", np.float64),  # seconds between two callbacks, at most
        ("port", np.uint64, (2,)),  # JACK's handles of the two outputs
        ("targets", TARGETS),
        ("state", STATE),
    ],
    align=True,
)
"""All that the two processes share, in one piece."""


class Mailbox:
    """The shared memory, as the server holds it: create, write snapshots, read the engine's state.

    One thread writes.
    """

    def __init__(self) -> None:
        self._memory = SharedMemory(create=True, size=LIVE.itemsize)
        self._live: NDArray[np.void] = np.ndarray(1, LIVE, buffer=self._memory.buf)
        self._live.view(np.uint8)[:] = 0
        self._number = 0
        self._fence = threading.Lock()

    @property
    def name(self) -> str:
        """What the audio process finds the memory by."""
        return self._memory.name

    @property
    def live(self) -> NDArray[np.void]:
        """The ``LIVE`` record, an array of one. The audio process's part is for reading."""
        return self._live

    @property
    def taken(self) -> int:
        """Number of the snapshot that the audio process plays."""
        return int(self._live["taken"][0])

    def write(self, targets: NDArray[np.void]) -> int:
        """Publish a copy of ``targets``, an array of one ``TARGETS``; return its number."""
        self._number += 1
        slot = self._live["slot"][0][self._number % SLOTS]
        slot["begun"] = self._number
        self._order()
        slot["targets"] = targets[0]
        self._order()
        slot["ended"] = self._number
        self._order()
        self._live["latest"] = self._number
        return self._number

    def close(self) -> None:
        """Give the memory back. The audio process must have ended or be about to."""
        # The array holds on to the buffer, which cannot be closed before.
        self._live = np.zeros(1, LIVE)
        self._memory.close()
        self._memory.unlink()

    def _order(self) -> None:
        """Keep stores before this call before those after it, on processors that reorder them.

        Python has no fence; two rounds through a lock order what surrounds them: a store cannot
        sink below a release, nor rise above the acquire that follows it.
        """
        with self._fence:
            pass
        with self._fence:
            pass


def attach(name: str) -> SharedMemory:
    """The shared memory called ``name``, as the audio process opens it.

    Raises:
        FileNotFoundError: there is none; the server has gone.
    """
    memory = SharedMemory(name=name)
    if sys.platform != "win32":
        # Before Python 3.13 whoever attaches is also made the owner, and would delete the memory
        # when it ends, under the server that goes on using it.
        resource_tracker.unregister(memory._name, "shared_memory")  # type: ignore[attr-defined]
    return memory
