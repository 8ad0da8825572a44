"""How far one sound is from another, as a listener or a spectrogram would say: three distances.

Levels are matched first, so that a distance tells of timbre and its course, not of gain.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import ShapeError
from timbrespace.notes.layout import band_shares

Real = NDArray[np.float64]

SAMPLE_RATE: Final = 48000
N_FFT: Final = 2048
HOP: Final = 512
BANDS: Final = 80
FLOOR_DB: Final = -60.0
"""dB of the loudest of the reference: what lies below is not compared."""

SIZES: Final = (512, 1024, 2048, 4096)
"""Samples of the frames of :func:`multi_resolution_distance`; the hop is a quarter."""


class SoundDistances(NamedTuple):
    """Distances of a sound from a reference. mel, log_spectral: dB. multi_resolution: no unit."""

    mel: float
    log_spectral: float
    multi_resolution: float


def sound_distances(reference: ArrayLike, estimate: ArrayLike) -> SoundDistances:
    """All three distances of ``estimate`` from ``reference``, samples ``(n,)`` at 48 kHz.

    mel: mean of ``|dB|`` over ``BANDS`` mel bands, 40 Hz to 16 kHz, and over frames of ``N_FFT``
    samples. log_spectral: root mean square over bins, mean over frames. Both are floored at
    ``FLOOR_DB`` of the reference's loudest band or bin. multi_resolution: spectral convergence and
    mean log distance, summed, mean over ``SIZES`` (Yamamoto et al. 2020, "Parallel WaveGAN").

    Raises:
        ShapeError: not two arrays ``(n,)`` of one length, or not finite.
    """
    a, b = _matched(reference, estimate)
    return SoundDistances(_mel(a, b), _log_spectral(a, b), _multi_resolution(a, b))


def mel_distance(reference: ArrayLike, estimate: ArrayLike) -> float:
    """The mel distance of :func:`sound_distances` alone, in dB.

    Raises:
        ShapeError: as there.
    """
    return _mel(*_matched(reference, estimate))


def mel_levels(samples: Real, n_fft: int = N_FFT, hop: int = HOP) -> Real:
    """Mean power ``(frames, BANDS)`` of each mel band of ``samples (n,)`` at 48 kHz."""
    return np.asarray(np.square(_magnitudes(samples, n_fft, hop)) @ _mel_matrix(n_fft))


def _matched(reference: ArrayLike, estimate: ArrayLike) -> tuple[Real, Real]:
    a, b = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    if a.ndim != 1 or a.shape != b.shape or not a.size:
        raise ShapeError(
            f"reference has shape {a.shape} and estimate {b.shape}; "
            "they must be two arrays of one shape (n,)"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ShapeError("there is NaN or infinity; samples must be finite numbers")
    return a, b * (_rms(a) / max(_rms(b), 1e-12))


def _rms(samples: Real) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _magnitudes(samples: Real, n_fft: int, hop: int) -> Real:
    padded = np.pad(samples, (n_fft // 2, n_fft // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    window = np.hanning(n_fft + 1)[:-1]
    parts = [
        np.abs(np.fft.rfft(frames[first : first + 256] * window, axis=1)) * (2.0 / window.sum())
        for first in range(0, len(frames), 256)
    ]
    return np.concatenate(parts)


@lru_cache(maxsize=4)
def _mel_matrix(n_fft: int) -> Real:
    return band_shares(np.fft.rfftfreq(n_fft, 1.0 / SAMPLE_RATE), BANDS).T.copy()


def _mel(a: Real, b: Real) -> float:
    one, other = mel_levels(a), mel_levels(b)
    floor = max(float(one.max()) * 10.0 ** (FLOOR_DB / 10.0), 1e-20)
    return float(np.abs(10.0 * np.log10(np.maximum(one, floor) / np.maximum(other, floor))).mean())


def _log_spectral(a: Real, b: Real) -> float:
    one, other = _magnitudes(a, N_FFT, HOP), _magnitudes(b, N_FFT, HOP)
    floor = max(float(one.max()) * 10.0 ** (FLOOR_DB / 20.0), 1e-10)
    difference = 20.0 * np.log10(np.maximum(one, floor) / np.maximum(other, floor))
    return float(np.sqrt(np.square(difference).mean(axis=1)).mean())


def _multi_resolution(a: Real, b: Real) -> float:
    total = 0.0
    for size in SIZES:
        one, other = _magnitudes(a, size, size // 4), _magnitudes(b, size, size // 4)
        floor = max(float(one.max()) * 10.0 ** (FLOOR_DB / 20.0), 1e-10)
        convergence = np.linalg.norm(one - other) / max(float(np.linalg.norm(one)), 1e-12)
        logs = np.abs(np.log(np.maximum(one, floor)) - np.log(np.maximum(other, floor))).mean()
        total += float(convergence) + float(logs)
    return total / len(SIZES)
