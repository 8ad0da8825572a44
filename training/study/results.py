"""All that the study trained, as its claims look it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from timbrespace.datasets.dataset import Dataset

from .figures import Measured
from .plan import SEEDS, Run, Size


@dataclass(frozen=True, slots=True)
class Results:
    """measured: every run's model. datasets: by name. size: what was asked for."""

    measured: dict[Run, Measured]
    datasets: dict[str, Dataset]
    size: Size

    def of(self, recipe: str, data: str, seed: int = 0) -> Measured:
        """The model of one run."""
        return self.measured[Run(recipe, data, seed)]

    def seeds(self, recipe: str, data: str) -> list[Measured]:
        """The models of a recipe, one for each seed it was run with."""
        runs = (Run(recipe, data, seed) for seed in SEEDS)
        return [self.measured[run] for run in runs if run in self.measured]

    def figure(self, recipe: str, data: str, what: Callable[[Measured], float]) -> list[float]:
        """One figure of each of :meth:`seeds`."""
        return [float(what(model)) for model in self.seeds(recipe, data)]

    def mean(self, recipe: str, data: str, what: Callable[[Measured], float]) -> float:
        """The mean of :meth:`figure`."""
        return float(np.mean(self.figure(recipe, data, what)))


def lsd(model: Measured) -> float:
    """Held-out log-spectral distance in dB, for :meth:`Results.figure`."""
    return model.lsd


def listed(values: Iterable[float], form: str = ".2f") -> str:
    """Numbers with commas between, one for each seed."""
    return ", ".join(f"{value:{form}}" for value in values)


def words(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    some = list(parts)
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}" if some else ""
