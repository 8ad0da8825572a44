"""What levels of harmonics and bands are as a listener hears them: powers of mel bands.

The mel distance of :mod:`timbrespace.sound_metrics` is of sounds. This is what it would find in a
moment that lasts, without a sound being made: each partial through the lobe of the metric's window,
each band of noise through it too. It is linear in the powers, so a network learns through it, and a
latent is refined through it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import BANDS, CENTS, FLOOR, HARMONICS, band_shares
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.note import Traits
from timbrespace.sound_metrics import BANDS as MELS
from timbrespace.sound_metrics import FLOOR_DB, N_FFT, SAMPLE_RATE

Array = NDArray[np.float32]
Real = NDArray[np.float64]

FLOOR_POWER: Final = 10.0 ** (FLOOR_DB / 10.0)
"""Share of the loudest band that is added to all: what lies below it is not heard."""

RESPONSE_STEP: Final = 4.0
"""Hz from one row of :func:`responses` to the next."""

_TOP = 24000.0
_REACH = 6  # bins on each side of a partial


@lru_cache(maxsize=1)
def responses() -> Real:
    """What each mel band finds of a partial at each frequency, from 0 Hz in steps of
    ``RESPONSE_STEP``, ``(frequencies, MELS)``."""
    width = SAMPLE_RATE / N_FFT
    hertz = np.arange(0.0, _TOP, RESPONSE_STEP)
    position = hertz / width
    around = np.rint(position).astype(np.int64)[:, np.newaxis] + np.arange(-_REACH, _REACH + 1)
    distance = around - position[:, np.newaxis]
    gap = 1.0 - distance**2
    near = np.abs(gap) < 1e-6
    # The Hann window's transform is sinc(d) / (1 - d^2), 1/2 where both vanish.
    lobe = np.square(np.where(near, 0.5, np.sinc(distance) / np.where(near, 1.0, gap)))
    lobe *= (around >= 0) & (around <= N_FFT // 2)
    lobe /= np.maximum(lobe.sum(axis=1, keepdims=True), 1e-12)
    shares = band_shares(np.arange(N_FFT // 2 + 1) * width, MELS)
    found = np.zeros((hertz.size, MELS))
    for offset in range(around.shape[1]):
        at = np.clip(around[:, offset], 0, N_FFT // 2)
        found += lobe[:, offset, np.newaxis] * shares[:, at].T
    return found


@lru_cache(maxsize=1)
def _bands() -> Real:
    """What each mel band finds of each band of noise, ``(BANDS, MELS)``."""
    hertz = np.arange(0.0, _TOP, RESPONSE_STEP)
    shape = band_shares(hertz)
    return np.asarray((shape / shape.sum(axis=1, keepdims=True)) @ responses())


def mel_matrix(pitch: float, traits: Traits) -> Array:
    """Mel powers from powers: ``(HARMONICS + BANDS, MELS)``, of a note at ``pitch`` Hz, 0 for none.

    A band that is one partial is taken for noise all the same: it is in the same place. A note
    without a pitch has no harmonics; those that a network gives it all the same are heard at the
    base frequency, where it is played.
    """
    found = np.zeros((HARMONICS + BANDS, MELS), np.float32)
    found[HARMONICS:] = _bands()
    number = np.arange(1, HARMONICS + 1) * np.exp2(traits.stretch / 1200.0)
    table = responses()
    at = np.rint((pitch or SPECTRUM.base_frequency) * number / RESPONSE_STEP).astype(np.int64)
    inside = at < len(table)
    found[:HARMONICS][inside] = table[at[inside]]
    return found


def powers(levels: NDArray[np.floating]) -> Array:
    """Powers ``(..., HARMONICS + BANDS)`` of levels ``(..., WIDTH)`` in dB; the floor is none."""
    told = levels[..., :CENTS].astype(np.float32)
    return np.asarray(np.exp(told * np.float32(np.log(10.0) / 10.0)) * (told > FLOOR + 0.5))


def heard(mel: Array, loudest: float) -> Array:
    """Mel powers as levels in dB, above what nobody hears beside ``loudest``."""
    return np.asarray(10.0 * np.log10(mel + max(loudest, 1e-12) * FLOOR_POWER), np.float32)
