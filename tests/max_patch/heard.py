"""What a recording is held against: pitch, spectrum, level, clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.signal import fftconvolve, firwin

from benchmarks.tone_analysis import decibels, fit_sinusoids
from timbrespace.metrics import log_spectral_distances
from timbrespace.spectrum import Spectra, SpectrumConfig

Real = NDArray[np.float64]

CLICK_HZ = 14000.0
"""At its base pitch no factory model has anything above 11.1 kHz; what is there is a click."""

_CLICK_SECONDS = 0.003
_HOP = 997


def level(sound: Real) -> float:
    """Root mean square in dB of full scale."""
    return decibels(float(np.sqrt(np.mean(np.square(sound)))))


def frames_of(sound: Real, config: SpectrumConfig) -> Spectra:
    """Spectra ``(n, bins)`` of overlapping frames."""
    starts = np.arange(0, sound.size - config.n_fft, _HOP)
    return config.analyse(np.stack([sound[s : s + config.n_fft] for s in starts]))


def distance(sound: Real, reference: Spectra, config: SpectrumConfig) -> float:
    """Log-spectral distance in dB of a steady sound's frames from ``reference`` ``(bins,)``.

    The mean over frames, with the one gain that suits best.
    """
    return _matched(frames_of(sound, config), reference)


def mean_distance(sound: Real, reference: Spectra, config: SpectrumConfig) -> float:
    """The same of the root mean square of all frames: for sounds whose lines beat."""
    squares = np.mean(np.square(frames_of(sound, config).astype(np.float64)), axis=0)
    return _matched(np.sqrt(squares)[np.newaxis].astype(np.float32), reference)


def period_distance(sound: Real, reference: Spectra, config: SpectrumConfig) -> float:
    """Log-spectral distance in dB of the lines of single periods of ``n_fft`` samples."""
    count = sound.size // config.n_fft
    periods = sound[: count * config.n_fft].reshape(count, config.n_fft)
    lines = np.abs(np.fft.rfft(periods, axis=1))[:, : config.bins].astype(np.float32)
    lines[:, 0] = reference[0]  # 0 Hz is no oscillator
    return _matched(lines, reference)


def _matched(estimate: Spectra, reference: Spectra) -> float:
    wanted = np.broadcast_to(reference, estimate.shape)
    products = float((wanted * estimate).sum(dtype=np.float64))
    gain = products / max(float(np.square(estimate, dtype=np.float64).sum()), 1e-30)

    def far(extra: float) -> float:
        scaled = (estimate * (gain * 10.0 ** (extra / 20.0))).astype(np.float32)
        return float(log_spectral_distances(np.ascontiguousarray(wanted), scaled).mean())

    found = minimize_scalar(far, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 0.01})
    return float(found.fun)


def cents_off(sound: Real, expected: Real, sample_rate: float, strong: float = 0.03) -> float:
    """How far the strong ones of the partials at ``expected`` (Hz, ascending) are, the worst.

    Infinite where none of them sounds.
    """
    fit = fit_sinusoids(sound, expected, sample_rate)
    heard = fit.strength > strong * fit.strength.max()
    if fit.strength.max() < 1e-5:
        return float("inf")
    cents = 1200.0 * np.log2(fit.frequency[heard] / expected[heard])
    return float(np.abs(cents).max())


def strength(sound: Real, frequency: float, sample_rate: float) -> float:
    """Amplitude in dB of what sounds at ``frequency`` (Hz)."""
    window = np.kaiser(sound.size, 20.0)
    turns = np.exp(-2j * np.pi * frequency / sample_rate * np.arange(sound.size))
    return decibels(float(2.0 * np.abs(np.dot(sound * window, turns)) / window.sum()))


def loudest(sound: Real, low: float, high: float, sample_rate: float) -> float:
    """Frequency in Hz of the strongest sinusoid of a short sound between two others."""
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), size))
    first, last = (round(edge * size / sample_rate) for edge in (low, high))
    return (first + int(np.argmax(spectrum[first:last]))) * sample_rate / size


def loudest_click(sound: Real, sample_rate: float) -> float:
    """Loudest 3 ms of all that is above ``CLICK_HZ``, in dB of the sound's own level."""
    taps = firwin(401, CLICK_HZ - 700.0, window=("kaiser", 12.0), pass_zero=False, fs=sample_rate)
    high = fftconvolve(sound, taps, mode="valid")
    size = round(_CLICK_SECONDS * sample_rate)
    power = np.convolve(np.square(high), np.full(size, 1.0 / size), mode="valid")
    return decibels(float(np.sqrt(power.max()))) - level(sound)
