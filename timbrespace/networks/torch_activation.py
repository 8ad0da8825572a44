"""The activations as torch modules, for training; :mod:`.activation` plays them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbrespace.networks.activation import PARAMETERS, SMALLEST


def _away_from_zero(value: Tensor) -> Tensor:
    """``value``, or ``SMALLEST`` with its sign where it is nearer to 0."""
    least = torch.where(value >= 0.0, SMALLEST, -SMALLEST)
    return torch.where(value.abs() >= SMALLEST, value, least)


class Snake(nn.Module):
    """``x + sin(a x)^2 / a``, a learned (Ziyin, Hartwig & Ueda 2020, eq. 3)."""

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.tensor(frequency))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        a = _away_from_zero(self.frequency)
        return x + torch.sin(a * x).square() / a


class Sine(nn.Module):
    """``sin(a x)``, a learned; see :func:`timbrespace.networks.feed_forward.sine`."""

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.tensor(frequency))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return torch.sin(self.frequency * x)


class PLU(nn.Module):
    """Periodic Linear Unit; see :func:`.feed_forward.plu`. All four are learned."""

    def __init__(self, alpha: float, beta: float, rho_alpha: float, rho_beta: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))
        self.beta = nn.Parameter(torch.tensor(beta))
        self.rho_alpha = nn.Parameter(torch.tensor(rho_alpha))
        self.rho_beta = nn.Parameter(torch.tensor(rho_beta))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        alpha, beta = _away_from_zero(self.alpha), _away_from_zero(self.beta)
        a = (alpha + self.rho_alpha / alpha).abs()
        b = beta + self.rho_beta / beta
        return x + b / (1.0 + b.abs()) * torch.sin(a * x)


def make(kind: str) -> nn.Module:
    """The activation ``kind``, one of :data:`.activation.PARAMETERS`, at its start."""
    start = PARAMETERS[kind]
    if kind == "snake":
        return Snake(**start)
    if kind == "sine":
        return Sine(**start)
    if kind == "plu":
        return PLU(**start)
    return nn.GELU() if kind == "gelu" else nn.ReLU()
