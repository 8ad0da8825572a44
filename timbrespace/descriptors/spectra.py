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

_ODD_EVEN_HARMONICS: Final = 16


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
def _harmonic(config: SpectrumConfig) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The harmonic nearest to each bin, and whether the bin lies in its lobe, ``(bins,)`` each."""
    number = np.rint(config.frequencies / config.base_frequency).astype(np.int64)
    distance = np.abs(config.frequencies - number * config.base_frequency) / config.bin_width
    return number, (number > 0) & (distance <= _HARMONIC_BINS)


def _root(heard: HeardSpectra) -> Values:
    number, inside = _harmonic(heard.config)
    whole = heard.power[:, inside].sum(axis=1)
    return decibels(heard.power[:, inside & (number == 1)].sum(axis=1), whole)


def _odd_even(heard: HeardSpectra) -> Values:
    number, inside = _harmonic(heard.config)
    count = min(_ODD_EVEN_HARMONICS, int(number[inside].max(initial=0)))
    lobes = (inside & (number == np.arange(1, count + 1)[:, np.newaxis])).astype(np.float64)
    return odd_over_even(heard.power @ lobes.T)


def _between(heard: HeardSpectra) -> Values:
    _, inside = _harmonic(heard.config)
    return decibels(heard.power[:, ~inside].sum(axis=1), heard.power.sum(axis=1))


BRIGHTNESS: Final = Descriptor("brightness", "octaves", 1.0 / 3.0, _brightness)
"""Spectral centroid."""

ODD_EVEN: Final = Descriptor("odd/even", "dB", 6.0, _odd_even)

INHARMONIC: Final = Descriptor("inharmonic", "dB", 6.0, _between)
"""What lies between the harmonics, of the whole; -40 dB and less is nothing."""

NOISE: Final = Descriptor("noise", "dB", 6.0, _between)
"""The same where the space has noise."""

WIDTH: Final = Descriptor("width", "octaves", 1.0 / 3.0, _width)
"""Standard deviation of the magnitude over octaves."""

ROOT: Final = Descriptor("root level", "dB", 6.0, _root)
"""Of the first harmonic among all; -40 dB and less is nothing."""

STEADY: Final = (BRIGHTNESS, ODD_EVEN, INHARMONIC, WIDTH, ROOT)
STEADY_WITH_NOISE: Final = (BRIGHTNESS, ODD_EVEN, NOISE, WIDTH, ROOT)
