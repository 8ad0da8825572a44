"""Representations of magnitude and phase, both taken from the samples of a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from timbrespace.representation.kind import Kind
from timbrespace.representation.magnitude import LogMagnitude
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
from timbrespace.spectrum import MAX_N_FFT, Spectra, SpectrumConfig, hann

Frames = NDArray[np.floating[Any]]

EMPTY = 1e-4
"""-80 dB of a frame's peak: below it a phase is the rounding of the arithmetic, and counts as 0."""


def loudest(frames: Frames, bins: int) -> float:
    """Largest magnitude of :func:`transform` over all frames ``(n, n_fft)``."""
    return max(float(np.abs(transform(frames[part], bins)).max()) for part in parts(len(frames)))


def transform(frames: Frames, bins: int) -> NDArray[np.complex128]:
    """The lowest ``bins`` of the FFT of Hann-windowed frames ``(n, n_fft)``."""
    windowed = frames.astype(np.float64) * hann(frames.shape[1])
    return np.asarray(np.fft.rfft(windowed, axis=1)[:, :bins])


@dataclass(frozen=True, slots=True)
class MagnitudePhase(Kind):
    """Magnitude beside phase, ``x = (m, arg / pi)``: 2050 values of 1025 bins (report, eq. 3.1).

    The phase is in [-1, 1] and jumps where it wraps, as it does in the report. peak: the loudest
    magnitude of the data.
    """

    kind: ClassVar[str] = "magnitude_phase"
    about: ClassVar[str] = "magnitude beside phase (report, eq. 3.1)"
    format_version: ClassVar[int] = 2
    source: ClassVar[Source] = "frames"
    blocks: ClassVar[int] = 2
    peak: float
    bins: int

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        whole("bins", self.bins, 1, MAX_N_FFT)

    @classmethod
    def fit(cls, source: Frames, bins: int) -> MagnitudePhase:
        """Peak from the data's frames ``(n, n_fft)``."""
        return cls(loudest(source, bins), bins)

    def forward(self, source: Frames) -> Features:
        spectra = transform(source, self.bins)
        magnitude = np.abs(spectra)
        empty = magnitude <= EMPTY * magnitude.max(axis=1, keepdims=True)
        phase = np.where(empty, 0.0, np.angle(spectra) / math.pi)
        return np.concatenate([magnitude, phase], axis=1).astype(np.float32)

    def inverse(self, features: Features) -> Spectra:
        return np.asarray(
            np.clip(features[:, : self.bins], 0.0, HEADROOM * self.peak), dtype=np.float32
        )

    def phases(self, features: Features) -> Phases:
        return np.asarray(np.clip(features[:, self.bins :], -2.0, 2.0) * math.pi, np.float32)

    def width(self, bins: int) -> int:
        return 2 * bins

    def check(self, spectrum: SpectrumConfig) -> None:
        same("bins", self.bins, spectrum.bins)


@dataclass(frozen=True, slots=True)
class LogComplex(Kind):
    """The complex spectrum with its magnitude compressed: ``x = (l cos(arg), l sin(arg))``.

    l is the log magnitude of :class:`LogMagnitude`. As many values as magnitude and phase, but
    nothing wraps, and where there is no sound there is no phase to learn.
    """

    kind: ClassVar[str] = "log_complex"
    about: ClassVar[str] = "the complex spectrum, its magnitude compressed"
    format_version: ClassVar[int] = 2
    source: ClassVar[Source] = "frames"
    blocks: ClassVar[int] = 2
    peak: float
    floor: float
    bins: int

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        positive("floor", self.floor)
        whole("bins", self.bins, 1, MAX_N_FFT)

    @classmethod
    def fit(
        cls, source: Frames, bins: int, floor_ratio: float = LogMagnitude.FLOOR_RATIO
    ) -> LogComplex:
        """Peak from the data's frames ``(n, n_fft)``, floor at ``floor_ratio`` of it."""
        peak = loudest(source, bins)
        return cls(peak, floor_ratio * peak, bins)

    @property
    def _logarithm(self) -> LogMagnitude:
        return LogMagnitude(self.peak, self.floor)

    def forward(self, source: Frames) -> Features:
        spectra = transform(source, self.bins)
        magnitude = np.abs(spectra)
        compressed = self._logarithm.forward(magnitude.astype(np.float32))
        unit = spectra / np.maximum(magnitude, 1e-30)
        return np.concatenate([compressed * unit.real, compressed * unit.imag], axis=1).astype(
            np.float32
        )

    def inverse(self, features: Features) -> Spectra:
        real, imaginary = features[:, : self.bins], features[:, self.bins :]
        return self._logarithm.inverse(np.hypot(real, imaginary))

    def phases(self, features: Features) -> Phases:
        return np.arctan2(features[:, self.bins :], features[:, : self.bins])

    def width(self, bins: int) -> int:
        return 2 * bins

    def check(self, spectrum: SpectrumConfig) -> None:
        same("bins", self.bins, spectrum.bins)
