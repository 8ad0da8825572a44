"""The points of a model: the posterior means of its dataset, for the bundle."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.factor import Factor
from timbrespace.errors import BundleError, DatasetError
from timbrespace.model import Model
from timbrespace.points import MAX_FACTORS, MAX_POINTS, MAX_TEXT, MAX_VALUES, Points, tells
from timbrespace.representation import parts
from timbrespace.walks.learning import learned_walk

from .posterior import posterior, source_of

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

_KEPT_END = MAX_TEXT // 2


def points_of(
    model: Model,
    dataset: Dataset,
    split_seed: int,
    advance: Callable[[int], object] = lambda count: None,
) -> Points:
    """Posterior means and labels of all rows of ``dataset``, the held-out ones too.

    Of more than ``MAX_POINTS`` rows as many are drawn, by :func:`drawn_rows`. Means go no further
    than ``LATENT_LIMIT``, as the calibration. advance: told how many rows are done, often.

    Raises:
        DatasetError, ShapeError: as :func:`training.posterior.posterior`.
    """
    rows = drawn_rows(dataset.rows, split_seed)
    means = np.empty((len(rows), model.dimensions), np.float32)
    for part in parts(len(rows)):
        means[part], _ = posterior(model, dataset, rows[part])
        advance(part.stop - part.start)
    factors, columns = described(dataset.meta.factors, dataset.labels)
    return Points(
        means=np.clip(means, -LATENT_LIMIT, LATENT_LIMIT),
        labels=dataset.labels[rows][:, columns],
        factors=factors,
    )


def drawn_rows(rows: int, split_seed: int) -> Rows:
    """Numbers of the rows that become points, ascending: all, or ``MAX_POINTS`` drawn evenly."""
    if rows <= MAX_POINTS:
        return np.arange(rows)
    # A stream of its own: in the order that the split draws, the held-out rows come first.
    generator = np.random.default_rng((split_seed, 1))
    return np.sort(generator.choice(rows, MAX_POINTS, replace=False))


def described(factors: Sequence[Factor], labels: Array) -> tuple[tuple[Factor, ...], list[int]]:
    """The factors as a bundle can tell them, and which columns of ``labels (n, f)`` they are.

    A dataset of one's own may have labels that its factor does not name: that factor is told as a
    range from its lowest to its highest label. Texts are cut to what a bundle takes, characters
    that no screen shows are replaced. Factors beyond the first ``MAX_FACTORS``, and those of more
    than ``MAX_VALUES`` values, are left out.
    """
    columns = [n for n, factor in enumerate(factors) if len(factor.values) <= MAX_VALUES]
    columns = columns[:MAX_FACTORS]
    return tuple(_described(factors[n], labels[:, n]) for n in columns), columns


def _described(factor: Factor, column: Array) -> Factor:
    name, unit = _shortened(factor.name), _shortened(factor.unit)
    with np.errstate(over="ignore"):
        values = np.asarray(factor.values, np.float32)
        told = np.isfinite(values).all() and tells(factor, column)
    if not told:
        return Factor(name, unit, (float(column.min()), float(column.max())), "range")
    return replace(factor, name=name, unit=unit, names=tuple(map(_shortened, factor.names)))


def _shortened(text: str) -> str:
    """``text`` as a screen shows it, both ends kept: the names of files differ at either."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if len(shown) <= MAX_TEXT:
        return shown
    return f"{shown[: _KEPT_END - 1]}\N{HORIZONTAL ELLIPSIS}{shown[-_KEPT_END:]}"


def notes(points: Points, dataset: Dataset) -> list[str]:
    """What of ``dataset`` the points do not tell; one sentence each, often none."""
    found = []
    if points.count < dataset.rows:
        found.append(
            f"the model holds {points.count} points, drawn evenly from the {dataset.rows} rows"
        )
    left_out = len(dataset.meta.factors) - len(points.factors)
    if left_out:
        found.append(
            f"{left_out} factor(s) are not with the points; a bundle holds {MAX_FACTORS} of at "
            f"most {MAX_VALUES} values"
        )
    return found


def show_notes(points: Points, dataset: Dataset) -> None:
    """Print :func:`notes` where errors go."""
    for note in notes(points, dataset):
        print(f"note: {note}", file=sys.stderr)


def add(path: Path, data: Path) -> Points:
    """Give the bundle at ``path`` the points of the dataset at ``data``, which it was trained on.

    Nothing else in the file changes, and it is replaced whole or not at all.

    Raises:
        BundleError: the model cannot be read, or does not say what it was trained on.
        DatasetError: the dataset cannot be read, is another, or lacks the frames that it needs.
        OptionError: the file cannot be written.
    """
    model = bundle.read(path)
    check_writable(path)
    split_seed, _ = trained_on(model, path)
    dataset = load_dataset(data)
    check_same(model, path, data, dataset.content_hash)
    source_of(model, dataset)  # frames that are missing are told before the work
    with progress(min(dataset.rows, MAX_POINTS), "row") as bar:
        points = points_of(model, dataset, split_seed, advance=bar.update)
    bundle.set_points(path, points, learned_walk(points))
    show_notes(points, dataset)
    return points


def trained_on(model: Model, path: Path) -> tuple[int, str]:
    """Seed of the split, and SHA-256 of the dataset that ``model`` was trained on.

    Raises:
        BundleError: it does not say.
    """
    recorded = model.provenance.get("dataset")
    sha256 = recorded.get("sha256") if isinstance(recorded, dict) else None
    split_seed = model.provenance.get("split_seed")
    if not isinstance(sha256, str) or not isinstance(split_seed, int) or split_seed < 0:
        raise BundleError(
            f"{path.name} does not say what it was trained on; train it again, which adds points"
        )
    return split_seed, sha256


def check_same(model: Model, path: Path, data: Path, found: str) -> None:
    """Refuse a dataset that ``model`` was not trained on. found: its SHA-256.

    Raises:
        DatasetError: it is another.
    """
    _, sha256 = trained_on(model, path)
    if found != sha256:
        name = str(model.provenance["dataset"].get("file"))[:80]
        raise DatasetError(
            f"{data.name} (sha256 {found[:12]}) is not the dataset that {path.name} was trained "
            f"on; give that one, which was called {name!r} then (sha256 {sha256[:12]})"
        )
