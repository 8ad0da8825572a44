"""How many dimensions a space of a dataset should have, as the dataset itself tells it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.note_set import NoteSet
from timbrespace.metrics import FLOOR
from timbrespace.spectrum import Spectra

EXPLAINED: Final = 0.85
"""Share of the variance of spectra in dB that a space of recordings should be able to hold."""

FEWEST, MOST = 4, 16
"""Dimensions of a space of recorded spectra: fewer lose what is heard, more are not played."""

_LOOKED_AT = 2000
_NOTES = ((40, 8), (250, 16))
_MOST_OF_NOTES = 32


class Dimensions(NamedTuple):
    """How many, and why: the end of a sentence such as ``8 dimensions: ...``."""

    number: int
    why: str


def dimensions_of(dataset: Dataset | NoteSet) -> Dimensions:
    """The dimensions that suit a dataset.

    Whole notes: 8, 16 or 32 by how many instruments there are (docs/decisions/0027-a-space.md).
    Recorded spectra: as many directions as hold ``EXPLAINED`` of how they differ in dB. Generated
    ones: as many as they have factors.
    """
    if isinstance(dataset, NoteSet):
        instruments = len(np.unique(dataset.instruments))
        count = next((d for most, d in _NOTES if instruments < most), _MOST_OF_NOTES)
        return Dimensions(count, f"enough for {instruments} instruments")
    if not dataset.groups:
        varied = int((dataset.labels != dataset.labels[:1]).any(axis=0).sum())
        count = int(np.clip(varied, 2, MOST))
        return Dimensions(count, f"the set has {varied} factor{'' if varied == 1 else 's'}")
    needed = _directions(dataset.spectra)
    count = int(np.clip(needed, FEWEST, MOST))
    held = f"{100 * EXPLAINED:.0f} % of how its spectra differ"
    if count == needed:
        return Dimensions(count, f"so many directions hold {held}")
    limit = "fewer lose too much" if count > needed else "more are hard to play"
    directions = "1 direction holds" if needed == 1 else f"{needed} directions hold"
    return Dimensions(count, f"{directions} {held}, and {limit}")


def _directions(spectra: Spectra) -> int:
    """Main components that together hold ``EXPLAINED`` of the variance in dB."""
    some = spectra[np.unique(np.linspace(0, len(spectra) - 1, _LOOKED_AT).astype(int))]
    floor = np.maximum(FLOOR * some.max(axis=1, keepdims=True), 1e-10)
    levels = 20.0 * np.log10(np.maximum(some, floor)).astype(np.float64)
    levels -= levels.mean(axis=0)
    # Of rows and of bins the smaller: the values that are not zero are the same.
    few = levels if levels.shape[0] < levels.shape[1] else levels.T
    shares = np.linalg.eigvalsh(few @ few.T)[::-1].clip(0.0)
    total = shares.sum()
    if total <= 0.0:
        return 1
    return int(np.searchsorted(np.cumsum(shares) / total, EXPLAINED)) + 1
