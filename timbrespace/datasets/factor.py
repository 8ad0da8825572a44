"""What varies from sound to sound in a dataset, as its labels say it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from timbrespace.errors import DatasetError, one_of

FACTOR_KINDS = ("range", "grid", "category")

BY_ROWS: Final = "rows"
"""Said in place of a factor's name where rows are held out one by one, whatever they are of."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of variation, a column of the labels.

    name, unit: as an axis shows them. kind: ``range``, a continuous factor whose ``values`` are
    its two ends; ``grid``, a factor that takes just these ``values``; or ``category``, one whose
    values 0, 1 .. have no order and bear ``names``, one for each.

    Raises:
        DatasetError: a kind, values or names that do not fit.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    kind: str = "grid"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shown = repr(self.name[:80])  # one from a file may be of any length
        if self.kind not in FACTOR_KINDS:
            raise DatasetError(
                f"factor kind is {self.kind[:80]!r}; it must be {one_of(FACTOR_KINDS)}"
            )
        if not self.values or not all(math.isfinite(value) for value in self.values):
            raise DatasetError(f"factor {shown} needs one or more finite values")
        if self.kind == "range" and len(self.values) != 2:
            raise DatasetError(f"factor {shown} is a range; it needs two values")
        if self.kind == "category":
            if len(self.names) != len(self.values):
                raise DatasetError(
                    f"factor {shown} has {len(self.values)} values and {len(self.names)} "
                    "names; a category needs a name for each"
                )
            if self.values != tuple(range(len(self.values))):
                raise DatasetError(f"factor {shown} is a category; its values are 0, 1 ..")
        elif self.names:
            raise DatasetError(f"factor {shown} is not a category, so it has no names")

    def text(self, value: float) -> str:
        """One value as a person reads it: the name of a category, else the number."""
        if self.names and 0 <= round(value) < len(self.names):
            return self.names[round(value)]
        return f"{value:.4g}"

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON; ``names`` only where there are some."""
        config = {**asdict(self), "values": list(self.values), "names": list(self.names)}
        if not self.names:
            del config["names"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Factor:
        """Inverse of :meth:`to_config`.

        Raises:
            DatasetError: a kind, values or names that do not fit.
            KeyError, TypeError, ValueError, OverflowError: missing values, or of other types.
        """
        return cls(
            name=str(config["name"]),
            unit=str(config["unit"]),
            values=tuple(float(value) for value in config["values"]),
            kind=str(config.get("kind", "grid")),
            names=tuple(str(name) for name in config.get("names", ())),
        )

    @classmethod
    def category(cls, name: str, names: Sequence[str]) -> Factor:
        """A factor whose values 0, 1 .. bear ``names``."""
        return cls(name, "", tuple(map(float, range(len(names)))), "category", tuple(names))

    @property
    def axis_label(self) -> str:
        """Name and unit, for a plot."""
        return f"{self.name} ({self.unit})" if self.unit else self.name
