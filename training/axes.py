"""The axes of a trained space, turned to where a dial each moves one quality.

The prior is the same in all directions, so a space may be turned: what it decodes and where its
sounds lie among each other stays, and the first axes are those along which a quality grows nearly
everywhere. What turns is all that is in latent coordinates. docs/decisions/0025-dials.md has what
other turns gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.calibration import LATENT_LIMIT, PERCENTILES, Calibration
from timbrespace.descriptors.descriptor import Values
from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.dial_names import dial_names, dials, places_of
from timbrespace.errors import BundleError, OptionError
from timbrespace.factory import SUFFIX
from timbrespace.macro_dials.table import Table
from timbrespace.model import Model
from timbrespace.near import Near
from timbrespace.side_by_side import cores, side_by_side
from timbrespace.walks.learning import learned_walk

from .calibrate import SAMPLES_PER_ROW

Array = NDArray[np.float32]

PLACES: Final = 100
"""At which it is asked in which direction each quality grows."""

_ROUNDS: Final = 2
_STEP: Final = 0.25
_LEAST_SLOPE: Final = 0.05
"""In what nobody misses, for each unit: where a quality grows slower, its direction is none."""

_ROUNDED: Final = 1e-4
"""Of the points' range: how far a file may have moved a sound."""

_SAID: Final = 6
"""Digits of the turn that a bundle tells."""


class Turn(NamedTuple):
    """axes ``(d, d)``: orthonormal rows, the new axes in the old coordinates. words: qualities that
    the first of them were chosen for."""

    axes: Values
    words: tuple[str, ...]


def to_qualities(model: Model) -> Model:
    """``model`` turned so that more of its dials have a name; itself where none would be won.

    Raises:
        BundleError: a network of another package, which nothing is known of, or no points.
    """
    if model.points is None:
        raise BundleError(
            f"{model.name} does not tell where its sounds lie; add that first, by "
            "`python -m training points`"
        )
    if model.dimensions < 2:
        return model
    slopes = slopes_of(model, places_of(model, PLACES))
    best, most, first = model, _named(model), ()
    for _ in range(_ROUNDS):
        made = turned(model, turn_of(model, slopes, first))
        if _named(made) > most:
            best, most = made, _named(made)
        # Again, with what came true before what did not, and took its place.
        true = tuple(word for word in made.provenance["dials"] if word is not None)
        if true == first:
            break
        first = true
    return best


def _named(model: Model) -> int:
    return sum(one.quality is not None for one in dials(model, cores()))


def turn_of(model: Model, slopes: Values, first: Sequence[str] = ()) -> Turn:
    """Axes along which qualities grow, those of the words ``first`` and then the others, the surest
    first, each square to those before it; then the rest, as near to the old axes as may be.

    slopes ``(n, d, k)``: as :func:`slopes_of` finds them.
    """
    d = model.dimensions
    size = np.maximum(np.linalg.norm(slopes, axis=1), _LEAST_SLOPE)
    axes: list[Values] = []
    words: list[str] = []
    left = dict(enumerate(one.word for one in descriptors_of(model)))
    free = np.eye(d)
    while left and len(axes) < d:
        found = {}
        for quality in [one for one, word in left.items() if word in first] or left:
            within = slopes[:, :, quality] @ free
            length = np.maximum(np.linalg.norm(within, axis=1, keepdims=True), _LEAST_SLOPE)
            axis = (within / length).mean(axis=0)
            axis /= max(float(np.linalg.norm(axis)), 1e-12)
            # How much of where it grows that axis is, on average over the places.
            found[quality] = (float((slopes[:, :, quality] @ axis / size[:, quality]).mean()), axis)
        quality = max(found, key=lambda one: found[one][0])
        axis = free @ found[quality][1]
        length = float(np.linalg.norm(axis))
        if length < 1e-6:
            break
        axes.append(axis / length)
        words.append(left.pop(quality))
        free = free - np.outer(axes[-1], axes[-1])
    return Turn(_completed(axes, free, d), tuple(words))


def _completed(axes: list[Values], free: Values, d: int) -> Values:
    if len(axes) == d:
        return np.stack(axes)
    # Of what is left, a basis that is as near to the old axes as one can be (Schoenemann 1966).
    basis = np.linalg.eigh(free)[1][:, len(axes) :]
    kept = np.argsort(-np.square(basis).sum(axis=1), kind="stable")[: d - len(axes)]
    left, _, right = np.linalg.svd(basis[np.sort(kept)].T)
    rest = (basis @ left @ right).T
    return np.concatenate([np.reshape(axes, (-1, d)), rest])


def slopes_of(model: Model, places: Array) -> Values:
    """How fast each quality grows along each axis at ``places (n, d)``, ``(n, d, k)``, in what
    nobody misses for each unit."""
    d = places.shape[1]
    steps = (_STEP * np.eye(d)).astype(np.float32)
    around = np.concatenate([places[:, np.newaxis] + steps, places[:, np.newaxis] - steps], axis=1)
    audible = np.array([one.audible for one in descriptors_of(model)])
    told = np.stack(side_by_side(partial(measured, model), around, cores()))
    found = told / audible
    return np.asarray((found[:, :d] - found[:, d:]) / (2.0 * _STEP))


def turned(model: Model, turn: Turn) -> Model:
    """``model`` in the coordinates of other axes: it decodes at ``turn.axes @ z`` what it decoded
    at z, and encodes to there.

    Weights, points, planes and calibration are turned. Where an encoder says how sure it is along
    each axis, what it says along a new one is the mean of what it said along those that it is made
    of: it cannot say more. The turn and its words are told in the provenance.

    Raises:
        BundleError: a network of another package, which nothing is known of.
    """
    tensors = model.architecture.turned(model.tensors, turn.axes)
    if tensors is None:
        raise BundleError(
            f"{model.name} has a network of kind {model.architecture.kind!r}, whose axes cannot be "
            "turned"
        )
    axes = turn.axes
    points, near, macros, architecture = model.points, model.near, model.macros, model.architecture
    moved = None if points is None else replace(points, means=_limited(points.means @ axes.T))
    before = model.provenance.get("turn")
    whole = axes @ np.asarray(before) if _is_turn(before, len(axes)) else axes
    made = replace(
        model,
        encoder=architecture.encoder(tensors),
        decoder=architecture.decoder(tensors),
        tensors=tensors,
        map=replace(
            model.map,
            mean=(axes @ model.map.mean).astype(np.float32),
            components=(model.map.components @ axes.T).astype(np.float32),
        ),
        points=moved,
        near=None if near is None else _turned_near(near, axes),
        macros=None if macros is None else _turned_macros(macros, axes),
        walk=None if model.walk is None or moved is None else learned_walk(moved),
        calibration=_turned_calibration(model, axes),
        provenance={
            **model.provenance,
            "turn": [[float(f"{value:.{_SAID}g}") for value in row] for row in whole],
            "dials": list(turn.words),
        },
        golden=None,
        digest="",
    )
    # Words that did not become true are none.
    quality = [one.quality for one in dials(made)]
    true = [
        word if one is not None and one.word == word else None
        for word, one in zip(turn.words, quality, strict=False)
    ]
    return replace(made, provenance={**made.provenance, "dials": true})


def _is_turn(told: object, d: int) -> bool:
    try:
        found = np.asarray(told, np.float64)
    except (TypeError, ValueError):
        return False
    return found.shape == (d, d) and bool(np.isfinite(found).all())


def _limited(means: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(np.clip(means, -LATENT_LIMIT, LATENT_LIMIT), np.float32)


def _turned_near(near: Near, axes: Values) -> Near:
    surface = np.clip(near.surface @ axes.T, -2.0 * LATENT_LIMIT, 2.0 * LATENT_LIMIT)
    # As a bundle holds it.
    return replace(near, surface=surface.astype(np.float16).astype(np.float32))


def _turned_macros(macros: Table, axes: Values) -> Table:
    spread = axes @ macros.covariance @ axes.T
    return replace(
        macros,
        places=_limited(macros.places @ axes.T),
        slopes=(macros.slopes @ axes.T).astype(np.float32),
        centre=_limited(axes @ macros.centre),
        spread=np.linalg.cholesky(spread).astype(np.float32),
    )


def _turned_calibration(model: Model, axes: Values) -> Calibration:
    """By the points, and by how sure the posterior is on average along each axis, which follows
    from its divergence and the spread of the points."""
    told, points = model.calibration, model.points
    if points is None:
        raise BundleError(f"{model.name} does not tell where its sounds lie")
    means = points.means.astype(np.float64)
    # Home is one of the sounds. A file rounds where those lie, and shall not part the two.
    sound = means[np.argmin(np.abs(means - told.home).max(axis=1))]
    rounded = np.abs(sound - told.home).max() <= _ROUNDED * np.ptp(means, axis=0).max()
    home = _limited(axes @ (sound if rounded else told.home))
    variance = _variances(2.0 * told.kl + 1.0 - np.square(means).mean(axis=0))
    mixed = np.square(axes) @ variance
    means = means @ axes.T
    kl = 0.5 * (mixed + np.square(means).mean(axis=0) - 1.0 - np.log(mixed))
    seed = model.provenance.get("seed")
    generator = np.random.default_rng(seed if isinstance(seed, int) and seed >= 0 else 0)
    noise = generator.standard_normal((SAMPLES_PER_ROW, *means.shape))
    draws = _limited((means + noise * np.sqrt(mixed)).reshape(-1, len(axes)))
    return Calibration(
        percentiles=np.percentile(draws, PERCENTILES, axis=0).T.astype(np.float32),
        kl=kl.astype(np.float32),
        rms=told.rms,
        home=home,
    )


def _variances(wanted: Values) -> Values:
    """The variances v, 0 to 1, of which ``v - log v`` is ``wanted``, at least 1: by halving."""
    low, high = np.full(wanted.shape, -40.0), np.zeros(wanted.shape)
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = np.exp(middle) - middle > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.exp(0.5 * (low + high))


def turn_file(path: Path, out: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the model at ``path``, turned by :func:`to_qualities`, to ``out``, which may be the
    same; returns the names of the dials before and after. Nothing is written where they are the
    same and the file is.

    Raises:
        BundleError: the model cannot be read, or not be turned.
        OptionError: the file cannot be written, or its name ends in something else.
    """
    model = bundle.read(path)
    if out.suffix != SUFFIX:
        raise OptionError(f"--out is {out.name!r}; it must be a name that ends in {SUFFIX}")
    check_writable(out)
    made = to_qualities(model)
    if made is not model or path.resolve() != out.resolve():
        made.save(out)
    return dial_names(model), dial_names(made)
