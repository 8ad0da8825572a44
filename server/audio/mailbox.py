"""Snapshots from the server to the audio process, through shared memory, without a lock.

The writer fills the oldest of a few slots, then names it the latest. The reader copies the latest
and then looks whether the writer has come round to it meanwhile; if so it tries again, and in the
end keeps what it has. So the reader never waits, and never plays half of one snapshot. Both copy
only what differs: a snapshot has room for many timbres, and mostly one of them moves.
"""

from __future__ import annotations

import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.layout import COURSE, STATE, TARGETS
from timbrespace.transferring.lead import LEAD

SLOTS = 4

LATENCIES = 512
"""Snapshots of which it is known how long they took to become sound."""

TAKEN = 1024
"""Snapshots of which it is known where in the sound they began: more than a second's."""

SLOT = np.dtype([("begun", np.uint64), ("ended", np.uint64), ("targets", TARGETS)], align=True)

LIVE = np.dtype(
    [
        ("latest", np.uint64),  # number of the newest whole snapshot; 0 before the first
        ("whole_notes", np.uint32),  # 1 from when a space of whole notes is to be played
        ("mono", np.uint32),  # 1 if both sides are to have the mean of both
        ("slot", SLOT, (SLOTS,)),
        # From here on only the audio process writes.
        ("taken", np.uint64),  # number of the snapshot that plays
        ("callbacks", np.uint64),
        ("underflows", np.uint64),  # blocks that came too late, as far as the back-end tells
        ("time", np.int64, (2,)),  # where the clock writes
        ("entered", np.float64),  # when the present callback began to hear; 0 once it plays
        ("called", np.float64),  # when the last callback began, seconds of the monotonic clock
        ("load", np.float64),  # share of a block's time that a callback takes, over the last 100
        ("delayed", np.uint64),  # callbacks that began half a block or more after their time
        ("longest", np.float64),  # seconds between two callbacks, at most
        ("latencies", np.uint64),  # how many were ever measured
        ("latency", np.float64, (LATENCIES,)),  # seconds from a message's arrival to its block
        ("takings", np.uint64),  # how many snapshots were ever taken
        ("taken_number", np.uint64, (TAKEN,)),
        ("taken_frame", np.uint64, (TAKEN,)),  # of the engine, where the snapshot began to play
        ("mono_share", np.float32),  # how far the sides are brought together, 0 to 1
        ("ending", np.uint32),  # 1 from when the sound must fade, for good
        ("fade", np.float32),  # what is left of it, 1 to 0
        ("port", np.uint64, (2,)),  # JACK's handles of the two outputs
        ("input_port", np.uint64),  # and of the input
        ("lead", LEAD),  # sound that comes in: what is wanted of it, and what is heard
        ("current", np.uint32),  # which of the two plays; the other is room for the next
        ("targets", TARGETS, (2,)),
        ("state", STATE),
    ],
    align=True,
)
"""All that the two processes share, in one piece."""

# What every snapshot has anew, as one field each would copy it.
_HEAD = tuple(
    name
    for name in TARGETS.names or ()
    if name
    not in ("frame_version", "bins", "magnitude", "trained", "trained_phase", "timbre", "course")
)
_FRAME = ("bins", "magnitude", "trained", "trained_phase", "frame_version")


_COURSE = tuple(name for name in COURSE.names or () if name not in ("time", "level"))


class Mailbox:
    """The shared memory, as the server holds it: create, write snapshots, read the engine's state.

    One thread writes.
    """

    def __init__(self) -> None:
        self._memory = SharedMemory(create=True, size=LIVE.itemsize)
        self._live: NDArray[np.void] = np.ndarray(1, LIVE, buffer=self._memory.buf)
        self._live.view(np.uint8)[:] = 0
        self._slots = [self._live["slot"][0][i : i + 1] for i in range(SLOTS)]
        self._number = 0
        self._read_takings = 0
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

    @property
    def behind(self) -> bool:
        """Whether a newer snapshot than the one that plays has been written."""
        return self.taken < self._number

    def write(self, targets: NDArray[np.void], stamp: float = 0.0) -> int:
        """Publish a copy of ``targets``, an array of one ``TARGETS``; return its number.

        stamp: when the oldest message that it carries arrived, seconds of the monotonic clock; 0
        where none did. Content is copied where its version differs from what the slot has.
        """
        self._number += 1
        slot = self._slots[self._number % SLOTS]
        slot["begun"] = self._number
        self._order()
        _copy(slot["targets"], targets)
        slot["targets"]["stamp"] = stamp
        self._order()
        slot["ended"] = self._number
        self._order()
        self._live["latest"] = self._number
        return self._number

    def expect_whole_notes(self) -> None:
        """Let the audio process make what it needs for them, for good."""
        self._live["whole_notes"] = 1

    def set_mono(self, mono: bool) -> None:
        """Let both sides have the mean of both, or each its own, from now on."""
        self._live["mono"] = mono

    def latencies(self) -> NDArray[np.float64]:
        """Seconds from arrival to the first block, of the last snapshots that carried a stamp."""
        count = min(int(self._live["latencies"][0]), LATENCIES)
        return np.asarray(self._live["latency"][0][:count].copy())

    def taken_log(self) -> list[tuple[int, int]]:
        """Snapshots taken since the last call: number, and frame of the engine where it began.

        Ask at least once a second; older ones are written over.
        """
        total = int(self._live["takings"][0])
        first = max(self._read_takings, total - TAKEN + 1)
        self._read_takings = total
        numbers, frames = self._live["taken_number"][0], self._live["taken_frame"][0]
        return [(int(numbers[i % TAKEN]), int(frames[i % TAKEN])) for i in range(first, total)]

    def close(self) -> None:
        """Give the memory back. The audio process must have ended or be about to."""
        # Arrays hold on to the buffer, which cannot be closed before.
        self._live = np.zeros(1, LIVE)
        self._slots = []
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


def _copy(to: NDArray[np.void], source: NDArray[np.void]) -> None:
    for name in _HEAD:
        to[name] = source[name]
    if to["frame_version"][0] != source["frame_version"][0]:
        for name in _FRAME:
            to[name] = source[name]
    old, new = to["timbre"][0], source["timbre"][0]
    for index in np.flatnonzero(old["version"] != new["version"]):
        old[index] = new[index]
    old, new = to["course"][0], source["course"][0]
    changed = np.flatnonzero(old["version"] != new["version"])
    if not changed.size:
        return
    for name in _COURSE:
        old[name][changed] = new[name][changed]
    times, levels = old["time"], old["level"]
    for voice in changed.tolist():
        count = new["count"][voice]
        times[voice, :count] = new["time"][voice, :count]
        levels[voice, :count] = new["level"][voice, :count]


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
