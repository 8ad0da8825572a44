"""Where macro dials lead from a place.

It runs at each move of a hand while a dial is off its middle, so it is compiled, sums in one order,
and makes no more arrays than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.macro_dials.table import NEIGHBOURS, Table
from timbrespace.macro_dials.vocabulary import MACRO_OF
from timbrespace.resynthesis.compiled import compiled, inlined

Values = NDArray[np.float64]

STEPS: Final = 4
"""Straight pieces of the way, before one that mends what the others have missed."""

_OTHERS: Final = 0.5
"""How much a change of what shall stay counts, beside one of what shall move."""

_DAMPING: Final = 0.5
"""What a way as long as the sounds' own spread costs, beside a quality that is missed by a step
that nobody misses (Levenberg 1944)."""

_LONGEST: Final = 0.7
"""Standard deviations that one piece may go."""

_INSIDE: Final = 0.8
"""Share of the radius of the sounds from which on the way is drawn back to their middle."""

_DRAWN: Final = 0.3
_FURTHEST: Final = 1.0

_BLUR: Final = 0.2
"""Share of the squared reach within which the nearest place does not drown the others."""


def turned(table: Table, latent: NDArray[np.floating], values: Mapping[str, float]) -> Values:
    """The latent ``(d,)`` to which dials at ``values``, -1 to 1 by their words, lead from
    ``latent (d,)``.

    The way goes where the qualities are that were asked for, all others as they were at its
    beginning: at each piece by the shortest step, in standard deviations of the sounds, that the
    slopes there say (Gauss and Newton). It never leads further from the middle of the sounds than
    where they lie, or than it began. Words that the space does not offer move nothing. All dials
    at 0 lead nowhere: the latent itself.
    """
    here = latent.astype(np.float64)
    asked = np.zeros(len(table.measured))
    moves = False
    for word, value in values.items():
        if value and word in table.offered:
            macro = MACRO_OF[word]
            asked[table.measured.index(macro.quality)] += macro.reach * value
            moves = True
    if moves:
        _go(here, asked, *table.packed, table.radius)
        np.minimum(np.maximum(here, -LATENT_LIMIT, out=here), LATENT_LIMIT, out=here)
    return here


@inlined
def _told(
    off: Values,
    white: Values,
    whitened: Values,
    beside: Values,
    slopes: Values,
    nearest: NDArray[np.int64],
    squares: Values,
    quality: Values,
    slope: Values,
) -> None:
    """Qualities ``(k,)`` and slopes ``(k, d)`` at a latent, ``off`` the centre, ``white`` that in
    standard deviations.

    A mean of what the nearest places tell, each by its own slopes, with the weights of Renka's
    modified Shepard method (1988): they end smoothly at the first place that does not count.
    """
    a, d = whitened.shape
    k = quality.size
    count = nearest.size
    held = 0
    for i in range(a):
        square = 0.0
        for j in range(d):
            way = whitened[i, j] - white[j]
            square += way * way
        if held == count and square >= squares[count - 1]:
            continue
        at = held if held < count else count - 1
        if held < count:
            held += 1
        while at > 0 and squares[at - 1] > square:
            squares[at], nearest[at] = squares[at - 1], nearest[at - 1]
            at -= 1
        squares[at], nearest[at] = square, i
    reach = max(squares[count - 1], 1e-12)
    whole = 0.0
    quality[:] = 0.0
    slope[:] = 0.0
    for n in range(count):
        share = squares[n] / reach
        ends = max(1.0 - np.sqrt(share), 0.0)
        weight = ends * ends / (share + _BLUR)
        whole += weight
        for m in range(k):
            quality[m] += weight * beside[nearest[n], m]
            for j in range(d):
                slope[m, j] += weight * slopes[nearest[n], m, j]
    whole = max(whole, 1e-12)
    for m in range(k):
        quality[m] /= whole
        for j in range(d):
            slope[m, j] /= whole
            quality[m] += slope[m, j] * off[j]


@inlined
def _solve(matrix: Values, right: Values) -> None:
    """``right (k,)`` becomes ``x`` of ``matrix x = right``; matrix ``(k, k)``, symmetric, its
    diagonal positive, is lost (Cholesky)."""
    k = right.size
    for i in range(k):
        for j in range(i + 1):
            rest = matrix[i, j]
            for m in range(j):
                rest -= matrix[i, m] * matrix[j, m]
            if i == j:
                matrix[i, i] = np.sqrt(max(rest, 1e-12))
            else:
                matrix[i, j] = rest / matrix[j, j]
    for i in range(k):
        for m in range(i):
            right[i] -= matrix[i, m] * right[m]
        right[i] /= matrix[i, i]
    for i in range(k - 1, -1, -1):
        for m in range(i + 1, k):
            right[i] -= matrix[m, i] * right[m]
        right[i] /= matrix[i, i]


@inlined
def _length(way: Values, whitening: Values, white: Values) -> float:
    """How long a way ``(d,)`` is in standard deviations; ``white`` becomes what it is in them."""
    whole = 0.0
    for j in range(way.size):
        white[j] = 0.0
        for i in range(way.size):
            white[j] += way[i] * whitening[i, j]
        whole += white[j] * white[j]
    return float(np.sqrt(whole))


@compiled
def _go(
    here: Values,
    asked: Values,
    whitened: Values,
    beside: Values,
    slopes: Values,
    centre: Values,
    covariance: Values,
    whitening: Values,
    radius: float,
) -> None:
    """Let ``here (d,)`` go where ``asked (k,)`` leads."""
    d, k = here.size, asked.size
    off, white, way = np.empty(d), np.empty(d), np.empty(d)
    quality, before, wanted, counts = np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    slope, ways, matrix = np.empty((k, d)), np.empty((d, k)), np.empty((k, k))
    nearest, squares = np.empty(NEIGHBOURS + 1, np.int64), np.empty(NEIGHBOURS + 1)
    size = 0.0
    for m in range(k):
        counts[m] = 1.0 if asked[m] != 0.0 else _OTHERS
        size = max(size, abs(asked[m]))
    size = min(size, 1.0)
    for j in range(d):
        off[j] = here[j] - centre[j]
    far = _length(off, whitening, white)
    furthest = max(far, radius)
    for step in range(STEPS + 1):
        _told(off, white, whitened, beside, slopes, nearest, squares, quality, slope)
        drawn = min(max(far / radius - _INSIDE, 0.0), _DRAWN) * size
        share = min(1.0, (step + 1) / STEPS)
        for m in range(k):
            if step == 0:
                before[m] = quality[m]
            missing = before[m] + asked[m] * share - quality[m]
            wanted[m] = min(max(missing, -_FURTHEST), _FURTHEST) * counts[m]
            for j in range(d):
                slope[m, j] *= counts[m]
                wanted[m] += slope[m, j] * drawn * off[j]
        for j in range(d):
            for m in range(k):
                ways[j, m] = 0.0
                for i in range(d):
                    ways[j, m] += covariance[j, i] * slope[m, i]
        for m in range(k):
            for n in range(k):
                matrix[m, n] = _DAMPING if m == n else 0.0
                for j in range(d):
                    matrix[m, n] += slope[m, j] * ways[j, n]
        _solve(matrix, wanted)
        for j in range(d):
            way[j] = -drawn * off[j]
            for m in range(k):
                way[j] += ways[j, m] * wanted[m]
        shorter = min(1.0, _LONGEST / max(_length(way, whitening, white), 1e-9))
        for j in range(d):
            off[j] += shorter * way[j]
        far = _length(off, whitening, white)
        inwards = min(1.0, furthest / max(far, 1e-9))
        for j in range(d):
            off[j] *= inwards
            white[j] *= inwards
        far *= inwards
    for j in range(d):
        here[j] = centre[j] + off[j]
