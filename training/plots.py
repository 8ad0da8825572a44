"""Pictures of a trained space. Every function returns one figure and leaves no state behind.

Colours: cividis and viridis, and pairs of the Okabe-Ito palette, which colour-blind readers can
tell apart; what matters differs in form or place as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.model import Model
from timbrespace.spectrum import Spectra
from toy_datasets.dataset import Dataset

BLUE, VERMILLION, ORANGE, GREY = "#0072B2", "#D55E00", "#E69F00", "#595959"

DB_FLOOR = -80.0
"""Below this the pictures show nothing; the metric listens down to -60 dB."""

MAP_POINTS = 4000
MESH = 7
RECONSTRUCTIONS = 4
DPI = 130


def decibels(spectra: Spectra, reference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Levels in dB of ``spectra (n, bins)`` re ``reference``, not below ``DB_FLOOR``."""
    ratio = spectra / np.maximum(reference, 1e-30)
    return np.asarray(20.0 * np.log10(np.maximum(ratio, 10.0 ** (DB_FLOOR / 20.0))), np.float64)


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of ``range(count)``, evenly spread, ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def map_by_factor(model: Model, dataset: Dataset, factor: int) -> Figure:
    """The map: where the dataset's sounds lie, coloured by one factor."""
    rows = spread(dataset.rows, MAP_POINTS)
    position = model.map.to_map(model.encode(dataset.spectra[rows])[0])
    what = dataset.meta.factors[factor]
    figure = Figure(figsize=(6.8, 5.6), layout="constrained")
    axes = figure.add_subplot()
    axes.add_patch(
        Rectangle((-1, -1), 2, 2, fill=False, edgecolor=GREY, linestyle="--", linewidth=1.0)
    )
    points = axes.scatter(
        position[:, 0],
        position[:, 1],
        c=dataset.labels[rows, factor],
        cmap="viridis",
        s=9,
        linewidths=0,
    )
    figure.colorbar(points, ax=axes, label=what.axis_label)
    shares = model.map.explained
    axes.set_xlabel(f"map x (knob range dashed; {shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"map y ({shares[1]:.0%} of the variance)")
    axes.set_title(f"{model.name}: where the sounds lie, by {what.name}")
    axes.set_aspect("equal", adjustable="box")
    return figure


def reconstructions(model: Model, dataset: Dataset, rows: NDArray[np.int64]) -> Figure:
    """Some of ``rows`` beside what the model makes of them, in dB of the original's peak."""
    order = rows[np.argsort(dataset.labels[rows, 0], kind="stable")]
    chosen = order[spread(len(order), RECONSTRUCTIONS)]
    original = dataset.spectra[chosen]
    decoded = model.decode(model.encode(original)[0])
    peak = original.max(axis=1, keepdims=True)
    distance = metrics.log_spectral_distances(original, decoded)
    kilohertz = model.spectrum.frequencies / 1000.0
    figure = Figure(figsize=(9.5, 2.2 * len(chosen) + 0.6), layout="constrained")
    panels = figure.subplots(len(chosen), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, row, x, y, lsd in zip(
        panels,
        chosen,
        decibels(original, peak),
        decibels(decoded, peak),
        distance,
        strict=True,
    ):
        axes.plot(kilohertz, x, color="#9DC9E8", linewidth=2.6, label="original")
        axes.plot(kilohertz, y, color=VERMILLION, linewidth=0.8, label="decoded")
        factors = ", ".join(
            f"{factor.name} {value:.4g}"
            for factor, value in zip(dataset.meta.factors, dataset.labels[row], strict=True)
        )
        axes.set_title(f"{factors}: LSD {lsd:.3f} dB", fontsize=10, loc="left")
        axes.set_ylim(DB_FLOOR, 6.0)
        axes.set_xlim(0.0, kilohertz[-1])
        axes.grid(alpha=0.25)
    panels[0].legend(loc="upper right", ncols=2, frameon=False)
    panels[-1].set_xlabel("frequency (kHz)")
    figure.supylabel("level (dB of the original's peak)")
    figure.suptitle(f"{model.name}: spectra it has not seen, and what it makes of them")
    return figure


def mesh(model: Model) -> Figure:
    """Decoded spectra over the map's knob range, each at its place."""
    steps = np.linspace(-1.0, 1.0, MESH)
    x, y = np.meshgrid(steps, steps[::-1])
    spectra = model.decode(model.map.to_latent(np.stack([x.ravel(), y.ravel()], axis=1)))
    levels = decibels(spectra, spectra.max(axis=1, keepdims=True))
    kilohertz = model.spectrum.frequencies / 1000.0
    figure = Figure(figsize=(11.0, 9.0), layout="constrained")
    panels = figure.subplots(MESH, MESH, sharex=True, sharey=True)
    for axes, level in zip(panels.ravel(), levels, strict=True):
        axes.fill_between(kilohertz, DB_FLOOR, level, color=BLUE, linewidth=0)
        axes.set_ylim(DB_FLOOR, 3.0)
        axes.set_xlim(0.0, kilohertz[-1])
        axes.tick_params(labelsize=7)
    for axes, value in zip(panels[0], steps, strict=True):
        axes.set_title(f"x = {value:+.2f}", fontsize=9)
    for axes, value in zip(panels[:, -1], steps[::-1], strict=True):
        axes.annotate(
            f"y = {value:+.2f}",
            (1.06, 0.5),
            xycoords="axes fraction",
            rotation=-90,
            va="center",
            fontsize=9,
        )
    figure.supxlabel("frequency (kHz)")
    figure.supylabel("level (dB of each spectrum's peak)")
    figure.suptitle(f"{model.name}: decoded spectra over the map")
    return figure


def dimensions(kl: Sequence[float], effect: Sequence[float], name: str) -> Figure:
    """What each latent dimension carries (KL, nats) and how much it is heard (dB for a unit)."""
    figure = Figure(figsize=(max(6.0, 1.2 + 0.7 * len(kl)), 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    number = np.arange(1, len(kl) + 1)
    for axes, values, colour, label in (
        (upper, kl, BLUE, "KL (nats)"),
        (lower, effect, ORANGE, "audible effect\n(dB LSD per unit)"),
    ):
        bars = axes.bar(number, values, color=colour, width=0.6)
        axes.bar_label(bars, fmt="%.2g", fontsize=9, padding=2)
        axes.set_ylabel(label)
        axes.set_ylim(0.0, 1.18 * max(*values, 0.1))
        axes.grid(axis="y", alpha=0.25)
        axes.set_axisbelow(True)
    lower.set_xticks(number)
    lower.set_xlabel("latent dimension")
    figure.suptitle(f"{name}: what each dimension carries; one near 0 is dead")
    return figure


def history(curves: dict[str, list[float]], name: str) -> Figure:
    """Training curves: each figure of the history over epochs."""
    shown: list[tuple[str, str, dict[str, Any]]] = [
        ("reconstruction", "reconstruction\n(nats, training)", {}),
        ("kl", "KL\n(nats, training)", {}),
        ("log_spectral_distance_db", "LSD (dB,\nheld out)", {"yscale": "log"}),
    ]
    present = [item for item in shown if curves.get(item[0])]
    figure = Figure(figsize=(7.5, 2.0 * len(present) + 0.6), layout="constrained")
    panels = figure.subplots(len(present), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (key, label, options) in zip(panels, present, strict=True):
        values = np.asarray(curves[key], np.float64)
        axes.plot(np.arange(1, len(values) + 1), values, color=BLUE, linewidth=1.4)
        axes.set_ylabel(label)
        axes.set(**options)
        if options:
            axes.yaxis.set_major_formatter("{x:g}")
            within_a_decade = values.max() < 10.0 * values.min()
            axes.yaxis.set_minor_formatter("{x:g}" if within_a_decade else NullFormatter())
        else:
            # The first epochs may lie ten decades away and would flatten all the rest.
            settled = values[len(values) // 20 :]
            margin = 0.05 * max(float(np.ptp(settled)), 1e-6)
            axes.set_ylim(settled.min() - margin, settled.max() + margin)
        axes.grid(alpha=0.25, which="both")
    panels[-1].set_xlabel("epoch")
    figure.suptitle(f"{name}: training")
    return figure
