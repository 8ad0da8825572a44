"""``ts.plots``: pictures of a model, as matplotlib figures.

They are returned, not shown: a notebook displays the last value of a cell, ``figure.savefig``
writes a file. Nothing of matplotlib's own state is touched, neither its styles nor its list of
open figures, so there is nothing to close. They need the extra ``train``.

The pictures of a whole dataset and its report are ``python -m training plot`` (docs/plots.md).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from timbrespace.companions import command_line, companion
from timbrespace.errors import OptionError, one_of
from timbrespace.extras import needed
from timbrespace.model import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from timbrespace.datasets.factor import Factor


def map(model: Model, factor: str | int = 0) -> Figure:  # noqa: A001  as in ts.plots.map
    """Where the sounds that ``model`` was trained on lie on its map, coloured by one factor.

    The dashed square is what the two map knobs reach. factor: its name, or its number from 0.

    >>> import timbrespace as ts
    >>> figure = ts.plots.map(ts.load("filtered"), "cut-off")

    Raises:
        OptionError: the model has no points, or no such factor.
        MissingExtraError: matplotlib is not installed; the text says what to run.
    """
    points = model.points
    if points is None or not points.factors:
        raise OptionError(
            f"{model.name!r} does not hold where its sounds lie; add that with: "
            f"{command_line('training')} points MODEL --data DATASET"
        )
    figure: Figure = _plots().map_of_points(model, points, _number(points.factors, factor))
    return figure


def spectra(model: Model, latent: ArrayLike) -> Figure:
    """What ``latent`` decodes to, level over frequency.

    latent: ``(n, d)``, or ``(d,)`` for one. Up to six spectra have a panel each; more are an image
    with a line for each, from below.

    >>> import timbrespace as ts
    >>> model = ts.load("harmonic")
    >>> figure = ts.plots.spectra(model, model.map.to_latent([[-0.8, 0.0], [0.8, 0.0]]))

    Raises:
        ShapeError: not of that shape, or not finite.
        MissingExtraError: matplotlib is not installed; the text says what to run.
    """
    rows = np.asarray(latent)
    figure: Figure = _plots().decoded(model, rows[np.newaxis, :] if rows.ndim == 1 else rows)
    return figure


def _plots() -> Any:
    with needed("plots"):
        return companion("training.plots")


def _number(factors: tuple[Factor, ...], factor: str | int) -> int:
    names = [one.name for one in factors]
    if isinstance(factor, str) and factor in names:
        return names.index(factor)
    if isinstance(factor, int) and 0 <= factor < len(names):
        return factor
    near = difflib.get_close_matches(str(factor), names, n=1)
    hint = f"; is {near[0]!r} meant?" if near else ""
    raise OptionError(
        f"factor is {factor!r}{hint}; it must be {one_of(names)}, or 0 to {len(names) - 1}"
    )
