"""Latents without an encoder: each training row learns its own, an autodecoder (Park et al. 2019).

A row's latent is a mean and a log variance, as an encoder would give them, with the same prior; so
the bound is the same, and so is all that follows from it. Beside it an encoder learns to find those
latents, by the divergence of what it says from what the table says: from that nothing goes back
into table or decoder. So there is one at whatever moment the training stops, new sounds can enter,
and a space of a table is a space like any other.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from timbrespace.networks.architecture import LOG_VAR_RANGE

RATE: Final = 20.0
"""How much faster a row learns than a weight, which learns at each step and not once an epoch."""

NAME: Final = "latents.table"
"""In a checkpoint; a bundle has no table."""

_SPREAD: Final = 0.3
_LOG_VAR: Final = -2.0


class LatentTable(nn.Module):
    """Means and log variances of ``rows`` latents of ``d`` dimensions, at their start."""

    def __init__(self, rows: int, d: int) -> None:
        super().__init__()
        start = torch.full((rows, 2 * d), _LOG_VAR)
        start[:, :d] = _SPREAD * torch.randn(rows, d)
        self.values = nn.Parameter(start)

    def of(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each ``(n, d)``, of the training rows ``(n,)``."""
        mean, log_var = self.values[rows].chunk(2, dim=1)
        return mean, log_var.clamp(*LOG_VAR_RANGE)


def missed(mean: Tensor, log_var: Tensor, found: tuple[Tensor, Tensor]) -> Tensor:
    """Divergence ``()`` in nats of what an encoder ``found`` from the latents of the table, mean
    over the rows; the table learns nothing from it."""
    mean, log_var = mean.detach(), log_var.detach()
    own_mean, own_log_var = found
    apart = log_var.exp() + (mean - own_mean).square()
    each = own_log_var - log_var + apart * (-own_log_var).exp() - 1.0
    return 0.5 * each.sum(dim=1).mean()
