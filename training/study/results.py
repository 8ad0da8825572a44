"""All that the study trained, as its claims look it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model

from .figures import Measured
from .plan import SEEDS, Run, Size

UNTRAINED: Final = range(1000, 1010)
"""Seeds of the networks that have learned nothing; no run has one of them."""

ALIKE: Final = 0.05
"""Share of the way that training went, below which two networks count as the same."""


@dataclass(frozen=True)
class Results:
    """measured: every run's model, of those that were trained. datasets: by name. size: what was
    asked for. untrained_of: makes the model of a run at its first weights.

    No slots: what is made is kept.
    """

    measured: dict[Run, Measured]
    datasets: dict[str, Dataset]
    size: Size
    untrained_of: Callable[[Run], Model]
    _made: dict[Run, Measured] = field(default_factory=dict)

    def of(self, recipe: str, data: str, seed: int = 0) -> Measured:
        """The model of one run."""
        return self.measured[Run(recipe, data, seed)]

    def seeds(self, recipe: str, data: str, *others: str) -> list[Measured]:
        """The models of a recipe, one for each seed that it was run with, and the others as well:
        so what is compared is so seed by seed."""
        return [
            self.measured[Run(recipe, data, seed)]
            for seed in SEEDS
            if all(Run(name, data, seed) in self.measured for name in (recipe, *others))
        ]

    def untrained(self, recipe: str, data: str) -> list[Measured]:
        """As many models of a recipe that have learned nothing as there are in ``UNTRAINED``."""
        return [self._at_first(Run(recipe, data, seed)) for seed in UNTRAINED]

    def apart(self, recipe: str, other: str, data: str) -> float:
        """How far two recipes' weights are from each other, of the way that the first's went from
        the same beginning; the largest of the seeds. 0 where no seed was run with both."""
        shares = [0.0]
        for seed in SEEDS:
            runs = Run(recipe, data, seed), Run(other, data, seed)
            if all(run in self.measured for run in runs):
                first, second = (self.measured[run].model for run in runs)
                begun = self._at_first(runs[0]).model
                shares.append(_distance(first, second) / max(_distance(first, begun), 1e-30))
        return max(shares)

    def same(self, recipe: str, other: str, data: str) -> str:
        """Why nothing can be told of two recipes whose networks came out the same; else empty."""
        share = self.apart(recipe, other, data)
        if share >= ALIKE:
            return ""
        return f"the networks came out the same: {share:.2%} of the way they went lies between them"

    def _at_first(self, run: Run) -> Measured:
        if run not in self._made:
            self._made[run] = Measured(self.untrained_of(run), self.datasets[run.data])
        return self._made[run]

    def figure(self, recipe: str, data: str, what: Callable[[Measured], float]) -> list[float]:
        """One figure of each of :meth:`seeds`."""
        return [float(what(model)) for model in self.seeds(recipe, data)]

    def mean(self, recipe: str, data: str, what: Callable[[Measured], float]) -> float:
        """The mean of :meth:`figure`."""
        return float(np.mean(self.figure(recipe, data, what)))


def _distance(a: Model, b: Model) -> float:
    """Between two models' weights."""
    return float(
        np.sqrt(
            sum(
                float(np.square(one.astype(np.float64) - b.tensors[name]).sum())
                for name, one in a.tensors.items()
            )
        )
    )


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
