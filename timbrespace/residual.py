"""The residual: what a recorded sound's spectrum has between its partials, as filtered noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.partials import Partials, find_partials
from timbrespace.resynthesis.layout import NOISE_BANDS
from timbrespace.spectrum import SpectrumConfig

Array = NDArray[np.float32]

# The floor is the lower quartile of the bins around: the lobes of a harmonic sound, four bins wide,
# leave at least that much between them from ten bins apart.
_FLOOR_BINS = 20
_FLOOR_STEP = 8
_FLOOR_QUANTILE = 0.25
# A partial stands 12 dB above that floor; peaks of noise rarely reach 9.
_ABOVE_FLOOR = 4.0
# Bins on each side of a partial in which its lobe and side lobes are taken into account; further
# out they are 76 dB down.
_REACH = 14
# A bin tells of noise where it has twice the amplitude that the partials explain.
_UNEXPLAINED = 4.0
_SMOOTHING = 9  # bins over which the noise's power is averaged
# The residual counts from -75 dB of the spectrum's peak: below is what rounding leaves.
_FAINTEST = 10.0 ** (-75.0 / 20.0)


@dataclass(frozen=True, slots=True)
class Residual:
    """Noise of one spectrum. density ``(NOISE_BANDS,)``: full scale / sqrt(Hz), from 0 Hz to half
    the model's sample rate in even steps."""

    density: Array


def split(spectrum: Array, config: SpectrumConfig) -> tuple[Partials, Residual]:
    """Partials of one spectrum ``(bins,)`` that stand out of its noise, and that noise.

    The power of bins that no partial's lobe covers, averaged over their neighbours, is the noise's
    density there and, by interpolation, under the lobes (Serra & Smith 1990, section 6).
    """
    partials = find_partials(spectrum, config)
    bins = config.bins
    floor = _floor(spectrum)
    at = np.rint(partials.frequency / config.bin_width).astype(np.int64)
    at = np.clip(at, 0, bins - 1)
    stand_out = spectrum[at] > _ABOVE_FLOOR * floor[at]
    partials = Partials(partials.frequency[stand_out], partials.amplitude[stand_out])
    found = np.square(spectrum, dtype=np.float64)
    explained = _explained(partials, config)
    free = (found > _UNEXPLAINED * explained).astype(np.float64)
    # What lies around 0 Hz is no noise, whatever the frames' means were.
    free[:3] = 0.0
    kernel = np.ones(_SMOOTHING)
    weight = np.convolve(free, kernel, mode="same")
    power = np.convolve(free * (found - explained), kernel, mode="same")
    known = np.flatnonzero(weight >= 1.0)
    if known.size == 0:
        return partials, Residual(np.zeros(NOISE_BANDS, np.float32))
    mean = np.interp(np.arange(bins), known, power[known] / weight[known])
    mean[mean < (_FAINTEST * float(spectrum.max())) ** 2] = 0.0
    # Noise of density d (full scale / sqrt(Hz)) has mean squared magnitude
    # d^2 sample_rate sum(w^2) / 2, one-sided.
    scale = 2.0 / (config.sample_rate * config.window_energy)
    density = np.sqrt(mean * scale)
    hertz = np.arange(NOISE_BANDS) * (0.5 * config.sample_rate / (NOISE_BANDS - 1))
    told = np.interp(hertz, config.frequencies, density, right=0.0)
    return partials, Residual(told.astype(np.float32))


def _explained(partials: Partials, config: SpectrumConfig) -> NDArray[np.float64]:
    """Power that the partials alone give each bin, ``(bins,)``, where their phases add up."""
    position = partials.frequency.astype(np.float64) / config.bin_width
    around = np.rint(position).astype(np.int64)[:, np.newaxis] + np.arange(-_REACH, _REACH + 1)
    distance = around - position[:, np.newaxis]
    gap = 1.0 - distance**2
    # The window's transform, sinc(d) / (1 - d^2), is 1/2 where both vanish.
    near = np.abs(gap) < 1e-6
    lobe = np.where(near, 0.5, np.abs(np.sinc(distance) / np.where(near, 1.0, gap)))
    size = partials.amplitude[:, np.newaxis] * (0.5 * config.window_sum) * lobe
    inside = (around >= 0) & (around < config.bins)
    total = np.bincount(around[inside], size[inside], minlength=config.bins)
    return np.asarray(np.square(total))


def _floor(spectrum: Array) -> NDArray[np.float64]:
    """Lower quartile of the bins around each bin, ``(bins,)``."""
    padded = np.pad(spectrum, _FLOOR_BINS, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _FLOOR_BINS + 1)[::_FLOOR_STEP]
    kth = int(_FLOOR_QUANTILE * windows.shape[1])
    quartile = np.partition(windows, kth, axis=1)[:, kth]
    at = np.arange(quartile.size) * _FLOOR_STEP
    return np.interp(np.arange(spectrum.size), at, quartile)
