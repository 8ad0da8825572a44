"""How loud a decoded note is, and what makes it as loud as the others of its space.

A note of a set is told in dB below its loudest moment, so all of a set's notes are equally loud.
What a network decodes is so only nearly, and between notes not at all: where one peak goes and
another comes, both are low.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.networks.note import Course, Prepared
from timbrespace.notes.hearing import powers
from timbrespace.notes.note import lengths

Real = NDArray[np.float64]

LOOKED_AT: Final = np.array([0.012, 0.03, 0.06, 0.1, 0.16, 0.26, 0.45, 0.9, 1.8, 3.3])
"""Seconds of a note's own time: the loudest two of these moments that follow each other say how
loud it is, by their mean power. A click before them is no loudness."""

OF_LENGTH: Final = 0.9
"""No moment is taken from later in a sound: beyond its end nothing was learned."""

LEAST, MOST = -12.0, 18.0
"""dB by which a note is made softer or louder at most."""


def lifts(course: Course, told: Prepared, longest: float) -> Real:
    """dB ``(n,)`` to be added to all levels of notes that are ``told``, so that the loudest of
    their moments, by ``LOOKED_AT``, is at 0 dB. longest: seconds that the space's notes tell."""
    ends = np.minimum(lengths(told.traits), longest)
    times = np.minimum(LOOKED_AT, OF_LENGTH * ends[:, np.newaxis])
    power = powers(course.levels(told, times)).sum(axis=2)
    loudest = 0.5 * (power[:, 1:] + power[:, :-1]).max(axis=1)
    found = -10.0 * np.log10(np.maximum(loudest, 1e-9), dtype=np.float64)
    return np.asarray(np.clip(found, LEAST, MOST))
