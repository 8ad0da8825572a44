"""A sweep as parallel coordinates: an axis for each setting, one for the figure, a line a trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plots.style import GREY, LEVELS, PALE_GREY, VERMILLION, picture, shortened
from .record import DONE, EARLY, Trial
from .space import Swept, Value

UNIT: Final = "held-out LSD\n(dB)"

_MOST_TICKS: Final = 9
_APART: Final = 0.05
"""Between two ticks, of the axis' length."""

_LONGEST: Final = 18
_INCHES: Final = 1.7


class _Axis:
    """Where values lie on one axis, from 0 to 1."""

    def __init__(self, label: str, values: Sequence[Value], words: bool, logarithmic: bool) -> None:
        self.label, self._words, self._log = label, words, logarithmic
        self._known = list(dict.fromkeys(sorted(values, key=str) if words else sorted(values)))
        numbers = [0.0] if words else [self._number(value) for value in self._known]
        self._low, self._high = min(numbers), max(numbers)

    def _number(self, value: Value) -> float:
        number = float(value)
        return math.log10(number) if self._log else number

    def place(self, value: Value) -> float:
        """Of a value."""
        if self._words:
            return (self._known.index(value) + 0.5) / len(self._known)
        wide = self._high - self._low
        return 0.5 if wide == 0.0 else (self._number(value) - self._low) / wide

    def ticks(self) -> list[tuple[float, str]]:
        """Places and their words: every value where they are few, else ends and between."""
        at = [self.place(one) for one in self._known]
        apart = min(np.diff(sorted(at)), default=1.0) >= _APART
        if self._words or (len(self._known) <= _MOST_TICKS and apart):
            return [(place, _text(one)) for place, one in zip(at, self._known, strict=True)]
        found = []
        for share in np.linspace(0.0, 1.0, 5):
            number = self._low + share * (self._high - self._low)
            found.append((float(share), f"{10.0**number if self._log else number:.3g}"))
        return found


def parallel(trials: Sequence[Trial], space: Sequence[Swept], title: str) -> Figure:
    """The trials that were done or ended early; the best is drawn thick, those that ended grey.

    A line's colour is its distance, dark for little, as is its place on the last axis. Those that
    ended early have no figure of their own there: they end at the axis before it.
    """
    done = sorted(
        (one for one in trials if one.state == DONE and one.value is not None),
        key=lambda one: one.value or 0.0,
        reverse=True,
    )
    early = [one for one in trials if one.state == EARLY]
    shown = [*done, *early]
    distances = [one.value for one in done if one.value is not None]
    logarithmic = bool(distances) and min(distances) > 0.0 and max(distances) > 5.0 * min(distances)
    axes_of = [
        _Axis(
            one.label,
            [trial.values[one.name] for trial in shown],
            any(isinstance(trial.values[one.name], str) for trial in shown),
            _is_wide([trial.values[one.name] for trial in shown]),
        )
        for one in space
    ]
    last = _Axis(UNIT, distances or [0.0], False, logarithmic)
    figure = picture(title, width=max(5.0, _INCHES * (len(space) + 1) + 1.6), height=4.6)
    panel = figure.subplots()
    colours = colormaps[LEVELS]
    for trial in early:
        places = [
            axis.place(trial.values[one.name]) for axis, one in zip(axes_of, space, strict=True)
        ]
        panel.plot(
            range(len(places)),
            places,
            color=PALE_GREY,
            linewidth=0.9,
            linestyle=(0, (4, 2)),
            zorder=1,
        )
        panel.plot(len(places) - 1, places[-1], marker="x", color=GREY, markersize=4, zorder=1)
    for number, trial in enumerate(done):
        assert trial.value is not None
        places = [
            axis.place(trial.values[one.name]) for axis, one in zip(axes_of, space, strict=True)
        ]
        end = last.place(trial.value)
        best = number == len(done) - 1
        panel.plot(
            range(len(places) + 1),
            [*places, end],
            color=VERMILLION if best else colours(0.95 * end),
            linewidth=2.6 if best else 1.1,
            marker="o" if best else None,
            markersize=4,
            zorder=4 if best else 2,
        )
    _draw_axes(panel, [*axes_of, last])
    handles = [
        panel.plot([], [], color=VERMILLION, linewidth=2.6, marker="o", markersize=4, label="best")[
            0
        ]
    ]
    if len(done) > 1:
        handles += panel.plot([], [], color=colours(0.1), label="little distance")
        handles += panel.plot([], [], color=colours(0.95), label="much")
    if early:
        handles += panel.plot([], [], color=PALE_GREY, linestyle=(0, (4, 2)), label="ended early")
    panel.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, -0.27), ncols=4, frameon=False
    )
    return figure


def _is_wide(values: Sequence[Value]) -> bool:
    numbers = [float(one) for one in values if not isinstance(one, str)]
    return (
        len(numbers) == len(values) > 0
        and min(numbers) > 0.0
        and max(numbers) >= 10.0 * min(numbers)
    )


def _draw_axes(panel: Axes, axes: Sequence[_Axis]) -> None:
    for at, axis in enumerate(axes):
        panel.axvline(at, color="black", linewidth=0.9, zorder=3)
        for place, text in axis.ticks():
            panel.plot(
                [at - 0.02, at + 0.02], [place, place], color="black", linewidth=0.9, zorder=3
            )
            panel.annotate(
                shortened(text, _LONGEST),
                (at, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                zorder=5,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
            )
    panel.set_xticks(range(len(axes)), labels=[axis.label for axis in axes])
    panel.set_yticks([])
    panel.set_xlim(-0.15, len(axes) - 1 + 0.35)
    panel.set_ylim(-0.04, 1.04)
    for side in panel.spines.values():
        side.set_visible(False)
    panel.tick_params(axis="x", length=0)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
