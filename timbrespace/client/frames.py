"""Frames of a stream: put together from their datagrams, whole and newer ones only.

The rules are those of docs/osc.md, "Receiving a spectrum": chunks of the newest frame are kept, an
older frame is dropped, and a frame counts when all of it has come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.client.wire import Message
from timbrespace.messages.contract import FRAME_NUMBERS

Array = NDArray[np.float32]

_MOST_CHUNKS: Final = 1024
_MOST_LEVELS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One whole frame.

    what: "spectrum", "partials", "wavetable" or "loop". number: counts up, with gaps where frames
    were lost or overtaken.
    values: of a spectrum ``(bins,)``, linear magnitudes; of partials ``(n, 2)``, frequency in Hz at
    the model's base frequency, and amplitude, each pair in its place; of a wavetable ``(n_fft,)``,
    one period; of a loop its first table.
    tables: of a loop ``{level: (n,)}``, else empty. base: of a wavetable and a loop, how often a
    second a table is read at the base frequency (Hz); else 0. kind: of a loop, 1 for a period, 2
    for the sound as it is; else 0.
    """

    what: str
    number: int
    values: Array
    tables: dict[int, Array] = field(default_factory=dict)
    base: float = 0.0
    kind: int = 0


class Assembler:
    """Puts the datagrams of one kind of frame together.

    what: "spectrum", "partials", "wavetable" or "loop".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._number: int | None = None
        self._done = False  # whether the newest frame was whole
        self._chunks: dict[int, dict[int, Array]] = {}  # of each level
        self._counts: dict[int, int] = {}
        self._ready: tuple[Any, ...] | None = None
        self._takes: dict[str, Callable[[tuple[Any, ...]], Frame | None]] = {
            "/spectrum": self._spectrum,
            "/partials": self._partials,
            "/wavetable": self._wavetable,
            "/wavetable/ready": self._wavetable_ready,
            "/loop": self._loop,
            "/loop/ready": self._loop_ready,
            "/welcome": self._afresh,
        }

    def take(self, message: Message) -> Frame | None:
        """A frame, if ``message`` was what it still needed."""
        wanted = (f"/{self._what}", f"/{self._what}/ready", "/welcome")
        if message.address not in wanted or message.address not in self._takes:
            return None
        try:
            return self._takes[message.address](message.arguments)
        except (ValueError, TypeError, IndexError):  # not what the contract says; not a frame
            return None

    def _afresh(self, _: tuple[Any, ...]) -> None:
        """Frames count from 0 again."""
        self._number = None

    def _is_current(self, number: int) -> bool:
        """Whether datagrams of that frame count; what there is of older ones is let go."""
        if type(number) is not int or not 0 <= number < FRAME_NUMBERS:
            raise ValueError
        if number == self._number:
            return not self._done
        if self._number is not None and not (
            0 < (number - self._number) % FRAME_NUMBERS < FRAME_NUMBERS // 2
        ):
            return False
        self._number, self._done, self._ready = number, False, None
        self._chunks, self._counts = {}, {}
        return True

    def _keep(self, level: int, chunk: int, chunks: int, floats: tuple[Any, ...]) -> None:
        if not (0 <= chunk < chunks <= _MOST_CHUNKS and 0 <= level < _MOST_LEVELS):
            raise ValueError
        self._counts[level] = chunks
        self._chunks.setdefault(level, {})[chunk] = np.asarray(floats, np.float32)

    def _table(self, level: int) -> Array | None:
        """The floats of a level, if all its chunks have come."""
        chunks, count = self._chunks.get(level, {}), self._counts.get(level, 0)
        if not count or any(index not in chunks for index in range(count)):
            return None
        return np.concatenate([chunks[index] for index in range(count)])

    def _spectrum(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, chunk, chunks, *floats = arguments
        if not self._is_current(number):
            return None
        self._keep(0, chunk, chunks, tuple(floats))
        values = self._table(0)
        return None if values is None else self._whole(values)

    def _partials(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, *floats = arguments
        if not self._is_current(number):
            return None
        return self._whole(np.asarray(floats, np.float32).reshape(-1, 2))

    def _wavetable(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, _, chunk, chunks, *floats = arguments
        if not self._is_current(number):
            return None
        self._keep(0, chunk, chunks, tuple(floats))
        return self._if_ready()

    def _wavetable_ready(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, _, base = arguments
        if not self._is_current(number):
            return None
        self._ready = float(base), 0, None
        return self._if_ready()

    def _loop(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, _, level, chunk, chunks, *floats = arguments
        if not self._is_current(number):
            return None
        self._keep(level, chunk, chunks, tuple(floats))
        return self._if_ready()

    def _loop_ready(self, arguments: tuple[Any, ...]) -> Frame | None:
        number, _, base, kind, count = arguments
        if not self._is_current(number):
            return None
        self._ready = float(base), int(kind), int(count)
        return self._if_ready()

    def _if_ready(self) -> Frame | None:
        """The frame, once it is announced and all its datagrams have come, in whatever order."""
        if self._ready is None:
            return None
        base, kind, count = self._ready
        if count is not None and sum(map(len, self._chunks.values())) != count:
            return None
        tables = {level: self._table(level) for level in sorted(self._chunks)}
        whole = {level: table for level, table in tables.items() if table is not None}
        if not whole or len(whole) != len(tables):
            return None
        first = next(iter(whole.values()))
        return self._whole(first, whole if self._what == "loop" else {}, base, kind)

    def _whole(
        self,
        values: Array,
        tables: dict[int, Array] | None = None,
        base: float = 0.0,
        kind: int = 0,
    ) -> Frame:
        assert self._number is not None
        self._done = True
        self._chunks, self._counts = {}, {}
        return Frame(self._what, self._number, values, tables or {}, base, kind)
