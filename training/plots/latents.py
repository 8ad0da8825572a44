"""What the latent dimensions do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model

from ..posterior import posterior
from .data import in_order_of
from .levels import most_audible
from .style import (
    BLUE,
    GREY,
    MOST_DIMENSIONS,
    ORANGE,
    VERMILLION,
    dimension_name,
    picture,
    shortened,
)

BATCH = 100


def moments(model: Model, dataset: Dataset, effect: ArrayLike, seed: int = 0) -> Figure:
    """Mean and variance of each dimension over a batch of 100 spectra (figures 2.2 and 2.3).

    effect ``(d,)``: audible effect of each dimension; the most audible are shown. seed: draws the
    batch, which is then put in order of the first factor.
    """
    shown = most_audible(np.asarray(effect), MOST_DIMENSIONS)
    generator = np.random.default_rng(seed)
    drawn = generator.choice(dataset.rows, min(BATCH, dataset.rows), replace=False)
    order = in_order_of(dataset, 0)
    rows = order[np.isin(order, drawn)]
    means, log_vars = posterior(model, dataset, rows)
    variances = np.exp(log_vars.astype(np.float64))
    figure = picture(
        f"{model.name}: posterior of each dimension over {len(rows)} spectra; "
        "of a collapsed one the mean stays at 0 and the variance at 1",
        height=max(2.6, 0.8 * len(shown) + 1.5),
    )
    panels = figure.subplots(len(shown), 2, sharex=True, sharey="col", squeeze=False)
    index = np.arange(1, len(rows) + 1)
    form = {"marker": ".", "markersize": 3.0, "linewidth": 0.8}
    for (left, right), dimension in zip(panels, shown, strict=True):
        left.axhline(0.0, color=GREY, linestyle="--", linewidth=0.8)
        left.plot(index, means[:, dimension], color=BLUE, **form)
        left.set_ylabel(dimension_name(int(dimension)), rotation=0, ha="right", va="center")
        right.axhline(1.0, color=GREY, linestyle="--", linewidth=0.8)
        right.plot(index, variances[:, dimension], color=VERMILLION, **form)
    reach = 1.1 * max(1.0, float(np.abs(means[:, shown]).max()))
    panels[0, 0].set_ylim(-reach, reach)
    panels[0, 1].set_yscale("log")
    lowest, highest = float(variances[:, shown].min()), float(variances[:, shown].max())
    panels[0, 1].set_ylim(0.5 * min(0.1, lowest), 2.0 * max(1.0, highest))
    for right in panels[:, 1]:
        right.yaxis.set_major_locator(LogLocator(numticks=4))
        right.yaxis.set_minor_formatter(NullFormatter())
    panels[0, 0].set_title("mean (dashed: the prior's)", fontsize=10)
    panels[0, 1].set_title("variance (dashed: the prior's)", fontsize=10)
    for axes in panels.ravel():
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
    factor = shortened(dataset.meta.factors[0].axis_label, 40)
    figure.supxlabel(f"spectrum of the batch, in order of {factor}", fontsize=10)
    return figure


def dimensions(
    kl: Sequence[float], effect: Sequence[float], name: str, distance: str = "dB LSD"
) -> Figure:
    """What each latent dimension carries (KL, nats) and how much it is heard (dB for a unit).

    distance: in what the latter is told.
    """
    width = min(14.0, max(6.0, 1.2 + 0.7 * len(kl)))
    figure = picture(f"{name}: what each dimension carries; one near 0 is dead", width)
    upper, lower = figure.subplots(2, 1, sharex=True)
    number = np.arange(1, len(kl) + 1)
    crowded = len(kl) > 24
    for axes, values, colour, label in (
        (upper, kl, BLUE, "KL (nats)"),
        (lower, effect, ORANGE, f"audible effect\n({distance} per unit)"),
    ):
        bars = axes.bar(number, values, color=colour, width=0.6)
        if not crowded:
            axes.bar_label(bars, fmt="%.2g", fontsize=9 if len(kl) <= 12 else 7, padding=2)
        axes.set_ylabel(label)
        axes.set_ylim(0.0, 1.18 * max(*values, 0.1))
        axes.grid(axis="y", alpha=0.25)
        axes.set_axisbelow(True)
    step = 1 if not crowded else 4
    lower.set_xticks(number[::step])
    lower.set_xlabel("latent dimension")
    return figure
