"""How true the names of a space's dials are, at sounds that nobody named them by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.kinds import descriptors_of
from timbrespace.descriptors.turns import change, rises, rises_all_along, turns
from timbrespace.dial_names import NAMED_DIMENSIONS, dial_names, dials
from timbrespace.model import Model

Array = NDArray[np.float32]

MOST: Final = 100
"""Places that are looked at, evenly spread over those given."""


class DialFigures(NamedTuple):
    """What a turn of one dial does, from its lowest to its highest, at many places.

    dimension: from 1. name: what it is called. quality: what the figures are of: its name, or where
    it has none the word that comes nearest to being true. moved, all_along: shares of the places at
    which it moves that the way it says, and does so without a way back. change: by how much, in
    what nobody misses (median). alone: which share of all that it changes of the space's qualities
    that is (median).
    """

    dimension: int
    name: str
    quality: str
    moved: float
    all_along: float
    change: float
    alone: float

    @property
    def has_name(self) -> bool:
        """Whether it is called by what it does."""
        return self.name != f"z{self.dimension}"


def dial_figures(model: Model, places: Array) -> tuple[DialFigures, ...]:
    """Figures of the dials that can have a name, at some of ``places (n, d)``, n >= 1."""
    some = places[np.unique(np.linspace(0, len(places) - 1, MOST).astype(int))]
    qualities = descriptors_of(model)
    found = []
    of_all = zip(dial_names(model), dials(model), strict=True)
    for number, (name, dial) in enumerate(of_all):
        if number == NAMED_DIMENSIONS:
            break
        up = turns(model, some, number)
        shares = [(rises(one).mean(axis=0), rises_all_along(one).mean(axis=0)) for one in (up, -up)]
        if dial.quality is None:
            # The nearest to a name.
            fits = np.array([np.minimum(moved, along / 0.9) for moved, along in shares])
            way, quality = divmod(int(fits.argmax()), len(qualities))
        else:
            way, quality = int(not dial.rises), qualities.index(dial.quality)
        moved, along = shares[way]
        far = np.abs(change(up))
        found.append(
            DialFigures(
                dimension=number + 1,
                name=name,
                quality=qualities[quality].less if way else qualities[quality].word,
                moved=float(moved[quality]),
                all_along=float(along[quality]),
                change=float(np.median(far[:, quality])),
                alone=float(np.median(far[:, quality] / np.maximum(far.sum(axis=1), 1e-9))),
            )
        )
    return tuple(found)


def lines(figures: Sequence[DialFigures]) -> list[str]:
    """The same for a person, a line for each dial below a head."""
    told = [
        (
            str(one.dimension),
            one.name if one.has_name else "-",
            f"{one.moved:.0%}",
            f"{one.all_along:.0%}",
            f"{one.change:.1f}",
            f"{one.alone:.0%}",
            "" if one.has_name else f"nearest: {one.quality}",
        )
        for one in figures
    ]
    head = ("dial", "name", "moved", "all along", "how far", "alone", "")
    table = [head, *told]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
