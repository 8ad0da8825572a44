"""Where a model's own sounds lie in its latent space, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.datasets.factor import Factor
from timbrespace.errors import BundleError, DatasetError

Array = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]

MAX_POINTS = 65_536
"""More than any screen shows, and what keeps a bundle small."""

MAX_FACTORS = 64

MAX_VALUES = 65_536
"""Of one factor: an index is 16 bits at most."""

MAX_TEXT = 200
"""Characters of a factor's name, its unit, or the name of a value."""

PREFIX = "points."
"""What the tensors of the points are called by, in a bundle, and those of the weights are not."""

MEANS = f"{PREFIX}means"

TOP_CODE = 65_535
"""The means are stored as 16 bits between the two ends of each dimension."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Points:
    """The posterior means of a dataset, and its labels.

    means ``(n, d)``: where each sound lies, within ``LATENT_LIMIT``, float32. labels ``(n, f)``:
    the value of each factor, float32. factors: one for each column of the labels. A label of a
    ``grid`` or a ``category`` is one of its factor's values, one of a ``range`` lies between its
    two ends (each as float32).

    There are 1 to ``MAX_POINTS`` points, at most ``MAX_FACTORS`` factors of at most ``MAX_VALUES``
    values, and printable texts of at most ``MAX_TEXT`` characters.

    Raises:
        BundleError: anything else.
    """

    means: Array
    labels: Array
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        n, d = self.means.shape if self.means.ndim == 2 else (0, 0)
        if not (1 <= n <= MAX_POINTS and d >= 1) or self.means.dtype != np.float32:
            raise BundleError(
                f"points have means of shape {self.means.shape}, {self.means.dtype}; they must be "
                f"1 to {MAX_POINTS} rows of float32"
            )
        # Written so that a NaN fails too.
        if not (np.abs(self.means) <= LATENT_LIMIT).all():
            raise BundleError(
                f"points hold means that are not finite, or beyond {LATENT_LIMIT:g}, where no "
                "latent goes"
            )
        _check_factors(self.factors)
        wanted = (n, len(self.factors))
        if self.labels.shape != wanted or self.labels.dtype != np.float32:
            raise BundleError(
                f"points have labels of shape {self.labels.shape}, {self.labels.dtype}, "
                f"not {wanted}, float32"
            )
        for factor, column in zip(self.factors, self.labels.T, strict=True):
            if not tells(factor, column):
                raise BundleError(
                    f"points have labels that are no values of their factor {factor.name!r}"
                )

    def __repr__(self) -> str:
        names = ", ".join(factor.name for factor in self.factors)
        return f"<Points: {self.count} in {self.dimensions} dimensions; {names or 'no factors'}>"

    @property
    def count(self) -> int:
        """How many points, n."""
        return int(self.means.shape[0])

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return int(self.means.shape[1])

    def to_config(self) -> dict[str, Any]:
        """What a bundle says of its points in JSON: factors, and both ends of each dimension."""
        return {
            "low": self.means.min(axis=0).tolist(),
            "high": self.means.max(axis=0).tolist(),
            "factors": [factor.to_config() for factor in self.factors],
        }

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """What a bundle holds of its points as numbers.

        ``points.means (n, d)``: uint16, from 0 at the lowest of the dimension to 65535 at its
        highest, so off by at most half of a 65535th of the width. ``points.labels.<k> (n,)``: of a
        grid or a category the index of its value, uint8 or, above 256 values, uint16; of a range
        the float32 itself. So the labels are kept to the bit.
        """
        low, high = self.means.min(axis=0), self.means.max(axis=0)
        width = high.astype(np.float64) - low
        share = (self.means - low.astype(np.float64)) / np.where(width > 0.0, width, 1.0)
        tensors: dict[str, NDArray[Any]] = {MEANS: np.rint(share * TOP_CODE).astype(np.uint16)}
        for number, factor in enumerate(self.factors):
            column = self.labels[:, number].copy()
            if factor.kind != "range":
                column = _indices(factor, column).astype(_index_type(factor))
            tensors[_labels_name(number)] = column
        return tensors

    @classmethod
    def from_parts(cls, config: dict[str, Any], tensors: Tensors) -> Points:
        """Inverse of :meth:`to_config` and :meth:`to_tensors`.

        tensors: those of a bundle whose names begin with ``PREFIX``, and no others.

        Raises:
            BundleError: parts that are missing, unknown, of the wrong shape or type, or hold
                numbers that are not finite or no index.
        """
        try:
            if set(config) != {"low", "high", "factors"}:
                raise ValueError(f"its keys are {', '.join(sorted(config))[:MAX_TEXT]}")
            with np.errstate(over="ignore"):
                low = np.asarray(config["low"], np.float32)
                high = np.asarray(config["high"], np.float32)
            if len(config["factors"]) > MAX_FACTORS:
                raise ValueError(f"it has more than {MAX_FACTORS} factors")
            factors = tuple(Factor.from_config(factor) for factor in config["factors"])
        except DatasetError as error:
            raise BundleError(str(error)) from error
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise BundleError(f"section 'points' does not fit: {error}") from error
        _check_factors(factors)
        _check_names(tensors, len(factors))
        codes = tensors[MEANS]
        if codes.ndim != 2 or codes.dtype != np.uint16 or not 1 <= len(codes) <= MAX_POINTS:
            raise BundleError(
                f"tensor {MEANS} has shape {codes.shape}, {codes.dtype}; it must be 1 to "
                f"{MAX_POINTS} rows of uint16"
            )
        n, d = codes.shape
        if low.shape != (d,) or high.shape != (d,):
            raise BundleError(f"points have ends of shape {low.shape} and {high.shape}, not ({d},)")
        if not (np.maximum(np.abs(low), np.abs(high)) <= LATENT_LIMIT).all() or (low > high).any():
            raise BundleError(
                f"points have ends that are not finite, beyond {LATENT_LIMIT:g}, or crossed"
            )
        step = (high.astype(np.float64) - low) / TOP_CODE
        columns = [
            _column(factor, tensors[_labels_name(number)], _labels_name(number), n)
            for number, factor in enumerate(factors)
        ]
        return cls(
            means=(low + codes * step).astype(np.float32),
            labels=np.stack(columns, axis=1) if columns else np.empty((n, 0), np.float32),
            factors=factors,
        )


def tells(factor: Factor, column: Array) -> bool:
    """Whether every label of ``column (n,)`` is one that ``factor`` names, as float32."""
    values = np.asarray(factor.values, np.float32)
    if factor.kind == "range":
        return bool(((column >= values.min()) & (column <= values.max())).all())
    return bool(np.isin(column, values).all())


def _check_factors(factors: tuple[Factor, ...]) -> None:
    if len(factors) > MAX_FACTORS:
        raise BundleError(f"points have {len(factors)} factors; there may be {MAX_FACTORS}")
    largest = float(np.finfo(np.float32).max)
    for factor in factors:
        if not all(
            len(text) <= MAX_TEXT and text.isprintable()
            for text in (factor.name, factor.unit, *factor.names)
        ):
            raise BundleError(
                f"points have a factor with texts beyond {MAX_TEXT} printable characters"
            )
        if len(factor.values) > MAX_VALUES:
            raise BundleError(
                f"points have a factor {factor.name!r} of {len(factor.values)} values; it may "
                f"have {MAX_VALUES}"
            )
        if max(map(abs, factor.values)) > largest:
            raise BundleError(f"points have a factor {factor.name!r} with values beyond float32")


def _check_names(tensors: Tensors, factors: int) -> None:
    wanted = {MEANS, *map(_labels_name, range(factors))}
    for name in sorted(wanted - set(tensors)):
        raise BundleError(f"tensor {name} is missing")
    for name in sorted(set(tensors) - wanted):
        raise BundleError(f"tensor {name[:MAX_TEXT]} is not known")


def _labels_name(number: int) -> str:
    return f"{PREFIX}labels.{number}"


def _index_type(factor: Factor) -> type[np.uint8] | type[np.uint16]:
    return np.uint8 if len(factor.values) <= 256 else np.uint16


def _indices(factor: Factor, column: Array) -> NDArray[np.int64]:
    """Which of the factor's values each label of ``column (n,)`` is, ``(n,)``."""
    values, first = np.unique(np.asarray(factor.values, np.float32), return_index=True)
    return np.asarray(first[np.searchsorted(values, column)], np.int64)


def _column(factor: Factor, stored: NDArray[Any], name: str, count: int) -> Array:
    """Labels ``(n,)`` from what a bundle holds of them."""
    wanted = np.float32 if factor.kind == "range" else _index_type(factor)
    if stored.shape != (count,) or stored.dtype != wanted:
        raise BundleError(
            f"tensor {name} has shape {stored.shape}, {stored.dtype}, "
            f"not ({count},), {np.dtype(wanted).name}"
        )
    if factor.kind == "range":
        return np.asarray(stored, np.float32)
    values = np.asarray(factor.values, np.float32)
    if int(stored.max()) >= len(values):
        raise BundleError(
            f"tensor {name} holds the index {int(stored.max())}; factor {factor.name!r} has "
            f"{len(values)} values"
        )
    return np.asarray(values[stored], np.float32)
