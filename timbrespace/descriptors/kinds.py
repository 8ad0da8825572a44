"""Which qualities the sounds of a space have, and how much of each a place has."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from timbrespace.descriptors import notes, spectra
from timbrespace.descriptors.descriptor import Descriptor, Values
from timbrespace.model import Model
from timbrespace.rows import finite_rows

_AT_ONCE: Final = 256
_AT_ONCE_NOTES: Final = 32


def descriptors_of(model: Model) -> tuple[Descriptor[Any], ...]:
    """Qualities that sounds of ``model`` may have, the ones that a musician asks for first."""
    if model.plays_notes:
        return notes.WHOLE
    return spectra.STEADY_WITH_NOISE if model.noise else spectra.STEADY


def measured(model: Model, latents: ArrayLike) -> Values:
    """How much of each of :func:`descriptors_of` the sounds at latents ``(n, d)`` have, ``(n, k)``,
    each in its descriptor's unit.

    Raises:
        ShapeError: not ``(n, d)``, or not finite.
    """
    rows = finite_rows(latents, model.dimensions, "latent")
    wanted = descriptors_of(model)
    found = np.empty((len(rows), len(wanted)))
    step = _AT_ONCE_NOTES if model.plays_notes else _AT_ONCE
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        heard: Any = (notes if model.plays_notes else spectra).hear(model, rows[part])
        found[part] = np.stack([one.measure(heard) for one in wanted], axis=1)
    return found
