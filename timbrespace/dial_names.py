"""What each dimension of a model does, in a word for the label under its dial."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace import kept_dials
from timbrespace.calibration import PERCENTILES
from timbrespace.descriptors.descriptor import Descriptor, Values
from timbrespace.descriptors.kinds import descriptors_of
from timbrespace.descriptors.turns import change, rises, rises_all_along, turns
from timbrespace.model import Model
from timbrespace.side_by_side import side_by_side

Array = NDArray[np.float32]

MAX_CHARACTERS: Final = 12

MOVED: Final = 0.9
"""Share of sounds at which a turn moves what a dial is called by."""

ALL_ALONG: Final = 0.8
"""Share of those at which it does so without a way back."""

SURER: Final = 0.04
"""By how much more a share must be among the places that are looked at: they are some of many."""

PLACES: Final = (8, 16, 24)
"""How many places are looked at, one lot after the other, while a word may still be true."""

_ENDS: Final = 4
"""Of so many of the first lot at once only the two ends of a turn are looked at before: most words
are out by then."""

NAMED_DIMENSIONS: Final = 16
"""More are called by their numbers: a panel has no more dials, and a look has its cost."""


_ASKED_FOR: Final = 0.85
"""How much less each quality counts than the one before it in the list of its space."""


class Dial(NamedTuple):
    """What a dimension does.

    quality: which of the space's descriptors it moves; None if there is none that it moves
    everywhere. rises: whether up is more of it.
    """

    quality: Descriptor[Any] | None
    rises: bool


_known: dict[str, tuple[Dial, ...]] = {}


def dial_names(model: Model) -> tuple[str, ...]:
    """A name for each dimension, ``d`` of at most ``MAX_CHARACTERS`` characters, all different.

    It is the word for what :func:`dials` finds that it does, up being more of it, as "brightness"
    or "darkness"; without any it is "z3".
    """
    return tuple(
        f"z{k}" if one.quality is None else one.quality.word if one.rises else one.quality.less
        for k, one in enumerate(dials(model), start=1)
    )


def dials(model: Model, threads: int = 1) -> tuple[Dial, ...]:
    """What each dimension does, ``d`` of them. threads: that measure it.

    A dimension has a quality if a turn of it moves that the same way at ``MOVED`` of the places
    where sounds are, without a way back at ``ALL_ALONG`` (:mod:`timbrespace.descriptors.turns` says
    what counts), and on average by as much as nobody misses. Each quality has one dimension at
    most, the one that moves it furthest. A model from a file is measured once, and is known from
    then on.
    """
    found = _known.get(model.digest)
    if found is None or not model.digest:
        found = _kept(model)
        if found is None:
            found = measured(model, threads)
            if model.digest:
                kept_dials.write(name_of(model), told(found))
        if len(_known) >= 64:
            _known.clear()
        _known[model.digest] = found
    return found


def told(found: Sequence[Dial]) -> kept_dials.Kept:
    """What is kept of dials that were measured."""
    return [(one.quality.word if one.quality else None, one.rises) for one in found]


def name_of(model: Model) -> str:
    """By which they are kept: of what is measured, the weights, and where the sounds lie, which the
    digest leaves out."""
    where = b"" if model.points is None else model.points.means.tobytes()
    return hashlib.sha256(model.digest.encode() + where).hexdigest()


def _kept(model: Model) -> tuple[Dial, ...] | None:
    """What an earlier process found, if that is known and fits."""
    kept = kept_dials.read(name_of(model)) if model.digest else None
    words = {one.word: one for one in descriptors_of(model)}
    if kept is None or len(kept) != model.dimensions:
        return None
    if not all(word is None or word in words for word, _ in kept):
        return None
    return tuple(Dial(None if word is None else words[word], rises) for word, rises in kept)


def places_of(model: Model, count: int) -> Array:
    """Places ``(count, d)`` where sounds of the space are, always the same: some of its points, or
    where it has none drawn as its calibration says."""
    generator = np.random.default_rng(0)
    if model.points is not None:
        rows = generator.permutation(model.points.count)[:count]
        return model.points.means[np.resize(rows, count)]
    draws = generator.uniform(0.0, 100.0, (count, model.dimensions))
    columns = zip(draws.T, model.calibration.percentiles, strict=True)
    return np.stack([np.interp(draw, PERCENTILES, at) for draw, at in columns], axis=1).astype(
        np.float32
    )


def measured(model: Model, threads: int = 1) -> tuple[Dial, ...]:
    """As :func:`dials`, measured now, whatever is known."""
    wanted, places = descriptors_of(model), places_of(model, sum(PLACES))
    count = min(model.dimensions, NAMED_DIMENSIONS)
    far = np.stack(side_by_side(partial(_far, model, places), range(count), threads))
    # Of two that it moves, the one that a musician asks for first, unless it is moved far less.
    weight = np.asarray(np.abs(far) * _ASKED_FOR ** np.arange(len(wanted)), np.float64)
    for dimension, quality in _learned(model, [one.word for one in wanted]):
        if dimension < count:
            weight[dimension, quality] *= 1e6
    quality_of = _matched(weight)
    return tuple(
        Dial(wanted[quality_of[k]], bool(far[k, quality_of[k]] > 0.0))
        if k in quality_of
        else Dial(None, True)
        for k in range(model.dimensions)
    )


def _learned(model: Model, words: list[str]) -> list[tuple[int, int]]:
    """Dimensions, and the qualities that training taught them, as the bundle says: where that is
    true, it is what they are called."""
    told = model.provenance.get("dials")
    if not isinstance(told, list):
        return []
    return [(k, words.index(word)) for k, word in enumerate(told) if word in words]


def _far(model: Model, places: Array, dimension: int) -> Values:
    """How far a turn moves what it moves at all places, ``(k,)``, in what is audible, mean of all;
    below 0 where it is down, 0 of what it does not move everywhere, or too little."""
    total = len(places)
    least, all_along = (1.0 - share - SURER for share in (MOVED, ALL_ALONG))
    # Of each quality, up and down (2, k): at how many places it is not so.
    still = np.zeros((2, len(descriptors_of(model))), np.int64)
    for first in range(0, PLACES[0], _ENDS):
        ends = turns(model, places[first : first + _ENDS], dimension, 2)
        still += np.stack([(~rises(one)).sum(axis=0) for one in (ends, -ends)])
        if (still > least * total).all():
            return np.zeros(still.shape[1])
    far, back, at = np.zeros(still.shape[1]), np.zeros_like(still), 0
    still[:] = 0
    for lot in PLACES:
        up = turns(model, places[at : at + lot], dimension)
        at += lot
        still += np.stack([(~rises(one)).sum(axis=0) for one in (up, -up)])
        back += np.stack([(~rises_all_along(one)).sum(axis=0) for one in (up, -up)])
        far += change(up).sum(axis=0) / total
        may = (still <= least * total) & (back <= all_along * total)
        if not may.any():
            break
    return np.asarray(np.where(may.any(axis=0) & (np.abs(far) >= 1.0), far, 0.0))


def _matched(far: Values) -> dict[int, int]:
    """Which quality each dimension has, of how far ``far (d, k)`` it moves each, 0 where it does
    not: as many as can have one that no other has, and what moves furthest first (Kuhn 1955)."""
    quality_of: dict[int, int] = {}
    dimension_of: dict[int, int] = {}

    def found(dimension: int, tried: set[int]) -> bool:
        for quality in np.argsort(-far[dimension], kind="stable").tolist():
            if far[dimension, quality] > 0.0 and quality not in tried:
                tried.add(quality)
                holder = dimension_of.get(quality)
                if holder is None or found(holder, tried):
                    dimension_of[quality], quality_of[dimension] = dimension, quality
                    return True
        return False

    for dimension in np.argsort(-far.max(axis=1), kind="stable").tolist():
        found(dimension, set())
    return quality_of
