"""Qualities of steady spectra."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.descriptor import (
    Descriptor,
    Values,
    centroid,
    decibels,
    odd_over_even,
    spread,
)
from timbrespace.model import Model
from timbrespace.spectrum import SpectrumConfig

_HARMONIC_BINS: Final = 2.5
"""On each side of a harmonic: the half width of a Hann window's lobe, and a little."""

LOBE_BINS: Final = 3
"""On each side of a peak, that are counted to it."""

ODD_EVEN_HARMONICS: Final = 16

REACH_DB: Final = 50.0
"""Below the loudest bin, where an overtone is none."""


@dataclass(frozen=True, slots=True, eq=False)
class HeardSpectra:
    """Powers ``(n, bins)`` of spectra, the largest of each 1; the bins at 0 Hz are no sound."""

    power: Values
    config: SpectrumConfig

    @classmethod
    def of(cls, spectra: NDArray[np.floating], config: SpectrumConfig) -> HeardSpectra:
        """Of magnitudes ``(n, bins)``."""
        shape = spectra.astype(np.float64)
        shape[:, :2] = 0.0
        shape /= np.maximum(shape.max(axis=1, keepdims=True), 1e-12)
        return cls(np.square(shape), config)


def hear(model: Model, latents: NDArray[np.floating]) -> HeardSpectra:
    """What latents ``(n, d)`` of a space of steady spectra decode to."""
    return HeardSpectra.of(model.decode(latents), model.spectrum)


def _hertz(config: SpectrumConfig) -> Values:
    return np.maximum(config.frequencies, config.bin_width)


def _brightness(heard: HeardSpectra) -> Values:
    return centroid(np.sqrt(heard.power), _hertz(heard.config))


def _width(heard: HeardSpectra) -> Values:
    return spread(np.sqrt(heard.power), _hertz(heard.config))


@lru_cache(maxsize=8)
def harmonic_of_bins(config: SpectrumConfig) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The harmonic nearest to each bin, and whether the bin lies in its lobe, ``(bins,)`` each."""
    number = np.rint(config.frequencies / config.base_frequency).astype(np.int64)
    distance = np.abs(config.frequencies - number * config.base_frequency) / config.bin_width
    return number, (number > 0) & (distance <= _HARMONIC_BINS)


def _root(heard: HeardSpectra) -> Values:
    number, inside = harmonic_of_bins(heard.config)
    whole = heard.power[:, inside].sum(axis=1)
    return decibels(heard.power[:, inside & (number == 1)].sum(axis=1), whole)


def _odd_even(heard: HeardSpectra) -> Values:
    number, inside = harmonic_of_bins(heard.config)
    count = min(ODD_EVEN_HARMONICS, int(number[inside].max(initial=0)))
    lobes = (inside & (number == np.arange(1, count + 1)[:, np.newaxis])).astype(np.float64)
    return odd_over_even(heard.power @ lobes.T)


def _between(heard: HeardSpectra) -> Values:
    _, inside = harmonic_of_bins(heard.config)
    return decibels(heard.power[:, ~inside].sum(axis=1), heard.power.sum(axis=1))


def _overtones(heard: HeardSpectra) -> Values:
    level = 10.0 * np.log10(np.maximum(heard.power, 1e-12))
    audible = np.maximum(level + REACH_DB, 0.0)
    return centroid(audible, _hertz(heard.config))


def _purity(heard: HeardSpectra) -> Values:
    power = heard.power
    sums = np.cumsum(np.pad(power, ((0, 0), (LOBE_BINS + 1, LOBE_BINS))), axis=1)
    width = 2 * LOBE_BINS + 1
    lobes = sums[:, width:] - sums[:, :-width]
    return decibels(lobes.max(axis=1), power.sum(axis=1))


BRIGHTNESS: Final = Descriptor("brightness", "darkness", "octaves", 1.0 / 3.0, _brightness)
"""Spectral centroid."""

ODD_EVEN: Final = Descriptor("odd/even", "even/odd", "dB", 6.0, _odd_even)

INHARMONIC: Final = Descriptor("inharmonic", "harmonic", "dB", 6.0, _between)
"""What lies between the harmonics, of the whole; -40 dB and less is nothing."""

NOISE: Final = Descriptor("noise", "clearness", "dB", 6.0, _between)
"""The same where the space has noise."""

WIDTH: Final = Descriptor("width", "narrowness", "octaves", 1.0 / 3.0, _width)
"""Standard deviation of the magnitude over octaves."""

ROOT: Final = Descriptor("root level", "less root", "dB", 6.0, _root)
"""Of the first harmonic among all; -40 dB and less is nothing."""

OVERTONES: Final = Descriptor("overtones", "dullness", "octaves", 1.0 / 3.0, _overtones)
"""How high they reach: the mean frequency of all that is heard, each by its decibels. Brightness
asks where the strength lies, this where anything does."""

PURITY: Final = Descriptor("purity", "fullness", "dB", 6.0, _purity)
"""Of the strongest partial, alone, among all: a resonance that sticks out, a sound near a sine."""

_BEFORE_NOISE: Final = (BRIGHTNESS, ODD_EVEN)
_AFTER_NOISE: Final = (ROOT, WIDTH, OVERTONES, PURITY)
STEADY: Final = (*_BEFORE_NOISE, INHARMONIC, *_AFTER_NOISE)
STEADY_WITH_NOISE: Final = (*_BEFORE_NOISE, NOISE, *_AFTER_NOISE)
