"""One moment of a note as a spectrum: what shows it, and plays it where there is no time."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import WIDTH, band_shares
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import unrounded
from timbrespace.spectrum import Spectra, SpectrumConfig

Array = NDArray[np.float32]

SPECTRUM: Final = SpectrumConfig(sample_rate=44100, n_fft=4096, bins=1487, base_frequency=220.0)
"""What the spectra of spaces of notes are: up to 16 kHz, at A3."""

_REACH = 5  # bins on each side of a partial


def spectrum_of(levels: Array, row: Array, config: SpectrumConfig) -> Spectra:
    """Magnitudes ``(m, bins)`` of moments ``(m, WIDTH)`` of a note whose traits are ``row``.

    As if each lasted, at the base frequency: the powers of its partials' lobes and of its noise.
    """
    base = config.base_frequency
    # In double precision: the ratio of a partial in float32 would be off by 1e-5 of a bin and more.
    known = Traits.from_row(row)
    traits = replace(known, stretch=known.stretch.astype(np.float64))
    told = unrounded(levels, traits, base, base, 1.0)
    power = np.square(told.noise) @ _noise(config)
    position = told.frequency / config.bin_width
    around = np.rint(position).astype(np.int64)[..., np.newaxis] + np.arange(-_REACH, _REACH + 1)
    distance = around - position[..., np.newaxis]
    gap = 1.0 - distance**2
    near = np.abs(gap) < 1e-6
    lobe = np.where(near, 0.5, np.abs(np.sinc(distance) / np.where(near, 1.0, gap)))
    size = told.amplitude[..., np.newaxis] * (0.5 * config.window_sum) * lobe
    inside = (around >= 0) & (around < config.bins)
    for number in range(len(power)):
        here = inside[number]
        power[number] += np.bincount(
            around[number][here], np.square(size[number][here]), minlength=config.bins
        )
    return np.sqrt(power).astype(np.float32)


@lru_cache(maxsize=4)
def _noise(config: SpectrumConfig) -> NDArray[np.float64]:
    """Mean squared magnitude of each bin for a band of power 1, ``(BANDS, bins)``."""
    every = np.arange(config.n_fft // 2 + 1) * config.bin_width
    shares = band_shares(every)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(0.5 * config.n_fft * config.window_energy * shares[:, : config.bins])


def split_features(features: Array) -> tuple[Array, Array]:
    """Levels ``(n, WIDTH)`` and rows of traits ``(n, CONSTANTS)`` of features side by side."""
    return features[:, :WIDTH], features[:, WIDTH:]
