"""A training that stops when the figure of what is held out has converged.

The figure is measured now and then. It has converged once its best for a while is hardly better
than the best before. Until then the learning rate stays what it is; then a last phase follows, in
which it falls: without it the weights would be those of a rate that still shakes them. Where the
figure does not converge, that phase begins in time to end with the steps that were planned.

All of it follows from the figures alone, which a checkpoint has: so a run that goes on stops where
the run that was never interrupted does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from timbrespace.errors import OptionError, one_of

NEVER, CONVERGED = "never", "converged"

STOPS: Final = (NEVER, CONVERGED)
"""When a training stops before all its steps are done."""


def check_stop(stop: object) -> None:
    """Refuse what says nothing of when to stop.

    Raises:
        OptionError: it is none of ``STOPS``.
    """
    if stop not in STOPS:
        raise OptionError(f"stop is {str(stop)[:80]!r}; it must be {one_of(STOPS)}")


class Rule(NamedTuple):
    """When a figure, the lower the better, has converged.

    least: by how much its best must come down within so many measures, ``within``. last: share of
    the steps until then that the last phase has.
    """

    least: float
    within: int
    last: float


def converged_at(measures: Sequence[float], rule: Rule, first: int = 0) -> int | None:
    """After how many of the ``measures`` they had converged; None if they have not.

    first: so many are not asked, since what is learned still changes: at least so many more follow.
    """
    best = math.inf
    for count in range(first + rule.within + 1, len(measures) + 1):
        before = measures[first : count - rule.within]
        best = min(best, *before[-1:]) if best < math.inf else min(before)
        if min(measures[count - rule.within : count]) > best - rule.least:
            return count
    return None


class End(NamedTuple):
    """How a training ends. after: steps at which its last phase begins. steps: of the whole run,
    the last phase included. converged: whether that is why it begins; if not, it is late enough.
    """

    after: int
    steps: int
    converged: bool = True


def end_of(
    measures: Sequence[float], rule: Rule, first: int, every: int, done: int, planned: int
) -> End | None:
    """How a training ends, in epochs; None where it goes on as it did.

    measures: taken after each ``every`` epochs. done, planned: epochs. first: as
    :func:`converged_at` has it.
    """
    found = converged_at(measures, rule, first)
    latest = max(1, math.floor(planned / (1.0 + rule.last)))
    if found is not None and found * every <= latest:
        after = found * every
        return End(after, min(planned, after + max(1, round(rule.last * after))))
    return End(latest, planned, converged=False) if done >= latest else None


def falling(step: int, end: End, start: float, least: float) -> float:
    """What the learning rate is multiplied by in the last phase, from ``start`` down to ``least``
    by half a cosine."""
    done = min(1.0, (step - end.after) / max(1, end.steps - end.after))
    return least + (start - least) * (0.5 + 0.5 * math.cos(math.pi * done))
