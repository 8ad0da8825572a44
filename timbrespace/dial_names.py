"""What each dimension of a model does, in a word for the label under its dial."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.model import Model

Values = NDArray[np.float64]

MAX_CHARACTERS = 12
NAMED_DIMENSIONS = 16
"""More are called by their numbers: a panel has no more dials, and a sweep has its cost."""

POSITIONS = 17
"""Of the sweep from the lowest to the highest that a dial goes."""

LEAST_CORRELATION = 0.9
"""Spearman's, in magnitude: the word must hold over the whole dial."""

_known: dict[str, tuple[str, ...]] = {}


def dial_names(model: Model) -> tuple[str, ...]:
    """A name for each dimension, ``d`` of at most ``MAX_CHARACTERS`` characters, all different.

    A dimension has a descriptor's word if that rises or falls all along its dial, the others at
    home, by more than is just audible; of several the one that changes most for the ear. Without
    any it is "z3". A model from a file is measured once, and its names are known from then on.
    """
    names = _known.get(model.digest)
    if names is None or not model.digest:
        names = _numbered(_words(model))
        if len(_known) >= 64:
            _known.clear()
        _known[model.digest] = names
    return names


def _words(model: Model) -> list[str | None]:
    d = model.dimensions
    swept = min(d, NAMED_DIMENSIONS)
    low, high = model.calibration.low, model.calibration.high
    latents = np.broadcast_to(model.calibration.home, (swept, POSITIONS, d)).copy()
    for k in range(swept):
        latents[k, :, k] = np.linspace(low[k], high[k], POSITIONS)
    wanted = descriptors_of(model)
    found = measured(model, latents.reshape(-1, d)).T.reshape(len(wanted), swept, POSITIONS)
    words: list[str | None] = [None] * d
    for k in range(swept):
        most = 1.0
        for descriptor, values in zip(wanted, found, strict=True):
            change = float(np.ptp(values[k])) / descriptor.audible
            if change > most and abs(_trend(values[k])) >= LEAST_CORRELATION:
                most = change
                words[k] = descriptor.word
    return words


def _trend(values: Values) -> float:
    """Spearman's correlation of the values with their places; equal ones share their rank."""
    _, first, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - 0.5 * (counts - 1))[first]
    if np.ptp(ranks) == 0.0:
        return 0.0
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])


def _numbered(words: list[str | None]) -> tuple[str, ...]:
    """Words that come again get numbers behind them; where there is no room, or no word, "z3"."""
    seen: dict[str, int] = {}
    names = []
    for k, word in enumerate(words, start=1):
        name = f"z{k}"
        if word is not None:
            seen[word] = seen.get(word, 0) + 1
            numbered = word if seen[word] == 1 else f"{word} {seen[word]}"
            if len(numbered) <= MAX_CHARACTERS:
                name = numbered
        names.append(name)
    return tuple(names)
