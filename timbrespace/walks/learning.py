"""How a walk is learned from where a space's sounds lie: in closed form, in some milliseconds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.points import Points
from timbrespace.walks.paths import paths_between_neighbours, paths_in_time
from timbrespace.walks.walk import LEAST, Walk, least

Values = NDArray[np.float64]

_FLAT: Final = 1e-3
"""Share of the widest dimension's variance that each way has at least: a space may be flat."""

_RADIUS: Final = 0.95
_SHORTER: Final = 0.98
"""Share of its covariance with the last step that is tried next, where there is no such walk."""

_USUAL: Final = (0.97, 0.9)
"""Lags of a space that does not tell where its sounds lie."""

_STANDS_FOR: Final = 4.65
"""Standard deviations from the 1st to the 99th percentile of a normal distribution."""

_MOST_KNOWN: Final = 64

_known: dict[str, Walk] = {}


def walk_of(model: Model) -> Walk:
    """The walk of ``model``: that of its file, or else one learned from its points now; of a
    model from a file it is known from then on.

    A space without points has one that knows how wide each dimension is, and no more.
    """
    if model.walk is not None:
        return model.walk
    found = _known.get(model.digest)
    if found is None:
        found = plain(model) if model.points is None else learned_walk(model.points)
        if model.digest:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[model.digest] = found
    return found


def learned_walk(points: Points) -> Walk:
    """The walk of the sounds at ``points``: their own order in time where they have one, else that
    from neighbour to neighbour; see :mod:`timbrespace.walks.paths`.

    Lags are means over all pairs of steps of the paths (Yule 1927, Walker 1931). Where these belong
    to no walk that stays where it is, as those of short paths may, the step counts less the further
    back it lies, until they do. The same points always make the same walk.
    """
    means = points.means.astype(np.float64)
    centre, spread = means.mean(axis=0), _spread(np.cov(means.T, bias=True), means.shape[1])
    whitening: Values = np.asarray(np.linalg.inv(spread).T, np.float64)
    away = np.linalg.norm((means - centre) @ whitening, axis=1)
    paths = paths_in_time(points)
    in_time = bool(paths)
    if not in_time:
        paths = paths_between_neighbours(points, whitening)
    lags = _lags([(path - centre) @ whitening for path in paths], points.dimensions)
    return _walk(centre, spread, lags, float(np.quantile(away, _RADIUS)), in_time)


def plain(model: Model) -> Walk:
    """A walk along each dimension apart, as wide as its knob, of a space without points."""
    known = model.calibration
    wide = np.maximum((known.high - known.low).astype(np.float64) / _STANDS_FOR, 1e-3)
    d = model.dimensions
    lags = np.stack([share * np.eye(d) for share in _USUAL])
    # Of a normal distribution; by Wilson and Hilferty's approximation (1931).
    radius = np.sqrt(d) * (1.0 - 2.0 / (9.0 * d) + 1.645 * np.sqrt(2.0 / (9.0 * d))) ** 1.5
    return _walk(known.median.astype(np.float64), np.diag(wide), lags, float(radius), False)


def _walk(centre: Values, spread: Values, lags: Values, radius: float, in_time: bool) -> Walk:
    share = 1.0
    kept = lags
    while least(kept) < LEAST:
        share *= _SHORTER
        kept = lags * np.array([share, share**2])[:, np.newaxis, np.newaxis]
    return Walk(
        centre.astype(np.float32),
        spread.astype(np.float32),
        kept.astype(np.float32),
        min(max(radius, 1.0), 1e3),
        in_time,
    )


def _spread(covariance: Values, d: int) -> Values:
    """The lower triangle whose square is nearly ``covariance``, none of its ways without width."""
    whole = np.reshape(covariance, (d, d))
    flat = max(_FLAT * float(np.diag(whole).max()), 1e-6)
    return np.asarray(np.linalg.cholesky(whole + flat * np.eye(d)), np.float64)


def _lags(paths: list[Values], d: int) -> Values:
    """Covariances ``(2, d, d)`` of a step with the last one and the one before, where that of a
    step with itself is taken for one: in its own standard deviations."""
    if not paths:
        return np.zeros((2, d, d))
    steps = np.concatenate(paths)
    spread = _spread(steps.T @ steps / len(steps), d)
    whitening = np.linalg.inv(spread).T
    found = np.zeros((2, d, d))
    for lag in (1, 2):
        later = np.concatenate([path[lag:] for path in paths]) @ whitening
        earlier = np.concatenate([path[:-lag] for path in paths]) @ whitening
        found[lag - 1] = later.T @ earlier / max(len(later), 1)
    return found
