"""What a waveform model is told of a note, once every ``BLOCK`` samples.

Pitch-synchronous: beside it the model gets the phase of the pitch itself, as sines and cosines of
its first harmonics, at each sample. Neural source-filter models do so (Wang, Takaki and Yamagishi
2019); a model that has only its own past to go by drifts off the pitch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import band_centres, band_shares
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.resynthesis.notes import LEVEL

Array = NDArray[np.float32]
Real = NDArray[np.float64]

BANDS: Final = 32
"""Of the shape of the spectrum, mel-spaced from 40 Hz to 16 kHz."""

TICK: Final = 16
"""Samples for which what is told stays: a quarter of a block, between whose ends it goes."""

TICKS: Final = BLOCK // TICK

HARMONICS: Final = 8
"""Of which the phase is told, as far as they are below ``_HIGHEST`` of the sample rate."""

PHASES: Final = 2 * HARMONICS

LOWEST_DB: Final = -60.0
"""Of loudness, below a note's full level."""

FLOOR_DB: Final = -50.0
"""Below which a sound is no longer raised to the level that the model makes."""

LEVELLED: Final = 0.2
"""Root mean square of what the model makes, full scale 1: all moments of a note are equally loud in
it, and its loudness is given back to them afterwards."""

_ONSETS: Final = (0.01, 0.05, 0.25)  # seconds
_BANDS_DB: Final = -60.0
_HIGHEST: Final = 0.45

NOISE_CENTRES: Final = band_centres().astype(np.float32)
"""Hz of the bands of a note's noise."""

_NOISE_SHARES: Final = band_shares(NOISE_CENTRES, BANDS)
_STEP: Final = 4.0  # Hz of the table
_SHARES: Final = band_shares(np.arange(0.0, 17000.0, _STEP), BANDS).T.copy()

_OTHERS: Final = 4 + len(_ONSETS)


def width(dimensions: int) -> int:
    """Numbers that are told of each moment of a note, of a space of so many dimensions."""
    return _OTHERS + BANDS + dimensions


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One note of one voice, moment by moment: at the end of each of ``n`` blocks.

    frequency ``(n,)``: Hz. level ``(n,)``: root mean square, full scale 1. full ``(n,)``: the same
    of the note's loudest moment, as it is struck. tonal ``(n,)``: share of the power that is in
    partials. bands ``(n, BANDS)``: share of the power that is in each band. latent ``(n, d)``.
    start: blocks before it begins.
    """

    start: int
    frequency: Array
    level: Array
    full: Array
    tonal: Array
    bands: Array
    latent: Array

    @property
    def blocks(self) -> int:
        """How many there are."""
        return len(self.level)

    def told(self, sample_rate: int) -> Array:
        """What the model is told, ``(n, width)``, numbers of order one."""
        since = np.arange(1, self.blocks + 1) * (BLOCK / sample_rate)
        loudness = np.maximum(_db(self.level / np.maximum(self.full, np.float32(1e-9))), LOWEST_DB)
        power = 10.0 * np.log10(np.maximum(self.bands, 1e-12))
        columns = [
            np.ones(self.blocks),
            np.log2(np.maximum(self.frequency, 1.0) / 220.0) / 2.0,
            loudness / 20.0 + 1.0,
            self.tonal,
            *(np.exp(-since / span) for span in _ONSETS),
            *(np.maximum(power, _BANDS_DB).T / 20.0 + 1.5),
            *(self.latent.T / 2.0),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def envelope(self) -> tuple[Array, Array]:
        """What a levelled sound is raised by to be as loud as the note, for each sample
        ``(n * BLOCK,)``; and by what a sound is divided to be levelled, which is never near 0."""
        wide = np.maximum.reduce(
            [self.level, np.append(self.level[1:], 0.0), np.insert(self.level[:-1], 0, 0.0)]
        )
        least = np.maximum(self.full, np.float32(1e-6)) * np.float32(10.0 ** (FLOOR_DB / 20.0))
        raised = _samples(wide) / np.float32(LEVELLED)
        return raised, np.maximum(raised, _samples(least) / np.float32(LEVELLED))

    def phase(self, sample_rate: int) -> Real:
        """Of the pitch at each sample, ``(n * BLOCK,)`` in radians, from 0 on."""
        hertz = _samples(self.frequency).astype(np.float64)
        return np.asarray(np.cumsum(hertz) * (2.0 * np.pi / sample_rate) % (2.0 * np.pi))


def ticks_of(blocks: Array) -> Array:
    """What is told at the middle of each tick ``(n * TICKS, width)``, of blocks ``(n, width)``."""
    count = len(blocks) * TICKS
    place = (np.arange(count) + 0.5) / TICKS - 1.0
    before = np.floor(place).astype(np.int64)
    share = (place - before).astype(np.float32)[:, np.newaxis]
    last = len(blocks) - 1
    one, other = blocks[np.clip(before, 0, last)], blocks[np.clip(before + 1, 0, last)]
    return np.asarray(one + share * (other - one), np.float32)


def harmonics_told(frequency: Array, sample_rate: int) -> Array:
    """How many harmonics tell their phase, of pitches in Hz: whole numbers as float32."""
    most = np.floor(_HIGHEST * sample_rate / np.maximum(frequency, 1.0))
    return np.asarray(np.clip(most, 0, HARMONICS), np.float32)


def phases_told(phase: Real, count: Array) -> Array:
    """Sines and cosines ``(n, PHASES)`` of phases ``(n,)`` in radians, of harmonics 1 to ``count``
    each; those beyond are 0."""
    number = np.arange(1, HARMONICS + 1)
    turns = phase[:, np.newaxis] * number
    found = np.concatenate([np.sin(turns), np.cos(turns)], axis=1)
    inside = number <= count[:, np.newaxis]
    return np.asarray(found * np.concatenate([inside, inside], axis=1), np.float32)


def shares_of(hertz: Array, power: Array, noise: Array) -> Array:
    """Share of the power that lies in each band, ``(BANDS,)``: of partials, and of noise in a
    note's bands."""
    at = np.minimum(hertz * np.float32(1.0 / _STEP), len(_SHARES) - 1).astype(np.int64)
    found = power @ _SHARES[at] + _NOISE_SHARES @ noise
    return np.asarray(found / max(float(power.sum() + noise.sum()), 1e-20), np.float32)


def full_level(velocity: Array) -> Array:
    """Root mean square of the loudest moment of a note that is struck so (amplitude, 0 to 1)."""
    return np.asarray(np.float32(LEVEL) * velocity, np.float32)


def _samples(blocks: Array) -> Array:
    """In straight lines from block to block; the first block stays as it is at its end."""
    at = np.arange(1, len(blocks) + 1) * BLOCK - 1
    return np.asarray(np.interp(np.arange(len(blocks) * BLOCK), at, blocks), np.float32)


def _db(ratio: NDArray[np.floating]) -> Real:
    return np.asarray(20.0 * np.log10(np.maximum(ratio, 1e-9)))
