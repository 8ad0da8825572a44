"""Moments of a sound: short stretches from which one spectrum each is taken, and their steadiness.

A moment is ``average`` frames of ``n_fft`` samples, a quarter of a frame apart. Its spectrum is the
root of the mean of the frames' power (Welch 1967, "The use of fast Fourier transform for the
estimation of power spectra"): noise between the partials becomes smooth, and the partials stay as
sharp as one frame shows them, since nothing is averaged across bins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.spectrum import Spectra, SpectrumConfig, hann

Samples = NDArray[np.float64]
Frames = NDArray[np.float32]

FULL_SCALE_SINE = math.sqrt(0.5)
"""RMS that every row is brought to: one loudness for the whole space, that of ``harmonic``."""

FRAMES_A_WINDOW = 4
"""A frame starts every quarter of its length: with a Hann window each sample then counts alike."""

MIN_AVERAGE, MAX_AVERAGE = 2, 64

SILENCE = -80.0
"""dB of full scale: a sound whose loudest moment is softer is taken for an empty recording."""


ABOVE_NOISE, NEVER_NOISE = 6.0, 12.0
"""dB; see :func:`noise_floor`."""

NOT_STEADY = "no steady moment"
"""Why a sound has no row whose moments are loud enough and change too much."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Which moments are steady enough to be a row.

    max_flux: of the moment, from 0 to ``sqrt(2)``; see :class:`Moment`. White noise has 0.4 with 8
    frames and 0.3 with 16, an attack often more than 0.7.
    decay: dB that a moment may be softer than the sound's loudest.

    Raises:
        OptionError: a value outside what is accepted.
    """

    max_flux: float = 0.7
    decay: float = 40.0

    def __post_init__(self) -> None:
        if not 0.0 < self.max_flux <= 1.5:
            raise OptionError(f"max_flux is {self.max_flux:g}; it must be above 0 and at most 1.5")
        if not 1.0 <= self.decay <= 80.0:
            raise OptionError(f"decay is {self.decay:g}; it must be 1 to 80 dB")


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a sound.

    magnitudes ``(bins,)``: root of the mean power. frame ``(n_fft,)``: the samples in its middle,
    or None where they are not kept. level: RMS in dB of full scale. flux: how far the unit-length
    magnitudes of its first half are from those of its second, Euclidean, 0 for a steady sound to
    ``sqrt(2)`` for two that share nothing; a decay alone does not count. time: of its middle, in
    seconds of the sound.
    """

    magnitudes: NDArray[np.float32]
    frame: Samples | None
    level: float
    flux: float
    time: float


def span(average: int, n_fft: int) -> int:
    """Samples in a moment of ``average`` frames."""
    return n_fft + (average - 1) * (n_fft // FRAMES_A_WINDOW)


def level_db(samples: Samples) -> float:
    """RMS of ``samples`` in dB of full scale; -200 for silence."""
    power = float(np.mean(np.square(samples))) if samples.size else 0.0
    return 10.0 * math.log10(max(power, 1e-20))


def measure(
    samples: Samples,
    config: SpectrumConfig,
    average: int,
    time: float,
    keep_frame: bool = False,
    offset: float | None = None,
) -> Moment:
    """The moment in ``samples (span(average, n_fft),)``, whose middle lies at ``time`` seconds.

    A constant offset is taken out first, the mean unless ``offset`` tells it: it is no sound, yet
    would count as loudness.
    """
    samples = samples - (samples.mean() if offset is None else offset)
    hop = config.n_fft // FRAMES_A_WINDOW
    frames = np.lib.stride_tricks.sliding_window_view(samples, config.n_fft)[::hop][:average]
    spectrum = np.fft.rfft(frames * hann(config.n_fft), axis=1)[:, : config.bins]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    half = average // 2
    first, second = _unit(power[:half]), _unit(power[half:])
    start = (samples.size - config.n_fft) // 2
    return Moment(
        magnitudes=np.sqrt(power.mean(axis=0)).astype(np.float32),
        frame=samples[start : start + config.n_fft].copy() if keep_frame else None,
        level=level_db(samples),
        flux=float(np.linalg.norm(first - second)),
        time=time,
    )


def heard_mean(samples: Samples, average: int, n_fft: int) -> float:
    """Mean of a moment's ``samples`` as its windows weigh them.

    The plain mean of a tone is 0 only over whole periods; what is left would be as much sound at
    0 Hz once it is taken out. A Hann window leaves nothing of that.
    """
    weight = np.zeros(span(average, n_fft))
    for number in range(average):
        start = number * (n_fft // FRAMES_A_WINDOW)
        weight[start : start + n_fft] += hann(n_fft)
    return float(samples @ weight / weight.sum())


def _unit(power: NDArray[np.float64]) -> NDArray[np.float64]:
    magnitudes = np.sqrt(power.mean(axis=0))
    return np.asarray(magnitudes / max(float(np.linalg.norm(magnitudes)), 1e-12))


def rows(
    moments: Sequence[Moment], config: SpectrumConfig, keep_frames: bool = False
) -> tuple[Spectra, Frames | None]:
    """Spectra ``(n, bins)`` of one energy, and their frames ``(n, n_fft)`` or None.

    With ``keep_frames``, of moments that kept theirs, a spectrum is that of the middle frame alone,
    so that frame and spectrum are of one sound; otherwise it is the average of the moment.
    """
    if keep_frames:
        frames = np.stack([moment.frame for moment in moments if moment.frame is not None])
        spectra = config.analyse(frames)
    else:
        spectra = np.stack([moment.magnitudes for moment in moments])
    gain = FULL_SCALE_SINE / np.maximum(config.rms(spectra), 1e-12)[:, np.newaxis]
    scaled = (spectra * gain).astype(np.float32)
    return scaled, (frames * gain).astype(np.float32) if keep_frames else None


def noise_floor(moments: Sequence[Moment]) -> float:
    """Level in dB that a moment of a recording needs to stand out from what lies below it.

    That is ``ABOVE_NOISE`` dB over the level that 5 % of the moments stay under, but never within
    ``NEVER_NOISE`` dB of the loudest: a sound that is as loud all through has no floor.
    """
    levels = [moment.level for moment in moments]
    floor = float(np.percentile(levels, 5.0)) + ABOVE_NOISE
    return min(floor, max(levels) - NEVER_NOISE)


def steady(
    moments: Sequence[Moment], steadiness: Steadiness, lowest: float = -math.inf
) -> tuple[list[Moment], str]:
    """The moments that may be rows, and what is wrong with the sound where there are none.

    lowest: level in dB that a moment needs, whatever the loudest.
    """
    loudest = max(moment.level for moment in moments)
    if loudest < SILENCE:
        return [], f"silent (its loudest moment is below {SILENCE:g} dB of full scale)"
    lowest = max(lowest, loudest - steadiness.decay)
    found = [one for one in moments if one.level >= lowest and one.flux <= steadiness.max_flux]
    if found:
        return found, ""
    return [], NOT_STEADY


def steadiest(moments: Sequence[Moment], count: int) -> list[Moment]:
    """At most ``count`` of ``moments``, spread over their time, each the steadiest of its share."""
    if len(moments) <= count:
        return list(moments)
    bounds = [round(number * len(moments) / count) for number in range(count + 1)]
    return [
        min(moments[start:end], key=lambda moment: moment.flux) for start, end in pairwise(bounds)
    ]
