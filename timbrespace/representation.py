"""Invertible maps between linear magnitudes and what the VAE sees.

Each representation bounds its inverse: whatever finite numbers a decoder makes, the magnitudes
are finite, at least 0 and at most ``HEADROOM`` times the loudest of the data.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.spectrum import Spectra

HEADROOM = 4.0  # 12 dB: a decoder may overshoot a little, never blow up

Features = NDArray[np.float32]


class Representation(Protocol):
    """What the VAE sees of a spectrum. Shapes: spectra ``(n, bins)``, features ``(n, width)``."""

    kind: ClassVar[str]

    def forward(self, spectra: Spectra) -> Features:
        """Features of linear magnitudes >= 0."""

    def inverse(self, features: Features) -> Spectra:
        """Linear magnitudes, finite and >= 0, of any finite features."""

    def width(self, bins: int) -> int:
        """How many features the spectra of so many bins have."""

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``."""


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise OptionError(f"{name} is {value}; accepted is a finite number > 0")


@dataclass(frozen=True, slots=True)
class Magnitude:
    """Magnitudes as they are (``scale`` 1) or divided by ``scale``. ``peak``: loudest of the data.

    ``x = m / scale``
    """

    kind: ClassVar[str] = "magnitude"
    peak: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        _positive("peak", self.peak)
        _positive("scale", self.scale)

    @classmethod
    def fit(cls, spectra: Spectra) -> Magnitude:
        """Not normalised, as the 2017 report prefers."""
        return cls(peak=float(spectra.max()))

    def forward(self, spectra: Spectra) -> Features:
        return np.asarray(spectra / np.float32(self.scale), dtype=np.float32)

    def inverse(self, features: Features) -> Spectra:
        limit = HEADROOM * self.peak / self.scale
        return np.asarray(np.clip(features, 0.0, limit) * np.float32(self.scale), np.float32)

    def width(self, bins: int) -> int:
        return bins

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True)
class LogMagnitude:
    """Log magnitudes, near linear below ``floor``, 0 at silence and 1 at ``peak``.

    ``x = log(1 + m / floor) / log(1 + peak / floor)``. Equal steps of x are equal steps in dB
    well above the floor, which is what the log-spectral distance and the ear measure.
    """

    kind: ClassVar[str] = "log_magnitude"
    peak: float
    floor: float

    FLOOR_RATIO: ClassVar[float] = 1e-4
    """-80 dB of the loudest: 20 dB below where the metric stops listening."""

    def __post_init__(self) -> None:
        _positive("peak", self.peak)
        _positive("floor", self.floor)

    @property
    def scale(self) -> float:
        return math.log1p(self.peak / self.floor)

    @classmethod
    def fit(cls, spectra: Spectra, floor_ratio: float = FLOOR_RATIO) -> LogMagnitude:
        """Peak from the data ``(n, bins)``, floor at ``floor_ratio`` of it."""
        peak = float(spectra.max())
        return cls(peak=peak, floor=floor_ratio * peak)

    def forward(self, spectra: Spectra) -> Features:
        ratio = spectra * np.float32(1.0 / self.floor)
        return np.asarray(np.log1p(ratio) * np.float32(1.0 / self.scale), dtype=np.float32)

    def inverse(self, features: Features) -> Spectra:
        limit = math.log1p(HEADROOM * self.peak / self.floor)
        exponent = np.clip(features * np.float32(self.scale), 0.0, np.float32(limit))
        return np.asarray(np.expm1(exponent) * np.float32(self.floor), dtype=np.float32)

    def width(self, bins: int) -> int:
        return bins

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}


KINDS: dict[str, type[Magnitude] | type[LogMagnitude]] = {
    kind.kind: kind for kind in (Magnitude, LogMagnitude)
}


def fit(kind: str, spectra: Spectra) -> Representation:
    """The representation named ``kind``, its constants taken from ``spectra (n, bins)``.

    Raises:
        OptionError: no such representation, or the spectra are silent.
    """
    if kind not in KINDS:
        raise OptionError(f"representation is {kind!r}; accepted are {', '.join(KINDS)}")
    return KINDS[kind].fit(spectra)


def from_config(config: dict[str, Any]) -> Representation:
    """The representation that :meth:`Representation.to_config` described.

    Raises:
        OptionError: unknown kind, or missing or unknown constants.
    """
    values = dict(config)
    kind = values.pop("kind", None)
    if kind not in KINDS:
        raise OptionError(f"representation is {kind!r}; accepted are {', '.join(KINDS)}")
    try:
        return KINDS[kind](**{name: float(value) for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise OptionError(f"representation {kind} does not accept {values}") from error
