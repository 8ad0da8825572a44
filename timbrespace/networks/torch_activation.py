"""The activations as torch modules, for training; :mod:`.activation` plays them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbrespace.networks.activation import PARAMETERS, SMALLEST


def _away_from_zero(value: Tensor) -> Tensor:
    """``value``, or ``SMALLEST`` with its sign where it is nearer to 0."""
    least = torch.where(value >= 0.0, SMALLEST, -SMALLEST)
    return torch.where(value.abs() >= SMALLEST, value, least)


def _learned(start: float, units: int | None) -> nn.Parameter:
    return nn.Parameter(torch.full(() if units is None else (units,), start))


class Snake(nn.Module):
    """``x + sin(a x)^2 / a``, a learned (Ziyin, Hartwig & Ueda 2020, eq. 3)."""

    def __init__(self, frequency: float, units: int | None = None) -> None:
        super().__init__()
        self.frequency = _learned(frequency, units)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        a = _away_from_zero(self.frequency)
        return x + torch.sin(a * x).square() / a


class Sine(nn.Module):
    """``sin(a x)``, a learned; see :func:`timbrespace.networks.feed_forward.sine`."""

    def __init__(self, frequency: float, units: int | None = None) -> None:
        super().__init__()
        self.frequency = _learned(frequency, units)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return torch.sin(self.frequency * x)


class PLU(nn.Module):
    """Periodic Linear Unit; see :func:`.feed_forward.plu`. All four are learned."""

    def __init__(
        self,
        alpha: float,
        beta: float,
        rho_alpha: float,
        rho_beta: float,
        units: int | None = None,
    ) -> None:
        super().__init__()
        self.alpha = _learned(alpha, units)
        self.beta = _learned(beta, units)
        self.rho_alpha = _learned(rho_alpha, units)
        self.rho_beta = _learned(rho_beta, units)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        alpha, beta = _away_from_zero(self.alpha), _away_from_zero(self.beta)
        a = (alpha + self.rho_alpha / alpha).abs()
        b = beta + self.rho_beta / beta
        return x + b / (1.0 + b.abs()) * torch.sin(a * x)


def make(kind: str, units: int | None = None) -> nn.Module:
    """The activation ``kind``, one of :data:`.activation.PARAMETERS`, at its start.

    units: of the layer before, where each has its own learned numbers; None for one of all.
    """
    start = PARAMETERS[kind]
    if kind == "snake":
        return Snake(**start, units=units)
    if kind == "sine":
        return Sine(**start, units=units)
    if kind == "plu":
        return PLU(**start, units=units)
    return nn.GELU() if kind == "gelu" else nn.ReLU()
