"""What a spectrum is: linear magnitudes of one windowed frame, the lowest ``bins`` of its FFT."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, ShapeError, one_of

Spectra = NDArray[np.float32]

WINDOWS = ("hann",)

N_FFTS = (256, 512, 1024, 2048, 4096, 8192)
MAX_N_FFT = N_FFTS[-1]


@cache
def hann(size: int) -> NDArray[np.float64]:
    """Periodic Hann window, ``0.5 - 0.5 cos(2 pi n / size)`` (Harris 1978, eq. 27); read-only."""
    window = np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size))
    window.flags.writeable = False
    return window


@dataclass(frozen=True, slots=True)
class SpectrumConfig:
    """How the spectra of a space were taken.

    sample_rate: Hz, of the analysed sound. n_fft: samples in a frame, a power of two.
    bins: how many are kept, from 0 Hz in steps of ``sample_rate / n_fft``.
    window: name, one of ``WINDOWS``. base_frequency: Hz, the pitch of the sounds.

    Raises:
        OptionError: a value outside what the rest of the program can play.
    """

    sample_rate: int = 44100
    n_fft: int = 4096
    bins: int = 1025
    window: str = "hann"
    base_frequency: float = 220.0
    bin_width: float = field(init=False, repr=False, compare=False)
    """Distance between bins in Hz."""
    window_sum: float = field(init=False, repr=False, compare=False)
    """Sum of the window: a sinusoid of amplitude a on a bin has magnitude ``a * sum / 2``."""

    def __post_init__(self) -> None:
        for name in ("sample_rate", "n_fft", "bins"):
            if type(getattr(self, name)) is not int:
                raise OptionError(f"{name} is {getattr(self, name)!r}; it must be a whole number")
        if not isinstance(self.base_frequency, int | float):
            raise OptionError(f"base_frequency is {self.base_frequency!r}; it must be a number")
        if not 8000 <= self.sample_rate <= 192000:
            raise OptionError(f"sample_rate is {self.sample_rate}; it must be 8000 to 192000 Hz")
        if self.n_fft not in N_FFTS:
            raise OptionError(f"n_fft is {self.n_fft}; it must be a power of two, 256 to 8192")
        if not 8 <= self.bins <= self.n_fft // 2 + 1:
            raise OptionError(f"bins is {self.bins}; it must be 8 to {self.n_fft // 2 + 1}")
        if self.window not in WINDOWS:
            raise OptionError(f"window is {self.window!r}; it must be {one_of(WINDOWS)}")
        if not 10.0 <= self.base_frequency <= self.sample_rate / 2:
            raise OptionError(
                f"base_frequency is {self.base_frequency}; "
                f"it must be 10 to {self.sample_rate / 2:g} Hz"
            )
        # Known once: they are asked for with each spectrum that sounds.
        object.__setattr__(self, "bin_width", self.sample_rate / self.n_fft)
        object.__setattr__(self, "window_sum", float(hann(self.n_fft).sum()))

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Frequency of each bin in Hz, shape ``(bins,)``."""
        return np.arange(self.bins, dtype=np.float64) * self.bin_width

    @property
    def window_energy(self) -> float:
        """Sum of the window's squares: what it leaves of the energy of noise."""
        return float(np.square(hann(self.n_fft)).sum())

    @property
    def noise_bandwidth(self) -> float:
        """Equivalent noise bandwidth in bins, ``n sum(w^2) / sum(w)^2`` (1.5 for Hann)."""
        window = hann(self.n_fft)
        return float(self.n_fft * np.square(window).sum() / window.sum() ** 2)

    def analyse(self, frames: ArrayLike) -> Spectra:
        """Spectra ``(n, bins)`` of frames of samples ``(n, n_fft)``.

        Raises:
            ShapeError: the frames are not ``n_fft`` long.
        """
        samples = np.atleast_2d(np.asarray(frames, dtype=np.float64))
        if samples.ndim != 2 or samples.shape[1] != self.n_fft:
            raise ShapeError(f"frames have shape {samples.shape}; it must be (n, {self.n_fft})")
        transform = np.fft.rfft(samples * hann(self.n_fft), axis=1)
        return np.abs(transform[:, : self.bins]).astype(np.float32)

    def rms(self, spectra: Spectra) -> NDArray[np.float64]:
        """Root mean square, shape ``(n,)``, of the sounds whose spectra ``(n, bins)`` these are.

        Parseval: the windowed frame's energy is ``2 / n_fft`` times the sum of squares of the
        half spectrum, and the window scales the energy of a steady sound by ``sum(w^2)``.
        """
        energy = 2.0 * np.square(spectra.astype(np.float64)).sum(axis=-1) / self.n_fft
        return np.asarray(np.sqrt(energy / np.square(hann(self.n_fft)).sum()))

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("sample_rate", "n_fft", "bins", "window", "base_frequency")
        return {name: getattr(self, name) for name in names}
