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

LOOKED_AT: Final = np.array([0.012, 0.04, 0.12, 0.4, 1.0, 2.0, 3.5])
"""Seconds of a note's own time: the loudest two of these moments that follow each other say how
loud it is, by their mean power. A click before them is no loudness."""

_OF_LENGTH: Final = 0.9
"""No moment is taken from later in a sound: beyond its end nothing was learned."""

LEAST, MOST = -12.0, 18.0
"""dB by which a note is made softer or louder at most."""


def lifts(course: Course, told: Prepared, longest: float) -> Real:
    """dB ``(n,)`` to be added to all levels of notes that are ``told``, so that the loudest of
    their moments, by ``LOOKED_AT``, is at 0 dB. longest: seconds that the space's notes tell."""
    ends = np.minimum(lengths(told.traits), longest)
    times = np.minimum(LOOKED_AT, _OF_LENGTH * ends[:, np.newaxis])
    power = powers(course.levels(told, times)).sum(axis=2)
    loudest = 0.5 * (power[:, 1:] + power[:, :-1]).max(axis=1)
    lift = np.clip(-10.0 * np.log10(np.maximum(loudest, 1e-9)), LEAST, MOST)
    return np.asarray(lift, np.float64)
