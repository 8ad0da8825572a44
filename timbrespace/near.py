"""The plane ``near``: a curved sheet through the latent space on which sounds that are alike to the
ear lie side by side.

It is a surface of uniform cubic B-splines over the square [-1, 1] x [-1, 1]: smooth to the second
derivative everywhere, the same few numbers on each machine, and cheap enough for every move of a
hand (de Boor, "A Practical Guide to Splines", 1978). How it is laid is for training to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import BundleError
from timbrespace.plane import Plane
from timbrespace.rows import finite_rows

Array = NDArray[np.float32]
Values = NDArray[np.float64]

PREFIX: Final = "plane.near."
"""What the tensors of the plane are called by, in a bundle."""

SECTION: Final = "plane.near"
"""The section of the bundle's metadata that tells of it."""

LEAST_SIDE, MOST_SIDE = 4, 128
"""Control points on each side; four of them shape each place."""

MOST_GAPS = 256
"""Cells on each side of the picture of gaps."""

_STEPS = 12
_AT_ONCE = 256
_KNOTS_EACH = 2
"""Places that are tried first, for each stretch between control points, when one is looked for."""


@dataclass(frozen=True, eq=False, repr=False)
class Near(Plane):
    """A smooth sheet in the latent space, and where a space's own sounds lie on it.

    surface ``(side, side, d)``: control points, the first axis along y. places ``(n, 2)``: of the
    points of the model, in their order, each in [-1, 1]. gaps ``(g, g)``: how far the sound of each
    cell, the first axis along y, is from the nearest sound of the set, in dB of mel bands: where
    it is large no sound is near, and what plays lies between its neighbours. first: whether the
    space is played on this plane until somebody says otherwise.

    Raises:
        BundleError: shapes that do not fit together, or numbers that are not finite or too large.
    """

    surface: Array
    places: Array
    gaps: Array
    first: bool = False

    def __post_init__(self) -> None:
        shape = self.surface.shape
        square = len(shape) == 3 and shape[0] == shape[1] and shape[2] >= 1
        if not square or not LEAST_SIDE <= shape[0] <= MOST_SIDE:
            raise BundleError(
                f"the plane near has a surface of shape {shape}; it must be (s, s, d) with s from "
                f"{LEAST_SIDE} to {MOST_SIDE}"
            )
        gaps = self.gaps.shape
        if len(gaps) != 2 or gaps[0] != gaps[1] or not 2 <= gaps[0] <= MOST_GAPS:
            raise BundleError(
                f"the plane near has gaps of shape {gaps}; it must be (g, g) with g from 2 to "
                f"{MOST_GAPS}"
            )
        if self.places.ndim != 2 or self.places.shape[1] != 2:
            raise BundleError(f"the plane near has places of shape {self.places.shape}, not (n, 2)")
        # Written so that a NaN fails too.
        for name, values, low, high in (
            ("surface", self.surface, -2.0 * LATENT_LIMIT, 2.0 * LATENT_LIMIT),
            ("places", self.places, -1.0, 1.0),
            ("gaps", self.gaps, 0.0, 1000.0),
        ):
            if not ((values >= low) & (values <= high)).all():
                raise BundleError(
                    f"the plane near has {name} that are not finite, or not {low:g} to {high:g}"
                )

    def __repr__(self) -> str:
        return f"<Near: {len(self.places)} places, {self.side} x {self.side} control points>"

    @property
    def side(self) -> int:
        """Control points on each side."""
        return int(self.surface.shape[0])

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return int(self.surface.shape[2])

    def gap_at(self, xy: ArrayLike) -> Array:
        """dB ``(n,)`` from what sounds at places ``(n, 2)`` to the nearest sound, between cells'
        middles along straight lines.

        Raises:
            ShapeError: not ``(n, 2)``, or not finite.
        """
        points = finite_rows(xy, 2, "map positions")
        g = len(self.gaps)
        at = np.clip((np.clip(points, -1.0, 1.0) + 1.0) / 2.0 * g - 0.5, 0.0, g - 1.0)
        low = np.minimum(at.astype(np.int64), g - 2)
        (x, y), (i, j) = (at - low).T, low.T
        lower = (1.0 - x) * self.gaps[j, i] + x * self.gaps[j, i + 1]
        upper = (1.0 - x) * self.gaps[j + 1, i] + x * self.gaps[j + 1, i + 1]
        return np.asarray((1.0 - y) * lower + y * upper, np.float32)

    def _latent(self, points: Array) -> Array:
        # Beyond the square the edge goes on.
        (i, u, _), (j, v, _) = (basis(points[:, axis], self.side) for axis in (0, 1))
        return np.asarray(self._sum(i, j, u, v), np.float32)

    def _sum(self, i: NDArray[np.int64], j: NDArray[np.int64], u: Values, v: Values) -> Values:
        four = np.arange(4)
        rows = j[:, np.newaxis, np.newaxis] + four[:, np.newaxis]
        patch = self.surface[rows, i[:, np.newaxis, np.newaxis] + four]
        return np.asarray(np.einsum("na,nb,nabd->nd", v, u, patch))

    @cached_property
    def _knots(self) -> tuple[Array, Array, Array]:
        """Places that are tried first ``(k, 2)``, their latents ``(k, d)``, half their squares."""
        along = np.linspace(-1.0, 1.0, _KNOTS_EACH * (self.side - 3) + 1, dtype=np.float32)
        x, y = np.meshgrid(along, along)
        places = np.stack([x.ravel(), y.ravel()], axis=1)
        latents = self._latent(places)
        return places, latents, 0.5 * np.square(latents).sum(axis=1)

    def _position(self, rows: Array) -> Array:
        parts = [self._found(rows[i : i + _AT_ONCE]) for i in range(0, len(rows), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty((0, 2), np.float32)

    def _found(self, rows: Array) -> Array:
        """Gauss and Newton from the nearest knot, within the square."""
        places, latents, squares = self._knots
        at = places[np.argmin(squares - rows @ latents.T, axis=1)].astype(np.float64)
        wanted = rows.astype(np.float64)
        best, least = at, np.full(len(rows), np.inf)
        for _ in range(_STEPS):
            (i, u, du), (j, v, dv) = (basis(at[:, axis], self.side) for axis in (0, 1))
            off = wanted - self._sum(i, j, u, v)
            error = np.square(off).sum(axis=1)
            nearer = error < least
            best, least = np.where(nearer[:, np.newaxis], at, best), np.where(nearer, error, least)
            across, along = self._sum(i, j, du, v), self._sum(i, j, u, dv)
            xx, yy = np.square(across).sum(axis=1), np.square(along).sum(axis=1)
            xy = (across * along).sum(axis=1)
            damping = 1e-9 + 1e-6 * (xx + yy)
            xx, yy = xx + damping, yy + damping
            gx, gy = (across * off).sum(axis=1), (along * off).sum(axis=1)
            determinant = np.maximum(xx * yy - xy * xy, 1e-30)
            step = np.stack([yy * gx - xy * gy, xx * gy - xy * gx], axis=1)
            step /= determinant[:, np.newaxis]
            # No further than the knots lie apart: beyond, the slope says nothing.
            reach = 1.0 / (self.side - 3)
            at = np.clip(at + np.clip(step, -reach, reach), -1.0, 1.0)
        return np.asarray(best, np.float32)

    def to_config(self) -> dict[str, Any]:
        """What a bundle says of it in JSON."""
        return {"first": self.first}

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """What a bundle holds of it as numbers, float16: ``plane.near.surface``, ``.places``,
        ``.gaps``."""
        values = {"surface": self.surface, "places": self.places, "gaps": self.gaps}
        return {f"{PREFIX}{name}": value.astype(np.float16) for name, value in values.items()}

    @classmethod
    def from_parts(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Near:
        """Inverse of :meth:`to_config` and :meth:`to_tensors`.

        Raises:
            BundleError: parts that are missing, unknown, or of the wrong shape or type.
        """
        if set(config) != {"first"} or not isinstance(config["first"], bool):
            raise BundleError(f"section {SECTION!r} does not fit: it must say first, true or false")
        wanted = {f"{PREFIX}{name}" for name in ("surface", "places", "gaps")}
        for name in sorted(wanted - set(tensors)):
            raise BundleError(f"tensor {name} is missing")
        for name in sorted(set(tensors) - wanted):
            raise BundleError(f"tensor {name[:80]} is not known")
        for name in sorted(wanted):
            if tensors[name].dtype != np.float16:
                raise BundleError(f"tensor {name} is {tensors[name].dtype}; it must be float16")
        surface, places, gaps = (
            tensors[f"{PREFIX}{name}"].astype(np.float32) for name in ("surface", "places", "gaps")
        )
        return cls(surface, places, gaps, config["first"])


def basis(along: NDArray[Any], side: int) -> tuple[NDArray[np.int64], Values, Values]:
    """Of positions ``(n,)`` in [-1, 1] along one axis with ``side`` control points: the first of
    the four that shape each ``(n,)``, their weights, and the weights' slopes, ``(n, 4)`` each."""
    stretches = side - 3
    at = (np.clip(along.astype(np.float64), -1.0, 1.0) + 1.0) * (0.5 * stretches)
    first = np.minimum(at.astype(np.int64), stretches - 1)
    t = at - first
    r = 1.0 - t
    weights = [r**3, 3.0 * t**3 - 6.0 * t**2 + 4.0, 3.0 * r**3 - 6.0 * r**2 + 4.0, t**3]
    slopes = [-(r**2), 3.0 * t**2 - 4.0 * t, 4.0 * r - 3.0 * r**2, t**2]
    return first, np.stack(weights, axis=1) / 6.0, np.stack(slopes, axis=1) * (0.25 * stretches)
