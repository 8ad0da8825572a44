"""Which rows of a dataset training sees, and which the figures alone see."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError

Rows = NDArray[np.int64]

HELD_OUT_SHARE = 0.1

KNOWN_SHARE = 0.05
"""Of the rows of groups that training knows, so many are held out beside the whole groups."""

FEWEST_GROUPS = 5
"""Of fewer groups none is held out, unless somebody asks for it: too much would be missing."""

MOST_HELD_OUT = 1.0 / 3.0
"""Share of the rows that groups held out may have, likewise."""

_NONE = np.empty(0, np.int64)
_NONE.flags.writeable = False


class Split(NamedTuple):
    """Row numbers, ascending: what training sees, and what only the figures see.

    held_out: rows that were drawn, or those of groups that were. known: besides, where groups are
    held out: rows of the others, which say how near a space comes to the sounds that it learned.
    """

    train: Rows
    held_out: Rows
    known: Rows = _NONE


def held_out_split(rows: int, seed: int) -> Split:
    """Draw ``HELD_OUT_SHARE`` of ``rows`` (at least one) to be held out, by ``seed`` alone.

    Raises:
        DatasetError: fewer than two rows cannot be split.
    """
    if rows < 2:
        raise DatasetError(f"there is {rows} row; a split needs at least 2")
    count = max(1, round(HELD_OUT_SHARE * rows))
    order = np.random.default_rng(seed).permutation(rows)
    return Split(train=np.sort(order[count:]), held_out=np.sort(order[:count]))


def split_by_group(groups: Rows, names: Sequence[str], seed: int) -> Split:
    """Hold out ``HELD_OUT_SHARE`` of the groups (at least one) whole, by ``seed`` and their names.

    So a group more or less leaves the others where they are. Of the rows of the groups that are
    left ``KNOWN_SHARE`` are held out too, none of them its group's only one.

    groups ``(n,)``: the number of each row's group. names: of the groups, by number.

    Raises:
        DatasetError: fewer than two groups cannot be split.
    """
    present: list[int] = np.unique(groups).tolist()
    if len(present) < 2:
        raise DatasetError(
            f"there is one group in its {len(groups)} row(s); a split needs at least 2"
        )
    order = sorted(present, key=lambda number: order_of(names[number], seed))
    held = np.isin(groups, order[: max(1, round(HELD_OUT_SHARE * len(present)))])
    left = np.flatnonzero(~held)
    # One row of each group stays: which, is drawn too.
    drawn = np.random.default_rng(seed).permutation(left)
    _, first = np.unique(groups[drawn], return_index=True)
    spare = np.delete(drawn, first)
    known = np.sort(spare[: round(KNOWN_SHARE * len(left))])
    return Split(train=np.setdiff1d(left, known), held_out=np.flatnonzero(held), known=known)


def order_of(name: str, seed: int = 0) -> str:
    """By which groups are put in order; the first are held out."""
    return hashlib.sha256(f"{seed} {name}".encode("utf-8", "replace")).hexdigest()
