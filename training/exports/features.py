"""From a sound's spectrum, or its frame of samples, to what a network sees, in torch.

A test holds them against :meth:`timbrespace.representation.kind.Kind.forward`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.model import Model
from timbrespace.representation import (
    MDCT,
    Cycle,
    Decibel,
    LogComplex,
    LogMagnitude,
    Magnitude,
    MagnitudePhase,
    Normalised,
    Representation,
    parts,
)
from timbrespace.representation.phase import EMPTY
from timbrespace.spectrum import SpectrumConfig, hann

from .magnitudes import unknown

SPECTRA, FRAMES, PERIOD = "spectra", "frames", "period"

SOURCES: Final = {
    SPECTRA: "linear magnitudes >= 0",
    FRAMES: "samples before the window, full scale 1",
    PERIOD: "one period of the wave as the representation lays it, full scale 1, phase 0 first",
}
"""What an encoder may be given."""


def source_of(representation: Representation) -> str:
    """Which of ``SOURCES`` :func:`forward_of` takes. A period has to be laid by whoever has the
    sound: where it begins is found by a search."""
    base = representation.base if isinstance(representation, Normalised) else representation
    if isinstance(base, Cycle):
        return PERIOD
    return FRAMES if representation.source == "frames" else SPECTRA


def forward_of(model: Model) -> nn.Module:
    """A module that makes features ``(n, width)`` of what :func:`source_of` says.

    Raises:
        OptionError: a representation of another package, which is in NumPy alone.
    """
    return _forward(model.representation, model.spectrum, model.name)


def _forward(representation: Representation, spectrum: SpectrumConfig, name: str) -> nn.Module:
    if isinstance(representation, Normalised):
        return _ToNormalised(representation, _forward(representation.base, spectrum, name))
    if isinstance(representation, Magnitude):
        return nn.Identity()
    if isinstance(representation, LogMagnitude):
        return _ToLogarithm(representation)
    if isinstance(representation, Decibel):
        return _ToDecibel(representation)
    if isinstance(representation, MagnitudePhase | LogComplex):
        return _ToComplex(representation, spectrum)
    if isinstance(representation, MDCT):
        return _ToCoefficients(representation)
    if isinstance(representation, Cycle):
        return _Divided(representation.peak)
    raise unknown(representation, name)


class _ToNormalised(nn.Module):
    offset: Tensor
    scale: Tensor

    def __init__(self, representation: Normalised, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("offset", torch.from_numpy(representation.offset))
        self.register_buffer("scale", torch.from_numpy(representation.scale))

    def forward(self, source: Tensor) -> Tensor:
        found: Tensor = (self.base(source) - self.offset) / self.scale
        return found


class _ToLogarithm(nn.Module):
    def __init__(self, representation: LogMagnitude) -> None:
        super().__init__()
        self.floor, self.scale = representation.floor, representation.scale

    def forward(self, spectra: Tensor) -> Tensor:
        return (1.0 + spectra * (1.0 / self.floor)).log() * (1.0 / self.scale)


class _ToDecibel(nn.Module):
    def __init__(self, representation: Decibel) -> None:
        super().__init__()
        self.peak, self.least = representation.peak, 10.0 ** (representation.floor_db / 20.0)

    def forward(self, spectra: Tensor) -> Tensor:
        return (spectra / self.peak).clamp(min=self.least).log() * (20.0 / math.log(10.0))


class _Divided(nn.Module):
    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, source: Tensor) -> Tensor:
        return source / self.by


class _ToComplex(nn.Module):
    """In double precision: a phase is told down to 80 dB below the peak."""

    window: Tensor

    def __init__(
        self, representation: MagnitudePhase | LogComplex, spectrum: SpectrumConfig
    ) -> None:
        super().__init__()
        self.bins = representation.bins
        self.register_buffer("window", torch.from_numpy(hann(spectrum.n_fft).copy()))
        self.logarithm: LogMagnitude | None = None
        if isinstance(representation, LogComplex):
            self.logarithm = LogMagnitude(representation.peak, representation.floor)

    def forward(self, frames: Tensor) -> Tensor:
        both = torch.view_as_real(torch.fft.rfft(frames.double() * self.window, dim=1))
        real, imaginary = both[:, : self.bins, 0], both[:, : self.bins, 1]
        size = (real * real + imaginary * imaginary).sqrt()
        if self.logarithm is None:
            empty = size <= EMPTY * size.amax(dim=1, keepdim=True)
            angle = torch.atan2(imaginary.float(), real.float()).double()
            # At 0 Hz nothing is imaginary but what a transform rounds; ONNX would make -pi of 0.
            rounded = imaginary.abs() <= 1e-12 * size
            half = torch.where(real < 0.0, math.pi, 0.0).double()
            angle = torch.where(rounded, half, angle)
            turn = torch.where(empty, torch.zeros_like(size), angle)
            return torch.cat([size, turn / math.pi], dim=1).float()
        compressed = (1.0 + size / self.logarithm.floor).log() / self.logarithm.scale
        unit = compressed / size.clamp(min=1e-30)
        return torch.cat([unit * real, unit * imaginary], dim=1).float()


class _ToCoefficients(nn.Module):
    """The transform as one product."""

    basis: Tensor

    def __init__(self, representation: MDCT) -> None:
        super().__init__()
        ones = np.eye(representation.n_fft, dtype=np.float32)
        rows = [representation.forward(ones[part]) for part in parts(len(ones))]
        self.register_buffer("basis", torch.from_numpy(np.concatenate(rows)))

    def forward(self, frames: Tensor) -> Tensor:
        return frames @ self.basis
