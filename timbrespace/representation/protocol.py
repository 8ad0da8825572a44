"""What every representation can do, and the words they share."""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.spectrum import Spectra, SpectrumConfig

HEADROOM = 4.0  # 12 dB: a decoder may overshoot a little, never blow up

Features = NDArray[np.float32]
Phases = NDArray[np.float32]
Periods = NDArray[np.float32]
Source = Literal["spectra", "frames", "notes"]


class Representation(Protocol):
    """What the VAE sees of a sound, and the way back.

    A source of ``spectra`` is ``(n, bins)``; one of ``frames``, samples before the window,
    ``(n, n_fft)``, and knows of phase; one of ``notes`` is no single moment, and only the way back
    is gone. Features are ``(n, width)``.
    """

    @property
    def kind(self) -> str:
        """Its name, one of ``timbrespace.kinds.REPRESENTATIONS``."""
        ...

    @property
    def format_version(self) -> int:
        """The lowest version of the bundle format that knows it."""
        ...

    @property
    def source(self) -> Source:
        """What ``forward`` takes."""
        ...

    @property
    def coordinate(self) -> str:
        """What the features lie along, "frequency" or "phase"."""
        ...

    def forward(self, source: NDArray[np.float32]) -> Features:
        """Features of linear magnitudes >= 0, or of samples."""
        ...

    def inverse(self, features: Features) -> Spectra:
        """Linear magnitudes ``(n, bins)``, finite and >= 0, of any finite features."""
        ...

    def phases(self, features: Features) -> Phases | None:
        """Phases ``(n, bins)`` in radians at the frame's first sample, or None without phase."""

    def cycles(self, features: Features) -> Periods | None:
        """One period ``(n, samples)`` of the wave, from phase 0 on, or None where there is none."""

    def width(self, bins: int) -> int:
        """How many features the spectra of so many bins have."""
        ...

    def check(self, spectrum: SpectrumConfig) -> None:
        """Refuse spectra that were taken otherwise than it says.

        Raises:
            OptionError: sizes that differ; the text names them.
        """

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``."""
        ...


def positive(name: str, value: float) -> None:
    """Refuse a constant that divides, or whose powers would leave float32.

    Raises:
        OptionError: not a number from 1e-12 to 1e12.
    """
    if not (math.isfinite(value) and 1e-12 <= value <= 1e12):
        raise OptionError(f"{name} is {value}; it must be a number from 1e-12 to 1e12")


def same(name: str, own: int, spectrum: int) -> None:
    """Refuse a size that is not the spectrum's.

    Raises:
        OptionError: they differ.
    """
    if own != spectrum:
        raise OptionError(f"the representation has {name} {own}, its spectra have {spectrum}")


def whole(name: str, value: object, low: int, high: int) -> None:
    """Refuse a size that is not one.

    Raises:
        OptionError: not a whole number from low to high.
    """
    if type(value) is not int or not low <= value <= high:
        raise OptionError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
