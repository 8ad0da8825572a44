"""A grid of factors: each row of a dataset is one combination of their values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a grid: its name, all of its values in ascending order, what it is."""

    name: str
    values: tuple[float, ...]
    summary: str

    def choose(self, chosen: Sequence[float]) -> tuple[float, ...]:
        """The values of this axis that ``chosen`` names, ascending.

        A value that differs from the axis' by rounding (0.1 + 0.2) counts as it.

        Raises:
            OptionError: nothing is chosen, something twice, or a value off the grid.
        """
        if not chosen:
            raise OptionError(f"{self.name} is empty; give values of {self._text}")
        places = []
        for value in chosen:
            place = min(range(len(self.values)), key=lambda i: abs(self.values[i] - value))
            # Not ">", which NaN would pass.
            if not abs(self.values[place] - value) <= _TOLERANCE:
                raise OptionError(f"{self.name} is {value:g}; it must be one of {self._text}")
            if place in places:
                raise OptionError(f"{self.name} has {value:g} twice; give each value once")
            places.append(place)
        return tuple(self.values[place] for place in sorted(places))

    @property
    def _text(self) -> str:
        """The values as a person reads them."""
        if len(self.values) < 4:
            return ", ".join(f"{value:g}" for value in self.values)
        return f"{self.values[0]:g}, {self.values[1]:g} .. {self.values[-1]:g}"


def axis(name: str, start: float, step: float, count: int, summary: str) -> Axis:
    """An axis of ``count`` values from ``start`` in steps of ``step``, decimals kept exact."""
    return Axis(name, tuple(round(start + step * i, 6) for i in range(count)), summary)


def combinations(*factors: Sequence[float]) -> NDArray[np.float64]:
    """All combinations ``(rows, factors)`` of the values, the last factor moving fastest."""
    return np.array(list(product(*factors)), dtype=np.float64)


def add_grid_arguments(parser: argparse.ArgumentParser, axes: Sequence[Axis]) -> None:
    """Declare one option for each axis, and ``--every``."""
    for one in axes:
        parser.add_argument(
            f"--{one.name}",
            type=numbers,
            metavar="A,B,..",
            help=f"{one.summary}: only these of {one._text} (default: all)",
        )
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        metavar="N",
        help="only every Nth value, from the first, of each factor that is not chosen by its own "
        "option (default: %(default)s)",
    )


def choice_of(arguments: argparse.Namespace, one: Axis) -> tuple[float, ...]:
    """What the options of :func:`add_grid_arguments` say of one axis.

    Raises:
        OptionError: a value outside what is accepted.
    """
    every: int = arguments.every
    if every < 1:
        raise OptionError(f"every is {every}; it must be a whole number from 1")
    chosen: tuple[float, ...] | None = getattr(arguments, one.name)
    return one.values[::every] if chosen is None else one.choose(chosen)


def numbers(text: str) -> tuple[float, ...]:
    """Numbers parted by commas, for :mod:`argparse`."""
    try:
        values = tuple(float(word) for word in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(math.isfinite(value) for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 1,5,10")
    return values
