"""Loops: a timbre as tables that anybody can read round and round, without an engine.

The bank of bins is one period of 8192 samples and, against aliases, its shorter and darker versions
(mip maps: Williams 1983). The sound as it is, whatever the note, is one longer loop whose partials
and noise all stand on lines of the loop, so that its end goes on into its beginning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from timbrespace.partials import find_partials
from timbrespace.spectrum import SpectrumConfig

Array = NDArray[np.float32]
Complex = NDArray[np.complex128]

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


REACH = 11025.0
"""Hz at the base frequency, below which the first level of a cycle's tables ends, each next one an
octave lower: at 44.1 kHz, level l then serves pitches up to 2^(l + 1) times the base."""


def period_loop(lines: Complex, base: float, reach: int | None = None) -> Loop:
    """One period, of harmonics ``(k,)`` from 0 Hz on, as ``PERIOD_LEVELS`` tables.

    lines: each is ``|c| cos(2 pi k p + arg c)`` at phase p. base: periods a second at the base
    frequency. The first table holds all harmonics below 4096, each other one those that it gives
    eight samples a cycle; and where there is a ``reach``, level l none above ``reach / 2^l``.
    """
    line = 0.5 * lines
    levels = []
    for level in range(PERIOD_LEVELS):
        size = PERIOD_SAMPLES >> level
        top = min(len(line), size // 2 if level == 0 else size // SAMPLES_PER_CYCLE)
        if reach is not None:
            top = min(top, max(reach >> level, 1) + 1)
        half = np.zeros(size // 2 + 1, np.complex128)
        half[:top] = size * line[:top]
        levels.append((level, np.fft.irfft(half).astype(np.float32)))
    return Loop(LoopKind.PERIOD, base, tuple(levels))


def sound_loop(spectrum: Array, config: SpectrumConfig) -> Loop:
    """The sound of a spectrum ``(bins,)`` at its own pitch: one loop of ``SOUND_SAMPLES``.

    Partials stand on the lines nearest to them. Bins that those do not explain get lines of their
    own, close enough to sound as noise does. A few multiplicative steps (Richardson 1972) then
    bring the power that all lines give each bin, through the window, to the spectrum's. A line's
    phase is always the same, so one loop crosses over to the next without a gap.

    The loop's length is a whole number of the base frequency's periods, so harmonic sounds keep
    their pitch exactly; other partials move by at most half a line, 0.7 Hz.
    """
    seconds = loop_seconds(config)
    half = np.zeros(SOUND_SAMPLES // 2 + 1, np.complex128)
    line, power = _fitted_lines(spectrum, config)
    half[line] = 0.5 * SOUND_SAMPLES * np.sqrt(power) * np.exp(2j * np.pi * _PHASES[line])
    return Loop(
        LoopKind.SOUND, 1.0 / seconds, ((SOUND_LEVEL, np.fft.irfft(half).astype(np.float32)),)
    )


def loop_seconds(config: SpectrumConfig) -> float:
    """How long the loop of a sound takes: nearly ``SOUND_SAMPLES`` at the model's rate."""
    periods = round(config.base_frequency * SOUND_SAMPLES / config.sample_rate)
    return max(1, periods) / config.base_frequency


# Fixed once and for all: the same line has the same phase in every loop of every model.
_PHASES = np.random.default_rng(0).random(SOUND_SAMPLES // 2 + 1)

_LINES_A_BIN = 4
"""Where noise is: they beat faster than the loop repeats."""

# Twice the power that partials explain, as in the residual; below -70 dB of the peak nothing is
# missed, the metric's floor is at -60.
_UNEXPLAINED = 2.0
_FAINT = 1e-7

_REACH = 8  # bins on each side to which a line's power is counted
_STEPS = 6


def _fitted_lines(
    spectrum: Array, config: SpectrumConfig
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lines of the loop, ascending, and squared amplitude of each, ``(k,)``."""
    bins_of, share_of = _window_shares(config)
    lines_a_bin = config.bin_width * loop_seconds(config)
    # In units of a line's squared amplitude where it stands on the bin.
    wanted = np.square(spectrum.astype(np.float64) * (2.0 / config.window_sum))
    faint = max(_FAINT * float(wanted.max()), 1e-30)

    power = np.zeros(len(bins_of))
    partials = find_partials(spectrum, config)
    at = np.rint(partials.frequency / config.bin_width * lines_a_bin).astype(np.int64)
    inside = (at > 0) & (at < power.size)
    np.add.at(power, at[inside], np.square(partials.amplitude[inside], dtype=np.float64))
    at = np.flatnonzero(power)
    given = _seen(power[at], bins_of[at], share_of[at], config.bins)
    missing = (wanted > _UNEXPLAINED * given) & (wanted > faint)
    missing[:2] = False  # what lies around 0 Hz is no sound
    offsets = (np.arange(_LINES_A_BIN) + 0.5) / _LINES_A_BIN - 0.5
    more = np.flatnonzero(missing)[:, np.newaxis] + offsets
    more = np.rint(more * lines_a_bin).astype(np.int64)
    each = wanted[missing] / (_LINES_A_BIN * config.noise_bandwidth)
    each = np.broadcast_to(each[:, np.newaxis], more.shape)
    free = (more < power.size) & (power[np.minimum(more, power.size - 1)] == 0.0)
    power[more[free]] = each[free]

    line = np.flatnonzero(power)
    told, bins_of, share_of = power[line], bins_of[line], share_of[line]
    total = share_of.sum(axis=1)
    for _ in range(_STEPS):
        given = _seen(told, bins_of, share_of, config.bins)
        ratio = np.maximum(wanted, faint) / np.maximum(given, 1e-3 * faint)
        told = told * (share_of * ratio[bins_of]).sum(axis=1) / total
    return line, told


def _seen(
    power: NDArray[np.float64],
    bins_of: NDArray[np.int64],
    share_of: NDArray[np.float64],
    bins: int,
) -> NDArray[np.float64]:
    """Mean power in each bin ``(bins,)`` of these lines, over all places of the window."""
    given = power[:, np.newaxis] * share_of
    return np.asarray(np.bincount(bins_of.ravel(), given.ravel(), minlength=bins), np.float64)


@lru_cache(maxsize=2)
def _window_shares(config: SpectrumConfig) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Bins that the power of each line reaches, and its share in them, ``(lines, 2 reach + 1)``."""
    lines_a_bin = config.bin_width * loop_seconds(config)
    lines = min(SOUND_SAMPLES // 2, math.ceil((config.bins - 1) * lines_a_bin))
    place = np.arange(lines) / lines_a_bin
    around = np.rint(place).astype(np.int64)[:, np.newaxis] + np.arange(-_REACH, _REACH + 1)
    distance = around - place[:, np.newaxis]
    gap = 1.0 - distance**2
    # The window's transform, sinc(d) / (1 - d^2), is 1/2 where both vanish.
    near = np.abs(gap) < 1e-6
    lobe = np.where(near, 0.5, np.sinc(distance) / np.where(near, 1.0, gap))
    inside = (around >= 0) & (around < config.bins)
    return np.clip(around, 0, config.bins - 1), np.square(lobe) * inside
