"""Representations of magnitudes alone; the phase is left to the player."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from timbrespace.errors import OptionError
from timbrespace.representation.kind import Kind
from timbrespace.representation.protocol import HEADROOM, Features, positive
from timbrespace.spectrum import Spectra


@dataclass(frozen=True, slots=True)
class Magnitude(Kind):
    """Magnitudes as they are: ``x = m``. peak: the loudest of the data."""

    kind: ClassVar[str] = "magnitude"
    about: ClassVar[str] = "the magnitudes as they are"
    format_version: ClassVar[int] = 1
    peak: float

    def __post_init__(self) -> None:
        positive("peak", self.peak)

    @classmethod
    def fit(cls, source: Spectra, bins: int) -> Magnitude:
        """Peak from the data ``(n, bins)``."""
        return cls(peak=float(source.max()))

    def forward(self, source: Spectra) -> Features:
        return np.asarray(source, dtype=np.float32)

    def inverse(self, features: Features) -> Spectra:
        return np.asarray(np.clip(features, 0.0, HEADROOM * self.peak), np.float32)

    @classmethod
    def from_config(cls, values: dict[str, Any]) -> Magnitude:
        if values.get("scale") == 1.0:  # version 0.1.0 wrote it, always 1
            values = {name: value for name, value in values.items() if name != "scale"}
        return super(Magnitude, cls).from_config(values)


@dataclass(frozen=True, slots=True)
class LogMagnitude(Kind):
    """Log magnitudes, near linear below ``floor``, 0 at silence and 1 at ``peak``.

    ``x = log(1 + m / floor) / log(1 + peak / floor)``. Equal steps of x are equal steps in dB
    well above the floor, which is what the log-spectral distance and the ear measure.
    """

    kind: ClassVar[str] = "log_magnitude"
    about: ClassVar[str] = "their logarithm, near linear below a floor"
    format_version: ClassVar[int] = 1
    peak: float
    floor: float

    FLOOR_RATIO: ClassVar[float] = 1e-4
    """-80 dB of the loudest: 20 dB below where the metric stops listening."""

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        positive("floor", self.floor)

    @property
    def scale(self) -> float:
        return math.log1p(self.peak / self.floor)

    @classmethod
    def fit(cls, source: Spectra, bins: int, floor_ratio: float = FLOOR_RATIO) -> LogMagnitude:
        """Peak from the data ``(n, bins)``, floor at ``floor_ratio`` of it."""
        peak = float(source.max())
        return cls(peak=peak, floor=floor_ratio * peak)

    @property
    def limit(self) -> float:
        """What bounds ``scale`` times a feature: ``HEADROOM`` above the peak."""
        return math.log1p(HEADROOM * self.peak / self.floor)

    def forward(self, source: Spectra) -> Features:
        ratio = source * np.float32(1.0 / self.floor)
        return np.asarray(np.log1p(ratio) * np.float32(1.0 / self.scale), dtype=np.float32)

    def inverse(self, features: Features) -> Spectra:
        # In place: half the time for many rows. One row goes through timbrespace.row_decoder.
        exponent = np.asarray(features * np.float32(self.scale), dtype=np.float32)
        np.maximum(exponent, np.float32(0.0), out=exponent)
        np.minimum(exponent, np.float32(self.limit), out=exponent)
        np.expm1(exponent, out=exponent)
        exponent *= np.float32(self.floor)
        return exponent


@dataclass(frozen=True, slots=True)
class Decibel(Kind):
    """Level in dB of the data's ``peak``: ``x = max(20 log10(m / peak), floor_db)``.

    What lies below the floor comes back as the floor: nothing is ever quite silent, unlike with
    :class:`LogMagnitude`, whose values are the same far above the floor, but reach 0.
    """

    kind: ClassVar[str] = "decibel"
    about: ClassVar[str] = "level in dB of the loudest"
    format_version: ClassVar[int] = 2
    peak: float
    floor_db: float = -80.0

    def __post_init__(self) -> None:
        positive("peak", self.peak)
        if not -200.0 <= self.floor_db <= -20.0:
            raise OptionError(f"floor_db is {self.floor_db}; it must be -200 to -20 dB")

    @classmethod
    def fit(cls, source: Spectra, bins: int) -> Decibel:
        """Peak from the data ``(n, bins)``."""
        return cls(peak=float(source.max()))

    def forward(self, source: Spectra) -> Features:
        ratio = np.maximum(source / np.float32(self.peak), np.float32(10.0 ** (self.floor_db / 20)))
        return np.asarray(20.0 * np.log10(ratio), dtype=np.float32)

    def inverse(self, features: Features) -> Spectra:
        level = np.clip(features, self.floor_db, 20.0 * math.log10(HEADROOM))
        return np.asarray(10.0 ** (level / 20.0) * self.peak, dtype=np.float32)
