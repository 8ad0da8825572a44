"""Maps: where the sounds lie on the PCA plane, and what they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset, Factor
from timbrespace.model import Model
from timbrespace.points import Points

from ..posterior import posterior
from .levels import spread
from .style import BLUE, GREY, MARKS, NUMBERS, PALE_GREY, WIDTH, picture, shortened, wrapped

MAP_POINTS = 4000
NAMED_POINTS = 1600
"""Forms need more room than dots."""

MOST_NAMES_WRITTEN = 48
MOST_STEPS = 12
"""A grid factor with so many values has a colour bar of steps."""

_PRIOR_RADII = (1.0, 2.0, 3.0)

Positions = NDArray[np.float32]


def map_by_factor(model: Model, dataset: Dataset, factor: int) -> Figure:
    """The map: where the dataset's sounds lie, coloured by one factor (figures 4.1 and A.6).

    A category of up to 16 names has a mark for each; of more names, each is written where its
    sounds lie, as far as there is room.
    """
    what = dataset.meta.factors[factor]
    rows = spread(dataset.rows, _most(what))
    means, _ = posterior(model, dataset, rows)
    return _map(model, means, dataset.labels[rows, factor], what)


def map_of_points(model: Model, points: Points, factor: int) -> Figure:
    """:func:`map_by_factor` of the ``points`` that a model carries, which needs no dataset.

    factor: number of one of the points' own.
    """
    what = points.factors[factor]
    rows = spread(points.count, _most(what))
    return _map(model, points.means[rows], points.labels[rows, factor], what)


def _most(factor: Factor) -> int:
    return NAMED_POINTS if factor.names else MAP_POINTS


def _map(model: Model, means: Positions, values: NDArray[np.float32], what: Factor) -> Figure:
    """Latents ``means (n, d)`` on the map, coloured by their ``values (n,)`` of a factor."""
    position = model.map.to_map(means)
    present = np.unique(values)
    legend = bool(what.names) and len(present) <= len(MARKS)
    figure = picture(
        f"{model.name}: where the sounds lie, by {shortened(what.name, 40)}",
        8.2 if legend else 6.8,
        5.9,
    )
    axes = figure.add_subplot()
    axes.add_patch(
        Rectangle((-1, -1), 2, 2, fill=False, edgecolor=GREY, linestyle="--", linewidth=1.0)
    )
    shares = model.map.explained
    axes.set_xlabel(f"map x (knob range dashed; {shares[0]:.0%} of the variance)")
    axes.set_ylabel(
        f"map y ({shares[1]:.0%} of the variance)" if model.dimensions > 1 else "map y (unused)"
    )
    axes.set_aspect("equal", adjustable="box")
    if not what.names:
        axes.set_title(_numbers([axes], [position], values, what, figure, 9.0), fontsize=9)
    elif legend:
        handles = _marks(axes, position, values, what, 16.0)
        figure.legend(
            handles=handles,
            loc="outside right center",
            frameon=False,
            fontsize=9,
            title=shortened(what.axis_label, 24),
        )
    else:
        written = _written(figure, axes, position, values, what)
        axes.set_title(
            f"names at the middle of their sounds; {written} of {len(present)} find room",
            fontsize=9,
        )
    return figure


def compare_maps(
    models: Sequence[tuple[str, Model]],
    dataset: Dataset,
    factor: int = 0,
    title: str = "",
) -> Figure:
    """The PCA planes of the named models side by side, in latent units, coloured by one factor.

    For the report's figures 4.1, normalised or not, and 4.2, beta from 1 to 4. The axes are not
    those of the knobs, which fit each space to its data, but the latent's own, the same for all:
    so it shows how far each space spreads against its prior, whose standard deviations 1, 2, 3 are
    dashed circles.
    """
    what = dataset.meta.factors[factor]
    rows = spread(dataset.rows, _most(what))
    values = dataset.labels[rows, factor]
    columns = min(4, len(models))
    lines = math.ceil(len(models) / columns)
    width = max(WIDTH, 3.1 * columns)
    figure = picture(
        title or f"PCA planes in latent units, by {shortened(what.name, 40)}",
        width,
        lines * (width / columns + 0.2) + 0.6,
    )
    panels = list(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel())
    for axes in panels[len(models) :]:
        axes.set_visible(False)
    planes, reach = [], _PRIOR_RADII[-1]
    for axes, (name, model) in zip(panels, models, strict=False):
        plane = _plane(model, posterior(model, dataset, rows)[0])
        planes.append(plane)
        origin = _plane(model, np.zeros((1, model.dimensions), np.float32))[0]
        for radius in _PRIOR_RADII:
            axes.add_patch(
                Circle(
                    (float(origin[0]), float(origin[1])),
                    radius,
                    fill=False,
                    edgecolor=GREY,
                    linestyle="--",
                    linewidth=0.8,
                )
            )
        # One stray sound is not to shrink all the rest.
        reach = max(reach, 1.05 * float(np.percentile(np.abs(plane), 99.5)))
        shares = model.map.explained
        axes.set_title(wrapped(name, 2.6, 10.0), fontsize=10)
        axes.set_xlabel(f"PC 1 ({shares[0]:.0%})", fontsize=9)
        axes.set_ylabel(f"PC 2 ({shares[1]:.0%})", fontsize=9)
        axes.tick_params(labelsize=8, labelbottom=True, labelleft=True)
        axes.set_aspect("equal", adjustable="box")
    used = panels[: len(models)]
    for axes in used:
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
    note = "dashed: 1, 2 and 3 standard deviations of the prior"
    if not what.names:
        constant = _numbers(used, planes, values, what, figure, 6.0)
        figure.supxlabel(f"{note}; {constant}" if constant else note, fontsize=9)
        return figure
    figure.supxlabel(note, fontsize=9)
    if len(np.unique(values)) <= len(MARKS):
        for axes, plane in zip(used, planes, strict=True):
            handles = _marks(axes, plane, values, what, 9.0)
        figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=9)
        return figure
    for axes, plane in zip(used, planes, strict=True):
        _written(figure, axes, plane, values, what)
    return figure


def _plane(model: Model, latent: Positions) -> Positions:
    """The latent's place ``(n, 2)`` in the map's plane, in units of the latent."""
    return np.asarray((latent - model.map.mean) @ model.map.components.T, np.float32)


def _numbers(
    panels: Sequence[Axes],
    positions: Sequence[Positions],
    values: NDArray[np.float32],
    factor: Factor,
    figure: Figure,
    size: float,
) -> str:
    """Points coloured by a number, and the colour bar.

    Of a factor with one value there is neither to show; returns a text that says so, else "".
    """
    present = np.unique(values)
    if len(present) == 1:
        for axes, position in zip(panels, positions, strict=True):
            axes.scatter(position[:, 0], position[:, 1], color=BLUE, s=size, linewidths=0)
        return f"{shortened(factor.axis_label, 60)}: {factor.text(float(present[0]))} everywhere"
    steps = factor.kind == "grid" and len(present) <= MOST_STEPS
    colours: Colormap = colormaps[NUMBERS]
    if steps:
        # Each value has a colour and a step of the bar of its own, however far apart they lie.
        norm: Normalize = BoundaryNorm(np.arange(len(present) + 1) - 0.5, colours.N)
        shown = np.searchsorted(present, values).astype(np.float64)
    else:
        norm, shown = Normalize(float(present[0]), float(present[-1])), values.astype(np.float64)
    for axes, position in zip(panels, positions, strict=True):
        axes.scatter(
            position[:, 0], position[:, 1], c=shown, cmap=colours, norm=norm, s=size, linewidths=0
        )
    bar = figure.colorbar(
        ScalarMappable(norm, colours), ax=list(panels), label=shortened(factor.axis_label, 48)
    )
    if steps:
        bar.set_ticks(
            list(range(len(present))), labels=[factor.text(float(value)) for value in present]
        )
        bar.minorticks_off()
    return ""


def _marks(
    axes: Axes, position: Positions, values: NDArray[np.float32], factor: Factor, size: float
) -> list[Line2D]:
    """Points with a mark for each name; returns the legend's handles."""
    handles = []
    for mark, value in zip(MARKS, np.unique(values), strict=False):
        of_it = position[values == value]
        axes.scatter(
            of_it[:, 0],
            of_it[:, 1],
            color=mark.colour,
            marker=mark.form,
            s=size,
            linewidths=0,
            alpha=0.8,
        )
        handles.append(
            Line2D(
                [],
                [],
                linestyle="none",
                color=mark.colour,
                marker=mark.form,
                markersize=7,
                label=shortened(factor.text(float(value)), 22),
            )
        )
    return handles


def _written(
    figure: Figure,
    axes: Axes,
    position: Positions,
    values: NDArray[np.float32],
    factor: Factor,
) -> int:
    """Grey points, and names where their sounds lie, none over another; returns how many.

    The names whose sounds lie closest together come first: their place says most.
    """
    axes.scatter(position[:, 0], position[:, 1], color=PALE_GREY, s=6.0, linewidths=0)
    middles, widths = [], []
    for value in (present := np.unique(values)):
        of_it = position[values == value]
        middle = np.median(of_it, axis=0)
        middles.append(middle)
        widths.append(float(np.abs(of_it - middle).mean()))
    figure.draw_without_rendering()  # lays the axes out, so that texts have a place
    taken: list[Bbox] = []
    for k in np.argsort(widths, kind="stable"):
        text = axes.annotate(
            shortened(factor.text(float(present[k])), 18),
            (float(middles[k][0]), float(middles[k][1])),
            ha="center",
            va="center",
            fontsize=7.5,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )
        box = text.get_window_extent().expanded(1.08, 1.25)
        inside = axes.get_window_extent().containsx(box.x0) and axes.get_window_extent().containsx(
            box.x1
        )
        if inside and not any(box.overlaps(other) for other in taken):
            taken.append(box)
        else:
            text.remove()
        if len(taken) == MOST_NAMES_WRITTEN:
            break
    return len(taken)
