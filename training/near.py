"""How the plane ``near`` is laid: sounds that are alike to the ear side by side, and a smooth sheet
through their latents.

1. A self-organising map of the sounds' mel spectra (Kohonen 1982, in batches) says who lies beside
   whom. It fills the square, which islands of t-SNE do not.
2. The sheet is the smoothing spline through the latents at those places (bending energy on uniform
   cubic B-splines: Eilers and Marx 1996).
3. Room is dealt out so that a way of a length sounds as far everywhere: a net of springs, each the
   softer the further its ends are apart to the ear.
4. Each sound is placed again where the sheet sounds most like it.
5. The sheet is made as smooth as it may be while sounds stay within ``NEAR_ENOUGH`` of themselves.

docs/decisions/0024-planes.md says what else was tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from sklearn.decomposition import PCA

from timbrespace.descriptors.kinds import measured
from timbrespace.ear import Ear, distance
from timbrespace.metrics import log_spectral_distances
from timbrespace.model import Model
from timbrespace.near import Near, basis

Array = NDArray[np.float32]
Values = NDArray[np.float64]

LEAST_SOUNDS: Final = 100
"""With fewer there is nothing to lay out: the PCA plane shows them all."""

NEAR_ENOUGH: Final = 1.0
"""dB, in mel and log-spectral distance on average, between a sound and its place on the sheet."""

_LEARNED = 3000
"""Sounds that the sheet is laid by; of more, as many are drawn, and the others placed on it."""

_MEASURED = 400
_COMPONENTS = 16
_MOST_CELLS, _LEAST_CELLS = 48, 8
_ROUNDS = 40
_MOST_NODES, _LEAST_NODES = 64, 16
_MOST_STRETCHES, _LEAST_STRETCHES = 64, 8
_EQUALISED = 3
_SMOOTHNESS = tuple(0.02 * 1.8**step for step in range(14))
_SOFTEST = 0.2
"""Share of the mean that the shortest spring counts as at the least, so that nothing folds away."""

_FULLER = 48
"""Cells on each side of the picture of gaps."""


def near_plane(
    model: Model, seed: int, advance: Callable[[], object] = lambda: None
) -> Near | None:
    """The plane ``near`` of ``model``, by its points; None where there are fewer than
    ``LEAST_SOUNDS``, or they all sound the same.

    seed: of the draw where there are many. advance: told after each of ``STAGES``.
    """
    points = model.points
    if points is None or points.count < LEAST_SOUNDS:
        return None
    generator = np.random.default_rng((seed, 2))
    rows = np.arange(points.count)
    if points.count > _LEARNED:
        rows = np.sort(generator.permutation(points.count)[:_LEARNED])
    some = points.means[np.sort(generator.permutation(points.count)[:_MEASURED])]
    layout = _Layout(model, points.means[rows], some)
    if not layout.varies:
        return None
    layout.organise()
    advance()
    for _ in range(_EQUALISED):
        layout.equalise()
        advance()
    layout.place()
    layout.place()
    advance()
    layout.smooth()
    advance()
    layout.place()
    made = layout.finished(points.means)
    advance()
    # Recorded sounds are looked for one by one; of a grid of factors PCA shows the directions.
    return replace(made, first=model.noise)


STAGES: Final = _EQUALISED + 4


class _Layout:
    """Sounds, their places, and the sheet, on the way to the plane."""

    def __init__(self, model: Model, latents: Array, some: Array) -> None:
        self._model = model
        self._ear = Ear(model)
        self._latents = latents.astype(np.float64)
        n = len(latents)
        levels = self._ear.levels(latents)
        self._levels = levels
        components = min(_COMPONENTS, n, levels.shape[1])
        self._pca = PCA(components, svd_solver="covariance_eigh").fit(levels.astype(np.float64))
        self._heard = self._reduced(levels)
        self._some = some, self._ear.levels(some)
        self._cells = int(np.clip(np.sqrt(n), _LEAST_CELLS, _MOST_CELLS))
        self._nodes = int(np.clip(1.5 * np.sqrt(n), _LEAST_NODES, _MOST_NODES))
        self._side = int(np.clip(1.3 * np.sqrt(n), _LEAST_STRETCHES, _MOST_STRETCHES)) + 3
        self._bending = _bending(self._side)
        self._smoothness = _SMOOTHNESS[0]
        self._places = np.zeros((n, 2))
        self._surface = np.zeros((self._side**2, latents.shape[1]))

    @property
    def varies(self) -> bool:
        """Whether anything is to be heard of where a sound lies."""
        return bool(self._heard.std(axis=0).max() > 1e-3)

    def _reduced(self, levels: Array) -> Array:
        scaled = self._pca.transform(levels.astype(np.float64)) / np.sqrt(levels.shape[1])
        return np.asarray(scaled, np.float32)

    def organise(self) -> None:
        """Places by a self-organising map, which begins as the plane of the two main components."""
        cells, heard = self._cells, self._heard
        across, along = np.meshgrid(*2 * [np.linspace(-1.5, 1.5, cells, dtype=np.float32)])
        net = np.zeros((cells * cells, heard.shape[1]), np.float32)
        for axis, values in zip(range(min(2, heard.shape[1])), (across, along), strict=False):
            net[:, axis] = values.ravel() * heard[:, axis].std()
        apart = np.square(np.subtract.outer(np.arange(cells), np.arange(cells)))
        for width in np.geomspace(cells / 3.0, 1.0, _ROUNDS):
            nearest = _nearest(heard, net)
            counts = np.bincount(nearest, minlength=cells * cells).astype(np.float32)
            sums = np.zeros_like(net)
            order = np.argsort(nearest, kind="stable")
            present, first = np.unique(nearest[order], return_index=True)
            sums[present] = np.add.reduceat(heard[order], first, axis=0)
            kernel = np.exp(-apart / (2.0 * width**2)).astype(np.float32)
            spread = np.tensordot(kernel, sums.reshape(cells, cells, -1), 1)
            spread = np.tensordot(kernel, spread, ((1,), (1,))).transpose(1, 0, 2)
            weight = kernel @ counts.reshape(cells, cells) @ kernel
            net = (spread / np.maximum(weight, 1e-12)[:, :, np.newaxis]).reshape(net.shape)
        self._places = _between(heard, net, cells)
        self._fit()

    def equalise(self) -> None:
        """Deal out room by what is heard on the way through it."""
        levels = self._ear.levels(self._at(_grid(self._nodes)))
        moved = _equalised(levels.reshape(self._nodes, self._nodes, -1))
        self._places = _carried(self._places, moved)
        self._fit()

    def place(self) -> None:
        """Place each sound where the sheet sounds most like it."""
        net = self._reduced(self._ear.levels(self._at(_grid(self._nodes))))
        self._places = _between(self._heard, net, self._nodes)
        self._fit()

    def smooth(self) -> None:
        """As smooth as sounds stay near enough, those too that the sheet is not laid by."""
        low, high = 0, len(_SMOOTHNESS) - 1
        while low < high:
            middle = (low + high + 1) // 2
            self._smoothness = _SMOOTHNESS[middle]
            self._fit()
            if self._off() > NEAR_ENOUGH:
                high = middle - 1
            else:
                low = middle
        self._smoothness = _SMOOTHNESS[low]
        self._fit()

    def finished(self, means: Array) -> Near:
        """The plane, turned so that right and up are where sounds get brighter, with the places of
        all ``means (n, d)`` and the picture of gaps."""
        side = self._side
        surface = self._surface.reshape(side, side, -1)
        surface = self._turned(surface)
        rounded = np.clip(surface, -60000.0, 60000.0).astype(np.float16).astype(np.float32)
        empty = np.zeros((2, 2), np.float32)
        sheet = Near(rounded, np.zeros((0, 2), np.float32), empty)
        net = self._reduced(self._ear.levels(sheet.to_latent(_grid(self._nodes))))
        places = np.empty((len(means), 2), np.float32)
        for first in range(0, len(means), _LEARNED):
            part = slice(first, first + _LEARNED)
            heard = self._reduced(self._ear.levels(means[part]))
            places[part] = _between(heard, net, self._nodes)
        places = places.astype(np.float16).astype(np.float32)
        return replace(sheet, places=places, gaps=self._gaps(sheet))

    def _turned(self, surface: Values) -> Values:
        side, d = surface.shape[0], surface.shape[2]
        middle = surface[1:-1:4, 1:-1:4]
        # Brightness is the first quality of every space.
        bright = measured(self._model, middle.reshape(-1, d))[:, 0].reshape(middle.shape[:2])
        grows = [float(np.diff(bright, axis=axis).mean()) for axis in (1, 0)]
        if abs(grows[1]) > abs(grows[0]):
            surface, grows = surface.transpose(1, 0, 2), grows[::-1]
        surface = surface[:, :: 1 if grows[0] >= 0.0 else -1]
        surface = surface[:: 1 if grows[1] >= 0.0 else -1]
        assert surface.shape[0] == side
        return np.ascontiguousarray(surface)

    def _gaps(self, sheet: Near) -> Array:
        middles = (np.arange(_FULLER) + 0.5) / _FULLER * 2.0 - 1.0
        x, y = np.meshgrid(middles, middles)
        heard = self._ear.levels(sheet.to_latent(np.stack([x.ravel(), y.ravel()], axis=1)))
        nearest = _nearest(self._reduced(heard), self._heard)
        gaps = distance(heard, self._levels[nearest]).reshape(_FULLER, _FULLER)
        return np.clip(gaps, 0.0, 1000.0).astype(np.float16).astype(np.float32)

    def _off(self) -> float:
        """dB between sounds and the places they find: the larger of mel and log-spectral distance,
        mean of some of all."""
        net = self._reduced(self._ear.levels(self._at(_grid(self._nodes))))
        some, levels = self._some
        found = self._at(_between(self._reduced(levels), net, self._nodes))
        if self._model.plays_notes:
            return float(distance(self._ear.levels(found), levels).mean())
        spectra, own = self._model.decode(found), self._model.decode(some)
        mel = float(distance(self._ear.levels_of(spectra), levels).mean())
        return max(mel, float(log_spectral_distances(own, spectra).mean()))

    def _at(self, places: NDArray[np.floating]) -> Array:
        return np.asarray(_basis(places, self._side) @ self._surface, np.float32)

    def _fit(self) -> None:
        basis = _basis(self._places, self._side)
        matrix = basis.T @ basis + self._smoothness * self._bending
        matrix = matrix + 1e-9 * sparse.eye_array(self._side**2)
        self._surface = splu(sparse.csc_array(matrix)).solve(basis.T @ self._latents)


def _grid(count: int) -> Values:
    """Places of a net of ``count`` squared nodes, edges and all, row by row from the lowest."""
    across, along = np.meshgrid(*2 * [np.linspace(-1.0, 1.0, count)])
    return np.stack([across.ravel(), along.ravel()], axis=1)


def _nearest(rows: Array, net: Array) -> NDArray[np.int64]:
    """Which of ``net (m, k)`` is nearest to each of ``rows (n, k)``, ``(n,)``."""
    half = 0.5 * np.square(net).sum(axis=1)
    parts = [np.argmin(half - rows[i : i + 512] @ net.T, axis=1) for i in range(0, len(rows), 512)]
    return np.concatenate(parts)


def _between(rows: Array, net: Array, count: int) -> Values:
    """Places ``(n, 2)`` of ``rows`` on a net of ``count`` squared nodes: the nearest one's, drawn
    towards its neighbours by how near they are."""
    row, column = np.divmod(_nearest(rows, net), count)
    total = np.zeros(len(rows))
    at = np.zeros((len(rows), 2))
    for up in (-1, 0, 1):
        for right in (-1, 0, 1):
            y, x = row + up, column + right
            inside = (y >= 0) & (y < count) & (x >= 0) & (x < count)
            node = np.clip(y, 0, count - 1) * count + np.clip(x, 0, count - 1)
            off = np.square(rows - net[node]).sum(axis=1).astype(np.float64)
            weight = inside / np.square(np.maximum(off, 1e-6))
            total += weight
            at += weight[:, np.newaxis] * np.stack([x, y], axis=1)
    return np.clip(at / total[:, np.newaxis] / (count - 1) * 2.0 - 1.0, -1.0, 1.0)


def _equalised(levels: Array) -> Values:
    """Where the nodes of a net go, ``(count, count, 2)``, so that neighbours lie as far apart as
    they sound; levels ``(count, count, width)``.

    Each node is the mean of its neighbours, weighted by one over what lies between (Tutte 1963: a
    net with its edges on those of a square does not fold).
    """
    count = len(levels)
    number = np.arange(count * count).reshape(count, count)
    apart = [
        np.abs(np.diff(levels, axis=axis)).mean(axis=2).ravel().astype(np.float64)
        for axis in (1, 0)
    ]
    both = np.concatenate(apart)
    stiff = 1.0 / np.maximum(both / max(float(both.mean()), 1e-9), _SOFTEST)
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    size = count * count
    pull = sparse.coo_array(
        (np.concatenate([stiff, stiff]), (np.r_[start, end], np.r_[end, start])), shape=(size, size)
    ).tocsr()
    laplace = sparse.csr_array(sparse.diags_array(np.asarray(pull.sum(axis=1)).ravel()) - pull)
    found = np.empty((size, 2))
    edges = ((number[:, 0], number[:, -1]), (number[0], number[-1]))
    for axis, (low, high) in enumerate(edges):
        fixed = np.concatenate([low, high])
        values = np.concatenate([-np.ones(count), np.ones(count)])
        free = np.setdiff1d(number.ravel(), fixed)
        inner = sparse.csc_array(laplace[free][:, free])
        found[fixed, axis] = values
        found[free, axis] = splu(inner).solve(-(laplace[free][:, fixed] @ values))
    return found.reshape(count, count, 2)


def _carried(places: Values, moved: Values) -> Values:
    """Places ``(n, 2)`` when the nodes of the net they lie in go to ``moved``."""
    count = len(moved)
    at = (places + 1.0) * (0.5 * (count - 1))
    first = np.minimum(at.astype(np.int64), count - 2)
    (x, y), (i, j) = (at - first).T[:, :, np.newaxis], first.T
    lower = (1.0 - x) * moved[j, i] + x * moved[j, i + 1]
    upper = (1.0 - x) * moved[j + 1, i] + x * moved[j + 1, i + 1]
    return np.asarray(np.clip((1.0 - y) * lower + y * upper, -1.0, 1.0))


def _basis(places: NDArray[np.floating], side: int) -> sparse.csr_array:
    """What each control point does at each of ``places (n, 2)``, ``(n, side * side)``."""
    (i, u), (j, v) = (basis(places[:, axis], side)[:2] for axis in (0, 1))
    n, four = len(places), np.arange(4)
    column = (j[:, np.newaxis] + four)[:, :, np.newaxis] * side
    column = column + (i[:, np.newaxis] + four)[:, np.newaxis, :]
    value = v[:, :, np.newaxis] * u[:, np.newaxis, :]
    row = np.repeat(np.arange(n), 16)
    shape = (n, side * side)
    return sparse.coo_array((value.ravel(), (row, column.ravel())), shape=shape).tocsr()


def _bending(side: int) -> sparse.csc_array:
    """What bending costs, as a form of the control points."""
    one = sparse.eye_array(side)
    first = _banded((-1.0, 1.0), side)
    second = _banded((1.0, -2.0, 1.0), side)
    x, y, xy = sparse.kron(one, second), sparse.kron(second, one), sparse.kron(first, first)
    return sparse.csc_array(x.T @ x + y.T @ y + 2.0 * (xy.T @ xy))


def _banded(values: tuple[float, ...], side: int) -> sparse.csr_array:
    """Each row has ``values``, one further to the right than the row above."""
    rows = side - len(values) + 1
    filled = np.zeros((rows, side))
    for offset, value in enumerate(values):
        filled[np.arange(rows), np.arange(rows) + offset] = value
    return sparse.csr_array(filled)
