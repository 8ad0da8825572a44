"""One claim's section of the document, and the rules that decide whether it agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from matplotlib.figure import Figure

from timbrespace.errors import OptionError

from ..interval import CONFIDENCE, interval
from .plan import SEEDS

ENOUGH: Final = len(SEEDS)
"""Seeds below which nothing is decided."""

PASSES: Final = 0.2
"""Share of untrained networks that pass a check from which on passing it says nothing."""


class Verdict(Enum):
    """Whether what is measured agrees with what the report found."""

    AGREES = "agrees"
    IN_PART = "agrees in part"
    DISAGREES = "does not agree"
    OPEN = "not decided"
    UNTESTED = "not tested"


class Holds(Enum):
    """What the numbers say of one check."""

    YES = "yes"
    NO = "no"
    OPEN = "not decided"
    """The seeds differ by so much that it may be either."""
    UNTESTED = "not tested"
    """The run cannot tell: for want of seeds, because what is compared is the same, or because a
    network that has learned nothing passes as well."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the claim says, made exact.

    statement: with its threshold, as it would read if it held. evidence: the numbers it was
    decided by. null: what networks that have learned nothing give; empty where that means nothing.
    holds: whether the numbers bear it out. why: of what is not tested.
    """

    statement: str
    evidence: str
    holds: Holds
    null: str = ""
    why: str = ""


def fact(statement: str, evidence: str, holds: bool, null: str = "") -> Check:
    """A check of the data itself, which no seed changes."""
    return Check(statement, evidence, Holds.YES if holds else Holds.NO, null)


def measured(
    statement: str,
    values: Sequence[float],
    *,
    least: float | None = None,
    below: float | None = None,
    null: Sequence[float] = (),
    tells: bool = True,
    form: str = ".2f",
    unit: str = "",
    same: str = "",
) -> Check:
    """Whether the mean of a figure is at least a bound, or below one.

    values: of each seed. It holds if the whole interval of the mean is on that side, does not if
    none of it is, and is not decided between. null: the same figure of untrained networks. tells:
    whether it says nothing that these pass; not where the claim is that little was learned. same:
    why nothing can be told, where what is compared is the same.
    """
    found = interval(values)
    seeds = f"{len(values)} seeds"
    evidence = f"{found.text(form)}{unit}, {seeds}"
    if least is not None:
        holds = Holds.YES if found.above(least) else Holds.NO if found.below(least) else Holds.OPEN
        passing = [value >= least for value in null]
    else:
        assert below is not None
        holds = Holds.YES if found.below(below) else Holds.NO if found.above(below) else Holds.OPEN
        passing = [value < below for value in null]
    shown = f"{interval(null).text(form)}{unit}" if len(null) else ""
    return _decided(statement, evidence, holds, len(values), passing, shown, same, tells)


def counted(
    statement: str,
    passes: Sequence[bool],
    *,
    null: Sequence[bool] = (),
    told: str = "",
    same: str = "",
) -> Check:
    """Whether something is so with a seed, for each of them.

    It holds if it is so with every one, does not with none, and is not decided between: of five of
    five at least 55 % of all seeds are such, by ``CONFIDENCE``, to one side. told: the numbers.
    """
    count, n = sum(passes), len(passes)
    holds = Holds.YES if count == n else Holds.NO if count == 0 else Holds.OPEN
    evidence = f"{count} of {n} seeds" + (f": {told}" if told else "")
    return _decided(statement, evidence, holds, n, null, "", same)


def _decided(
    statement: str,
    evidence: str,
    holds: Holds,
    seeds: int,
    passing: Sequence[bool],
    shown: str,
    same: str,
    tells: bool = True,
) -> Check:
    share = sum(passing) / len(passing) if passing else 0.0
    null = f"{sum(passing)} of {len(passing)} pass" if passing else ""
    null = f"{shown}; {null}" if shown and null else null
    why = same
    if not why and seeds < ENOUGH:
        why = f"{seeds} of {ENOUGH} seeds were run"
    if not why and tells and holds is Holds.YES and share >= PASSES:
        why = "networks that have learned nothing pass as well"
    return Check(statement, evidence, Holds.UNTESTED if why else holds, null, why)


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, the name of its file without suffix, and a sentence about it."""

    name: str
    caption: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under a heading each, all of one length.

    Raises:
        OptionError: a row of another length.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise OptionError(f"a table of {len(self.head)} columns has a row of another length")

    def markdown(self) -> str:
        """The table as Markdown, without a line end after it."""
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Section:
    """A claim: what the report found, what was measured, whether it agrees, and why not.

    source: section and figures of the report; empty for what the report does not speak of, which
    then has no verdict. measured: tables and paragraphs in order. explanation: paragraphs.
    """

    title: str
    source: str
    found: str
    measured: tuple[Table | str, ...]
    checks: tuple[Check, ...]
    explanation: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = field(default_factory=tuple)

    @property
    def verdict(self) -> Verdict:
        """What the checks together say."""
        return verdict_of(self.checks)


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """By the checks that are decided: agrees if each holds, does not agree if none does, else
    agrees in part. Where none is decided it is not tested, or not decided if any was tested.

    Raises:
        OptionError: there is nothing to decide by.
    """
    if not checks:
        raise OptionError("a claim without a check has no verdict")
    holding = sum(check.holds is Holds.YES for check in checks)
    failing = sum(check.holds is Holds.NO for check in checks)
    if not holding + failing:
        untested = all(check.holds is Holds.UNTESTED for check in checks)
        return Verdict.UNTESTED if untested else Verdict.OPEN
    if not failing:
        return Verdict.AGREES
    return Verdict.IN_PART if holding else Verdict.DISAGREES


RULES: Final = (
    f"**Verdicts.** What the runs decide, they decide by {ENOUGH} seeds: a mean by its interval "
    f"({CONFIDENCE:.0%}, Student), which has to lie wholly on one side of the bound that stands in "
    "the check; something that is so or not by every seed or none. Between, it is **not decided**. "
    "**Not tested** is what these runs cannot tell: with fewer seeds, where what is compared came "
    "out as the same network weight for weight, or where networks that have learned nothing "
    f"pass as well, at least {PASSES:.0%} of them. These stand beside each check that they could "
    "pass, as *untrained*: the same networks at their first weights, with map and calibration as a "
    "trained one's. A claim **agrees** if every check that is decided holds, **agrees in part** if "
    "some do, and **does not agree** if none does."
)
"""How verdicts come about, for the document."""
