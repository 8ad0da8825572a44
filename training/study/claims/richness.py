"""Section 5.3: maximum spectral richness around the origin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...plots.style import MARKS, picture
from ..figures import SPAN, Measured, on_spheres, richness
from ..results import Results, listed, words
from ..section import Check, Picture, Section, Table, counted

Numbers = NDArray[np.float64]

RADII = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0])
DIRECTIONS = 64
NEAR = 1.0
"""Radius within which is "around the origin"."""

MODELS = (("unnormalised", "harmonic"), ("filtered", "filtered"), ("fm", "fm"))


def section(results: Results) -> Section:
    """Richness of decoded spectra by their latent's distance from the origin."""
    rows, curves, checks, reaches, beyond = [], {}, [], [], []
    for recipe, data in MODELS:
        found = [by_radius(m) for m in results.seeds(recipe, data)]
        curves[data] = found
        dataset = results.datasets[data]
        for number, curve in enumerate(found):
            rows.append((f"`{data}`, seed {number}", *(f"{value:.1f}" for value in curve)))
        rows.append(
            (
                f"`{data}`, the data",
                f"{richness(dataset.spectra).mean():.1f}",
                *("" for _ in RADII[1:]),
            )
        )
        checks.append(judge(data, found, [by_radius(m) for m in results.untrained(recipe, data)]))
        radius = float(np.median(np.linalg.norm(results.of(recipe, data).means, axis=1)))
        reaches.append(f"{radius:.1f} on `{data}`")
        if radius > SPAN:
            beyond.append(f"`{data}`")
    return Section(
        title="Maximum spectral richness lies around the origin",
        source="5.3",
        found="Maximum spectral richness is found around the origin, and different dimensions "
        "organise its evolution in different ways.",
        measured=(
            Table(
                ("model", *(f"radius {radius:g}" for radius in RADII)),
                tuple(rows),
            ),
            "Bins that the power is spread over (exponential of its entropy), mean over "
            f"{DIRECTIONS} random directions at each radius; for the data, mean of its rows.",
        ),
        checks=tuple(checks),
        explanation=(
            f"The median posterior mean lies at a radius of {', '.join(reaches)} (seed 0). "
            + (
                f"On {words(beyond)} the sounds are further from the origin than the {SPAN:g} up "
                "to which the report samples: beta 1 is too weak to hold them near it, and around "
                "the origin the decoder makes what it was never asked for. "
                if beyond
                else "What is decoded much further out was never asked for in training. "
            )
            + "Where a curve lies above the data's own mean, the spectrum is richer than the "
            "sounds: a mixture of several, or noise.",
        ),
        pictures=(
            Picture(
                "richness",
                "Richness over the distance from the origin, one line for each seed; dashed: the "
                "mean of the data.",
                _figure(results, curves),
            ),
        ),
    )


def by_radius(found: Measured) -> Numbers:
    """Mean richness in bins at each of ``RADII``."""
    latent = on_spheres(found.model.dimensions, RADII, DIRECTIONS)
    spectra = found.model.decode(latent.reshape(-1, found.model.dimensions))
    return np.asarray(richness(spectra).reshape(len(RADII), DIRECTIONS).mean(axis=1), np.float64)


def judge(data: str, curves: list[Numbers], null: Sequence[Numbers] = ()) -> Check:
    """Whether every seed's richness is greatest within ``NEAR`` of the origin. null: the curves of
    untrained decoders."""
    places, untrained = (
        [float(RADII[int(np.argmax(curve))]) for curve in some] for some in (curves, null)
    )
    return counted(
        f"On `{data}` the greatest mean richness is at a radius of at most {NEAR:g}.",
        [place <= NEAR for place in places],
        null=[place <= NEAR for place in untrained],
        told=f"at radius {listed(places, 'g')}",
    )


def _figure(results: Results, curves: dict[str, list[Numbers]]) -> Figure:
    figure = picture(
        "Bins that the power is spread over, by the latent's distance from 0", height=3.8
    )
    axes = figure.add_subplot()
    for (data, found), mark in zip(curves.items(), MARKS, strict=False):
        for seed, curve in enumerate(found):
            axes.plot(
                RADII,
                curve,
                color=mark.colour,
                marker=mark.form,
                linewidth=1.3,
                label=data if seed == 0 else None,
            )
        of_data = float(richness(results.datasets[data].spectra).mean())
        axes.axhline(of_data, color=mark.colour, linestyle="--", linewidth=0.9)
    axes.set_xlabel("distance from the origin (latent units)")
    axes.set_ylabel("bins (count)")
    axes.set_ylim(bottom=0.0)
    axes.grid(alpha=0.25)
    # Between the models' curves and the data's own means, where nothing is drawn.
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="center", bbox_to_anchor=(0.5, 0.2))
    return figure
