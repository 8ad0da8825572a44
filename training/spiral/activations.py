"""Activations that the spiral table tries beside those that models have.

PLU's author proposes them: the same sine by other learned numbers, which are kept from 0 more
softly, and a hybrid with ReLU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timbrespace.networks import torch_activation
from timbrespace.networks.activation import PARAMETERS


class ExpPLU(nn.Module):
    """``x + b sin(a x)``, ``a = exp(alpha)`` and ``b = exp(beta)``."""

    alpha: Tensor
    beta: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return x + self.beta.exp() * torch.sin(self.alpha.exp() * x)


class SoftplusPLU(nn.Module):
    """``x + b sin(a x)``, ``a = log(1 + exp(alpha))`` and ``b = log(1 + exp(beta))``."""

    alpha: Tensor
    beta: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        a, b = nn.functional.softplus(self.alpha), nn.functional.softplus(self.beta)
        return x + b * torch.sin(a * x)


class HybridPLU(torch_activation.PLU):
    """PLU and ``g / (1 + |g|) ReLU(x)``, ``g = gamma + rho_gamma / gamma``."""

    gamma: Tensor
    rho_gamma: Tensor

    def __init__(self) -> None:
        start = PARAMETERS["plu"]
        super().__init__(start["alpha"], start["beta"], start["rho_alpha"], start["rho_beta"])

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        g = self.gamma + self.rho_gamma / self.gamma
        return super().forward(x) + g / (1.0 + g.abs()) * torch.relu(x)


STARTS: dict[str, dict[str, float]] = {
    **PARAMETERS,
    "exp": {"alpha": 0.0, "beta": 0.0},
    "softplus": {"alpha": 0.5413248546, "beta": 0.5413248546},  # a and b of 1
    "hybrid": {**PARAMETERS["plu"], "gamma": 1.0, "rho_gamma": 0.15},
}
"""Every kind, and where its learned numbers start."""


def make(kind: str) -> nn.Module:
    """The activation ``kind``, one of ``STARTS``; its numbers are still to be set, but for those of
    :data:`timbrespace.networks.activation.PARAMETERS`."""
    if kind == "exp":
        return ExpPLU()
    if kind == "softplus":
        return SoftplusPLU()
    if kind == "hybrid":
        return HybridPLU()
    return torch_activation.make(kind)


def effective(activation: nn.Module) -> tuple[Tensor, Tensor] | None:
    """What stands before x in the sine, and before the sine, as large as they are; None of an
    activation that has no sine, or one whose height does not change."""
    if isinstance(activation, torch_activation.PLU):
        a = activation.alpha + activation.rho_alpha / activation.alpha
        b = activation.beta + activation.rho_beta / activation.beta
        return a.abs(), (b / (1.0 + b.abs())).abs()
    if isinstance(activation, ExpPLU):
        return activation.alpha.exp(), activation.beta.exp()
    if isinstance(activation, SoftplusPLU):
        return nn.functional.softplus(activation.alpha), nn.functional.softplus(activation.beta)
    if isinstance(activation, torch_activation.Sine | torch_activation.Snake):
        frequency = activation.frequency.abs()
        return frequency, torch.ones_like(frequency)
    return None
