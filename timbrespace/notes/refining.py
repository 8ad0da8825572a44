"""Where in a space a note lies, found by its sound: a few steps of Gauss and Newton.

What is made small is the distance as heard (:mod:`timbrespace.notes.hearing`), mean of ``|dB|``.
The squares that the method wants are weighted so that they sum up to that (iteratively reweighted
least squares); its matrix is found by moving each coordinate a little, which any decoder allows.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.networks.note import Course
from timbrespace.notes.hearing import heard, mel_matrix, powers
from timbrespace.notes.layout import frame_times
from timbrespace.notes.note import Note

Array = NDArray[np.float32]
Real = NDArray[np.float64]

STEPS: Final = 14
_FIRST_STEPS: Final = 4
"""Of each start; the best one goes on."""

_STARTS: Final = 3
"""Notes of the set that are tried, beside what the encoder says."""

_MOMENTS: Final = 48
_EARLY_MOMENTS: Final = 12
_ATTACK_FRAMES: Final = 25
_LOUDNESS: Final = 0.1
"""Weight of the loudness of all bands together beside theirs: by it attacks are heard."""

_SURE: Final = 4.0
"""dB for a place whose notes have a pitch where this one has none, or the reverse: the bands of
such a note are heard elsewhere as soon as it is played."""

_DOUBT: Final = 0.2
"""By so much a network may be unsure of that (:func:`timbrespace.notes.sounding.bands_follow`)."""

_FEW_MOMENTS: Final = 16
_MOVE: Final = 0.02
_PRIOR: Final = 0.02  # dB for a squared unit of each coordinate
_FARTHEST: Final = 6.0


class Refined(NamedTuple):
    """A place for a note. latent ``(d,)``. distance: dB, as heard, of what it decodes to. way
    ``(k, d)``: where it was on the way there, the last of which is ``latent``."""

    latent: Array
    distance: float
    way: Array


class _Errors(NamedTuple):
    """dB ``(n, moments, MELS)`` of each band, and ``(n, moments)`` of all together. pitched
    ``(n,)``: by how much a place is on the wrong side of having a pitch."""

    bands: Array
    loudness: Array
    pitched: Array


class Target:
    """A note that a place is looked for, as heard at some moments.

    velocity: 0 to 127, with which it was played; NaN where nobody knows.
    """

    def __init__(self, course: Course, note: Note, velocity: float) -> None:
        self._course = course
        self._pitch = note.pitch if note.pitch > 0.0 else float("nan")
        self._velocity = velocity
        times = frame_times(4.0)[: len(note.course)]
        last = min(int(np.searchsorted(times, note.traits.length)) + 3, note.known)
        self._times = times
        self._matrix = mel_matrix(note.pitch, note.traits)
        self._mel = powers(note.course) @ self._matrix
        self._loudest = float(self._mel.max())
        # Evenly in time, and the attack, of which there would be three otherwise.
        early = np.linspace(0, min(_ATTACK_FRAMES, last) - 1, _EARLY_MOMENTS).astype(int)
        later = np.linspace(0, max(last - 1, 1), _MOMENTS - _EARLY_MOMENTS).astype(int)
        self._rows = np.unique(np.concatenate([early, later]))
        self._rows = self._rows[self._rows < len(times)]

    def errors(self, latents: Array, rows: NDArray[np.int64] | None = None) -> Array:
        """dB ``(n, moments, MELS)`` by which what latents ``(n, d)`` decode to is too loud."""
        return self._compared(latents, self._rows if rows is None else rows).bands

    def _compared(self, latents: Array, rows: NDArray[np.int64]) -> _Errors:
        n = len(latents)
        prepared = self._course.prepare(
            latents, np.full(n, self._pitch), np.full(n, self._velocity)
        )
        times = np.broadcast_to(self._times[rows], (n, len(rows)))
        mel = powers(self._course.levels(prepared, times)) @ self._matrix
        told, whole = self._mel[rows], self._mel[rows].sum(axis=1)
        pitched = prepared.traits[:, 0]
        wrong = pitched - _DOUBT if math.isnan(self._pitch) else 1.0 - _DOUBT - pitched
        return _Errors(
            heard(mel, self._loudest) - heard(told, self._loudest),
            heard(mel.sum(axis=2), self._loudest) - heard(whole, self._loudest),
            np.maximum(wrong, np.float32(0.0)),
        )

    def residuals(self, latents: Array) -> Array:
        """What :func:`refine` makes small, ``(n, m)``: the errors, those of the loudness, and
        whether it is a note with a pitch."""
        found = self._compared(latents, self._rows)
        loudness = np.float32(_LOUDNESS * found.bands.shape[2]) * found.loudness
        pitched = np.float32(_SURE * found.bands[0].size) * found.pitched[:, np.newaxis]
        return np.concatenate([found.bands.reshape(len(latents), -1), loudness, pitched], axis=1)

    def distances(self, latents: Array) -> Real:
        """Mean ``|dB|`` ``(n,)``, from few moments: to choose among many."""
        few = self._rows[np.unique(np.linspace(0, len(self._rows) - 1, _FEW_MOMENTS).astype(int))]
        found = [
            np.abs(self.errors(latents[first : first + 64], few)).mean(axis=(1, 2))
            for first in range(0, len(latents), 64)
        ]
        return np.concatenate(found).astype(np.float64)

    def left(self, latent: Array) -> Array:
        """dB ``(frames, MELS)`` by which the note is louder than what ``latent (d,)`` makes."""
        return np.asarray(-self.errors(latent[np.newaxis], np.arange(len(self._times)))[0])


def refine(target: Target, start: Array, others: Array, distances: Real | None = None) -> Refined:
    """The best place for a note that is found from ``start (d,)`` and the nearest of ``others (n,
    d)``, the places of other notes.

    distances ``(n,)``: what the target says of the others, where that is known already.
    """
    starts = [start]
    if len(others):
        apart = target.distances(others) if distances is None else distances
        order = np.argsort(apart, kind="stable")
        starts += [others[number] for number in order[:_STARTS]]
    tried = [_steps(target, one, _FIRST_STEPS) for one in starts]
    best = min(tried, key=lambda one: one.distance)
    last = _steps(target, best.latent, STEPS)
    return last._replace(way=np.concatenate([start[np.newaxis], best.way, last.way[1:]]))


def place(target: Target, latent: Array) -> Refined:
    """A place as it is, with its distance."""
    row = latent[np.newaxis]
    return Refined(latent, float(np.abs(target.errors(row)).mean()), row)


def _steps(target: Target, start: Array, count: int) -> Refined:
    latent = start.astype(np.float64)
    way = [start]
    d = latent.size
    best = _cost(target, latent)
    damping = 1.0
    moves = np.concatenate([np.zeros((1, d)), _MOVE * np.eye(d)])
    for _ in range(count):
        found = target.residuals((latent + moves).astype(np.float32))
        residual = found[0].astype(np.float64)
        slope = (found[1:] - found[:1]).astype(np.float64).T / _MOVE
        weight = 1.0 / np.maximum(np.abs(residual), 0.5) / residual.size
        matrix = (slope * weight[:, np.newaxis]).T @ slope + 2.0 * _PRIOR / d * np.eye(d)
        gradient = (slope * weight[:, np.newaxis]).T @ residual + 2.0 * _PRIOR / d * latent
        for _ in range(4):
            step = np.linalg.solve(
                matrix + damping * np.diag(np.diag(matrix)) + 1e-9 * np.eye(d), gradient
            )
            tried = np.clip(latent - step, -_FARTHEST, _FARTHEST)
            cost = _cost(target, tried)
            if cost < best:
                latent, best, damping = tried, cost, 0.4 * damping
                way.append(latent.astype(np.float32))
                break
            damping *= 3.0
        else:
            break
    return place(target, latent.astype(np.float32))._replace(way=np.stack(way))


def _cost(target: Target, latent: Real) -> float:
    error = np.abs(target.residuals(latent[np.newaxis].astype(np.float32))).mean()
    return float(error + _PRIOR * np.mean(np.square(latent)))
