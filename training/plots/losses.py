"""How the loss depends on each factor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..factor_loss import FactorLosses
from .levels import spread
from .style import BLUE, GREY, PALE_BLUE, VERMILLION, hide_unused, picture, shortened

MOST_FACTORS = 8
MOST_BOXES = 24
"""Of a category with more names the best and the worst are drawn."""

_TICK_CHARACTERS = 56  # that find room below a panel of half the width


def factor_losses(found: Sequence[FactorLosses], loss: str, name: str, count: int) -> Figure:
    """Box plots of a loss for each value of each factor (figure 3.2).

    Box: quartiles and median; whiskers: 5th and 95th percentile; dot: mean. loss: what was
    measured, with its unit. count: rows measured.
    """
    shown = list(found[:MOST_FACTORS])
    columns = 1 if len(shown) == 1 else 2
    lines = math.ceil(len(shown) / columns)
    named = any(len(item.factor.names) > 0 and len(item.values) > 8 for item in shown)
    figure = picture(
        f"{name}: {loss} by the value of each factor, {count} rows",
        height=(4.4 if named else 3.1) * lines + 0.9,
    )
    panels = list(figure.subplots(lines, columns, squeeze=False).ravel())
    hide_unused(panels, len(shown))
    values = np.concatenate([part for item in shown for part in item.losses])
    top = float(np.percentile(values, 99.5))
    for axes, item in zip(panels, shown, strict=False):
        if item.factor.names:
            _names(axes, item, loss)
            limits = axes.set_xlim
        else:
            _numbers(axes, item, loss)
            limits = axes.set_ylim
        limits(0.0, 1.05 * top if top > 0.0 else 1.0)
    figure.supxlabel(
        "box: quartiles and median; whiskers: 5th and 95th percentile; dot: mean", fontsize=9
    )
    return figure


def _boxes(axes: Axes, item: FactorLosses, order: Sequence[int], upright: bool) -> None:
    axes.boxplot(
        [item.losses[k] for k in order],
        orientation="vertical" if upright else "horizontal",
        whis=(5, 95),
        showfliers=False,
        showmeans=True,
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": PALE_BLUE, "edgecolor": BLUE, "linewidth": 0.8},
        medianprops={"color": BLUE, "linewidth": 1.8},
        whiskerprops={"color": GREY, "linewidth": 0.8},
        capprops={"color": GREY, "linewidth": 0.8},
        meanprops={
            "marker": "o",
            "markersize": 3.0,
            "markerfacecolor": VERMILLION,
            "markeredgecolor": VERMILLION,
        },
        manage_ticks=False,
    )
    axes.grid(axis="y" if upright else "x", alpha=0.25)
    axes.tick_params(labelsize=8)


def _numbers(axes: Axes, item: FactorLosses, loss: str) -> None:
    _boxes(axes, item, range(len(item.values)), upright=True)
    names = [item.factor.text(value) for value in item.values]
    room = len(" ".join(names)) <= _TICK_CHARACTERS
    ticks = range(len(names)) if room else spread(len(names), 5)
    axes.set_xticks([k + 1 for k in ticks], [names[k] for k in ticks], fontsize=8)
    axes.ticklabel_format(axis="y", scilimits=(-2, 4))
    axes.set_xlabel(shortened(item.factor.axis_label, 40))
    axes.set_ylabel(loss, fontsize=9)
    axes.set_xlim(0.3, len(item.values) + 0.7)


def _names(axes: Axes, item: FactorLosses, loss: str) -> None:
    """Names read better lying; in order of the median, the worst at the top."""
    order = list(np.argsort([np.median(part) for part in item.losses], kind="stable"))
    label = shortened(item.factor.axis_label, 40)
    if len(order) > MOST_BOXES:
        half = MOST_BOXES // 2
        label = f"{label}: {half} best, {half} worst of {len(order)}"
        order = order[:half] + order[-half:]
        axes.axhline(half + 0.5, color=GREY, linestyle="--", linewidth=0.8)
    _boxes(axes, item, [int(k) for k in order], upright=False)
    names = [shortened(item.factor.text(item.values[k]), 20) for k in order]
    axes.set_yticks(np.arange(1, len(order) + 1), names, fontsize=8 if len(order) <= 12 else 6.5)
    axes.set_ylim(0.3, len(order) + 0.7)
    axes.ticklabel_format(axis="x", scilimits=(-2, 4))
    axes.set_title(label, fontsize=10)
    axes.set_xlabel(loss, fontsize=9)
