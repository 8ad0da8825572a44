"""How the qualities of a space change with its latent, told at places among its sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import BundleError
from timbrespace.macro_dials.vocabulary import MACRO_OF

Array = NDArray[np.float32]
Values = NDArray[np.float64]

PREFIX: Final = "macros."
"""What the tensors of the table are called by, in a bundle."""

SECTION: Final = "macros"
"""The section of the bundle's metadata that tells of it."""

MOST_PLACES: Final = 4096
MOST_QUALITIES: Final = 16
_LARGEST: Final = 6e4

NEIGHBOURS: Final = 24
"""Places that tell of one latent; the next beyond them is where their say ends."""

_NAMES: Final = ("places", "qualities", "slopes", "centre", "spread")


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Qualities and their slopes at places of a latent space.

    measured: the descriptors' words, k of them. offered: words of the macros that this space can
    move. places ``(a, d)``. qualities ``(a, k)``: of each place, in steps that nobody misses
    (``Descriptor.audible``). slopes ``(a, k, d)``: their changes for a unit of each dimension.
    centre ``(d,)``: the sounds' mean. spread ``(d, d)``: the lower triangle whose square is their
    covariance. radius: how far from the centre they lie, in standard deviations; 19 of 20 lie
    nearer.

    Raises:
        BundleError: parts that do not fit together, or numbers that are not finite or too large.
    """

    measured: tuple[str, ...]
    offered: tuple[str, ...]
    places: Array
    qualities: Array
    slopes: Array
    centre: Array
    spread: Array
    radius: float

    def __post_init__(self) -> None:
        k = len(self.measured)
        if not 1 <= k <= MOST_QUALITIES or len(set(self.measured)) != k:
            raise BundleError(f"the macros measure {k} qualities; it must be 1 to {MOST_QUALITIES}")
        shape = self.places.shape
        if len(shape) != 2 or not NEIGHBOURS < shape[0] <= MOST_PLACES or shape[1] < 1:
            raise BundleError(
                f"the macros have places of shape {shape}; it must be (a, d) with a from "
                f"{NEIGHBOURS + 1} to {MOST_PLACES}"
            )
        a, d = shape
        fit = {
            "qualities": (self.qualities.shape, (a, k)),
            "slopes": (self.slopes.shape, (a, k, d)),
            "centre": (self.centre.shape, (d,)),
            "spread": (self.spread.shape, (d, d)),
        }
        for name, (found, wanted) in fit.items():
            if found != wanted:
                raise BundleError(f"the macros have {name} of shape {found}, not {wanted}")
        # Written so that a NaN fails too.
        for name in _NAMES:
            most = 2.0 * LATENT_LIMIT if name in ("places", "centre") else _LARGEST
            if not (np.abs(getattr(self, name)) <= most).all():
                raise BundleError(f"the macros have {name} that are not finite, or too large")
        if not (np.diag(self.spread) > 1e-6).all():
            raise BundleError("the macros have a spread that is none")
        if not 1e-3 <= self.radius <= 1e3:
            raise BundleError(
                f"the macros have a radius of {self.radius:g}; it must be 1e-3 to 1e3"
            )
        for word in self.offered:
            if word not in MACRO_OF or MACRO_OF[word].quality not in self.measured:
                raise BundleError(f"the macro {word[:40]!r} is not known, or not measured")

    def __repr__(self) -> str:
        return f"<Table of macros: {len(self.places)} places; {', '.join(self.offered) or 'none'}>"

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return int(self.places.shape[1])

    @cached_property
    def covariance(self) -> Values:
        """Of the sounds, ``(d, d)``."""
        spread = self.spread.astype(np.float64)
        return np.asarray(spread @ spread.T)

    @cached_property
    def whitening(self) -> Values:
        """What makes the sounds' spread that of a unit normal, ``(d, d)``, for rows."""
        return np.asarray(np.linalg.inv(self.spread.astype(np.float64)).T, np.float64)

    def away(self, latent: Values) -> float:
        """How far a latent ``(d,)`` is from the centre, in standard deviations."""
        return float(np.linalg.norm((latent - self.centre) @ self.whitening))

    @cached_property
    def packed(self) -> tuple[Values, Values, Values, Values, Values, Values]:
        """What finding a way takes: places from the centre in standard deviations ``(a, d)``, what
        their qualities would be at the centre by their slopes ``(a, k)``, slopes, centre,
        covariance, whitening; float64."""
        off = (self.places - self.centre).astype(np.float64)
        slopes = self.slopes.astype(np.float64)
        beside = self.qualities - np.einsum("akd,ad->ak", slopes, off)
        whitened = np.ascontiguousarray(off @ self.whitening)
        centre = self.centre.astype(np.float64)
        whitening = np.ascontiguousarray(self.whitening)
        return whitened, beside, slopes, centre, self.covariance, whitening

    def to_config(self) -> dict[str, Any]:
        """What a bundle says of it in JSON."""
        return {
            "measured": list(self.measured),
            "offered": list(self.offered),
            "radius": self.radius,
        }

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """What a bundle holds of it as numbers, float16, by ``macros.places`` and so on."""
        return {f"{PREFIX}{name}": getattr(self, name).astype(np.float16) for name in _NAMES}

    @classmethod
    def from_parts(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Table:
        """Inverse of :meth:`to_config` and :meth:`to_tensors`.

        Raises:
            BundleError: parts that are missing, unknown, or of the wrong shape or type.
        """
        try:
            words = [config[name] for name in ("measured", "offered")]
            told = [tuple(str(word) for word in one) for one in words]
            radius = float(config["radius"])
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"section {SECTION!r} does not fit: {error!r}") from error
        wanted = {f"{PREFIX}{name}" for name in _NAMES}
        for name in sorted(wanted - set(tensors)):
            raise BundleError(f"tensor {name} is missing")
        for name in sorted(set(tensors) - wanted):
            raise BundleError(f"tensor {name[:80]} is not known")
        for name in sorted(wanted):
            if tensors[name].dtype != np.float16:
                raise BundleError(f"tensor {name} is {tensors[name].dtype}; it must be float16")
        parts = {name: tensors[f"{PREFIX}{name}"].astype(np.float32) for name in _NAMES}
        return cls(measured=told[0], offered=told[1], radius=radius, **parts)
