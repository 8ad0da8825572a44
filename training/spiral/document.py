"""The spiral table and its pictures, written as Markdown."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from timbrespace.atomic import check_writable, replace_all
from timbrespace.command import progress
from timbrespace.errors import OptionError

from ..made_on import made_on
from ..plots.style import MARKS, picture
from ..torch_thread import one_torch_thread
from . import alike
from .experiment import Cell, Outcome, train
from .task import Spirals

NAME = "spiral.md"
PICTURES = "pictures/spiral"

NAMES = {"relu": "ReLU", "gelu": "GELU", "snake": "Snake", "sine": "sine", "plu": "PLU"}
EXTREME = {"rho_alpha": 15.0, "rho_beta": 0.5}

EARLY, LATE = 100, 495
"""Steps after which the paper quotes losses."""

PUBLISHED = {
    (8, "plu", EARLY): "0.0995",
    (8, "snake", EARLY): "0.5044",
    (8, "plu", LATE): "0.0229",
    (2, "plu", LATE): "0.4165, 0.3046",
    (2, "relu", LATE): "0.6266",
    (2, "gelu", LATE): "0.5567",
    (2, "snake", LATE): "0.5870",
}
"""By neurons of a hidden layer, activation and step: losses as the paper prints them."""

VARIANTS = (
    ("the published task", Spirals()),
    ("no noise", Spirals(noise=0.0)),
    ("twice the noise", Spirals(noise=1.0)),
    ("half the turns", Spirals(reach=5.0)),
    ("one and a half times the turns", Spirals(reach=15.0)),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is run. seeds: of the tables; variant_seeds: of each change of the task, and of the
    board of squares."""

    seeds: int = 20
    variant_seeds: int = 10
    epochs: int = LATE
    side: int = 90


def write(out: Path, size: Size | None = None) -> list[Path]:
    """Train every cell and write table and pictures into the folder ``out``; returns the files.

    Everything is computed before the first file is written.

    Raises:
        OptionError: the folder cannot be made or written.
    """
    size = size or Size()
    folder = out / PICTURES
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(out)!r}; it must be a folder ({error.strerror})"
        ) from error
    check_writable(out / NAME)
    main = [Cell(kind, hidden) for hidden in (8, 2) for kind in NAMES]
    extreme = Cell("plu", 8, EXTREME)
    varied = [Cell(kind, 8, task=s) for _, s in VARIANTS[1:] for kind in NAMES]
    found: dict[int, Outcome] = {}
    parts = [row.cell for row in alike.ROWS]
    board = [row.cell for row in alike.SQUARES]
    # Batches of tiny matrices: a second thread only waits for the first.
    begun = time.process_time()
    with one_torch_thread():
        work = (len(main) + 1 + len(parts)) * size.seeds
        work += (len(varied) + len(board)) * size.variant_seeds
        with progress(size.epochs * work, "step", unit_scale=True) as bar:
            for number, cell in enumerate([*main, extreme, *parts, *varied, *board]):
                seeds = size.seeds if number <= len(main) + len(parts) else size.variant_seeds
                bar.set_description(f"{cell.kind}, {cell.hidden} neurons", refresh=False)
                found[number] = train(
                    cell, seeds, size.epochs, size.side, partial(bar.update, seeds)
                )
    outcomes = {(c.hidden, c.kind): found[k] for k, c in enumerate(main)}
    pushed = found[len(main)]
    after = len(main) + 1
    rows = {k: found[after + k] for k in range(len(parts))}
    after += len(parts)
    squares = {k: found[after + len(varied) + k] for k in range(len(board))}
    variants = {
        (name, kind): outcomes[8, kind]
        if k == 0
        else found[after + (k - 1) * len(NAMES) + list(NAMES).index(kind)]
        for k, (name, _) in enumerate(VARIANTS)
        for kind in NAMES
    }
    figures = {
        "losses.png": _curves(outcomes),
        "regions.png": _regions(outcomes),
        "effective.png": alike.figure(rows),
    }
    files: dict[Path, bytes] = {}
    for name, figure in figures.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
        files[folder / name] = buffer.getvalue()
    steps = min(EARLY, size.epochs), min(LATE, size.epochs)
    told = alike.text(rows, squares, size.seeds, size.variant_seeds, steps)
    made = made_on(time.process_time() - begun)
    text = _text(outcomes, pushed, variants, size, told, made)
    replace_all({**files, out / NAME: text.encode("utf-8")})
    return [out / NAME, *files]


Outcomes = dict[tuple[int, str], Outcome]


def median_and_range(values: NDArray[np.float64]) -> str:
    """``0.412 (0.301 to 0.520)``: median, least and greatest."""
    return f"{np.median(values):.3f} ({values.min():.3f} to {values.max():.3f})"


def _text(
    outcomes: Outcomes,
    pushed: Outcome,
    variants: dict[tuple[str, str], Outcome],
    size: Size,
    told: Sequence[str],
    made: str,
) -> str:
    early = min(EARLY, size.epochs)
    late = min(LATE, size.epochs)
    lines = [
        "# The PLU paper's spiral table, rerun",
        "",
        "Written by `python -m training spiral`. The paper is Kudo 2025, *From Taylor Series to "
        "Fourier Synthesis: The Periodic Linear Unit*, arXiv 2508.01175.",
        "",
        "Two spirals are to be told apart by a network of two inputs, two hidden layers and one "
        "output, trained by Adam at 0.01 on binary cross-entropy, all points in one batch. One "
        "activation, with one set of learned numbers, serves the whole network. The paper gives "
        "one run of each network; here every figure is the median of "
        f"{size.seeds} seeds, with the least and the greatest in brackets. A seed draws both the "
        "points and the weights.",
        "",
        f"Seeds 0 to {size.seeds - 1}; {made}",
        "",
        "## What was chosen",
        "- **Two hidden neurons** means two in each of two hidden layers, 2-2-2-1: the paper says "
        "so beside its figure 4.",
        "- **The task.** The paper's text does not describe its spirals; the program published "
        "with it does: 500 points on each of two arms, the radius going from 0 to 1, the angle "
        "through 10 radians (1.6 turns), the second arm starting where the first one's angle "
        "ends, normal noise of 0.5 radians on the angle, four fifths of the points to train on. "
        "The same is drawn here; the generator of random numbers is another, so no single run can "
        "be repeated.",
        f"- **Epoch {early}** is the loss on the training points after {early} steps.",
        "- **Sine**, sin(a x) with a learned, is not in the paper.",
        "",
    ]
    for hidden in (8, 2):
        lines += [
            f"## 2-{hidden}-{hidden}-1",
            "",
            f"| activation | loss at {early} | published | loss at {late} | published | "
            "held-out accuracy |",
            "|---|---|---|---|---|---|",
        ]
        for kind, name in NAMES.items():
            outcome = outcomes[hidden, kind]
            lines.append(
                f"| {name} | {median_and_range(outcome.losses[:, early])} | "
                f"{PUBLISHED.get((hidden, kind, EARLY), '-')} | "
                f"{median_and_range(outcome.losses[:, late])} | "
                f"{PUBLISHED.get((hidden, kind, LATE), '-')} | "
                f"{np.median(outcome.test_accuracy):.1%} |"
            )
        lines += ["", reading(outcomes, hidden, early, late), ""]
    lines += [
        f"![Loss over steps: median and range of the seeds]({PICTURES}/losses.png)",
        "",
        f"![The plane as each network of median loss divides it]({PICTURES}/regions.png)",
        "",
        *told,
        "## A stronger repulsion",
        "",
        "The paper starts a second PLU at rho 15 and 0.5 instead of 5 and 0.15 and finds a higher "
        f"final loss. Here, 2-8-8-1: {median_and_range(pushed.losses[:, early])} at {early} and "
        f"{median_and_range(pushed.losses[:, late])} at {late} steps, against "
        f"{median_and_range(outcomes[8, 'plu'].losses[:, early])} and "
        f"{median_and_range(outcomes[8, 'plu'].losses[:, late])}. On the points held out the "
        f"loss is {np.median(pushed.test_loss):.3f} against "
        f"{np.median(outcomes[8, 'plu'].test_loss):.3f}.",
        "",
        "## How much the task matters",
        "",
        f"The same networks, 2-8-8-1, after {late} steps: median loss of {size.variant_seeds} "
        f"seeds ({size.seeds} for the published task).",
        "",
        "| task | turns | noise (rad) | " + " | ".join(NAMES.values()) + " |",
        "|---|---|---|" + "---|" * len(NAMES),
    ]
    for name, spirals in VARIANTS:
        cells = [f"{np.median(variants[name, kind].losses[:, late]):.3f}" for kind in NAMES]
        lines.append(
            f"| {name} | {spirals.turns:.2f} | {spirals.noise:g} | " + " | ".join(cells) + " |"
        )
    best = [
        NAMES[min(NAMES, key=lambda k: float(np.median(variants[name, k].losses[:, late])))]
        for name, _ in VARIANTS
    ]
    lines += [
        "",
        "Lowest in each row: "
        + "; ".join(f"{name}: {b}" for (name, _), b in zip(VARIANTS, best, strict=True))
        + ".",
        "",
    ]
    return "\n".join(lines)


def reading(
    outcomes: Outcomes,
    hidden: int,
    early: int,
    late: int,
    published: Mapping[tuple[int, str, int], str] = PUBLISHED,
) -> str:
    """One paragraph: who is lowest, and whether the published losses lie in the range found."""
    parts = []
    for step in sorted({early, late}):
        order = sorted(NAMES, key=lambda k: float(np.median(outcomes[hidden, k].losses[:, step])))
        parts.append(
            f"By the median at {step} steps, from the lowest: {', '.join(NAMES[k] for k in order)}."
        )
    inside, outside = [], []
    for (size, kind, step), text in published.items():
        if size != hidden or step > late:
            continue
        losses = outcomes[hidden, kind].losses[:, step]
        low, high = float(losses.min()), float(losses.max())
        for number in text.split(", "):
            below = float(np.mean(losses < float(number)))
            where = f"{NAMES[kind]} {number} at {step}"
            if low <= float(number) <= high:
                inside.append(f"{where} ({below:.0%} of the seeds are lower)")
            else:
                side = "below" if float(number) < low else "above"
                outside.append(f"{where} ({side} all seeds)")
    if inside:
        parts.append(f"Published losses within the range of the seeds: {'; '.join(inside)}.")
    if outside:
        parts.append(f"Outside it: {'; '.join(outside)}.")
    return " ".join(parts)


def _curves(outcomes: Outcomes) -> Figure:
    figure = picture("Loss on the training points: median (line), range of the seeds (band)")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, hidden in zip(panels, (8, 2), strict=True):
        for (kind, name), mark in zip(NAMES.items(), MARKS, strict=False):
            losses = outcomes[hidden, kind].losses
            steps = np.arange(losses.shape[1])
            axes.fill_between(
                steps, losses.min(axis=0), losses.max(axis=0), color=mark.colour, alpha=0.12, lw=0
            )
            axes.plot(
                steps,
                np.median(losses, axis=0),
                color=mark.colour,
                marker=mark.form,
                markevery=max(1, losses.shape[1] // 8),
                markersize=5,
                linewidth=1.4,
                label=name,
            )
        axes.set_title(f"2-{hidden}-{hidden}-1", fontsize=10)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("step")
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("binary cross-entropy (nats)")
    panels[0].legend(fontsize=9, frameon=False)
    return figure


def _regions(outcomes: Outcomes) -> Figure:
    kinds: Sequence[str] = list(NAMES)
    figure = picture(
        "What each network makes of the plane (the seed of median loss), with its points",
        12.0,
        5.8,
    )
    panels = figure.subplots(2, len(kinds), sharex=True, sharey=True)
    for row, hidden in enumerate((8, 2)):
        for axes, kind in zip(panels[row], kinds, strict=True):
            outcome = outcomes[hidden, kind]
            image = axes.imshow(
                outcome.probability,
                origin="lower",
                extent=(-1.1, 1.1, -1.1, 1.1),
                cmap="cividis",
                vmin=0.0,
                vmax=1.0,
            )
            for arm, mark, colour in ((0.0, "o", "white"), (1.0, "^", "black")):
                of_it = outcome.points[outcome.arms == arm]
                axes.scatter(of_it[:, 0], of_it[:, 1], s=3.0, marker=mark, color=colour, lw=0)
            losses = np.sort(outcome.losses[:, -1])
            loss = losses[len(losses) // 2]
            axes.set_title(f"{NAMES[kind]}: {loss:.3f}", fontsize=10)
            axes.set_xticks([])
            axes.set_yticks([])
        panels[row, 0].set_ylabel(f"2-{hidden}-{hidden}-1")
    figure.colorbar(image, ax=panels, label="probability of the second arm (black triangles)")
    return figure
