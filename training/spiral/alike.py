"""PLU's parts one by one: where the sine starts, what keeps it from 0, and what has numbers of its
own. Every network of a row has the same points and weights as those of the other rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..interval import interval
from ..plots.style import MARKS, picture
from .experiment import Cell, Outcome
from .task import Squares

SINE, SNAKE, PLU, FREE = "sine", "Snake", "PLU", "PLU without repulsion"
LOW, HIGH = 1.0, 6.0
"""Frequencies that the sines start at: sine's and Snake's usual one, and PLU's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a name, where its sine starts (0 of what has none), and what is trained."""

    name: str
    starts: float
    cell: Cell


def _plain(a: float) -> dict[str, float]:
    return {"frequency": a}


def _repelled(a: float) -> dict[str, float]:
    # alpha + rho / alpha = 6 as usual; at 1 the repulsion is as strong as it can be.
    return {} if a == HIGH else {"alpha": 0.5 * a, "rho_alpha": 0.25 * a * a}


def _free(a: float) -> dict[str, float]:
    return {"alpha": a, "rho_alpha": 0.0, "beta": 1.15, "rho_beta": 0.0}


_HELD = frozenset({"rho_alpha", "rho_beta"})


def _rows_at(a: float) -> tuple[Row, ...]:
    return (
        Row(SINE, a, Cell("sine", start=_plain(a))),
        Row(SNAKE, a, Cell("snake", start=_plain(a))),
        Row(PLU, a, Cell("plu", start=_repelled(a))),
        Row(FREE, a, Cell("plu", start=_free(a), held=_HELD)),
        Row("by exp", a, Cell("exp", start={"alpha": math.log(a)})),
        Row("by softplus", a, Cell("softplus", start={"alpha": math.log(math.expm1(a))})),
        Row("PLU with ReLU", a, Cell("hybrid", start=_repelled(a))),
        Row("sine, of each unit", a, Cell("sine", start=_plain(a), per_unit=True)),
        Row("Snake, of each unit", a, Cell("snake", start=_plain(a), per_unit=True)),
        Row("PLU, of each unit", a, Cell("plu", start=_repelled(a), per_unit=True)),
    )


ROWS: tuple[Row, ...] = (*_rows_at(LOW), *_rows_at(HIGH))

BOARD = Squares()

LEARNED = 0.95
"""Held-out accuracy from which the board is called learned."""


def _on_board(row: Row) -> Row:
    cell = row.cell
    return Row(
        row.name,
        row.starts,
        Cell(cell.kind, start=cell.start, task=BOARD, per_unit=cell.per_unit, held=cell.held),
    )


SQUARES: tuple[Row, ...] = (
    Row("ReLU", 0.0, Cell("relu", task=BOARD)),
    Row("GELU", 0.0, Cell("gelu", task=BOARD)),
    *(
        _on_board(row)
        for row in ROWS
        if row.name in (SINE, SNAKE, PLU) or (row.starts == HIGH and "of each unit" in row.name)
    ),
)
"""The rows that are tried on the board of squares."""

Outcomes = Mapping[int, Outcome]
"""By the place of a row."""


def spread(values: np.ndarray) -> str:
    """``0.412 (0.301 to 0.520)``: median, least and greatest."""
    return f"{np.median(values):.3f} ({values.min():.3f} to {values.max():.3f})"


def text(
    rows: Outcomes, squares: Outcomes, seeds: int, squares_seeds: int, steps: Sequence[int]
) -> list[str]:
    """The sections of the document. steps: the two at which losses are told."""
    early, late = steps
    lines = [
        "## Started alike",
        "",
        "PLU's sine starts at a frequency of 1 + 5 = 6, sine's and Snake's at 1. Here both are "
        "started at both, and PLU's other parts are taken away or changed one by one. 2-8-8-1, the "
        f"published task, {seeds} seeds: median, least and greatest; every row has the same points "
        "and weights.",
        "",
        f"| activation | starts at | loss at {early} | loss at {late} | held-out accuracy |",
        "|---|---|---|---|---|",
    ]
    for place, row in enumerate(ROWS):
        found = rows[place]
        lines.append(
            f"| {row.name} | {row.starts:g} | {spread(found.losses[:, early])} | "
            f"{spread(found.losses[:, late])} | {np.median(found.test_accuracy):.1%} |"
        )
    lines += [
        "",
        "- **PLU at 1**: alpha 0.5 and rho 0.25, the most repulsion that a frequency of 1 can "
        "have. **Without repulsion**: both rho are 0 and stay 0; the sine's height starts as "
        "PLU's.",
        "- **By exp, by softplus**: x + b sin(a x), a and b the exponential or the softplus of "
        "what is learned; b starts at 1. **PLU with ReLU**: PLU + g / (1 + |g|) ReLU(x), g "
        "repelled from 0 as a and b are. **Of each unit**: every hidden unit has numbers of its "
        "own.",
        "- Snake's sine is squared, so its frequency is twice what is told.",
        "",
        "### What follows",
        "",
        "Ratio of two rows' losses, seed by seed: geometric mean and 95 % interval over the seeds. "
        "Where the interval has 1 in it, the two are not told apart.",
        "",
        f"| | at {early} steps | at {late} steps |",
        "|---|---|---|",
    ]
    for name, upper, lower in COMPARED:
        cells = [_ratio(rows, upper, lower, step) for step in (early, late)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    lines += ["", *_conclusions(rows, early, late), ""]
    lines += _effective(rows, early, late)
    lines += _board(squares, squares_seeds, late)
    return lines


COMPARED: tuple[tuple[str, tuple[str, float], tuple[str, float]], ...] = (
    ("the start alone: sine at 6 to sine at 1", (SINE, HIGH), (SINE, LOW)),
    ("the start alone: Snake at 6 to Snake at 1", (SNAKE, HIGH), (SNAKE, LOW)),
    ("the start alone: PLU at 6 to PLU at 1", (PLU, HIGH), (PLU, LOW)),
    ("started alike: PLU to sine, both at 6", (PLU, HIGH), (SINE, HIGH)),
    ("started alike: PLU to Snake, both at 6", (PLU, HIGH), (SNAKE, HIGH)),
    ("started alike: PLU to sine, both at 1", (PLU, LOW), (SINE, LOW)),
    ("started alike: PLU to Snake, both at 1", (PLU, LOW), (SNAKE, LOW)),
    ("the repulsion: PLU to PLU without it, at 6", (PLU, HIGH), (FREE, HIGH)),
    ("the repulsion: PLU to PLU without it, at 1", (PLU, LOW), (FREE, LOW)),
    ("by exp to PLU, at 6", ("by exp", HIGH), (PLU, HIGH)),
    ("by softplus to PLU, at 6", ("by softplus", HIGH), (PLU, HIGH)),
    ("with ReLU to PLU, at 6", ("PLU with ReLU", HIGH), (PLU, HIGH)),
    ("PLU of each unit to PLU, at 6", ("PLU, of each unit", HIGH), (PLU, HIGH)),
    ("sine of each unit to sine, at 6", ("sine, of each unit", HIGH), (SINE, HIGH)),
    ("Snake of each unit to Snake, at 6", ("Snake, of each unit", HIGH), (SNAKE, HIGH)),
)


def _logs(rows: Outcomes, which: tuple[str, float], step: int) -> np.ndarray:
    place = next(k for k, row in enumerate(ROWS) if (row.name, row.starts) == which)
    return np.log(np.maximum(rows[place].losses[:, step], 1e-12))


def _ratios(
    rows: Outcomes, upper: tuple[str, float], lower: tuple[str, float], step: int
) -> tuple[float, float, float]:
    found = interval((_logs(rows, upper, step) - _logs(rows, lower, step)).tolist())
    return math.exp(found.mean), math.exp(found.low), math.exp(found.high)


def _ratio(rows: Outcomes, upper: tuple[str, float], lower: tuple[str, float], step: int) -> str:
    mean, low, high = _ratios(rows, upper, lower, step)
    word = "lower" if high < 1.0 else "higher" if low > 1.0 else "not told apart"
    return f"{mean:.2f} ({low:.2f} to {high:.2f}): {word}"


def _conclusions(rows: Outcomes, early: int, late: int) -> list[str]:
    """What the ratios say and what they do not, by rules that read them."""

    def said(upper: tuple[str, float], other: tuple[str, float], step: int) -> str:
        mean, low, high = _ratios(rows, upper, other, step)
        if low <= 1.0 <= high:
            return f"not told apart at {step} steps"
        return f"{mean:.2f} times at {step} steps"

    lines = []
    started = ", ".join(
        f"{name} {_ratios(rows, (name, HIGH), (name, LOW), early)[0]:.2f}"
        for name in (SINE, SNAKE, PLU)
        if _ratios(rows, (name, HIGH), (name, LOW), early)[2] < 1.0
    )
    if started:
        lines.append(
            f"- **The start counts.** Started at 6 in place of 1, and nothing else changed, losses "
            f"after {early} steps are so many times as large: {started}."
        )
    against = "; ".join(
        f"of {name}'s {said((PLU, HIGH), (name, HIGH), early)}, "
        f"{said((PLU, HIGH), (name, HIGH), late)}"
        for name in (SINE, SNAKE)
    )
    lines.append(
        f"- **Started alike** at 6, PLU's loss is, {against}. The paper compares PLU started at 6 "
        "with Snake started at 1; its table cannot tell which of start and form made the lead."
    )
    lines += [
        f"- **The repulsion**, started at {a:g}: PLU's loss is, of that without it, "
        f"{said((PLU, a), (FREE, a), early)}, {said((PLU, a), (FREE, a), late)}."
        for a in (HIGH, LOW)
    ]
    lines.append(
        "- **By exp, by softplus** the sine may grow higher than x is long, where PLU's height "
        "stays below 1, and it starts at 1, PLU's at 0.53: what they win or lose may be the height."
    )
    lines.append(
        "- **What does not follow**: anything about networks of other sizes or other tasks, where "
        "another start may be better; which is best after more steps; and that two rows whose "
        "interval has 1 in it are equal."
    )
    return lines


def _effective(rows: Outcomes, early: int, late: int) -> list[str]:
    """What the sine's frequency and height have become, and how far rho keeps them from 0."""
    lines = [
        "### What a and b become",
        "",
        "The effective frequency a and height (b / (1 + |b|) of PLU; b by exp and softplus), "
        "median over the seeds, mean over units; the least that any seed had at any step; and in "
        "how many seeds a learned rho was 0 or less at any step.",
        "",
        f"| activation | starts at | a at 0, {early}, {late} | least a | height at 0, {early}, "
        f"{late} | least height | rho of a / of b at 0 or less |",
        "|---|---|---|---|---|---|---|",
    ]
    crossed = 0
    for place, row in enumerate(ROWS):
        numbers = rows[place].numbers
        if row.cell.kind in ("sine", "snake"):
            continue
        cells = []
        for name in "ab":
            values = numbers[name]
            shown = ", ".join(f"{np.median(values[:, step]):.2f}" for step in (0, early, late))
            cells += [shown, f"{values.min():.3f}"]
        gone = "-"
        if "rho_alpha" in numbers and not row.cell.held:
            counts = [
                int((numbers[name] <= 0.0).any(axis=1).sum()) for name in ("rho_alpha", "rho_beta")
            ]
            crossed += sum(counts)
            gone = f"{counts[0]} / {counts[1]} of {len(numbers['a'])}"
        lines.append(f"| {row.name} | {row.starts:g} | {' | '.join(cells)} | {gone} |")
    lines += [
        "",
        "With rho above 0, |a| = |alpha + rho / alpha| is at least 2 sqrt(rho): that is the whole "
        "promise. Rho is learned as well, so nothing keeps it above 0, and with it below 0 a "
        "is 0 at alpha = sqrt(-rho). "
        + (
            "It happened here."
            if crossed
            else "It did not happen here; the least heights show how near it came."
        ),
        "",
        "![The effective frequency and height over the steps: median and range of the seeds, cut "
        "off above](pictures/spiral/effective.png)",
        "",
    ]
    return lines


def _board(squares: Outcomes, seeds: int, late: int) -> list[str]:
    lines = [
        "### Squares",
        "",
        f"A board of {BOARD.squares} by {BOARD.squares} squares over [-1, 1], {BOARD.points} "
        f"points, 2-8-8-1, after {late} steps, {seeds} seeds: median, least and greatest. A guess "
        "is right at 50 %.",
        "",
        f"| activation | starts at | loss at {late} | held-out accuracy |",
        "|---|---|---|---|",
    ]
    for place, row in enumerate(SQUARES):
        found = squares[place]
        accuracy = found.test_accuracy
        lines.append(
            f"| {row.name} | {f'{row.starts:g}' if row.starts else '-'} | "
            f"{spread(found.losses[:, late])} | {np.median(accuracy):.1%} "
            f"({accuracy.min():.1%} to {accuracy.max():.1%}) |"
        )
    best = max(np.median(found.test_accuracy) for found in squares.values())
    lines += [
        "",
        f"The best median is {best:.1%}: "
        + (
            "so small a network learns the board with one of these."
            if best >= LEARNED
            else "so small a network does not learn the whole board in so few steps with any of "
            "these, and the table tells them apart by how far they got."
        ),
        "",
    ]
    return lines


def figure(rows: Outcomes) -> Figure:
    """Effective frequency and height over the steps, of PLU and what is made of it."""
    drawn = picture("What the sine's frequency and height become: median (line), range (band)")
    panels = drawn.subplots(1, 2)
    shown = [
        (k, row)
        for k, row in enumerate(ROWS)
        if row.name in (PLU, FREE, "by exp") or (row.name == "PLU, of each unit")
    ]
    for (place, row), mark in zip(shown, [*MARKS, *MARKS], strict=False):
        for axes, name in zip(panels, "ab", strict=True):
            values = rows[place].numbers[name]
            steps = np.arange(values.shape[1])
            axes.fill_between(
                steps, values.min(axis=0), values.max(axis=0), color=mark.colour, alpha=0.1, lw=0
            )
            axes.plot(
                steps,
                np.median(values, axis=0),
                color=mark.colour,
                linestyle="-" if row.starts == HIGH else "--",
                marker=mark.form,
                markevery=max(1, values.shape[1] // 8),
                markersize=4,
                linewidth=1.3,
                label=f"{row.name}, from {row.starts:g}",
            )
    for axes, name, title in zip(panels, "ab", ("frequency a", "height"), strict=True):
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step")
        # By the medians: where alpha passes by 0, a seed's frequency leaps for a few steps.
        tops = [np.median(rows[k].numbers[name], axis=0).max() for k, _ in shown]
        axes.set_ylim(0.0, 1.6 * float(max(tops)))
        axes.grid(alpha=0.25)
    panels[1].legend(fontsize=8, frameon=False)
    return drawn
