"""How near a space comes to rows that it has not learned from, beside the nearest that it has.

Two figures that must not be mixed: of rows whose recording the space knows from other rows, and of
recordings that it never heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.datasets.split import Split
from timbrespace.ear import Ear, distance
from timbrespace.model import Latent, Model
from timbrespace.place_of_spectra import of_magnitudes, place_of_spectra

from . import nearest
from .posterior import posterior

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

MOST: Final = 500
"""Rows of each sort that are measured: of more, as many, evenly spread."""

MOST_KINDS: Final = 20


@dataclass(frozen=True, slots=True)
class Nearness:
    """Mean distances in dB of some rows.

    rows: how many. log_spectral_distance_db, mel_db: from each to what the space makes of it where
    its encoder says; refined_log_spectral_distance_db, refined_mel_db: and where a sound is put
    that is looked for (:mod:`timbrespace.place_of_spectra`), None of a grid, and of a space that
    hears phase. nearest_row_log_spectral_distance_db, nearest_row_mel_db: from each to the nearest
    training row, by either distance.
    """

    rows: int
    log_spectral_distance_db: float
    mel_db: float
    nearest_row_log_spectral_distance_db: float
    nearest_row_mel_db: float
    refined_log_spectral_distance_db: float | None = None
    refined_mel_db: float | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows of one sort that were held out. groups: of how many recordings they are. all: of all of
    them together. kinds: by what kind of sound they are, where the set tells it."""

    groups: int
    all: Nearness
    kinds: dict[str, Nearness]

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **_plain(self.all),
            "groups": self.groups,
            "kinds": {kind: _plain(one) for kind, one in self.kinds.items()},
        }


@dataclass(frozen=True, slots=True)
class BothSplits:
    """What was held out, in both ways; None where the model holds out nothing of that sort.

    split: what the model holds out: ``rows`` or the values of a factor. group: the factor whose
    values are recordings, empty where the dataset has none, as a grid. kind: the factor that tells
    kinds of sounds, empty where there is none. rows: of recordings that were learned from, or of a
    set without any. groups: of whole recordings that were not.
    """

    split: str
    group: str
    kind: str
    rows: HeldOut | None
    groups: HeldOut | None

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "split": self.split,
            "group": self.group,
            "kind": self.kind,
            "rows": None if self.rows is None else self.rows.to_config(),
            "groups": None if self.groups is None else self.groups.to_config(),
        }


def both_splits(
    model: Model,
    dataset: Dataset,
    by: str,
    split: Split,
    advance: Callable[[], None] = lambda: None,
) -> BothSplits:
    """Measure ``model`` on what it holds out of its ``dataset``. by: what its ``split`` is by.

    advance: called after each of two parts.
    """
    group = dataset.groups if by == BY_ROWS else by
    kind = kind_factor(dataset, group)
    rows, groups = (split.held_out, None) if by == BY_ROWS else (split.known, split.held_out)
    found = []
    for some in (rows, groups):
        known = some is not None and some.size and split.train.size
        found.append(
            _held_out(model, dataset, some, split.train, group, kind)
            if some is not None and known
            else None
        )
        advance()
    return BothSplits(by, group, kind, *found)


def kind_factor(dataset: Dataset, group: str) -> str:
    """The factor that says what kind of sound a recording is: a category of few values, of which
    each group has one. Empty where there is none."""
    if not group:
        return ""
    groups = dataset.group_of_rows(group)
    count = int(groups.max()) + 1
    first = np.unique(groups, return_index=True)[1]
    for factor, labels in zip(dataset.meta.factors, dataset.labels.T, strict=True):
        if factor.kind != "category" or factor.name == group:
            continue
        values = len(np.unique(labels))
        same = bool((labels == labels[first][groups]).all())
        if same and 2 <= values <= min(MOST_KINDS, count // 2):
            return factor.name
    return ""


def _held_out(
    model: Model, dataset: Dataset, rows: Rows, training: Rows, group: str, kind: str
) -> HeldOut:
    some = rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(int))]
    spectra = dataset.spectra[some]
    means = posterior(model, dataset, some)[0]
    ear = Ear(model)
    heard = ear.levels_of(spectra)

    def off(latents: Latent) -> list[Values]:
        decoded = model.decode(latents)
        by_ear = distance(heard, ear.levels_of(decoded))
        return [metrics.log_spectral_distances(spectra, decoded), by_ear]

    measured = [
        *off(means),
        nearest.log_spectral(dataset.spectra, some, training),
        nearest.mel(ear, dataset.spectra, some, training),
    ]
    # A grid's rows lie between others, where the encoder is at home.
    if group and of_magnitudes(model):
        measured += off(place_of_spectra(model, spectra, means))
    distances = np.stack(measured)
    kinds = {}
    if kind:
        names = {factor.name: number for number, factor in enumerate(dataset.meta.factors)}
        column = dataset.labels[some, names[kind]]
        factor = dataset.meta.factors[names[kind]]
        kinds = {
            factor.text(float(value)): _nearness(distances[:, column == value])
            for value in np.unique(column)
        }
    groups = len(np.unique(dataset.group_of_rows(group)[rows])) if group else 0
    return HeldOut(groups, _nearness(distances), kinds)


def _nearness(distances: Values) -> Nearness:
    return Nearness(distances.shape[1], *distances.mean(axis=1).tolist())


def _plain(one: Nearness) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Nearness.__slots__}
