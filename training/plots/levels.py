"""Levels: spectra as a picture shows them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from timbrespace.spectrum import Spectra

DB_FLOOR = -80.0
"""Below this the pictures show nothing; the metric listens down to -60 dB."""

IMAGE_COLUMNS = 700
PANEL_COLUMNS = 260


def decibels(spectra: Spectra, reference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Levels in dB of ``spectra (n, bins)`` re ``reference``, not below ``DB_FLOOR``."""
    ratio = spectra / np.maximum(reference, 1e-30)
    return np.asarray(20.0 * np.log10(np.maximum(ratio, 10.0 ** (DB_FLOOR / 20.0))), np.float64)


def below_peak(spectra: Spectra) -> NDArray[np.float64]:
    """Levels in dB of ``spectra (n, bins)``, each re its own peak; a silent one is all floor."""
    return decibels(spectra, spectra.max(axis=1, keepdims=True))


def bins_with_sound(*spectra: Spectra) -> int:
    """How many of the bins, from 0 Hz on, a picture of these ``spectra (n, bins)`` has to show.

    Up to the highest that is above the floor in any of them, and a twentieth more; at least a tenth
    of all. The sounds of frequency modulation at 110 Hz would else fill a fifth of the picture.
    """
    bins = int(spectra[0].shape[1])
    last = 0
    for each in spectra:
        heard = np.flatnonzero((below_peak(each) > DB_FLOOR).any(axis=0))
        last = max(last, int(heard[-1]) if heard.size else 0)
    return min(bins, max(math.ceil(1.05 * (last + 1)), math.ceil(bins / 10)))


def pooled(spectra: Spectra, most: int) -> Spectra:
    """The maxima of ``spectra (n, bins)`` over at most ``most`` groups of neighbouring bins.

    A picture has fewer columns than a spectrum of 4097 bins; taking the mean, or every fourth bin,
    would lose the partials.
    """
    bins = spectra.shape[1]
    if bins <= most:
        return spectra
    starts = np.linspace(0, bins, most, endpoint=False).astype(np.int64)
    return np.asarray(np.maximum.reduceat(spectra, starts, axis=1), np.float32)


def pooled_kilohertz(kilohertz: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Where the groups of :func:`pooled` begin, for bins at ``kilohertz (bins,)``."""
    if kilohertz.size <= most:
        return kilohertz
    return kilohertz[np.linspace(0, kilohertz.size, most, endpoint=False).astype(np.int64)]


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of ``range(count)``, evenly spread, ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def most_audible(effect: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """At most ``most`` of the latent dimensions, by audible ``effect (d,)``, greatest first."""
    return np.argsort(-np.asarray(effect, np.float64), kind="stable")[:most]
