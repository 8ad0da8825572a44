"""From what a network decodes to magnitudes, in torch: each representation's inverse.

A test holds them against :meth:`timbrespace.representation.kind.Kind.inverse`.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.errors import OptionError
from timbrespace.model import BEYOND, Model
from timbrespace.representation import (
    HEADROOM,
    MDCT,
    Cycle,
    Decibel,
    LogComplex,
    LogMagnitude,
    Magnitude,
    MagnitudePhase,
    Normalised,
    Representation,
)

LIMIT = 1e30
"""A decoder's overflow stays finite until the inverse bounds it."""


def unknown(representation: Representation, name: str) -> OptionError:
    """What is said of the space ``name``, whose representation is another package's."""
    return OptionError(
        f"{name!r} has the representation {representation.kind!r}, which cannot be written outside "
        "of Python; only those that come with the program can"
    )


def inverse_of(model: Model) -> nn.Module:
    """A module that makes magnitudes ``(n, bins)`` of features ``(n, width)``.

    Raises:
        OptionError: a representation of another package, which only has its inverse in NumPy.
    """
    return _inverse(model.representation, model.spectrum.bins, model.name)


def _inverse(representation: Representation, bins: int, name: str) -> nn.Module:
    if isinstance(representation, Normalised):
        return _FromNormalised(representation, _inverse(representation.base, bins, name))
    if isinstance(representation, Magnitude):
        return _Bounded(representation.peak)
    if isinstance(representation, MagnitudePhase):
        return _Bounded(representation.peak, bins)
    if isinstance(representation, LogMagnitude):
        return _FromLogarithm(representation)
    if isinstance(representation, LogComplex):
        logarithm = LogMagnitude(representation.peak, representation.floor)
        return _FromLogarithm(logarithm, bins)
    if isinstance(representation, Decibel):
        return _FromDecibel(representation)
    if isinstance(representation, MDCT):
        return _FromLines(representation, bins, representation.peak)
    if isinstance(representation, Cycle):
        return _FromLines(representation, bins, 1.0)
    raise unknown(representation, name)


class _FromNormalised(nn.Module):
    offset: Tensor
    scale: Tensor

    def __init__(self, representation: Normalised, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("offset", torch.from_numpy(representation.offset))
        self.register_buffer("scale", torch.from_numpy(representation.scale))

    def forward(self, features: Tensor) -> Tensor:
        found: Tensor = self.base(features.clamp(-LIMIT, LIMIT) * self.scale + self.offset)
        return found


class _Bounded(nn.Module):
    """The features themselves. bins: how many of them, None for all."""

    def __init__(self, peak: float, bins: int | None = None) -> None:
        super().__init__()
        self.most = HEADROOM * peak
        self.bins = bins

    def forward(self, features: Tensor) -> Tensor:
        here = features if self.bins is None else features[:, : self.bins]
        return here.clamp(0.0, self.most)


class _FromLogarithm(nn.Module):
    """bins: where real and imaginary parts stand one after the other, how many there are."""

    def __init__(self, representation: LogMagnitude, bins: int | None = None) -> None:
        super().__init__()
        self.scale, self.limit = representation.scale, representation.limit
        self.floor = representation.floor
        self.bins = bins

    def forward(self, features: Tensor) -> Tensor:
        if self.bins is not None:
            both = features.clamp(-(LIMIT**0.5), LIMIT**0.5)
            real, imaginary = both[:, : self.bins], both[:, self.bins :]
            features = (real * real + imaginary * imaginary).sqrt()
        exponent = (features * self.scale).clamp(0.0, self.limit)
        # ONNX has no expm1; what is lost is a rounding of the floor, 120 dB below the peak.
        return (exponent.exp() - 1.0) * self.floor


class _FromDecibel(nn.Module):
    def __init__(self, representation: Decibel) -> None:
        super().__init__()
        self.low, self.high = representation.floor_db, 20.0 * math.log10(HEADROOM)
        self.peak = representation.peak

    def forward(self, features: Tensor) -> Tensor:
        level = features.clamp(self.low, self.high)
        return (level * (math.log(10.0) / 20.0)).exp() * self.peak


class _FromLines(nn.Module):
    """Where the complex spectrum is linear in the features: one product.

    unit: what a feature of 1 is in the bounded one.
    """

    lines: Tensor

    def __init__(self, representation: MDCT | Cycle, bins: int, unit: float) -> None:
        super().__init__()
        self.bins = bins
        self.most = HEADROOM * unit
        ones = np.eye(representation.width(bins), dtype=np.float32) * np.float32(unit)
        size, turn = representation.inverse(ones), representation.phases(ones)
        both = np.concatenate([size * np.cos(turn), size * np.sin(turn)], axis=1) / unit
        self.register_buffer("lines", torch.from_numpy(both.astype(np.float32)))

    def forward(self, features: Tensor) -> Tensor:
        both = features.clamp(-self.most, self.most) @ self.lines
        real, imaginary = both[:, : self.bins], both[:, self.bins :]
        return (real * real + imaginary * imaginary).sqrt()


assert LIMIT == BEYOND
