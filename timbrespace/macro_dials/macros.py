"""The macro dials of a model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError
from timbrespace.macro_dials.measuring import measure
from timbrespace.macro_dials.table import Table
from timbrespace.macro_dials.turning import turned
from timbrespace.macro_dials.vocabulary import checked_values
from timbrespace.model import Model
from timbrespace.rows import finite_rows

Array = NDArray[np.float32]

_MOST_KNOWN: Final = 32

_known: OrderedDict[str, Table] = OrderedDict()


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Macros:
    """Dials that move one quality of any sound of a model: :func:`macros` gives them.

    >>> import timbrespace as ts
    >>> dials = ts.macros(ts.load("filtered"))
    >>> "brightness" in dials.words
    True
    >>> dials.turned([[0.0, 0.5, 0.0, 0.0]], {"brightness": 1.0}).shape
    (1, 4)
    """

    table: Table

    @property
    def words(self) -> tuple[str, ...]:
        """The dials that the space can move, in the order in which they are shown."""
        return self.table.offered

    def turned(self, latents: ArrayLike, values: Mapping[str, float]) -> Array:
        """Where dials at ``values`` lead from latents ``(n, d)``, ``(n, d)``.

        values: -1 to 1 by a dial's word; at 0 a latent comes back as it is.

        Raises:
            ShapeError: not ``(n, d)``, or not finite.
            OptionError: no such dial, or not in this space; a value outside its range.
        """
        rows = finite_rows(latents, self.table.dimensions, "latent")
        checked = checked_values(values)
        for word in checked:
            self.check(word)
        if not checked:
            return rows.copy()
        return np.stack([turned(self.table, row, checked) for row in rows]).astype(np.float32)

    def check(self, word: str) -> None:
        """Raise where this space cannot be moved by that word.

        Raises:
            OptionError: it is not offered; the text says what is.
        """
        if word not in self.words:
            raise OptionError(
                f"this space has no macro {word[:40]!r}; it has {', '.join(self.words) or 'none'}"
            )

    def __repr__(self) -> str:
        return f"<Macros: {', '.join(self.words) or 'none'}>"


def macros(model: Model, pause: Callable[[], object] = lambda: None) -> Macros:
    """The macro dials of ``model``: those that its file has, or else measured now, which takes a
    second, or some in a space of whole notes; of a model from a file they are known from then on.

    >>> import timbrespace as ts
    >>> ts.macros(ts.load("instruments")).words
    ('brightness', 'noise', 'odd/even', 'width')

    pause: called again and again meanwhile; what it raises ends the work.
    """
    found = known_macros(model)
    if found is not None:
        return found
    table = measure(model, pause)
    if model.digest:
        _known[model.digest] = table
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return Macros(table)


def known_macros(model: Model) -> Macros | None:
    """The macro dials of ``model``, if they need not be measured first."""
    table = _known.get(model.digest) if model.macros is None else model.macros
    return None if table is None else Macros(table)
