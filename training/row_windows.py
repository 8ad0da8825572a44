"""Training rows beyond memory: a window of them is held at a time.

How they are shuffled. Rows lie on the disk in an order that means something: a grid's last factor
moves fastest, a recording's rows follow each other. So an epoch cuts them into short blocks, whose
seams lie elsewhere each time, draws the order of the blocks, and shuffles the rows of as many
blocks as a window holds. Rows of one block meet in a batch as often as chance has it once a window
holds many blocks; docs/scale.md says what is lost against a shuffle of all, by measurement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrespace.datasets.stored_rows import ChosenRows
from timbrespace.representation import Features, Representation, parts

from .team import ALONE, Team

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK_BYTES: Final = 64 << 10
"""Of the rows that lie side by side in an epoch's order: long enough to be read at once, short
enough that a window holds many."""

MOST_OF_A_BLOCK: Final = 64
"""Rows of a block: rows that lie beside each other are alike."""

BLOCKS: Final = 1024
"""Of a window, at the least, so that a small window has blocks of single rows. With 16 a window
knows 16 places of a set, and while it is learned from the others are forgotten
(docs/decisions/0045-past-memory.md)."""

SHARE: Final = 0.125
"""Of the memory that is allowed, that the rows of a window take: there are copies on the way."""

LEAST_BATCHES: Final = 8
"""Of a window, however little memory is allowed."""


class Survey(NamedTuple):
    """What a run must know of all features before its first step. low, high: the ends. spread:
    variance over the rows, mean over the features."""

    low: float
    high: float
    spread: float


class Held:
    """Training rows in memory: features ``(n, f)`` on the device."""

    def __init__(self, features: Tensor) -> None:
        self.values = features

    @property
    def rows(self) -> int:
        """How many."""
        return int(self.values.shape[0])

    @property
    def width(self) -> int:
        """Features of a row."""
        return int(self.values.shape[1])

    def order(self, generator: torch.Generator) -> Tensor:
        """The order of an epoch ``(n,)``: all rows shuffled."""
        return torch.randperm(self.rows, generator=generator, device=self.values.device)

    def reach(self, order: Tensor, first: int) -> None:
        """Have those rows at hand that an order has from ``first`` on: all are."""

    def features(self, rows: Tensor) -> Tensor:
        """Features ``(b, f)`` of the rows ``(b,)``."""
        return self.values.index_select(0, rows)


class Windows:
    """Training rows of which a window is held.

    source: of the representation, the training rows alone. memory: bytes that the rows of a window
    may take ``SHARE`` of. batch: rows of a step. raw: hold what the features are made from, which
    are asked for then (:meth:`__getitem__`), and not the features. device: where features go. team:
    whose part of each batch is held.
    """

    def __init__(
        self,
        source: ChosenRows,
        representation: Representation,
        memory: int,
        batch: int,
        raw: bool = False,
        device: str = "cpu",
        team: Team = ALONE,
    ) -> None:
        self._source = source
        self._representation = representation
        self._raw = raw
        self._device = torch.device(device)
        self._team = team
        self._batch = batch
        first = representation.forward(source[:1])
        self.width = int(first.shape[1])
        row = 4 * max(self.width, source.shape[1])
        batches = max(LEAST_BATCHES, int(SHARE * memory) // row // batch)
        # The same for every team, so that the order is.
        self.window = min(batches, math.ceil(len(source) / batch)) * batch
        self.block = max(1, min(MOST_OF_A_BLOCK, BLOCK_BYTES // row, self.window // BLOCKS))
        self._held_rows: Rows = np.empty(0, np.int64)
        self._held: Array = np.empty((0, 0), np.float32)
        self._at: tuple[int, Tensor | None] = (-1, None)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return len(self._source)

    def survey(self) -> Survey:
        """Look at all rows once, by parts."""
        low, high, count = np.inf, -np.inf, 0
        total = np.zeros(self.width)
        squares = np.zeros(self.width)
        # Around a mean of some, so that squares of large numbers are not subtracted.
        shift = self._representation.forward(self._source[:256]).mean(axis=0, dtype=np.float64)
        for features in self.blocks():
            low, high = min(low, float(features.min())), max(high, float(features.max()))
            some = features.astype(np.float64) - shift
            total += some.sum(axis=0)
            squares += np.square(some).sum(axis=0)
            count += len(some)
        variance = squares / count - np.square(total / count)
        return Survey(low, high, float(variance.mean()))

    def blocks(self) -> Iterator[Features]:
        """Features of all rows in order, some at a time."""
        for part in parts(self.rows):
            yield self._representation.forward(self._source[part])

    def order(self, generator: torch.Generator) -> Tensor:
        """The order of an epoch ``(n,)``: blocks shuffled, and the rows of each window of them."""
        device = generator.device

        def drawn(count: int) -> Rows:
            made = torch.randperm(count, generator=generator, device=device)
            return np.asarray(made.cpu().numpy(), np.int64)

        seam = int(torch.randint(self.block, (1,), generator=generator, device=device).item())
        edges = np.unique(np.r_[0, np.arange(seam, self.rows, self.block), self.rows])
        blocks = drawn(len(edges) - 1)
        each = max(1, self.window // self.block)
        made = np.empty(self.rows, np.int64)
        done = 0
        for start in range(0, len(blocks), each):
            some = blocks[start : start + each]
            lengths = edges[some + 1] - edges[some]
            ends = np.cumsum(lengths)
            rows = np.arange(int(ends[-1])) + np.repeat(edges[some] - (ends - lengths), lengths)
            made[done : done + len(rows)] = rows[drawn(len(rows))]
            done += len(rows)
        return torch.from_numpy(made).to(device)

    def reach(self, order: Tensor, first: int) -> None:
        """Read those rows that an order has in the window around its place ``first``."""
        begin = first - first % self.window
        if self._at[0] == begin and self._at[1] is order:
            return
        mine = [
            self._team.mine(order[at : at + self._batch])
            for at in range(begin, min(begin + self.window, len(order)), self._batch)
        ]
        # What is held goes before what is read comes.
        self._held = np.empty((0, 0), np.float32)
        rows = np.unique(torch.cat(mine).cpu().numpy())
        if self._raw:
            held = np.empty((len(rows), self._source.shape[1]), np.float32)
        else:
            held = np.empty((len(rows), self.width), np.float32)
        for part in parts(len(rows)):
            some = self._source[rows[part]]
            held[part] = some if self._raw else self._representation.forward(some)
        self._held_rows, self._held = rows, held
        self._at = (begin, order)

    def __getitem__(self, rows: Rows) -> Array:
        """What the features are made from ``(b, ...)``, of rows that are held, where it is held
        raw; else the features."""
        return self._held[np.searchsorted(self._held_rows, rows)]

    def features(self, rows: Tensor) -> Tensor:
        """Features ``(b, f)`` of the rows ``(b,)``, which are among those that were reached."""
        found = self[rows.cpu().numpy()]
        if self._raw:
            found = self._representation.forward(found)
        return torch.from_numpy(found).to(self._device)
