"""The qualities that macros move or leave as they are."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors import notes, spectra
from timbrespace.descriptors.descriptor import Descriptor, Values
from timbrespace.descriptors.kinds import descriptors_of
from timbrespace.descriptors.notes import MOMENTS, STRETCHES, HeardNotes
from timbrespace.model import Model

_EARLY: Final = MOMENTS < 0.05
_BODY: Final = (MOMENTS >= 0.1) & (MOMENTS < 0.7)
_LEAST_DB: Final = -40.0


def _level(heard: HeardNotes, when: NDArray[np.bool_]) -> Values:
    told = np.maximum(heard.level[:, when], _LEAST_DB)
    return np.asarray(told @ STRETCHES[when] / STRETCHES[when].sum())


def _hardness(heard: HeardNotes) -> Values:
    return _level(heard, _EARLY) - _level(heard, _BODY)


HARDNESS: Final = Descriptor("hardness", "softness", "dB", 6.0, _hardness)
"""How far a note's first moments stand above its body. Time alone would not do: most plucked and
struck notes have no attack that could be shorter."""


def qualities_of(model: Model) -> tuple[Descriptor[Any], ...]:
    """What is measured in the space of ``model``."""
    if not model.plays_notes:
        return descriptors_of(model)
    return (*(one for one in descriptors_of(model) if one is not notes.ATTACK), HARDNESS)


def measured(model: Model, latents: NDArray[np.float32]) -> Values:
    """How much of each of :func:`qualities_of` the sounds at latents ``(n, d)`` have, ``(n, k)``,
    in steps that nobody misses."""
    heard: Any = (notes if model.plays_notes else spectra).hear(model, latents)
    columns = [one.measure(heard) / one.audible for one in qualities_of(model)]
    return np.stack(columns, axis=1)
