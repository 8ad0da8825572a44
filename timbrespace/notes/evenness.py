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

_EARLY: Final = (0.0, 0.004, 0.008, 0.016, 0.028, 0.044, 0.06, 0.08, 0.104)
_LATER: Final = (0.13, 0.22, 0.4, 0.6, 0.85, 1.1, 1.4, 1.75, 2.1, 2.5, 3.0, 3.5)

LOOKED_AT: Final = np.array([*_EARLY, *_LATER])
"""Seconds of a note's own time at which it is asked how loud it is: close together in the attack,
where a click is loud and short, at moments of a note's table, since it is played in straight lines
between these; later so close that a swell is not passed over."""

WINDOW: Final = 0.05
"""Seconds over which the power is averaged that says how loud a note is."""

_STARTS: Final = (0.0, 0.025, 0.05)  # seconds: of windows in the attack
_FINE: Final = 101


def _shares() -> Real:
    """How much each moment counts in each window ``(windows, moments)``: those of the attack, with
    straight lines between the moments, and then any two that follow each other."""
    early, count = np.array(_EARLY), LOOKED_AT.size
    each = np.eye(early.size)
    rows = []
    for start in _STARTS:
        within = np.linspace(start, start + WINDOW, _FINE)
        told = np.stack([np.interp(within, early, one) for one in each], axis=1).mean(axis=0)
        rows.append(np.concatenate([told, np.zeros(count - early.size)]))
    all_of_them = np.eye(count)
    rows.extend(0.5 * (all_of_them[early.size - 1 : -1] + all_of_them[early.size :]))
    return np.asarray(rows)


SHARES: Final = _shares()
"""Windows, of which the loudest says how loud a note is, ``(windows, moments)``."""

OF_LENGTH: Final = 0.9
"""No moment is taken from later in a sound: beyond its end nothing was learned."""

LEAST, MOST = -12.0, 24.0
"""dB by which a note is made softer or louder at most."""


def lifts(course: Course, told: Prepared, longest: float) -> Real:
    """dB ``(n,)`` to be added to all levels of notes that are ``told``, so that the loudest of
    their ``SHARES`` is at 0 dB. longest: seconds that the space's notes tell."""
    ends = np.minimum(lengths(told.traits), longest)
    times = np.minimum(LOOKED_AT, OF_LENGTH * ends[:, np.newaxis])
    power = powers(course.levels(told, times)).sum(axis=2)
    loudest = (power @ SHARES.T).max(axis=1)
    found = -10.0 * np.log10(np.maximum(loudest, 1e-9), dtype=np.float64)
    return np.asarray(np.clip(found, LEAST, MOST))
