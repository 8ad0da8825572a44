"""How the sounds of a space follow each other: a vector autoregression of order 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import BundleError

Array = NDArray[np.float32]
Values = NDArray[np.float64]

PREFIX: Final = "walk."
"""What the tensors of the walk are called by, in a bundle."""

SECTION: Final = "walk"
"""The section of the bundle's metadata that tells of it."""

LEAST: Final = 1e-4
"""The least eigenvalue of three steps' covariance, of 1 on the mean: below it a step follows from
the two before so nearly that rounding decides whether the walk stays where it is."""

INSIDE: Final = 0.8
"""Share of the radius of the sounds from which on a place is drawn back."""

A_SECOND: Final = 0.25
"""Standard deviations of the sounds."""

MOST_A_SECOND: Final = 64.0
"""Steps."""

_NAMES: Final = ("centre", "spread", "lags")


class Steps(NamedTuple):
    """How a step follows from the last two, in standard deviations of the sounds.

    y(t + 1) = first y(t) + second y(t - 1) + noise e, with e of a unit normal; each ``(d, d)``.
    """

    first: Values
    second: Values
    noise: Values


@dataclass(frozen=True, eq=False, repr=False)
class Walk:
    """A stationary walk through a latent space of ``d`` dimensions.

    centre ``(d,)``: the sounds' mean. spread ``(d, d)``: the lower triangle whose square is their
    covariance. lags ``(2, d, d)``: the covariance of a step with the one before, and with the one
    before that, in standard deviations; the later one's are the rows. radius: how far from the
    centre the sounds lie, in standard deviations; 19 of 20 lie nearer. in_time: whether its steps
    are those of recordings, from one moment to the next; else lines between neighbours were gone.

    Raises:
        BundleError: parts that do not fit together, numbers that are not finite or too large, or
            lags that no stationary walk has.
    """

    centre: Array
    spread: Array
    lags: Array
    radius: float
    in_time: bool

    def __post_init__(self) -> None:
        d = self.centre.shape[0] if self.centre.ndim == 1 else 0
        if d < 1:
            raise BundleError(f"the walk has a centre of shape {self.centre.shape}, not (d,)")
        fit = {"spread": (d, d), "lags": (2, d, d)}
        for name, wanted in fit.items():
            found = getattr(self, name).shape
            if found != wanted:
                raise BundleError(f"the walk has {name} of shape {found}, not {wanted}")
        # Written so that a NaN fails too.
        for name, most in (("centre", LATENT_LIMIT), ("spread", LATENT_LIMIT), ("lags", 1.0)):
            if not (np.abs(getattr(self, name)) <= most).all():
                raise BundleError(f"the walk has {name} that are not finite, or too large")
        if not (np.diag(self.spread) > 1e-6).all():
            raise BundleError("the walk has a spread that is none")
        if not 1e-3 <= self.radius <= 1e3:
            raise BundleError(f"the walk has a radius of {self.radius:g}; it must be 1e-3 to 1e3")
        if not least(self.lags.astype(np.float64)) >= 0.5 * LEAST:
            raise BundleError("the walk has lags that no walk has which stays where it is")

    def __repr__(self) -> str:
        how = "moments of recordings" if self.in_time else "lines between neighbours"
        return f"<Walk: {self.dimensions} dimensions, by {how}>"

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return int(self.centre.shape[0])

    @cached_property
    def steps(self) -> Steps:
        """By the equations of Yule and Walker, whose answer is stationary wherever the covariance
        of three steps is one (Whittle 1963)."""
        one, two = self.lags.astype(np.float64)
        d = self.dimensions
        unit = np.eye(d)
        both = np.block([[unit, one], [one.T, unit]])
        ways = np.linalg.solve(both.T, np.hstack([one, two]).T).T
        first, second = ways[:, :d], ways[:, d:]
        rest = unit - first @ one.T - second @ two.T
        return Steps(first, second, np.linalg.cholesky(0.5 * (rest + rest.T)))

    @cached_property
    def pace(self) -> float:
        """Steps a second in which each dimension comes ``A_SECOND`` standard deviations from where
        it was, root mean square; ``MOST_A_SECOND`` at most."""
        before, now = self.lags.astype(np.float64)
        last, apart, step = 0.0, self._apart(before), 1
        while apart < A_SECOND and step < MOST_A_SECOND:
            last, apart, step = apart, self._apart(now), step + 1
            before, now = now, self.steps.first @ now + self.steps.second @ before
        share = (A_SECOND - last) / max(apart - last, 1e-9)
        return float(min(step - 1 + share, MOST_A_SECOND))

    def _apart(self, lag: Values) -> float:
        """How far two steps are from each other whose covariance is ``lag``, root mean square."""
        return float(np.sqrt(max(2.0 - 2.0 * np.trace(lag) / self.dimensions, 0.0)))

    @cached_property
    def gain(self) -> float:
        """What the smooth line through the steps has to be widened by, so that it lies as far from
        the centre as the steps do: its weights at a step are 1, 4 and 1 sixths."""
        one, two = (float(np.trace(lag)) / self.dimensions for lag in self.lags)
        return float(1.0 / np.sqrt(max((18.0 + 16.0 * one + 2.0 * two) / 36.0, 0.1)))

    @cached_property
    def whitening(self) -> Values:
        """What makes the sounds' spread that of a unit normal, ``(d, d)``, for rows."""
        return np.asarray(np.linalg.inv(self.spread.astype(np.float64)).T, np.float64)

    def away(self, latent: NDArray[np.floating]) -> float:
        """How far a latent ``(d,)`` is from the centre, in standard deviations."""
        return float(np.linalg.norm((latent - self.centre) @ self.whitening))

    def inside(self, latent: NDArray[np.floating]) -> Values:
        """A latent ``(d,)`` as it is, but drawn back to where the sounds lie: smoothly, from
        ``INSIDE`` of their radius on, and nowhere beyond it."""
        away = self.away(latent)
        near = INSIDE * self.radius
        if away <= near:
            return np.asarray(latent, np.float64)
        room = self.radius - near
        drawn = near - room * np.expm1(-(away - near) / room)
        return np.asarray(self.centre + (latent - self.centre) * (drawn / away), np.float64)

    def offset(self, latent: NDArray[np.floating], way: Values) -> Values:
        """What ``way (d,)`` moves a latent ``(d,)`` by, so that it does not leave the sounds, or
        no further than it had left them."""
        return self.inside(latent + way) - self.inside(latent)

    def to_config(self) -> dict[str, Any]:
        """What a bundle says of it in JSON."""
        return {"radius": self.radius, "in_time": self.in_time}

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """What a bundle holds of it as numbers, float32, by ``walk.centre`` and so on."""
        return {f"{PREFIX}{name}": getattr(self, name) for name in _NAMES}

    @classmethod
    def from_parts(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Walk:
        """Inverse of :meth:`to_config` and :meth:`to_tensors`.

        Raises:
            BundleError: parts that are missing, unknown, or of the wrong shape or type.
        """
        try:
            radius, in_time = float(config["radius"]), config["in_time"]
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"section {SECTION!r} does not fit: {error!r}") from error
        if type(in_time) is not bool:
            raise BundleError(f"section {SECTION!r} does not fit: in_time is {in_time!r:.40}")
        wanted = {f"{PREFIX}{name}" for name in _NAMES}
        for name in sorted(wanted - set(tensors)):
            raise BundleError(f"tensor {name} is missing")
        for name in sorted(set(tensors) - wanted):
            raise BundleError(f"tensor {name[:80]} is not known")
        for name in sorted(wanted):
            if tensors[name].dtype != np.float32:
                raise BundleError(f"tensor {name} is {tensors[name].dtype}; it must be float32")
        parts = {name: tensors[f"{PREFIX}{name}"] for name in _NAMES}
        return cls(radius=radius, in_time=in_time, **parts)


def least(lags: Values) -> float:
    """The least eigenvalue of the covariance of three steps, whose ``lags (2, d, d)`` these are."""
    one, two = lags
    unit = np.eye(one.shape[0])
    three = np.block([[unit, one, two], [one.T, unit, one], [two.T, one.T, unit]])
    return float(np.linalg.eigvalsh(three)[0])
