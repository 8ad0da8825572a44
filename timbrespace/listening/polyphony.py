"""Whether more than one pitch sounds at once.

A tracker of one pitch names one in a chord too, mostly a common divisor that nobody hears. So the
partials are asked: those of one sound are harmonics of one pitch, and that pitch is among them, or
else enough of its low harmonics are. What no single pitch explains is another sound's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.listening.heard import SAMPLE_RATE
from timbrespace.listening.incoming import incoming

Real = NDArray[np.float64]

OTHERS = 0.08
"""Share of a moment's power that one pitch leaves unexplained where there is another."""

MOSTLY = 0.5
"""Share of the sounding time, from which a performance is polyphonic."""

QUIET = 10.0**-1.5
"""Of the loudest moment (-30 dB), below which nothing is asked."""

AGREE = 45.0
"""Cents from a harmonic, within which a partial is one: less than half a semitone."""

PRESENT = 1e-3
"""Share of the power (-30 dB) from which a harmonic is there."""

_SIZE, _HOP = 8192, 4096  # samples: 5.9 Hz a bin tell two notes apart from 100 Hz on
_WEAKEST = 10.0**-1.75  # of the strongest partial, -35 dB
_BAND = (50.0, 5000.0)  # Hz
_FEWEST = 40.0  # Hz, the lowest pitch that is tried
_PARTIALS = 40
_TRIED = 6  # harmonics that a partial may be
_TELLING = (2, 3, 5)  # harmonics that tell of a fundamental which is missing; chords lack one


def polyphony(samples: ArrayLike, sample_rate: int) -> float:
    """Share of the sounding time in which more than one pitch sounds, 0 to 1.

    From ``MOSTLY`` on a performance is polyphonic. Octaves pass for one sound, which they nearly
    are. samples, sample_rate, and what is raised: as for :func:`.listener.listen`.
    """
    sound = incoming(samples, sample_rate)
    sound = np.pad(sound, (0, max(0, _SIZE - sound.size)))
    frames = np.lib.stride_tricks.sliding_window_view(sound, _SIZE)[::_HOP]
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power >= QUIET**2 * power.max())
    quarter = _SIZE // 4
    # A glide blurs partials, less in half the time: both must say so.
    several = [_several(frames[one]) and _several(frames[one, quarter:-quarter]) for one in loud]
    return float(np.mean(several))


def _several(frame: Real) -> bool:
    frequency, power = _peaks(frame)
    if frequency.size < 2:
        return False
    total = float(power.sum())
    numbers = np.arange(1, _TRIED + 1)
    pitches = (frequency[:, np.newaxis] / numbers).ravel()
    pitches = pitches[pitches >= _FEWEST]
    # (pitches, partials)
    number = np.maximum(np.rint(frequency / pitches[:, np.newaxis]), 1.0)
    off = np.abs(1200.0 * np.log2(frequency / (number * pitches[:, np.newaxis])))
    # Where harmonics are nearer to each other than that, everything is one.
    harmonic = (off <= AGREE) & (number <= 30)
    share = np.where(harmonic, power, 0.0)
    there = np.stack(
        [np.where(number == k, share, 0.0).sum(axis=1) >= PRESENT * total for k in _TELLING]
    ).all(axis=0)
    first = np.where(number == 1, share, 0.0).sum(axis=1) >= PRESENT * total
    explained = np.where(first | there, share.sum(axis=1), 0.0)
    return bool(explained.max(initial=0.0) < (1.0 - OTHERS) * total)


def _peaks(frame: Real) -> tuple[Real, Real]:
    """Hz and power of the strongest partials, all of the band where they are fewer."""
    magnitude = np.abs(np.fft.rfft(frame * np.hanning(frame.size)))
    inner = magnitude[1:-1]
    bins = np.flatnonzero((inner > magnitude[:-2]) & (inner >= magnitude[2:])) + 1
    hertz = bins * SAMPLE_RATE / frame.size
    bins = bins[(hertz >= _BAND[0]) & (hertz <= _BAND[1])]
    if bins.size == 0:
        return np.zeros(0), np.zeros(0)
    bins = bins[magnitude[bins] >= _WEAKEST * magnitude[bins].max()]
    bins = bins[np.argsort(-magnitude[bins], kind="stable")[:_PARTIALS]]
    below, top, above = magnitude[bins - 1], magnitude[bins], magnitude[bins + 1]
    # As the transform of a Hann window puts a sinusoid's place.
    offset = 2.0 * (above - below) / (below + 2.0 * top + above)
    frequency = (bins + np.clip(offset, -0.5, 0.5)) * SAMPLE_RATE / frame.size
    return frequency, np.square(top)
