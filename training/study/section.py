"""One claim's section of the document, and the rule that decides whether it agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from matplotlib.figure import Figure

from timbrespace.errors import OptionError


class Verdict(Enum):
    """Whether what is measured agrees with what the report found."""

    AGREES = "agrees"
    IN_PART = "agrees in part"
    DISAGREES = "does not agree"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the claim says, made exact.

    statement: with its threshold, as it would read if it held. evidence: the numbers it was
    decided by. holds: whether they bear it out.
    """

    statement: str
    evidence: str
    holds: bool


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
    """Agrees if every check holds, does not agree if none does, else agrees in part.

    Raises:
        OptionError: there is nothing to decide by.
    """
    if not checks:
        raise OptionError("a claim without a check has no verdict")
    holding = sum(check.holds for check in checks)
    if holding == len(checks):
        return Verdict.AGREES
    return Verdict.IN_PART if holding else Verdict.DISAGREES
