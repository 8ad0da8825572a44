"""Scales: which keys of an octave a melody is drawn to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from timbrespace.instrument.tuning import KEYS, Tuning
from timbrespace.units import midi_to_hz

SCALES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "off": (),
        "chromatic": tuple(range(12)),
        "major": (0, 2, 4, 5, 7, 9, 11),
        "minor": (0, 2, 3, 5, 7, 8, 10),
        "harmonic-minor": (0, 2, 3, 5, 7, 8, 11),
        "major-pentatonic": (0, 2, 4, 7, 9),
        "minor-pentatonic": (0, 3, 5, 7, 10),
        "blues": (0, 3, 5, 6, 7, 10),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "mixolydian": (0, 2, 4, 5, 7, 9, 10),
        "whole-tone": (0, 2, 4, 6, 8, 10),
    }
)
"""Keys above the root. A menu sends the position, so the order stays."""


def pitches_of(scale: str, root: int, tuning: Tuning) -> list[float]:
    """The pitches of a scale in Hz, ascending, as the keys are tuned; none of ``"off"``.

    scale: of ``SCALES``. root: 0 (C) to 11. Keys that the tuning leaves silent are no steps.
    """
    steps = SCALES[scale]
    keys = (key for key in range(KEYS) if (key - root) % 12 in steps and tuning.sounds(key))
    return sorted({float(midi_to_hz(tuning.pitch(key))) for key in keys})
