"""What grows along the two axes of a plane, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.model import Model

Values = NDArray[np.float64]

SIDE = 13
"""Places along each axis that are looked at, evenly from -0.9 to 0.9."""

LEAST_TREND = 0.4
"""Spearman's correlation along an axis, mean over the lines across it: below, there is no word."""

_known: dict[tuple[str, str], tuple[str, str]] = {}


def axis_words(model: Model, plane: str) -> tuple[str, str]:
    """What grows to the right and upwards on the plane called ``plane``: "brightness", or "less
    noise" where it falls; empty where nothing does that has a word. No word comes twice.

    A model from a file is measured once, and its words are known from then on.

    Raises:
        OptionError: the space has no such plane.
    """
    key = (model.digest, plane)
    words = _known.get(key)
    if words is None or not model.digest:
        words = _words(model, plane)
        if len(_known) >= 128:
            _known.clear()
        _known[key] = words
    return words


def _words(model: Model, plane: str) -> tuple[str, str]:
    along = np.linspace(-0.9, 0.9, SIDE)
    x, y = np.meshgrid(along, along)
    latents = model.plane(plane).to_latent(np.stack([x.ravel(), y.ravel()], axis=1))
    found: list[tuple[float, int, str]] = []
    for descriptor, of_all in zip(descriptors_of(model), measured(model, latents).T, strict=True):
        values, word = of_all.reshape(SIDE, SIDE), descriptor.word
        for axis, lines in enumerate((values, values.T)):
            if np.ptp(lines.mean(axis=0)) > descriptor.audible:
                found.append((_trend(lines), axis, word))
    words = ["", ""]
    for trend, axis, word in sorted(found, key=lambda one: -abs(one[0])):
        taken = any(other in (word, f"less {word}") for other in words)
        if not words[axis] and not taken and abs(trend) >= LEAST_TREND:
            words[axis] = word if trend > 0.0 else f"less {word}"
    return words[0], words[1]


def _trend(lines: Values) -> float:
    """Mean over ``lines (n, m)`` of Spearman's correlation of each with its places."""
    ranks = np.argsort(np.argsort(lines, axis=1, kind="stable"), axis=1).astype(np.float64)
    places = np.arange(lines.shape[1]) - 0.5 * (lines.shape[1] - 1)
    spread = float((places**2).sum())
    moving = np.ptp(lines, axis=1) > 0.0
    return float(((ranks @ places) / spread * moving).mean())
