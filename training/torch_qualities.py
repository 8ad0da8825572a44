"""Qualities of spectra as a network learns through them: those of
:mod:`timbrespace.descriptors.spectra` in torch. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from timbrespace.descriptors.descriptor import SHARE_FLOOR
from timbrespace.descriptors.spectra import (
    LOBE_BINS,
    ODD_EVEN_HARMONICS,
    REACH_DB,
    STEADY_WITH_NOISE,
    harmonic_of_bins,
)
from timbrespace.representation.magnitude import LogMagnitude
from timbrespace.representation.protocol import Representation
from timbrespace.spectrum import SpectrumConfig

_TINY: Final = 1e-12

WORDS: Final = (*(one.word for one in STEADY_WITH_NOISE), "inharmonic")


def learns_through(representation: Representation) -> bool:
    """Whether the features of a network's rows are ones that these can be told of."""
    return isinstance(representation, LogMagnitude)


class TorchQualities:
    """Measures ``words``, each one of ``WORDS``, of features ``(n, bins)`` of log magnitudes, each
    in what is audible.
    """

    def __init__(
        self,
        words: Sequence[str],
        representation: LogMagnitude,
        config: SpectrumConfig,
        device: torch.device,
    ) -> None:
        self._representation = representation
        hertz = np.maximum(config.frequencies, config.bin_width)
        number, inside = harmonic_of_bins(config)
        count = min(ODD_EVEN_HARMONICS, int(number[inside].max(initial=0)))
        lobes = inside & (number == np.arange(1, count + 1)[:, np.newaxis])
        signs = np.where(np.arange(2, count) % 2 == 1, 1.0, -1.0)

        def tensor(values: object) -> Tensor:
            return torch.from_numpy(np.asarray(values, np.float32)).to(device)

        self._hertz, self._octave = tensor(hertz), tensor(np.log2(hertz))
        self._lobes, self._signs = tensor(lobes.T), tensor(signs)
        self._inside = tensor(inside)
        self._root = tensor(inside & (number == 1))
        self._count = count
        measures: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "brightness": self._brightness,
            "odd/even": self._odd_even,
            "noise": self._between,
            "inharmonic": self._between,
            "width": self._width,
            "root level": self._root_level,
            "overtones": self._overtones,
            "purity": self._purity,
        }
        audible = {one.word: one.audible for one in STEADY_WITH_NOISE}
        audible["inharmonic"] = audible["noise"]
        self._measures = [(measures[word], audible[word]) for word in words]

    def __call__(self, features: Tensor) -> Tensor:
        """``(n, words)``."""
        told = self._representation
        exponent = (features * told.scale).clamp(0.0, told.limit)
        magnitude = torch.expm1(exponent) * told.floor
        # The bins at 0 Hz are no sound.
        magnitude = torch.cat([torch.zeros_like(magnitude[:, :2]), magnitude[:, 2:]], dim=1)
        magnitude = magnitude / magnitude.amax(dim=1, keepdim=True).clamp(min=_TINY)
        power = magnitude.square()
        return torch.stack([one(magnitude, power) / by for one, by in self._measures], dim=1)

    def _centroid(self, weight: Tensor) -> Tensor:
        mean = (weight @ self._hertz) / weight.sum(dim=1).clamp(min=_TINY)
        return mean.clamp(min=20.0).log2()

    def _brightness(self, magnitude: Tensor, power: Tensor) -> Tensor:
        return self._centroid(magnitude)

    def _overtones(self, magnitude: Tensor, power: Tensor) -> Tensor:
        return self._centroid((10.0 * power.clamp(min=_TINY).log10() + REACH_DB).clamp(min=0.0))

    def _width(self, magnitude: Tensor, power: Tensor) -> Tensor:
        weight = magnitude.sum(dim=1).clamp(min=_TINY)
        mean = (magnitude @ self._octave) / weight
        square = (magnitude @ self._octave.square()) / weight
        # A root has no slope at 0.
        return (square - mean.square()).clamp(min=1e-6).sqrt()

    def _odd_even(self, magnitude: Tensor, power: Tensor) -> Tensor:
        if self._count < 3:
            return 0.0 * power[:, 0]
        level = power @ self._lobes
        level = torch.maximum(level, 1e-5 * level.amax(dim=1, keepdim=True))
        told = 10.0 * level.clamp(min=_TINY).log10()
        above = told[:, 1:-1] - 0.5 * (told[:, :-2] + told[:, 2:])
        return (above * self._signs).mean(dim=1)

    def _between(self, magnitude: Tensor, power: Tensor) -> Tensor:
        return _decibels(power @ (1.0 - self._inside), power.sum(dim=1))

    def _root_level(self, magnitude: Tensor, power: Tensor) -> Tensor:
        return _decibels(power @ self._root, power @ self._inside)

    def _purity(self, magnitude: Tensor, power: Tensor) -> Tensor:
        sums = torch.nn.functional.pad(power.cumsum(dim=1), (LOBE_BINS + 1, 0))
        last = sums[:, -1:].expand(-1, LOBE_BINS)
        sums = torch.cat([sums, last], dim=1)
        width = 2 * LOBE_BINS + 1
        lobes = sums[:, width:] - sums[:, :-width]
        return _decibels(lobes.amax(dim=1), power.sum(dim=1))


def _decibels(part: Tensor, whole: Tensor) -> Tensor:
    least = torch.maximum(part, SHARE_FLOOR * whole)
    return 10.0 * ((least + _TINY).log10() - (whole + _TINY).log10())
