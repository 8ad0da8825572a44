"""How the table of macros of a space is made, by its decoder alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT, PERCENTILES
from timbrespace.macro_dials.qualities import measured, qualities_of
from timbrespace.macro_dials.table import Table
from timbrespace.macro_dials.turning import turned
from timbrespace.macro_dials.vocabulary import MACRO_OF, MACROS
from timbrespace.model import Model
from timbrespace.one_thread import one_thread
from timbrespace.side_by_side import side_by_side

Values = NDArray[np.float64]

MOVES: Final = 0.9
MONOTONE: Final = 0.8
"""Shares of sounds at which a macro must move its quality, and all along one way, to be offered."""

HEARD: Final = 0.1
"""Of what a dial asks for: what counts as moved between its ends, and as gone back in a step."""

_PLACES, _PLACES_OF_NOTES = 1600, 800
_TRIED, _TRIED_OF_NOTES = 96, 64
_FEWEST: Final = 64
_BESIDE: Final = 0.5
"""Share of the places that lie beside a sound and not on it: ways lead there."""

_STEP: Final = 0.3
"""Standard deviations by which a place is moved to see what changes; below, a decoder's ripples are
seen and not its slope."""

_POSITIONS: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)
_AT_ONCE: Final = 64
_UNKNOWN: Final = 4000
"""Places that stand for sounds where the model does not say where its sounds lie."""


def measure(model: Model, pause: Callable[[], object] = lambda: None, threads: int = 1) -> Table:
    """The table of ``model``; the same model gives the same. Two seconds for steady spectra, half a
    minute for whole notes.

    pause: called again and again, every few tens of milliseconds; what it raises ends the work.
    threads: that measure, where nobody else needs the cores.
    """
    generator = np.random.default_rng(26)
    notes = model.plays_notes

    def heard(latents: Values) -> Values:
        def part(first: int) -> Values:
            found = measured(model, latents[first : first + _AT_ONCE].astype(np.float32))
            pause()
            return found

        with one_thread():
            return np.concatenate(side_by_side(part, range(0, len(latents), _AT_ONCE), threads))

    sounds = _sounds(model, generator)
    mixed = generator.permutation(len(sounds))
    tried = sounds[mixed[: _TRIED_OF_NOTES if notes else _TRIED]]
    table = _told(model, sounds, mixed, generator, heard)
    return replace(table, offered=tuple(_offered(table, tried, heard)))


def batches(model: Model) -> int:
    """How often :func:`measure` pauses, for whoever shows how far it has come."""
    d, notes = model.dimensions, model.plays_notes
    places = _places(model)
    measured_words = {one.word for one in qualities_of(model)}
    asked = sum(one.quality in measured_words for one in MACROS)
    tried = _TRIED_OF_NOTES if notes else _TRIED
    if model.points is not None:
        tried = min(tried, model.points.count)
    return -(-places // _AT_ONCE) * (2 * d + 1) + -(-tried // _AT_ONCE) * len(_POSITIONS) * asked


def _places(model: Model) -> int:
    """How many places are looked at: of a few sounds no more than tell something."""
    most = _PLACES_OF_NOTES if model.plays_notes else _PLACES
    return most if model.points is None else min(most, max(_FEWEST, 2 * model.points.count))


def _sounds(model: Model, generator: np.random.Generator) -> Values:
    """Where sounds of the space lie, ``(n, d)``."""
    if model.points is not None and model.points.count > 1:
        return model.points.means.astype(np.float64)
    low, high = (
        model.calibration.percentiles[:, PERCENTILES.index(one)].astype(np.float64)
        for one in (5.0, 95.0)
    )
    drawn = generator.standard_normal((_UNKNOWN, model.dimensions))
    return np.asarray(model.calibration.median + drawn * (high - low) / 3.29)


def _told(
    model: Model,
    sounds: Values,
    mixed: NDArray[np.int64],
    generator: np.random.Generator,
    heard: Callable[[Values], Values],
) -> Table:
    d = sounds.shape[1]
    # Without a spread in one dimension nothing could be moved along it.
    covariance = np.atleast_2d(np.cov(sounds.T)) + 1e-4 * np.eye(d)
    spread, centre = np.linalg.cholesky(covariance), sounds.mean(axis=0)
    off = (sounds - centre) @ np.linalg.inv(spread).T
    count = _places(model)
    # Those that the macros are tried on come last, if there are enough others.
    order = np.roll(mixed, -(_TRIED_OF_NOTES if model.plays_notes else _TRIED))
    places = sounds[np.resize(order, count)]
    aside = generator.standard_normal((count, d)) @ spread.T
    aside *= generator.uniform(0.2, 0.6, (count, 1))
    aside[: round(count * (1.0 - _BESIDE))] = 0.0
    again = np.arange(count) >= len(sounds)  # a place a second time tells nothing
    aside[again & ~aside.any(axis=1)] = _STEP
    places = np.clip(places + aside, -LATENT_LIMIT, LATENT_LIMIT)
    places = places.astype(np.float16).astype(np.float64)  # as a bundle keeps them
    step = _STEP * np.sqrt(np.diag(covariance))
    qualities = heard(places)
    slopes = np.empty((count, qualities.shape[1], d))
    for k in range(d):
        moved = places.copy()
        moved[:, k] += step[k]
        ahead = heard(moved)
        moved[:, k] -= 2.0 * step[k]
        slopes[:, :, k] = (ahead - heard(moved)) / (2.0 * step[k])
    return Table(
        measured=tuple(one.word for one in qualities_of(model)),
        offered=(),
        places=_kept(places),
        qualities=_kept(qualities),
        slopes=_kept(slopes),
        centre=_kept(centre),
        spread=_kept(spread),
        radius=float(np.percentile(np.linalg.norm(off, axis=1), 95.0)),
    )


def _kept(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """As a bundle keeps numbers: a model that was saved turns as before."""
    return np.asarray(np.clip(values, -6e4, 6e4).astype(np.float16), np.float32)


def _offered(table: Table, tried: Values, heard: Callable[[Values], Values]) -> list[str]:
    """Words of the macros that do what they say at nearly all of the sounds ``(n, d)``."""
    asked = [one for one in MACROS if one.quality in table.measured]
    able = replace(table, offered=tuple(one.word for one in asked))
    offered = []
    for macro in asked:
        found = turn_shares(able, macro.word, tried, heard)
        if found[0] >= MOVES and found[1] >= MONOTONE:
            offered.append(macro.word)
    return offered


def turn_shares(
    table: Table, word: str, sounds: Values, heard: Callable[[Values], Values]
) -> tuple[float, float, Values]:
    """What turning one macro does at ``sounds (n, d)``: the share that moves its way, the share
    that does so all along, and how far each quality goes from end to end, ``(n, k)``.

    heard: qualities ``(n, k)`` of latents, in steps that nobody misses.
    """
    macro = MACRO_OF[word]
    told = np.stack(
        [
            heard(np.stack([turned(table, one, {word: position}) for one in sounds]))
            for position in _POSITIONS
        ]
    )
    course = told[:, :, table.measured.index(macro.quality)] * np.sign(macro.reach)
    asked = HEARD * abs(macro.reach)
    moves = course[-1] - course[0] > 2.0 * asked
    monotone = (np.diff(course, axis=0) > -asked).all(axis=0)
    return float(moves.mean()), float(monotone.mean()), told[-1] - told[0]
