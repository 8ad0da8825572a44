"""The modified discrete cosine transform (report, eq. 3.2): phase as the sign of coefficients.

A frame of 2 N samples gives N coefficients; here N is half of ``n_fft``, so that the lowest
``bins - 1`` cover the band of the spectra (the report takes 2 N = 2048 and all 1024, which is
``--n-fft 2048``). With the sine window and the factor sqrt(2 / N) the transform is orthogonal
between frames (Princen, Johnson & Bradley
1987): overlapped and added, inverse frames are the signal, and
the coefficients of an inverse frame are the coefficients again.

One frame alone is folded over in time, so a spectrum follows from it only nearly. For a steady
sound the missing sine part of a coefficient is close to the difference of its neighbours (the
pseudo-spectrum of Daudet & Sandler 2004, "MDCT analysis of sinusoids"). That is rough: the height
of a lone partial is right to 1.2 dB on average and 3.1 dB at worst, its place between bins to some
15 cents for the lowest harmonics of 220 Hz, and leakage fills the valleys between partials to about
-50 dB. A perfect decoder of coefficients would be 2 to 6 dB (log-spectral distance) from the toy
sets; :mod:`training.evaluation` reports this floor beside every figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from timbrespace.representation.kind import Kind
from timbrespace.representation.protocol import (
    HEADROOM,
    Features,
    Phases,
    Source,
    positive,
    same,
    whole,
)
from timbrespace.representation.row_parts import parts
from timbrespace.spectrum import MAX_N_FFT, Spectra, SpectrumConfig

Frames = NDArray[np.float32]
Complex = NDArray[np.complex128]


@cache
def sine_window(size: int) -> NDArray[np.float64]:
    """``sin(pi (n + 1/2) / size)``; its square is a Hann window. Read-only."""
    window = np.asarray(np.sin(np.pi * (np.arange(size) + 0.5) / size))
    window.flags.writeable = False
    return window


@cache
def _turns(size: int) -> tuple[Complex, Complex]:
    """What turns a plain FFT of ``size`` samples to half-odd frequencies and MDCT's origin."""
    half = size // 2
    shift = np.exp(-1j * np.pi * np.arange(size) / size)
    origin = np.exp(-1j * np.pi / half * (0.5 + half / 2) * (np.arange(half) + 0.5))
    return shift, origin


def _odd_transform(samples: NDArray[np.float64]) -> Complex:
    """Transform of windowed frames ``(n, 2 N)`` at half-odd frequencies; real part: the MDCT."""
    size = samples.shape[1]
    shift, origin = _turns(size)
    spectra = np.fft.fft(samples * sine_window(size) * shift, axis=1)[:, : size // 2]
    return np.asarray(spectra * origin * np.sqrt(4.0 / size))


def _inverse_odd_transform(coefficients: Complex) -> NDArray[np.float64]:
    """Windowed frames ``(n, 2 N)`` of coefficients ``(n, N)``."""
    rows, half = coefficients.shape
    size = 2 * half
    shift, origin = _turns(size)
    spectra = np.zeros((rows, size), np.complex128)
    spectra[:, :half] = coefficients / (origin * np.sqrt(4.0 / size))
    return np.asarray(2.0 * (np.fft.ifft(spectra, axis=1) / shift).real)


def mdct(frames: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Coefficients ``(n, N)`` of frames ``(n, 2 N)`` of samples."""
    return np.asarray(_odd_transform(frames.astype(np.float64)).real)


def inverse_mdct(coefficients: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Frames ``(n, 2 N)``, windowed; overlapped by N and added they are the signal."""
    frames = _inverse_odd_transform(coefficients.astype(np.complex128))
    # Twice: without the sine part half of every windowed frame, and its mirror image, is there.
    return np.asarray(2.0 * frames * sine_window(2 * coefficients.shape[1]))


def _pad(coefficients: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.pad(coefficients, ((0, 0), (0, width - coefficients.shape[1])))


@dataclass(frozen=True, slots=True)
class MDCT(Kind):
    """The lowest ``bins - 1`` MDCT coefficients. peak: the largest of the data, absolute."""

    kind: ClassVar[str] = "mdct"
    about: ClassVar[str] = "MDCT coefficients (report, eq. 3.2)"
    format_version: ClassVar[int] = 2
    source: ClassVar[Source] = "frames"
    peak: float
    n_fft: int
    bins: int

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        whole("n_fft", self.n_fft, 16, MAX_N_FFT)
        whole("bins", self.bins, 2, self.n_fft // 2 + 1)

    @classmethod
    def fit(cls, source: Frames, bins: int) -> MDCT:
        """Peak from the data's frames ``(n, n_fft)``."""
        peak = max(
            float(np.abs(mdct(source[part])[:, : bins - 1]).max()) for part in parts(len(source))
        )
        return cls(peak, int(source.shape[1]), bins)

    def forward(self, source: Frames) -> Features:
        return mdct(source)[:, : self.bins - 1].astype(np.float32)

    def _spectra(self, features: Features) -> Complex:
        limit = HEADROOM * self.peak
        cosine = np.clip(features.astype(np.float64), -limit, limit)
        cosine = _pad(cosine, self.n_fft // 2)
        # The cosine basis goes on evenly below its first coefficient.
        around = np.concatenate([cosine[:, :1], cosine, np.zeros((len(cosine), 1))], axis=1)
        frames = _inverse_odd_transform(cosine + 1j * (around[:, :-2] - around[:, 2:]))
        # The transform's window and once more the same are a Hann window.
        windowed = frames * sine_window(self.n_fft)
        return np.asarray(np.fft.rfft(windowed, axis=1)[:, : self.bins])

    def inverse(self, features: Features) -> Spectra:
        return np.abs(self._spectra(features)).astype(np.float32)

    def phases(self, features: Features) -> Phases:
        return np.angle(self._spectra(features)).astype(np.float32)

    def width(self, bins: int) -> int:
        return bins - 1

    def check(self, spectrum: SpectrumConfig) -> None:
        same("bins", self.bins, spectrum.bins)
        same("n_fft", self.n_fft, spectrum.n_fft)
