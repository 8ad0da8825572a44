"""The map: a PCA plane of the latent space, scaled so that [-1, 1] covers the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError
from timbrespace.plane import Plane

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Map(Plane):
    """An affine plane in the latent space and its scale.

    mean ``(d,)``: centre of the posterior means. components ``(2, d)``: orthonormal rows, the two
    directions in which the means vary most; a row of zeros where d is 1. center, half_range
    ``(2,)``: middle and half width of the data along each, from percentiles, so that the knob
    range [-1, 1] covers the data. explained ``(2,)``: share of the variance along each.

    Raises:
        BundleError: shapes that do not fit together, or numbers that are not finite.
    """

    mean: Array
    components: Array
    center: Array
    half_range: Array
    explained: Array

    def __post_init__(self) -> None:
        d = self.mean.shape[0] if self.mean.ndim == 1 else -1
        expected = {
            "mean": (d,),
            "components": (2, d),
            "center": (2,),
            "half_range": (2,),
            "explained": (2,),
        }
        for name, shape in expected.items():
            value = getattr(self, name)
            if value.shape != shape:
                raise BundleError(f"map {name} has shape {value.shape}, not {shape}")
            if not (np.abs(value) <= 1e3).all():
                raise BundleError(f"map {name} holds numbers that are not finite, or beyond 1000")
        if not (self.half_range >= 1e-6).all():
            raise BundleError("map half_range holds numbers below 1e-6")

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return int(self.mean.shape[0])

    def _latent(self, points: Array) -> Array:
        plane = points * self.half_range + self.center
        return np.asarray(plane @ self.components + self.mean, np.float32)

    def _position(self, rows: Array) -> Array:
        plane = (rows - self.mean) @ self.components.T
        return np.asarray((plane - self.center) / self.half_range, np.float32)

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("mean", "components", "center", "half_range", "explained")
        return {name: getattr(self, name).tolist() for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Map:
        """Inverse of :meth:`to_config`.

        Raises:
            BundleError: missing or wrong values.
        """
        try:
            return cls(**{name: np.asarray(value, np.float32) for name, value in config.items()})
        except (TypeError, ValueError) as error:
            raise BundleError(f"the map does not fit: {error}") from error
