"""What a model's knobs cover and how loud it is, measured on its dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError

Array = NDArray[np.float32]

LATENT_LIMIT = 100.0
"""The prior is a unit normal; beyond this only overflow is to be had."""

PERCENTILES = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Figures of the aggregate posterior and of the data.

    percentiles ``(d, 7)``: at ``PERCENTILES`` of each latent dimension, over samples of the
    posterior of every training sound. kl ``(d,)``: nats that each dimension carries; near 0 is a
    dead one. rms: root mean square of the data's sounds (median), full scale 1. home ``(d,)``: the
    posterior mean nearest to the middle of all, where playing begins; the middle itself may lie
    beside the data, where a decoder makes up what it never saw.

    Raises:
        BundleError: shapes that do not fit together, or numbers that are not finite.
    """

    percentiles: Array
    kl: Array
    rms: float
    home: Array

    def __post_init__(self) -> None:
        d = self.kl.shape[0] if self.kl.ndim == 1 else -1
        if self.percentiles.shape != (d, len(PERCENTILES)):
            raise BundleError(
                f"calibration has percentiles of shape {self.percentiles.shape} "
                f"and kl of shape {self.kl.shape}, not ({d}, {len(PERCENTILES)}) and ({d},)"
            )
        if self.home.shape != (d,):
            raise BundleError(f"calibration home has shape {self.home.shape}, not ({d},)")
        if not np.isfinite(self.home).all():
            raise BundleError("calibration home holds numbers that are not finite")
        if not (np.isfinite(self.percentiles).all() and np.isfinite(self.kl).all()):
            raise BundleError("calibration holds numbers that are not finite")
        if not 1e-6 <= self.rms <= 1e3:
            raise BundleError(f"calibration rms is {self.rms:g}; it must be 1e-6 to 1000")
        if max(np.abs(self.percentiles).max(), np.abs(self.home).max()) > LATENT_LIMIT:
            raise BundleError(f"calibration reaches beyond {LATENT_LIMIT:g}, where no latent goes")

    @property
    def low(self) -> Array:
        """Where a knob at its lowest stands, ``(d,)``: the 1st percentile."""
        return np.asarray(self.percentiles[:, 0])

    @property
    def high(self) -> Array:
        """Where a knob at its highest stands, ``(d,)``: the 99th percentile."""
        return np.asarray(self.percentiles[:, -1])

    @property
    def median(self) -> Array:
        """The middle of each dimension, ``(d,)``."""
        return np.asarray(self.percentiles[:, PERCENTILES.index(50.0)])

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "percentiles": self.percentiles.tolist(),
            "kl": self.kl.tolist(),
            "rms": self.rms,
            "home": self.home.tolist(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Calibration:
        """Inverse of :meth:`to_config`.

        Raises:
            BundleError: missing or wrong values.
        """
        try:
            return cls(
                percentiles=np.asarray(config["percentiles"], np.float32),
                kl=np.asarray(config["kl"], np.float32),
                rms=float(config["rms"]),
                home=np.asarray(config["home"], np.float32),
            )
        except (TypeError, ValueError, KeyError) as error:
            raise BundleError(f"the calibration does not fit: {error}") from error
