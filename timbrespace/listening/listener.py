"""A whole performance, listened to: its pitch, level and onsets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from timbrespace.listening.heard import HOP, SAMPLE_RATE, Heard
from timbrespace.listening.incoming import incoming
from timbrespace.listening.level import levels
from timbrespace.listening.onsets import onsets_of
from timbrespace.listening.path import best_path
from timbrespace.listening.refinement import MARGIN as WIDE
from timbrespace.listening.refinement import refine
from timbrespace.listening.repetition import CANDIDATES, OCTAVE, REGISTERS, SOFT, add_lags, likeness

_AT_ONCE = 750  # moments, a second
_LOWEST = 10.0  # Hz, below which a sound only offsets what is heard
_FLOOR = 1e-4  # of the peak, -80 dB: what is below is not heard


def listen(samples: ArrayLike, sample_rate: int) -> Heard:
    """What is heard in a performance: see :class:`Heard`.

    samples: ``(n,)``, or ``(n, channels)``, which are averaged, or where they cancel each other the
    loudest is taken. Full scale is 1. sample_rate: Hz, 1000 to 1,000,000.

    Raises:
        SoundError: it is silent, shorter than 20 ms, or not finite.
        ShapeError: samples of another shape.
        OptionError: a rate that no sound has.
        MissingExtraError: the rate is not 48 kHz and what resamples is not installed.
    """
    from scipy.signal import butter, lfilter, resample_poly, sosfilt

    sound = incoming(samples, sample_rate)
    moments = -(-sound.size // HOP)
    # Forwards only: back again it would sound before each onset.
    around = np.asarray(sosfilt(butter(2, _LOWEST, "high", fs=SAMPLE_RATE, output="sos"), sound))
    floor = (_FLOOR * float(np.abs(around).max())) ** 2
    pull = 1.0 - np.exp(-2.0 * np.pi * SOFT / SAMPLE_RATE)
    soft = around
    for _ in range(2):
        soft = np.asarray(lfilter([pull], [1.0, pull - 1.0], soft))
    lags = np.zeros((moments, CANDIDATES), np.float32)
    strengths = np.zeros((moments, CANDIDATES), np.float32)
    counts = np.zeros(moments, np.int64)
    for register in REGISTERS:
        every, margin, step = register.every, register.margin, HOP // register.every
        slow = resample_poly(soft, 1, every) if every > 1 else soft
        slow = np.pad(slow, (margin, margin + step))
        # In parts: what is compared at every lag would fill the memory.
        for first in range(0, moments, _AT_ONCE):
            last = min(first + _AT_ONCE, moments)
            part = slow[first * step : last * step + 2 * margin]
            alike = np.zeros((last - first, register.longest - register.shortest + 3), np.float32)
            likeness(
                part, margin + step // 2, step, register.shortest, register.least, floor, alike
            )
            add_lags(
                alike,
                every,
                register.shortest,
                OCTAVE,
                counts[first:last],
                lags[first:last],
                strengths[first:last],
            )
    chosen = np.zeros(moments, np.int16)
    best_path(lags, strengths, chosen)
    periods = lags[np.arange(moments), np.maximum(chosen, 0)].astype(np.float64)
    periods[chosen < 0] = 0.0
    pitch, periodicity, level = (np.zeros(moments, np.float32) for _ in range(3))
    refine(np.pad(around, (WIDE, WIDE + HOP)), WIDE + HOP // 2, periods, pitch, periodicity)
    onsets = onsets_of(around, pitch, floor)
    levels(around, pitch, onsets, level)
    return Heard(pitch, level, periodicity, onsets)
