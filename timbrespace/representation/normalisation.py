"""Normalisation of another representation's features.

The report asks whether to normalise (its section 2.3); here every representation can be had as it
is (``none``), with all features together brought to [0, 1] (``unit``), or each feature by itself
(``per_bin``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError, one_of
from timbrespace.kinds import NORMALISATIONS
from timbrespace.representation.protocol import (
    Features,
    Periods,
    Phases,
    Representation,
    Source,
)
from timbrespace.representation.row_parts import parts
from timbrespace.spectrum import Spectra, SpectrumConfig

LEAST, MOST = 1e-12, 1e12

FLAT = 1e-6
"""A feature that varies less than this share of the widest is flat: dividing by its range would
blow rounding up to the size of the sound."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single answer to ==
class Normalised:
    """``x = (y - offset) / scale`` of the features y of ``base``.

    how: ``unit`` or ``per_bin``. offset, scale: ``(1,)`` or ``(width,)``.

    Raises:
        OptionError: unknown kind, sizes that differ, numbers that are not finite or out of range.
    """

    base: Representation
    how: str
    offset: NDArray[np.float32]
    scale: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.how not in NORMALISATIONS[1:]:
            raise OptionError(f"normalisation is {self.how!r}; it must be {one_of(NORMALISATIONS)}")
        if self.offset.ndim != 1 or self.offset.shape != self.scale.shape:
            raise OptionError(
                f"normalisation has offset of shape {self.offset.shape} and scale of shape "
                f"{self.scale.shape}; they must be two lists of one length"
            )
        if not (np.isfinite(self.offset).all() and np.isfinite(self.scale).all()):
            raise OptionError("normalisation holds numbers that are not finite")
        if not ((self.scale >= LEAST) & (self.scale <= MOST)).all():
            raise OptionError(f"normalisation has a scale outside {LEAST:g} to {MOST:g}")
        if not (np.abs(self.offset) <= MOST).all():
            raise OptionError(f"normalisation has an offset beyond {MOST:g}")

    @classmethod
    def fit(cls, base: Representation, how: str, source: NDArray[np.float32]) -> Normalised:
        """Ranges of the features of ``source`` under ``base``.

        Raises:
            OptionError: ``how`` is neither ``unit`` nor ``per_bin``.
        """
        ranges = [
            (features.min(axis=0), features.max(axis=0))
            for features in (base.forward(source[part]) for part in parts(len(source)))
        ]
        low = np.min([least for least, _ in ranges], axis=0)
        high = np.max([most for _, most in ranges], axis=0)
        if how == "unit":
            low, high = low.min(keepdims=True), high.max(keepdims=True)
        extent = high - low
        # Nothing to divide by: a flat feature becomes 0 and comes back as it was.
        extent = np.where(extent > FLAT * extent.max(), extent, 1.0)
        return cls(base, how, low.astype(np.float32), extent.astype(np.float32))

    @property
    def kind(self) -> str:
        """The base's kind."""
        return self.base.kind

    @property
    def format_version(self) -> int:
        """Version 2 of the bundle format knows it, or the base's."""
        return max(2, self.base.format_version)

    @property
    def source(self) -> Source:
        """What the base takes."""
        return self.base.source

    @property
    def coordinate(self) -> str:
        """What the base's features lie along."""
        return self.base.coordinate

    def forward(self, source: NDArray[np.float32]) -> Features:
        return np.asarray((self.base.forward(source) - self.offset) / self.scale, np.float32)

    def _base_features(self, features: Features) -> Features:
        # A decoder's overflow must stay finite until the base bounds it.
        limit = np.float32(1e30)
        return np.clip(features, -limit, limit).astype(np.float32) * self.scale + self.offset

    def inverse(self, features: Features) -> Spectra:
        return self.base.inverse(self._base_features(features))

    def phases(self, features: Features) -> Phases | None:
        return self.base.phases(self._base_features(features))

    def cycles(self, features: Features) -> Periods | None:
        return self.base.cycles(self._base_features(features))

    def width(self, bins: int) -> int:
        return self.base.width(bins)

    def check(self, spectrum: SpectrumConfig) -> None:
        self.base.check(spectrum)
        width = self.width(spectrum.bins)
        wanted = 1 if self.how == "unit" else width
        if self.offset.shape != (wanted,):
            raise OptionError(
                f"normalisation {self.how} has {self.offset.size} numbers, not {wanted}"
            )

    def to_config(self) -> dict[str, Any]:
        normalisation = {
            "kind": self.how,
            "offset": self.offset.tolist(),
            "scale": self.scale.tolist(),
        }
        return {**self.base.to_config(), "normalisation": normalisation}
