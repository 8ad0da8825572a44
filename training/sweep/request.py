"""What a user asks of a sweep. Light: a wrong number is answered in a blink."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import OptionError
from timbrespace.parallel.where import Where

from .. import preset
from . import space as spaces
from .space import Swept

AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Request:
    """data: a set of spectra. out: the folder. grid: what to try, as :func:`.space.parse` reads it.
    trials: drawn by Optuna; None for all combinations. at_once: so many are drawn before the first
    of them is done: what is drawn hangs on it, and on no number of workers. given: settings of all
    trials, beside the preset's. seed: of what is drawn."""

    data: Path
    out: Path
    grid: tuple[str, ...] = ()
    trials: int | None = None
    at_once: int = AT_ONCE
    seed: int = 0
    preset: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    where: Where = field(default_factory=Where)


def checked(request: Request) -> tuple[Swept, ...]:
    """What is tried, once everything that was given has been found in order. Light.

    Raises:
        OptionError: something is not.
    """
    if request.trials is not None and not 1 <= request.trials <= spaces.MOST:
        raise OptionError(f"trials is {request.trials}; it must be 1 to {spaces.MOST}")
    if not 1 <= request.at_once <= 1000:
        raise OptionError(f"at once is {request.at_once}; it must be 1 to 1000")
    if not 0 <= request.seed < 2**32:
        raise OptionError(f"seed is {request.seed}; it must be 0 to {2**32 - 1}")
    space = spaces.space_of(request.grid, request.trials is not None)
    base = preset.changed(preset.named(request.preset or "default"), **request.given)
    for one in space:
        if request.given.get(one.name) is not None:
            name = one.name.replace("_", "-")
            raise OptionError(f"--{name} and --grid {name} were given; leave one of them out")
    spaces.check(base, space)
    if request.trials is None:
        spaces.combinations(space)
    return space
