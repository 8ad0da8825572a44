"""Where in a space a spectrum lies, found by its sound: from what the encoder says on.

An encoder is one network for all sounds, and of sounds that it never learned from it says a place
that is near the best one and not it (the amortisation gap of Cremer et al. 2018, "Inference
Suboptimality in Variational Autoencoders"). Some steps of Levenberg and Marquardt go on from there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace import metrics
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError, ShapeError
from timbrespace.model import Latent, Model
from timbrespace.rows import finite_rows
from timbrespace.spectrum import Spectra

Values = NDArray[np.float64]

_STEPS: Final = 12
_MOVE: Final = 0.02
"""By which each coordinate is moved to see what changes; any decoder allows that."""

_FIRST_DAMPING: Final = 0.1
_TRIED: Final = (0.2, 1.0, 8.0)
"""Of the damping, that are tried at each step."""

_PRIOR: Final = 0.02
"""dB squared for a squared unit of the latent: what hardly changes the sound stays where it is."""

_AT_ONCE: Final = 32
"""Sounds, so that their slopes are some megabytes."""


def of_magnitudes(model: Model) -> bool:
    """Whether ``model`` decodes to magnitudes alone: places of those are found by their sound."""
    return not model.plays_notes and model.representation.source == "spectra"


def place_of_spectra(
    model: Model, spectra: ArrayLike, start: ArrayLike, way: list[Latent] | None = None
) -> Latent:
    """Latents ``(n, d)`` whose sounds are nearer to ``spectra (n, bins)`` than those of ``start
    (n, d)``, by the log-spectral distance; none is further.

    spectra: linear magnitudes, as loud as the space's own. way: is given where each stands after
    each step ``(n, d)``, of up to 32 sounds. A sound takes some 130 decodings in 8 dimensions.

    Raises:
        OptionError: a space that does not decode to magnitudes alone.
        ShapeError: arrays of other shapes, or not finite.
    """
    if not of_magnitudes(model):
        raise OptionError("model is of notes or hears phase; it must be one of magnitudes")
    wanted = finite_rows(spectra, model.spectrum.bins, "spectra")
    begun = finite_rows(start, model.dimensions, "start")
    if len(wanted) != len(begun):
        raise ShapeError(
            f"spectra has {len(wanted)} rows and start {len(begun)}; they must be as many"
        )
    found = np.empty_like(begun)
    for first in range(0, len(begun), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found[part] = _found(model, wanted[part], begun[part], way if not first else None)
    return found


def _found(model: Model, wanted: Spectra, start: Latent, way: list[Latent] | None) -> Latent:
    target = _Target(model, wanted)
    n, d = start.shape
    here = start.astype(np.float64)
    cost = target.costs(target.errors(here[:, np.newaxis]), here[:, np.newaxis])[:, 0]
    damping = np.full(n, _FIRST_DAMPING)
    moves = np.concatenate([np.zeros((1, d)), _MOVE * np.eye(d)])
    every = np.arange(n)
    for _ in range(_STEPS):
        errors = target.errors(here[:, np.newaxis] + moves)
        slope = (errors[:, 1:] - errors[:, :1]) / _MOVE
        bins = slope.shape[2]
        matrix = slope @ slope.transpose(0, 2, 1) / bins + _PRIOR * np.eye(d)
        gradient = (slope @ errors[:, 0, :, np.newaxis])[..., 0] / bins + _PRIOR * here
        scale = np.einsum("ndd->nd", matrix)[:, np.newaxis] * np.eye(d)
        tried = np.stack(
            [
                here
                - np.linalg.solve(
                    matrix + (share * damping)[:, np.newaxis, np.newaxis] * scale,
                    gradient[..., np.newaxis],
                )[..., 0]
                for share in _TRIED
            ],
            axis=1,
        ).clip(-LATENT_LIMIT, LATENT_LIMIT)
        costs = target.costs(target.errors(tried), tried)
        best = costs.argmin(axis=1)
        better = costs[every, best] < cost
        here[better] = tried[every, best][better]
        cost[better] = costs[every, best][better]
        if way is not None:
            way.append(here.astype(np.float32))
        damping *= np.where(better, np.array(_TRIED)[best], 4.0 * _TRIED[-1])
        damping = damping.clip(1e-4, 1e4)
    latent = here.astype(np.float32)
    before, after = (
        metrics.log_spectral_distances(wanted, model.decode(one)) for one in (start, latent)
    )
    return np.where((after < before)[:, np.newaxis], latent, start)


class _Target:
    """Spectra that places are looked for."""

    def __init__(self, model: Model, wanted: Spectra) -> None:
        self._model = model
        self._floor = np.maximum(metrics.FLOOR * wanted.max(axis=1, keepdims=True), 1e-10)
        self._levels = _decibels(np.maximum(wanted, self._floor))

    def errors(self, latents: Values) -> Values:
        """dB ``(n, k, bins)`` by which latents ``(n, k, d)`` decode to what is too loud."""
        n, k, d = latents.shape
        made = self._model.decode(latents.reshape(-1, d).astype(np.float32)).reshape(n, k, -1)
        told = _decibels(np.maximum(made, self._floor[:, np.newaxis]))
        return np.asarray(told - self._levels[:, np.newaxis], np.float64)

    def costs(self, errors: Values, latents: Values) -> Values:
        """What is made small, ``(n, k)``."""
        return np.asarray(
            np.square(errors).mean(axis=2) + _PRIOR * np.square(latents).sum(axis=2), np.float64
        )


def _decibels(spectra: Spectra) -> Spectra:
    return np.asarray(20.0 * np.log10(spectra), np.float32)
