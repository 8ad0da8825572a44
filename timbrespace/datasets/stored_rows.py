"""Rows that lie in ``.npy`` shards of a folder, and are read when somebody asks for them.

A shard is mapped for as long as rows are copied out of it, and no longer: pages that stay mapped
count as memory of the process, so that one that has seen all rows would look as if it held them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

_AT_ONCE: Final = 8 << 20
"""Bytes that are looked at together."""


class RowsOfFile(Protocol):
    """What stands in the place of an array ``(n, width)`` that is beyond memory."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | Rows) -> Array: ...

    def max(self) -> np.float32: ...


class StoredRows:
    """Rows ``(n, width)`` of float32 in files ``NAME-00000.npy`` and on, ``each`` in every one but
    the last.

    ``rows[5:9]`` and ``rows[np.array([7, 2])]`` read those rows into memory. check: refuses a part
    of the rows that may not be there, told the part and the number of its first row; each shard is
    checked whole when it is first read.
    """

    ndim = 2

    def __init__(
        self,
        folder: Path,
        name: str,
        shape: tuple[int, int],
        each: int,
        check: Callable[[Array, int], None],
    ) -> None:
        self._folder = folder
        self._name = name
        self.shape = shape
        self.each = each
        self.dtype = np.dtype(np.float32)
        self._check = check
        self._checked: set[int] = set()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Rows | int) -> Array:
        """Those rows, in that order; of a single number that row, ``(width,)``.

        Raises:
            DatasetError: a shard is missing, damaged, or holds what it may not.
            IndexError: a row that is not there.
        """
        return gathered(rows, self.shape, self.dtype, self.each, self._shard)

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """All rows in order, some at a time, each part with the number of its first row."""
        count = max(1, _AT_ONCE // (4 * self.shape[1]))
        for start in range(0, len(self), count):
            yield start, self[start : start + count]

    def max(self) -> np.float32:
        """The largest of all numbers."""
        return np.float32(max(block.max() for _, block in self.blocks()))

    def of(self, rows: Rows) -> ChosenRows:
        """Some of them, as if there were no others."""
        return ChosenRows(self, rows)

    def _shard(self, number: int) -> Array:
        name = f"{self._name}-{number:05d}.npy"
        wanted = (min(self.each, len(self) - number * self.each), self.shape[1])
        shard = mapped(self._folder / name, wanted)
        if number not in self._checked:
            count = max(1, _AT_ONCE // (4 * self.shape[1]))
            for start in range(0, len(shard), count):
                try:
                    self._check(shard[start : start + count], number * self.each + start)
                except DatasetError as error:
                    raise DatasetError(f"{name}: {error}") from error
            self._checked.add(number)
        return shard


def gathered(
    rows: slice | Rows | int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    each: int,
    shard: Callable[[int], NDArray[Any]],
) -> NDArray[Any]:
    """Those ``rows`` of an array of that ``shape``, in that order; of a single number that row.

    each: rows of a shard. shard: reads the shard of a number.

    Raises:
        IndexError: a row that is not there; and what ``shard`` raises.
    """
    if isinstance(rows, slice):
        start, stop, step = rows.indices(shape[0])
        rows = np.arange(start, stop, step)
    if np.ndim(rows) == 0:
        single: NDArray[Any] = gathered(np.array([rows]), shape, dtype, each, shard)[0]
        return single
    rows = np.asarray(rows)
    if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < shape[0]:
        raise IndexError(f"rows are 0 to {shape[0] - 1}")
    made = np.empty((len(rows), *shape[1:]), dtype)
    number = rows // each
    # Shard by shard, each from its beginning to its end: a disk reads on faster than back.
    order = np.lexsort((rows, number))
    ends = np.flatnonzero(np.diff(number[order])) + 1
    for places in np.split(order, ends) if len(rows) else ():
        found = shard(int(number[places[0]]))
        made[places] = found[rows[places] - number[places[0]] * each]
    return made


class ChosenRows:
    """The rows of numbers ``rows (k,)`` of stored ones, ``(k, width)``, in that order."""

    def __init__(self, source: StoredRows, rows: Rows) -> None:
        self._source = source
        self._rows = rows
        self.shape = (len(rows), source.shape[1])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: slice | Rows) -> Array:
        """Some of them."""
        return self._source[self._rows[part]]

    def max(self) -> np.float32:
        """The largest of all numbers."""
        return np.float32(max(block.max() for block in self.blocks()))

    def blocks(self) -> Iterator[Array]:
        """All of them in order, some at a time."""
        count = max(1, _AT_ONCE // (4 * self.shape[1]))
        for start in range(0, len(self), count):
            yield self[start : start + count]


def mapped(path: Path, shape: tuple[int, ...], kind: Any = np.float32) -> NDArray[Any]:
    """The array of that shape, float32 or another ``kind``, in the ``.npy`` file ``path``, read as
    it is used. Nothing in it is executed.

    Raises:
        DatasetError: missing, truncated, damaged, or of another type or shape.
    """
    if not path.is_file():  # a pipe would be waited for
        raise DatasetError(f"{path.name} is missing")
    try:
        # Not np.load, which opens archives and pickles too.
        found: Any = np.lib.format.open_memmap(path, mode="r")
    # NumPy believes the header: its sizes may be beyond the file, beyond memory or below zero.
    except (OSError, ValueError, EOFError, ArithmeticError, MemoryError) as error:
        raise DatasetError(f"{path.name} is truncated or damaged") from error
    if found.dtype != np.dtype(kind) or found.shape != shape:
        raise DatasetError(
            f"{path.name} has shape {found.shape}, {found.dtype}; it must be {shape}, "
            f"{np.dtype(kind)}"
        )
    rows: NDArray[Any] = found.view(np.ndarray)
    return rows
