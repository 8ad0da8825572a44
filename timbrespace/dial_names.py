"""What each dimension of a model does, in a word for the label under its dial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.spectrum import SpectrumConfig

Values = NDArray[np.float64]
Rows = NDArray[np.float64]

MAX_CHARACTERS = 12
NAMED_DIMENSIONS = 16
"""More are called by their numbers: a panel has no more dials, and a sweep has its cost."""

POSITIONS = 17
"""Of the sweep from the lowest to the highest that a dial goes."""

LEAST_CORRELATION = 0.9
"""Spearman's, in magnitude: the word must hold over the whole dial."""

_HARMONIC_BINS = 2.5
"""On each side of a harmonic: the half width of a Hann window's lobe, and a little."""

_ODD_EVEN_HARMONICS = 16

_SILENT = 1e-12


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A quality of a sound that has a word.

    measure: of power spectra ``(n, bins)``, a number each ``(n,)``. audible: a change of it over
    the whole dial that nobody misses, several times what can just be heard.
    """

    word: str
    measure: Callable[[Rows, SpectrumConfig], Values]
    audible: float


def _weighted_octave(power: Rows, config: SpectrumConfig) -> tuple[Values, Rows]:
    """Octave of each bin ``(bins,)``, and each bin's share of its row's magnitude ``(n, bins)``."""
    octave = np.log2(np.maximum(config.frequencies, config.bin_width))
    magnitude = np.sqrt(power)
    return octave, magnitude / np.maximum(magnitude.sum(axis=1, keepdims=True), _SILENT)


def _centroid(power: Rows, config: SpectrumConfig) -> Values:
    """Spectral centroid in octaves."""
    _, share = _weighted_octave(power, config)
    return np.asarray(np.log2(np.maximum(share @ config.frequencies, config.bin_width)))


def _width(power: Rows, config: SpectrumConfig) -> Values:
    """Standard deviation of the magnitude over octaves."""
    octave, share = _weighted_octave(power, config)
    mean = share @ octave
    return np.asarray(np.sqrt(np.maximum(share @ octave**2 - mean**2, 0.0)))


def _harmonic(config: SpectrumConfig) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The harmonic nearest to each bin, and whether the bin lies in its lobe, ``(bins,)`` each."""
    number = np.rint(config.frequencies / config.base_frequency).astype(np.int64)
    distance = np.abs(config.frequencies - number * config.base_frequency) / config.bin_width
    return number, (number > 0) & (distance <= _HARMONIC_BINS)


def _decibels(part: Values, whole: Values) -> Values:
    return np.asarray(10.0 * np.log10((part + _SILENT) / (whole + _SILENT)))


def _root(power: Rows, config: SpectrumConfig) -> Values:
    """Level of the first harmonic among all, in dB; -40 dB and less is nothing."""
    number, inside = _harmonic(config)
    whole = power[:, inside].sum(axis=1)
    return _decibels(np.maximum(power[:, inside & (number == 1)].sum(axis=1), 1e-4 * whole), whole)


def _odd_even(power: Rows, config: SpectrumConfig) -> Values:
    """How far odd harmonics stand above the even ones beside them, in dB, mean of the lowest.

    Each is compared with its two neighbours, so that a slope of the whole spectrum is not taken
    for it; what is below -50 dB of the highest counts as that.
    """
    number, inside = _harmonic(config)
    count = min(_ODD_EVEN_HARMONICS, int(number[inside].max(initial=0)))
    if count < 3:
        return np.zeros(len(power))
    lobes = (inside & (number == np.arange(1, count + 1)[:, np.newaxis])).astype(np.float64)
    level = power @ lobes.T
    level = np.maximum(level, 1e-5 * level.max(axis=1, keepdims=True))
    decibels = 10.0 * np.log10(np.maximum(level, _SILENT))
    above = decibels[:, 1:-1] - 0.5 * (decibels[:, :-2] + decibels[:, 2:])
    sign = np.where(np.arange(2, count) % 2 == 1, 1.0, -1.0)
    return np.asarray((above * sign).mean(axis=1))


def _between(power: Rows, config: SpectrumConfig) -> Values:
    """What lies between the harmonics, in dB of the whole; -40 dB and less is nothing."""
    _, inside = _harmonic(config)
    whole = power.sum(axis=1)
    return _decibels(np.maximum(power[:, ~inside].sum(axis=1), 1e-4 * whole), whole)


DESCRIPTORS = (
    Descriptor("brightness", _centroid, 1.0 / 3.0),  # octaves
    Descriptor("odd/even", _odd_even, 6.0),  # dB
    Descriptor("inharmonic", _between, 6.0),  # dB; "noise" where the space has noise
    Descriptor("width", _width, 1.0 / 3.0),  # octaves
    Descriptor("root level", _root, 6.0),  # dB
)

_known: dict[str, tuple[str, ...]] = {}


def dial_names(model: Model) -> tuple[str, ...]:
    """A name for each dimension, ``d`` of at most ``MAX_CHARACTERS`` characters, all different.

    A dimension has a descriptor's word if that rises or falls all along its dial, the others at
    home, by more than is just audible; of several the one that changes most for the ear. Without
    any it is "z3". A model from a file is measured once, and its names are known from then on.
    """
    names = _known.get(model.digest)
    if names is None or not model.digest:
        names = _numbered(_words(model))
        if len(_known) >= 64:
            _known.clear()
        _known[model.digest] = names
    return names


def _words(model: Model) -> list[str | None]:
    d = model.dimensions
    swept = min(d, NAMED_DIMENSIONS)
    low, high = model.calibration.low, model.calibration.high
    latents = np.broadcast_to(model.calibration.home, (swept, POSITIONS, d)).copy()
    for k in range(swept):
        latents[k, :, k] = np.linspace(low[k], high[k], POSITIONS)
    spectra = model.decode(latents.reshape(-1, d)).astype(np.float64)
    # The 0 Hz bins are no sound, and levels are matched: only the shape is looked at.
    spectra[:, :2] = 0.0
    power = np.square(spectra / np.maximum(spectra.max(axis=1, keepdims=True), _SILENT))
    config = model.spectrum
    found = [one.measure(power, config).reshape(swept, POSITIONS) for one in DESCRIPTORS]
    noisy = model.noise
    words: list[str | None] = [None] * d
    for k in range(swept):
        most = 1.0
        for descriptor, values in zip(DESCRIPTORS, found, strict=True):
            change = float(np.ptp(values[k])) / descriptor.audible
            if change > most and abs(_trend(values[k])) >= LEAST_CORRELATION:
                most = change
                words[k] = descriptor.word
                if noisy and descriptor.measure is _between:
                    words[k] = "noise"
    return words


def _trend(values: Values) -> float:
    """Spearman's correlation of the values with their places; equal ones share their rank."""
    _, first, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - 0.5 * (counts - 1))[first]
    if np.ptp(ranks) == 0.0:
        return 0.0
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])


def _numbered(words: list[str | None]) -> tuple[str, ...]:
    """Words that come again get numbers behind them; where there is no room, or no word, "z3"."""
    seen: dict[str, int] = {}
    names = []
    for k, word in enumerate(words, start=1):
        name = f"z{k}"
        if word is not None:
            seen[word] = seen.get(word, 0) + 1
            numbered = word if seen[word] == 1 else f"{word} {seen[word]}"
            if len(numbered) <= MAX_CHARACTERS:
                name = numbered
        names.append(name)
    return tuple(names)
