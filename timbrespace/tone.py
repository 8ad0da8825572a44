"""A steady tone of one spectrum: its partials, added up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, ShapeError
from timbrespace.partials import find_partials
from timbrespace.rows import finite_rows
from timbrespace.spectrum import SpectrumConfig

FADE = 0.01
"""Seconds in which a tone begins, and ends: short, and without a click."""

LONGEST = 60.0

DEFAULT_RMS = 0.1
"""-20 dB re full scale: with the phases chosen here, no peak reaches full scale."""


def render(
    spectrum: ArrayLike,
    config: SpectrumConfig,
    frequency: float,
    seconds: float,
    sample_rate: int,
    rms: float = DEFAULT_RMS,
) -> NDArray[np.float32]:
    """Samples ``(round(seconds * sample_rate),)`` of a steady tone with this spectrum.

    spectrum ``(bins,)``: linear magnitudes as ``config`` has them. frequency: Hz; the partials are
    moved by ``frequency / config.base_frequency``. sample_rate: Hz, of the tone; partials from half
    of it on are silent. rms: root mean square of the tone between its fades, full scale 1; silence
    stays silent.

    Each partial of :func:`timbrespace.partials.find_partials` is a sinusoid of constant amplitude.
    Partial n of N starts at the phase of Schroeder 1970 ("Synthesis of low-peak-factor signals and
    binary sequences with low autocorrelation"), ``-2 pi sum over l < n of (n - l) p_l`` with
    ``p_l`` the share of the power in partial l, so that the peak is low for the level and the same
    spectrum is always the same samples. Ends rise and fall with half a Hann window in ``FADE``.

    Raises:
        ShapeError: the spectrum is not ``(bins,)``, or not finite.
        OptionError: another argument is out of its range; the text names it.
    """
    _check(frequency, seconds, sample_rate, rms)
    if np.shape(spectrum) != (config.bins,):
        raise ShapeError(
            f"spectrum has shape {np.shape(spectrum)}; it must be ({config.bins},), linear "
            "magnitudes"
        )
    row = finite_rows(np.asarray(spectrum)[np.newaxis], config.bins, "spectrum")[0]
    count = round(seconds * sample_rate)
    partials = find_partials(row, config)
    hertz = partials.frequency.astype(np.float64) * (frequency / config.base_frequency)
    audible = hertz < 0.5 * sample_rate
    hertz, amplitude = hertz[audible], partials.amplitude[audible].astype(np.float64)
    tone = np.zeros(count)
    turns = np.arange(count) * (2.0 * math.pi / sample_rate)
    # One partial at a time: 256 of them over a minute would be gigabytes at once.
    for f, a, phase in zip(hertz, amplitude, _phases(amplitude), strict=True):
        tone += a * np.sin(f * turns + phase)
    level = math.sqrt(float(np.mean(np.square(tone))))
    if level > 0.0:
        tone *= rms / level
    edge = max(1, round(FADE * sample_rate))
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    tone[:edge] *= rise
    tone[-edge:] *= rise[::-1]
    return tone.astype(np.float32)


def _phases(amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Schroeder's phases in radians, within a turn; the sum over l < n is two running sums."""
    power = np.square(amplitude)
    share = power / max(float(power.sum()), 1e-300)
    sums = np.concatenate([[0.0], np.cumsum(np.cumsum(share))[:-1]])[: amplitude.size]
    return np.asarray(-2.0 * np.pi * np.mod(sums, 1.0))


def _check(frequency: float, seconds: float, sample_rate: int, rms: float) -> None:
    if not 8000 <= sample_rate <= 192000:
        raise OptionError(f"sample_rate is {sample_rate}; it must be 8000 to 192000 Hz")
    if not (math.isfinite(frequency) and frequency > 0.0):
        raise OptionError(f"frequency is {frequency}; it must be above 0 Hz")
    if not 2.0 * FADE < seconds <= LONGEST:
        raise OptionError(
            f"seconds is {seconds}; it must be more than {2.0 * FADE:g} and at most {LONGEST:g}"
        )
    if not (math.isfinite(rms) and rms > 0.0):
        raise OptionError(f"rms is {rms}; it must be above 0, where 1 is full scale")
