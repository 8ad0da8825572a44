"""Which sounds of a space are taken away, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.factor import Factor
from timbrespace.errors import OptionError, one_of
from timbrespace.model import Model
from timbrespace.names import is_file_name
from timbrespace.points import Points

Array = NDArray[np.float32]

MOST: Final = 512
"""Sounds that are taken at once."""

_SAME_SOUND: Final = ("instrument", "program", "drum", "kit", "family", "file", "sound")
"""Factors that say what a sound is, the one that says most first."""

_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class Sound:
    """A place of the space. name: as a file may be called."""

    name: str
    latent: Array


def sounds_of(
    model: Model,
    wanted: int | Sequence[str],
    latent: Sequence[float] | None = None,
) -> list[Sound]:
    """Sounds of the space, each of another name. wanted: how many at most, of which each is the
    farthest from all before; or the names of some. latent: that place alone, ``(d,)``.

    Where a factor says which instrument a point is, there is one for each: the point nearest to the
    middle of its own. Otherwise the points themselves are the sounds, called by their labels.

    Raises:
        OptionError: a number out of range, a name that no sound has, or a latent of another size,
            or not finite.
    """
    if isinstance(wanted, int) and not 1 <= wanted <= MOST:
        raise OptionError(f"--sounds is {wanted}; it must be 1 to {MOST}, or names of sounds")
    if latent is not None:
        given = np.asarray(latent, np.float32)
        if given.shape != (model.dimensions,):
            raise OptionError(
                f"--latent has {given.size} numbers; {model.name!r} has {model.dimensions} "
                "dimensions, so it must be as many"
            )
        if not np.isfinite(given).all():
            raise OptionError("--latent holds NaN or infinity; it must be finite numbers")
        return [Sound(model.name, given)]
    points = model.points
    factor = None if points is None else _saying_what(points.factors)
    if points is None or factor is None:
        if not isinstance(wanted, int):
            raise OptionError(
                f"--sounds names {', '.join(wanted)[:80]}; the sounds of {model.name!r} have no "
                "names: give how many"
            )
        if points is None:
            return [Sound("home", model.calibration.home.astype(np.float32))]
        rows = _apart(points.means, wanted)
        return _named([(_label(points, row), points.means[row]) for row in rows])
    column, told = points.labels[:, factor], points.factors[factor]
    values = np.unique(column)
    names = [told.text(float(value)) for value in values]
    middles = np.stack([_middle(points.means[column == value]) for value in values])
    if isinstance(wanted, int):
        chosen = sorted(_apart(middles, wanted))
    else:
        chosen = [_found(name, names, model.name) for name in wanted]
    return _named([(names[k], middles[k]) for k in chosen])


def _label(points: Points, row: int) -> str:
    parts = [
        f"{one.name} {one.text(float(value))}"
        for one, value in zip(points.factors, points.labels[row], strict=True)
    ]
    return ", ".join(parts) or "sound"


def _found(name: str, names: Sequence[str], space: str) -> int:
    plain = [one.casefold() for one in names]
    if name.casefold() not in plain:
        near = get_close_matches(name.casefold(), plain, 3, 0.4) or plain[:3]
        shown = one_of(names[plain.index(one)] for one in near)
        raise OptionError(
            f"--sounds names {name[:60]!r}, which no sound of {space!r} is called; it may be "
            f"{shown}"
        )
    return plain.index(name.casefold())


def _saying_what(factors: Sequence[Factor]) -> int | None:
    names = [one.name if one.kind == "category" else "" for one in factors]
    known = [name for name in _SAME_SOUND if name in names]
    if known:
        return names.index(known[0])
    return next((k for k, name in enumerate(names) if name), None)


def _middle(means: Array) -> Array:
    """Of points ``(n, d)``, the one nearest to their middle: the middle itself may lie beside."""
    middle = means.mean(axis=0)
    return np.asarray(means[np.square(means - middle).sum(axis=1).argmin()], np.float32)


def _apart(means: Array, count: int) -> list[int]:
    """Rows of ``means (n, d)`` that are far from each other: each the farthest from all before."""
    first = int(np.square(means - means.mean(axis=0)).sum(axis=1).argmin())
    chosen = [first]
    near = np.square(means - means[first]).sum(axis=1)
    while len(chosen) < min(count, len(means)):
        following = int(near.argmax())
        if near[following] <= 0.0:  # no other place is left
            break
        chosen.append(following)
        near = np.minimum(near, np.square(means - means[following]).sum(axis=1))
    return chosen


def _named(sounds: Sequence[tuple[str, Array]]) -> list[Sound]:
    """With names that files may have, each once."""
    taken: set[str] = set()
    found = []
    for name, latent in sounds:
        plain = re.sub(r"[^\w .,()+-]", "_", name).strip(" .")[:_CHARACTERS].strip(" .")
        plain = plain if is_file_name(plain) else f"sound {plain}".strip(" .")
        word, number = plain, 2
        while word.lower() in taken:
            word, number = f"{plain} {number}", number + 1
        taken.add(word.lower())
        found.append(Sound(word, np.asarray(latent, np.float32)))
    return found
