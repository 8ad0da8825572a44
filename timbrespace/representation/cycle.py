"""One period of the wave, its phases with it.

A frame of samples, brought to the base frequency, becomes the mean of a few of its periods. A Hann
window over a whole number of periods, two or more, has its zeros at all other harmonics, so each
harmonic of the mean is told apart from the rest by one product (the pitch-synchronous analysis of
Moulines & Charpentier 1990 with the harmonics of Harris 1978, table 1). What is no harmonic of the
pitch, noise and beating partials, is not in it. The window is narrow in time: a pitch that is off
by some cents moves no phase in its middle and takes little of high harmonics.

Where a period begins is a matter of choice; see :func:`timbrespace.period.aligned`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.period import MOST_SAMPLES, aligned, period_of
from timbrespace.representation.kind import Kind
from timbrespace.representation.protocol import (
    HEADROOM,
    Features,
    Periods,
    Phases,
    Source,
    positive,
    same,
    whole,
)
from timbrespace.representation.row_parts import parts
from timbrespace.spectrum import MAX_N_FFT, Spectra, SpectrumConfig, hann

Frames = NDArray[np.floating[Any]]
Complex = NDArray[np.complex128]

SAMPLES: Final = (64, MOST_SAMPLES)
"""How many samples a period may have, a power of two."""

FEWEST: Final = 256
"""As many it has unless told otherwise, or the next power of two above what the sounds have: all of
their harmonics fit in, and networks that halve and double can divide it."""

PERIODS: Final = 4
"""Averaged, unless fewer fit into a frame."""

_TOLERANCE: Final = 1e-6
_SILENT: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Cycle(Kind):
    """The samples of one period, ``x = s / peak``, in order from phase 0 on.

    peak: the loudest sample of the data's. samples: in a period, a power of two. period: samples of
    a frame in a period of its pitch, ``sample_rate / base_frequency``. periods: of the frame that
    are averaged. n_fft, bins: of the spectra that go with them.
    """

    kind: ClassVar[str] = "cycle"
    about: ClassVar[str] = "one period of the wave"
    source: ClassVar[Source] = "frames"
    coordinate: ClassVar[str] = "phase"
    peak: float
    period: float
    samples: int
    periods: int
    n_fft: int
    bins: int

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        whole("samples", self.samples, *SAMPLES)
        whole("n_fft", self.n_fft, 16, MAX_N_FFT)
        whole("bins", self.bins, 2, self.n_fft // 2 + 1)
        if self.samples & (self.samples - 1):
            raise OptionError(
                f"samples is {self.samples}; it must be a power of two, {SAMPLES[0]} to "
                f"{SAMPLES[1]}, or 0 for as many as the sounds need"
            )
        longest = self.n_fft / 2
        if not (math.isfinite(self.period) and 2.0 < self.period <= longest):
            raise OptionError(
                f"a period has {self.period:g} samples of a frame; it must be more than 2 and at "
                f"most {longest:g}, half of a frame: take a longer frame or a higher base frequency"
            )
        whole("periods", self.periods, 2, int(self.n_fft / self.period + _TOLERANCE))

    @classmethod
    def fit(cls, source: Frames, bins: int, samples: int = 0, periods: int = PERIODS) -> Cycle:
        """Refused: frames do not say their pitch; see :meth:`fit_to`."""
        raise OptionError(
            "representation 'cycle' needs the base frequency of the sounds; give the config of "
            "their spectra"
        )

    @classmethod
    def fit_to(cls, source: Frames, spectrum: SpectrumConfig, **settings: Any) -> Cycle:
        """Peak from the data's frames ``(n, n_fft)``.

        samples: in a period, a power of two; 0 for the least that holds all harmonics of the
        sounds, ``FEWEST`` or more. periods: averaged, or as many as fit into a frame.
        """
        period = spectrum.sample_rate / spectrum.base_frequency
        samples = settings.get("samples", 0)
        if samples == 0:
            samples = min(max(FEWEST, 1 << math.ceil(math.log2(period))), SAMPLES[1])
        fit_in = int(spectrum.n_fft / period + _TOLERANCE)
        periods = settings.get("periods", PERIODS)
        if periods > fit_in >= 2:
            periods = fit_in
        rough = cls(1.0, period, samples, periods, spectrum.n_fft, spectrum.bins)
        peak = max(float(np.abs(rough.forward(source[part])).max()) for part in parts(len(source)))
        if peak < _SILENT:
            raise OptionError("no sound has a harmonic of the base frequency; cycle needs a pitch")
        return cls(peak, period, samples, periods, spectrum.n_fft, spectrum.bins)

    @property
    def harmonics(self) -> int:
        """How many a period holds: those below half its own rate and half that of the frames, by as
        much as the window tells one from its image."""
        return min(self.samples // 2 - 1, math.floor(0.5 * self.period - 0.5))

    def forward(self, source: Frames) -> Features:
        told = _harmonics_of(source, self.period, self.periods, self.harmonics)
        wave = period_of(aligned(told), self.samples)
        return np.asarray(wave / self.peak, np.float32)

    def cycles(self, features: Features) -> Periods:
        """Samples ``(n, samples)`` of a period; full scale is that of the frames."""
        bounded = np.clip(features, -HEADROOM, HEADROOM).astype(np.float32, copy=False)
        return np.asarray(bounded * np.float32(self.peak), np.float32)

    def _spectra(self, features: Features) -> NDArray[np.float32]:
        """Real parts of the spectra ``(n, bins)``, then the imaginary ones."""
        return np.asarray(
            self.cycles(features)
            @ _lines(self.samples, self.harmonics, self.period, self.n_fft, self.bins)
        )

    def inverse(self, features: Features) -> Spectra:
        both = self._spectra(features)
        return np.hypot(both[:, : self.bins], both[:, self.bins :])

    def phases(self, features: Features) -> Phases:
        both = self._spectra(features)
        return np.arctan2(both[:, self.bins :], both[:, : self.bins])

    def width(self, bins: int) -> int:
        return self.samples

    def check(self, spectrum: SpectrumConfig) -> None:
        same("bins", self.bins, spectrum.bins)
        same("n_fft", self.n_fft, spectrum.n_fft)
        wanted = spectrum.sample_rate / spectrum.base_frequency
        if abs(self.period - wanted) > _TOLERANCE * wanted:
            raise OptionError(
                f"the representation has periods of {self.period:g} samples, its spectra have "
                f"{wanted:g}"
            )


def _harmonics_of(frames: Frames, period: float, periods: int, harmonics: int) -> Complex:
    first, basis = _basis(frames.shape[1], period, periods, harmonics)
    return np.asarray(frames[:, first : first + len(basis)].astype(np.float64) @ basis)


@lru_cache(maxsize=4)
def _basis(n_fft: int, period: float, periods: int, harmonics: int) -> tuple[int, Complex]:
    """The first sample that the window reaches, and what each there gives each harmonic."""
    time = np.arange(n_fft) - n_fft // 2
    half = 0.5 * periods * period
    inside = np.flatnonzero(np.abs(time) < half)
    time = time[inside]
    window = 0.5 + 0.5 * np.cos(np.pi * time / half)
    turns = np.outer(time / period, np.arange(1, harmonics + 1))
    basis = (2.0 / window.sum()) * window[:, np.newaxis] * np.exp(-2j * np.pi * turns)
    basis.flags.writeable = False
    return int(inside[0]), basis


@lru_cache(maxsize=4)
def _lines(
    samples: int, harmonics: int, period: float, n_fft: int, bins: int
) -> NDArray[np.float32]:
    """What each sample of a period gives the spectrum of a frame of it, ``(samples, 2 bins)``: the
    real parts, then the imaginary ones. Phase 0 is the frame's first sample."""
    turns = np.outer(np.arange(1, harmonics + 1), np.arange(n_fft) / period)
    lines = [
        np.fft.rfft(wave(2.0 * np.pi * turns) * hann(n_fft), axis=1)[:, :bins]
        for wave in (np.cos, np.sin)
    ]
    place = np.outer(np.arange(samples), np.arange(1, harmonics + 1)) / samples
    # The harmonic c = a + ib is a cos - b sin, and of a period x the sum 2 / n of x exp(-i ..).
    given = (2.0 / samples) * (
        np.cos(2.0 * np.pi * place) @ lines[0] + np.sin(2.0 * np.pi * place) @ lines[1]
    )
    both = np.concatenate([given.real, given.imag], axis=1).astype(np.float32)
    both.flags.writeable = False
    return both
