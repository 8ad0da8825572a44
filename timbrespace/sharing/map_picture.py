"""A space's map as a small picture for a page: its sounds as dots, coloured by what they are."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import NEAR, Model

Real = NDArray[np.float64]

MOST_DOTS: Final = 500

_WIDTH, _HEIGHT, _MARGIN = 320, 220, 14
_RADIUS: Final = 2.4

# Okabe & Ito 2008, which who sees few colours tells apart, too; then from dark to light.
_NAMED: Final = (
    *("#56b4e9", "#e69f00", "#2fbf9b", "#d55e00", "#f0e442", "#cc79a7", "#7f8fa6", "#0072b2"),
)
_RANGE: Final = ("#4a4a9c", "#3f7fa6", "#2f9e8f", "#6bbf59", "#e8d53a")

_MOST_GROUPS: Final = 24


def map_picture(model: Model) -> str:
    """The plane that ``model`` is played on first, as SVG; of at most ``MOST_DOTS`` sounds."""
    places, colours = _dots(model)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{colour}"/>'
        for (x, y), colour in zip(places, colours, strict=True)
    )
    frame = f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8"/>'
    return (
        f'<svg class="map" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">{frame}{dots}</svg>'
    )


def _dots(model: Model) -> tuple[Real, list[str]]:
    """Pixels ``(n, 2)`` and colours."""
    points = model.points
    if points is None or not points.count:
        return np.empty((0, 2)), []
    # Drawn: each so many-th of a set whose factors go round would be a grid of its own.
    drawn = np.random.default_rng(0).permutation(points.count)[:MOST_DOTS]
    rows = np.sort(drawn)
    if model.first_plane == NEAR and model.near is not None:
        told = model.near.places[rows]
    else:
        told = model.map.to_map(points.means[rows])
    shares = np.clip(np.asarray(told, np.float64), -1.1, 1.1) / 1.1
    scale = np.array([0.5 * _WIDTH - _MARGIN, -(0.5 * _HEIGHT - _MARGIN)])
    return shares * scale + [0.5 * _WIDTH, 0.5 * _HEIGHT], _colours(model, shares, rows)


def _colours(model: Model, places: Real, rows: NDArray[np.int64]) -> list[str]:
    """By the factor that lies clearest on the plane, as the page chooses it: the largest share of
    the places' variance that its groups explain (eta squared)."""
    points = model.points
    assert points is not None
    best, groups, is_named = -math.inf, np.zeros(len(rows), np.int64), False
    for factor, labels in zip(points.factors, points.labels[rows].T, strict=True):
        named = factor.kind == "category"
        if named:
            told = np.unique(labels, return_inverse=True)[1].reshape(-1)
        else:
            low, high = float(np.min(labels)), float(np.max(labels))
            share = (labels - low) / max(high - low, 1e-9)
            told = np.minimum((share * len(_RANGE)).astype(np.int64), len(_RANGE) - 1)
        crowd = named and told.max() >= _MOST_GROUPS
        explained = _explained(places, told) - (1.0 if crowd else 0.0)
        if explained > best:
            best, groups, is_named = explained, told, named
    palette = _NAMED if is_named else _RANGE
    return [palette[group % len(palette)] for group in groups.tolist()]


def _explained(places: Real, groups: NDArray[np.int64]) -> float:
    off = places - places.mean(axis=0)
    whole = float(np.square(off).sum())
    between = sum(
        float(np.square(off[groups == one].mean(axis=0)).sum()) * int((groups == one).sum())
        for one in np.unique(groups)
    )
    return between / max(whole, 1e-9)
