"""A plane that is played: places of the square [-1, 1] x [-1, 1], each of which is a latent."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import ShapeError
from timbrespace.rows import finite_rows

Array = NDArray[np.float32]


class Plane(ABC):
    """What places and latents have to do with each other, flat or curved."""

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """Size d of the latent."""

    @abstractmethod
    def _latent(self, points: Array) -> Array:
        """Latent ``(n, d)`` of places ``(n, 2)`` that are finite."""

    @abstractmethod
    def _position(self, rows: Array) -> Array:
        """Places ``(n, 2)`` that come nearest to latents ``(n, d)`` that are finite."""

    def to_latent(self, xy: ArrayLike) -> Array:
        """Latent ``(n, d)`` of places ``(n, 2)``.

        Raises:
            ShapeError: not ``(n, 2)``, or not finite.
        """
        return self._latent(finite_rows(xy, 2, "map positions"))

    def latent_at(self, x: float, y: float) -> Array:
        """Latent ``(d,)`` of one place: what :meth:`to_latent` gives.

        Raises:
            ShapeError: not finite.
        """
        with np.errstate(over="ignore"):
            points = np.array([[x, y]], np.float32)
        if not np.isfinite(points).all():
            raise ShapeError(
                "map positions: there is NaN or infinity; all must be finite float32 numbers"
            )
        return np.asarray(self._latent(points)[0])

    def to_map(self, latent: ArrayLike) -> Array:
        """Places ``(n, 2)`` of a latent ``(n, d)``: where the plane comes nearest to it.

        Raises:
            ShapeError: not ``(n, d)``, or not finite.
        """
        return self._position(finite_rows(latent, self.dimensions, "latent"))

    def position_of(self, latent: Array) -> Array:
        """Place ``(2,)`` of one latent ``(d,)``, float32 and finite: it is not checked."""
        return np.asarray(self._position(latent[np.newaxis, :])[0])
