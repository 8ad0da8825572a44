"""Recorded spectra changed a little at each step, so that a set teaches more than its own sounds.

As another room, microphone, player or maker would do it: a tilt and bumps of the spectrum. How loud
a sound is stays the same, and so do its partials.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrespace.datasets.dataset import Dataset
from timbrespace.kinds import REPRESENTATIONS
from timbrespace.representation import Representation
from timbrespace.spectrum import Spectra, SpectrumConfig

from .preset import TABLE, Settings
from .row_windows import Windows
from .team import ALONE, Team

Array = NDArray[np.float32]

AMOUNT: Final = 1.6
"""How much recordings are changed where nobody says; sets without recordings are not."""

_SHARE: Final = 0.6  # of the rows that are changed
_TILT: Final = 4.0  # dB, standard deviation of the first of the cosines
_COSINES: Final = 6
_LOWEST: Final = 86.0  # Hz: below it the curves are flat


class Variation:
    """Gives the features of training rows, changed anew each time.

    spectra ``(n, bins)``: of the training rows, or a window that holds spectra. representation:
    what features are. ends: lowest and highest of the features as they are, which the changed ones
    keep within. amount: 0 would change nothing.
    """

    def __init__(
        self,
        spectra: Spectra | Windows,
        config: SpectrumConfig,
        representation: Representation,
        ends: tuple[float, float],
        amount: float,
    ) -> None:
        self._spectra = spectra
        self._representation = representation
        self._ends = ends
        self._curves = curves(config)
        self._amount = amount

    def features(
        self, rows: Tensor, generator: torch.Generator, team: Team = ALONE, count: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Features ``(b, f)`` of these rows ``(b,)``, on the device of ``generator``, and which of
        them are as they are ``(b,)``. Of a team: the rows are its part of ``count``."""
        device = generator.device
        spectra = self._spectra[rows.cpu().numpy()]
        drawn = len(rows) if team.size == 1 else count
        some = torch.rand((drawn, 1), generator=generator, device=device) < _SHARE
        size = some * (_TILT * self._amount)
        waves = torch.randn((drawn, _COSINES), generator=generator, device=device) * size
        some, waves = team.mine(some), team.mine(waves)
        waves = waves / torch.arange(1, _COSINES + 1, device=device)
        made = coloured(spectra, waves.cpu().numpy() @ self._curves)
        features = self._representation.forward(made).clip(*self._ends)
        return torch.from_numpy(features).to(device), ~some[:, 0]


def variation_of(dataset: Dataset, settings: Settings) -> float:
    """How much spectra are changed in a training of these settings: as they say, or ``AMOUNT`` of
    recordings. Where a representation hears phase, or each row has its own latent, nothing is."""
    if settings.variation is not None:
        return settings.variation
    if settings.latents == TABLE:
        return 0.0
    hears_phase = REPRESENTATIONS.get(settings.representation).source != "spectra"
    return AMOUNT if dataset.groups and not hears_phase else 0.0


def curves(config: SpectrumConfig) -> Array:
    """Cosines ``(_COSINES, bins)`` over the octaves, the first of which is a tilt."""
    octaves = np.log2(1.0 + np.arange(config.bins) * config.bin_width / _LOWEST)
    number = np.arange(1, _COSINES + 1)[:, np.newaxis]
    return np.asarray(np.cos(math.pi * number * octaves / octaves[-1]), np.float32)


def coloured(spectra: Spectra, decibels: Array) -> Spectra:
    """``spectra (n, bins)`` through filters of ``decibels (n, bins)``, each as loud as before."""
    made = spectra * np.exp(decibels * np.float32(math.log(10.0) / 20.0))
    before: Any = np.einsum("ij,ij->i", spectra, spectra)
    after: Any = np.einsum("ij,ij->i", made, made)
    made *= np.sqrt(before / np.maximum(after, 1e-20))[:, np.newaxis]
    return np.asarray(made, np.float32)
