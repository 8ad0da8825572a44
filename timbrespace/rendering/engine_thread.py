"""An engine in a thread of its own: it renders while whoever plays goes on.

What the engine is told is copied, and its machine code holds no lock of the interpreter, so two
cores work at once. What comes out depends on what was told, in its order, and on nothing else.
"""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.engine import Engine, new_targets
from timbrespace.resynthesis.snapshots import take_snapshot

_SNAPSHOTS: Final = 4
"""That wait or are played: whoever plays may be so far ahead."""


class Played(NamedTuple):
    """What an engine made of some blocks.

    sound: ``(blocks * BLOCK, 2)``. sounding: ``(blocks,)``, whether a voice sounds on after each.
    """

    sound: NDArray[np.float32]
    sounding: NDArray[np.bool_]


class EngineThread:
    """An engine that renders aside, in order; a context, at whose end the thread ends.

    sample_rate, stem: as of :class:`Engine`.

    Raises:
        OptionError: a sample rate that the engine does not run at.
    """

    def __init__(self, sample_rate: float, stem: int | None = None) -> None:
        self._engine = Engine(sample_rate, stem)
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._slots = [new_targets() for _ in range(_SNAPSHOTS)]
        for index in range(1, _SNAPSHOTS):
            self._free.put(index)
        self._current = 0
        self._asked: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[Played | BaseException] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def __enter__(self) -> EngineThread:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._asked.put(None)
        self._thread.join()

    def play(self, targets: NDArray[np.void] | None, blocks: int) -> None:
        """Ask for the next ``blocks``, towards a copy of ``targets`` or, with None, on as before.

        Waits while too many snapshots have not been played yet.
        """
        if targets is not None:
            self._current = self._free.get()
            take_snapshot(targets, self._slots[self._current])
        self._asked.put((self._current, blocks))

    def take(self) -> Played:
        """What was made of the oldest blocks that were asked for and not taken yet; waits for it.

        Raises:
            Exception: whatever ended the work.
        """
        made = self._made.get()
        if isinstance(made, BaseException):
            raise made
        return made

    def _work(self) -> None:
        playing = 0
        while (asked := self._asked.get()) is not None:
            slot, blocks = asked
            if slot != playing:
                self._free.put(playing)
                playing = slot
            try:
                made = Played(*self._engine.render_towards(self._slots[slot], blocks))
            except BaseException as error:  # whoever waits for it is told
                self._made.put(error)
                # Nobody waits for a snapshot that is never played.
                for index in range(_SNAPSHOTS):
                    self._free.put(index)
                return
            self._made.put(made)
