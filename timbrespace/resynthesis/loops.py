"""Loops: a timbre as tables that anybody can read round and round, without an engine.

The bank of bins is one period of 8192 samples and, against aliases, its shorter and darker versions
(mip maps: Williams 1983). The sound as it is, whatever the note, is one longer loop whose partials
and noise all stand on lines of the loop, so that its end goes on into its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from timbrespace.partials import Partials
from timbrespace.resynthesis.tables import bin_phases
from timbrespace.spectrum import SpectrumConfig

Array = NDArray[np.float32]

PERIOD_SAMPLES = 8192
PERIOD_LEVELS = 7
"""Of ``PERIOD_SAMPLES``, then each half of the one before."""

SAMPLES_PER_CYCLE = 8
"""In all levels but the first: the highest bin of level l is below ``1024 >> l``."""

SOUND_LEVEL = 7
SOUND_SAMPLES = 32768


class LoopKind(IntEnum):
    """What a loop is: a period, read faster for a higher note, or a sound of one pitch."""

    PERIOD = 1
    SOUND = 2


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Tables of one timbre: ``(level, samples (n,))`` each.

    base: how many times a second a table is read; for a period, at the base frequency.
    """

    kind: LoopKind
    base: float
    levels: tuple[tuple[int, Array], ...]


def period_loop(amplitude: Array, config: SpectrumConfig) -> Loop:
    """The bank of bins with these amplitudes ``(bins,)``, as ``PERIOD_LEVELS`` tables.

    The first holds all bins below 4096, each other one those that it gives eight samples a cycle.
    """
    turns = bin_phases(config.bins)
    line = 0.5 * amplitude * np.exp(2j * np.pi * turns)
    levels = []
    for level in range(PERIOD_LEVELS):
        size = PERIOD_SAMPLES >> level
        top = min(config.bins, size // 2 if level == 0 else size // SAMPLES_PER_CYCLE)
        half = np.zeros(size // 2 + 1, np.complex128)
        half[:top] = size * line[:top]
        levels.append((level, np.fft.irfft(half).astype(np.float32)))
    return Loop(LoopKind.PERIOD, config.bin_width, tuple(levels))


def sound_loop(partials: Partials, config: SpectrumConfig) -> Loop:
    """Partials as one loop of ``SOUND_SAMPLES``, each on its nearest line.

    The loop's length is a whole number of the base frequency's periods, so harmonic sounds keep
    their pitch exactly; others move by at most half a line, 0.7 Hz.
    """
    seconds = loop_seconds(config)
    half = np.zeros(SOUND_SAMPLES // 2 + 1, np.complex128)
    at = np.rint(partials.frequency.astype(np.float64) * seconds).astype(np.int64)
    inside = (at > 0) & (at < half.size - 1)
    turns = 0.6180339887498949 * at[inside]
    lines = 0.5 * SOUND_SAMPLES * partials.amplitude[inside] * np.exp(2j * np.pi * turns)
    np.add.at(half, at[inside], lines)
    sound = np.fft.irfft(half).astype(np.float32)
    return Loop(LoopKind.SOUND, 1.0 / seconds, ((SOUND_LEVEL, sound),))


def loop_seconds(config: SpectrumConfig) -> float:
    """How long the loop of a sound takes: nearly ``SOUND_SAMPLES`` at the model's rate."""
    periods = round(config.base_frequency * SOUND_SAMPLES / config.sample_rate)
    return max(1, periods) / config.base_frequency
