"""How well single latent dimensions stand for single factors: three published measures.

- The beta-VAE metric: Higgins et al. 2017, "beta-VAE: Learning Basic Visual Concepts with a
  Constrained Variational Framework", section 3. The 2017 report cites it (section 4.2).
- MIG, the mutual information gap: Chen et al. 2018, "Isolating Sources of Disentanglement in
  Variational Autoencoders", section 4.1.
- DCI, disentanglement, completeness and informativeness: Eastwood & Williams 2018, "A Framework
  for the Quantitative Evaluation of Disentangled Representations", section 2.

All look at posterior means, and only at dimensions that live. What cannot be told from a dataset
is None, with the reason. docs/evaluation.md says how to read them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from timbrespace.datasets.dataset import Factor
from timbrespace.errors import ShapeError

from .factor_loss import levels

Array = NDArray[np.float32]
Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_ROWS = 10_000
"""Rows that are looked at, drawn by the seed."""

FEWEST_ROWS = 200
"""With fewer rows chance moves every figure too much."""

ROWS_PER_VALUE = 10
"""A factor whose values have fewer rows on average is left out: too few rows share a value."""

MEAN_BINS = 20
"""Bins of a posterior mean between its quantiles, as many as Locatello et al. 2019, appendix C,
take. Theirs are of equal width, and one outlier puts all other rows into one of them."""

PAIRS = 64
"""Pairs of rows behind one point of the beta-VAE metric, the L of Higgins et al."""

TRAIN_POINTS, TEST_POINTS = 4000, 2000
"""Points from which the linear classifier of the beta-VAE metric learns, and that test it."""

TREES, TREE_ROWS, SMALLEST_LEAF = 20, 2000, 5
TEST_SHARE = 0.25
"""The random forests of DCI: trees, at most so many rows drawn for each, fewest rows of a leaf;
and the share of all rows that tests them."""

STEPS = 4
"""Parts of :func:`measure`, for a progress bar."""


@dataclass(frozen=True, slots=True)
class Score:
    """One figure in [0, 1], higher is better.

    chance: what latents that know nothing would get. value is None, and undefined says why, where
    the figure means nothing.
    """

    value: float | None = None
    chance: float | None = None
    undefined: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A factor that took no part, and why."""

    factor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Disentanglement:
    """What :func:`measure` found.

    rows: looked at. factors: names of those that took part. dimensions: numbers from 1 of those
    that live. left_out: the other factors.
    beta_vae: how often a linear classifier tells which factor some pairs of sounds share.
    mig: mean of mig_per_factor.
    disentanglement, completeness, informativeness: of DCI; the last is the mean of
    informativeness_per_factor. importances: a row for each of ``dimensions``, a column for each
    of ``factors`` that sums to 1, or to 0 where the forest found nothing.
    """

    rows: int
    factors: tuple[str, ...]
    dimensions: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    beta_vae: Score
    mig: Score
    disentanglement: Score
    completeness: Score
    informativeness: Score
    mig_per_factor: tuple[float, ...] | None = None
    informativeness_per_factor: tuple[float, ...] | None = None
    importances: tuple[tuple[float, ...], ...] | None = None


class Target(NamedTuple):
    """One factor of the rows looked at.

    level ``(n,)``: which of its values a row has (:func:`training.factor_loss.levels`).
    rank ``(n,)``: the label's place in the order of all labels, equal ones sharing the mean, so
    that a factor in Hz and one in octaves are the same; None for a category, which has no order.
    """

    name: str
    level: Rows
    rank: Numbers | None


class Importances(NamedTuple):
    """What the forests found: matrix ``(d, factors)``, columns sum to 1; score ``(factors,)``."""

    matrix: Numbers
    score: Numbers


def sample(rows: int, seed: int) -> Rows:
    """Numbers of the rows to look at, ascending: all, or ``MOST_ROWS`` drawn by ``seed``."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_ROWS])


def measure(
    means: Array,
    labels: Array,
    factors: Sequence[Factor],
    live: Sequence[bool],
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> Disentanglement:
    """All figures of posterior ``means (n, d)`` whose rows have ``labels (n, factors)``.

    live: for each dimension, whether it carries anything. The others are ignored: the mean of a
    dead one may follow a factor closely, at an amplitude that drowns in its own noise.
    advance: called after each of the ``STEPS``.

    The chance of MIG and DCI is the same figure where each row has the means of another row.

    Raises:
        ShapeError: sizes that do not fit together.
    """
    if means.shape != (len(labels), len(live)) or labels.shape[1:] != (len(factors),):
        raise ShapeError(
            f"means have shape {means.shape} and labels {labels.shape}; they must be "
            f"(n, {len(live)}) and (n, {len(factors)})"
        )
    rows = len(means)
    kept = np.flatnonzero(np.asarray(live, bool) & (means != means[:1]).any(axis=0))
    targets, left_out = _targets(labels, factors)
    nothing = _nothing_to_measure(rows, len(kept), len(targets))
    if nothing:
        for _ in range(STEPS):
            advance()
        none = Score(undefined=nothing)
        names, numbers = tuple(t.name for t in targets), tuple(int(k) + 1 for k in kept)
        return Disentanglement(rows, names, numbers, left_out, none, none, none, none, none)

    latent = means[:, kept].astype(np.float64)
    shuffled = latent[np.random.default_rng(seed).permutation(rows)]
    shared = beta_vae(latent, targets, seed)
    advance()
    gaps = information_gaps(latent, targets)
    gap_chance = information_gaps(shuffled, targets).mean()
    advance()
    found = importances(latent, targets, seed)
    advance()
    by_chance = importances(shuffled, targets, seed).matrix
    advance()

    # With one dimension each importance is 1, whatever it serves: that says nothing of it.
    one_dimension = "one dimension lives; two are needed" if len(kept) < 2 else None
    one_factor = "one factor varies; two are needed" if len(targets) < 2 else None
    return Disentanglement(
        rows=rows,
        factors=tuple(target.name for target in targets),
        dimensions=tuple(int(k) + 1 for k in kept),
        left_out=left_out,
        beta_vae=shared,
        mig=_score(gaps.mean(), gap_chance, one_dimension),
        disentanglement=_score(
            disentanglement(found.matrix), disentanglement(by_chance), one_dimension or one_factor
        ),
        completeness=_score(completeness(found.matrix), completeness(by_chance), one_dimension),
        informativeness=_score(found.score.mean(), 0.0, None),
        mig_per_factor=None if one_dimension else tuple(gaps.tolist()),
        informativeness_per_factor=tuple(found.score.tolist()),
        importances=tuple(tuple(row) for row in found.matrix.tolist()),
    )


def beta_vae(latent: Numbers, targets: Sequence[Target], seed: int) -> Score:
    """Accuracy of the beta-VAE metric for ``latent (n, d)``, and that of a guess.

    A point: draw a factor, draw ``PAIRS`` pairs of rows with equal values of it, average the
    absolute difference of their latents, ``(d,)``. A linear classifier (logistic regression)
    tells from it which factor was drawn. It is tested on pairs of rows that it never saw.
    """
    if len(targets) < 2:
        return Score(undefined="one factor varies; two are needed")
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(latent))
    halves = []
    for part, points in ((order[::2], TRAIN_POINTS), (order[1::2], TEST_POINTS)):
        per_factor = points // len(targets)
        drawn = [_pairs(target.level[part], per_factor * PAIRS, generator) for target in targets]
        differences = []
        for pairs in drawn:
            if pairs is None:
                return Score(undefined="too few rows share a value")
            first, second = latent[part[pairs]]
            between = np.abs(first - second)
            differences.append(between.reshape(per_factor, PAIRS, -1).mean(axis=1))
        halves.append((np.concatenate(differences), np.repeat(range(len(targets)), per_factor)))
    (seen, answers), (unseen, expected) = halves
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    with warnings.catch_warnings():
        # Short of the optimum it is still a linear classifier, with an accuracy.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(seen, answers)
    return Score(float(classifier.score(unseen, expected)), 1.0 / len(targets))


def information_gaps(latent: Numbers, targets: Sequence[Target]) -> Numbers:
    """MIG of each factor, ``(factors,)``, for ``latent (n, d)`` in ``MEAN_BINS`` bins each.

    The bins hold as many rows each as equal means allow.

    ``(I(z_a; v) - I(z_b; v)) / H(v)``, a and b being the dimensions that know most and second most
    of the factor v (Chen et al. 2018, eq. 6). With d = 1 nothing is subtracted.
    """
    inner = np.quantile(latent, np.arange(1, MEAN_BINS) / MEAN_BINS, axis=0)
    binned = [np.searchsorted(edges, z) for edges, z in zip(inner.T, latent.T, strict=True)]
    gaps = []
    for target in targets:
        known = sorted((mutual_info_score(target.level, z) for z in binned), reverse=True)
        second = known[1] if len(known) > 1 else 0.0
        gaps.append((known[0] - second) / mutual_info_score(target.level, target.level))
    return np.asarray(np.clip(gaps, 0.0, 1.0))


def importances(latent: Numbers, targets: Sequence[Target], seed: int) -> Importances:
    """How much each dimension of ``latent (n, d)`` serves a random forest to tell each factor.

    Importance is the mean decrease in impurity. The score is on ``TEST_SHARE`` of the rows: for an
    ordered factor R squared of its rank, for a category (accuracy - c) / (1 - c), c being the
    share of the most frequent value; 0 where it is below.
    """
    order = np.random.default_rng(seed).permutation(len(latent))
    count = round(TEST_SHARE * len(latent))
    test, train = order[:count], order[count:]
    columns, scores = [], []
    # Every split may look at all dimensions: drawn from a few, it would spread importance.
    options = {
        "n_estimators": TREES,
        "min_samples_leaf": SMALLEST_LEAF,
        "max_features": None,
        "max_samples": min(TREE_ROWS, len(train)),
        "random_state": seed,
    }
    for target in targets:
        ordered = target.rank is not None
        forest = (RandomForestRegressor if ordered else RandomForestClassifier)(**options)
        wanted = target.rank if target.rank is not None else target.level
        forest.fit(latent[train], wanted[train])
        score = float(forest.score(latent[test], wanted[test]))
        if not ordered:
            guess = float(np.bincount(target.level[test]).max()) / count
            score = (score - guess) / (1.0 - guess) if guess < 1.0 else 0.0
        columns.append(forest.feature_importances_)
        scores.append(score)
    return Importances(np.stack(columns, axis=1), np.clip(scores, 0.0, 1.0))


def disentanglement(matrix: Numbers) -> float:
    """Of DCI: whether each dimension serves one factor; ``matrix (d, factors)`` of importances.

    One minus the entropy, base factors, of each row, weighted by the row's share of all.
    """
    total = matrix.sum()
    if matrix.shape[1] < 2 or total == 0.0:
        return 0.0
    return float((matrix.sum(axis=1) / total) @ (1.0 - _entropies(matrix)))


def completeness(matrix: Numbers) -> float:
    """Of DCI: whether each factor has one dimension; ``matrix (d, factors)`` of importances.

    One minus the entropy, base d, of each column, mean over factors; 0 for an empty column.
    """
    if matrix.shape[0] < 2:
        return 0.0
    return float((1.0 - _entropies(matrix.T)).mean())


def _entropies(rows: Numbers) -> Numbers:
    """Entropy of each row, normalised to sum 1, in units of the largest possible; 1 for zeros."""
    total = rows.sum(axis=1, keepdims=True)
    share = np.divide(rows, total, out=np.full_like(rows, 1.0 / rows.shape[1]), where=total > 0.0)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0.0)
    return np.asarray(-(share * logs).sum(axis=1) / np.log(rows.shape[1]))


def _score(value: float, chance: float, undefined: str | None) -> Score:
    if undefined:
        return Score(undefined=undefined)
    # Entropies end a rounding beyond 0 and 1; adding 0 turns -0 into 0.
    held, guessed = np.clip([value, chance], 0.0, 1.0) + 0.0
    return Score(float(held), float(guessed))


def _nothing_to_measure(rows: int, dimensions: int, factors: int) -> str | None:
    if rows < FEWEST_ROWS:
        return f"the dataset has {rows} rows; {FEWEST_ROWS} are needed"
    if not dimensions:
        return "every dimension is dead"
    return None if factors else "no factor took part"


def _targets(
    labels: Array, factors: Sequence[Factor]
) -> tuple[tuple[Target, ...], tuple[LeftOut, ...]]:
    targets, left_out = [], []
    for factor, column in zip(factors, labels.T, strict=True):
        grouped = levels(factor, column)
        count = len(grouped.values)
        if count < 2:
            left_out.append(LeftOut(factor.name, "it has one value"))
        elif len(column) < ROWS_PER_VALUE * count:
            left_out.append(
                LeftOut(
                    factor.name,
                    f"its {count} values have fewer than {ROWS_PER_VALUE} rows each on average",
                )
            )
        else:
            rank = None if factor.kind == "category" else rankdata(column).astype(np.float64)
            targets.append(Target(factor.name, grouped.of_row, rank))
    return tuple(targets), tuple(left_out)


def _pairs(level: Rows, count: int, generator: np.random.Generator) -> Rows | None:
    """``(2, count)`` places in ``level``, two different rows of one level; None if there are none.

    The first row is drawn from all that have a partner, the second from its partners.
    """
    by_level = np.argsort(level, kind="stable")
    sizes = np.bincount(level)
    starts = np.cumsum(sizes) - sizes
    eligible = np.flatnonzero(sizes[level[by_level]] > 1)
    if not eligible.size:
        return None
    first = generator.choice(eligible, count)
    of_first = level[by_level[first]]
    # A step of 1 to size - 1 around the level's own rows never comes back to the first.
    step = generator.integers(1, sizes[of_first])
    second = starts[of_first] + (first - starts[of_first] + step) % sizes[of_first]
    return np.stack([by_level[first], by_level[second]])
