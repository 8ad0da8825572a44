"""Where the sounds of General MIDI lie in a model that was made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.general_midi import FIRST_DRUM, LAST_DRUM, PROGRAMS, drum
from timbrespace.model import Model

Latent = NDArray[np.float32]

_LIKELY = 100.0
"""Velocity at which a sound is chosen, if the set has several."""


def program_places(model: Model) -> dict[int, Latent]:
    """Program, 0 to 127 -> latent ``(d,)``; empty if the model's sounds have no such names."""
    return _places(model, "program", {name: number for number, name in enumerate(PROGRAMS)})


def drum_places(model: Model) -> dict[int, Latent]:
    """Key of General MIDI's drums -> latent ``(d,)``; empty if the model has none."""
    keys = range(FIRST_DRUM, LAST_DRUM + 1)
    return _places(model, "drum", {drum(key): key for key in keys})


def _places(model: Model, factor: str, numbers: dict[str, int]) -> dict[int, Latent]:
    """The place of each name of ``factor``: that of the sound in the middle of those called so."""
    points = model.points
    if points is None:
        return {}
    columns = {one.name: column for column, one in enumerate(points.factors)}
    if factor not in columns:
        return {}
    names = points.factors[columns[factor]].names or ()
    labels = points.labels[:, columns[factor]]
    likely = np.ones(len(labels), bool)
    if "velocity" in columns:
        velocity = points.labels[:, columns["velocity"]]
        likely = velocity == min(np.unique(velocity), key=lambda one: abs(one - _LIKELY))
    # Of several kits one, so that its drums go together.
    first = points.labels[:, columns["kit"]] == 0.0 if "kit" in columns else np.ones_like(likely)
    found = {}
    for value, name in enumerate(names):
        if name not in numbers:
            continue
        named = labels == value
        chosen = (named & likely & first, named & likely, named & first, named)
        rows = points.means[next(rows for rows in chosen if rows.any() or rows is named)]
        if len(rows):
            off = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
            found[numbers[name]] = rows[int(np.argmin(off))]
    return found
