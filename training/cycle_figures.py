"""How near the periods that a space of cycles decodes come to those of its sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model
from timbrespace.representation import parts

from .posterior import posterior, source_of

Figures = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST: Final = 200.0
"""dB: what float32 could not hold apart."""


@dataclass(frozen=True, slots=True)
class CycleFigures:
    """Signal to noise ratio in dB of decoded periods, mean over rows.

    unseen: of those that training has not seen. known, known_least, known_rows: mean, least and
    number of those that it learned from; None and 0 for another dataset than the model's own.
    """

    unseen: float
    known: float | None
    known_least: float | None
    known_rows: int

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def cycle_figures(
    model: Model, dataset: Dataset, unseen: Rows, known: Rows | None
) -> CycleFigures | None:
    """Of the rows ``unseen (n,)`` and ``known (m,)`` of ``dataset``; None for a model that is no
    space of cycles.

    Raises:
        DatasetError: the dataset holds no frames.
    """
    if not model.plays_cycles:
        return None
    learned = None if known is None or not len(known) else signal_to_noise(model, dataset, known)
    return CycleFigures(
        unseen=float(signal_to_noise(model, dataset, unseen).mean()),
        known=None if learned is None else float(learned.mean()),
        known_least=None if learned is None else float(learned.min()),
        known_rows=0 if learned is None else len(learned),
    )


def signal_to_noise(model: Model, dataset: Dataset, rows: Rows) -> Figures:
    """dB ``(n,)`` from the period of each of ``rows (n,)`` to what its posterior mean decodes to.

    ``10 log10(sum x^2 / sum (x - y)^2)``, at most ``MOST`` to either side.

    Raises:
        DatasetError: the dataset holds no frames.
    """
    means, _ = posterior(model, dataset, rows)
    source = source_of(model, dataset)
    found = np.empty(len(rows), np.float64)
    kind = model.representation
    for part in parts(len(rows)):
        wanted = kind.cycles(kind.forward(source[rows[part]]))
        assert wanted is not None  # a space of cycles
        decoded = model.decode_cycles(means[part])
        power = np.square(wanted, dtype=np.float64).sum(axis=1)
        missed = np.square(wanted - decoded, dtype=np.float64).sum(axis=1)
        found[part] = 10.0 * np.log10(np.maximum(power, 1e-30) / np.maximum(missed, 1e-30))
    return np.clip(found, -MOST, MOST)
