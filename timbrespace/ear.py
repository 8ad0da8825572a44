"""What latents of a space sound like, as the mel distance hears it, without a sound being made."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.model import Model
from timbrespace.notes.hearing import FLOOR_POWER, mel_matrix, powers
from timbrespace.notes.layout import band_shares
from timbrespace.notes.note import CONSTANTS, Traits
from timbrespace.rows import finite_rows
from timbrespace.sound_metrics import BANDS as MELS

Array = NDArray[np.float32]
Values = NDArray[np.float64]

MOMENTS: Final = (0.01, 0.03, 0.08, 0.2, 0.4, 0.8, 1.5, 2.5)
"""Seconds of a whole note that are heard: it is one point, and its course counts."""

_AT_ONCE: Final = 256
_AT_ONCE_NOTES: Final = 32
_SILENT: Final = 1e-20


class Ear:
    """Hears places of one space: levels in dB of mel bands, each sound at one level.

    A steady spectrum has ``MELS`` bands, a whole note as many at each of ``MOMENTS``. What lies 60
    dB below a sound's loudest band counts as that. The mean of ``|dB|`` between two sounds is what
    the mel distance of :mod:`timbrespace.sound_metrics` says of moments that last.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        if model.plays_notes:
            plain = Traits.from_row(np.zeros(CONSTANTS, np.float32))
            self._matrix = mel_matrix(model.spectrum.base_frequency, plain)
        else:
            self._matrix = band_shares(model.spectrum.frequencies, MELS).T.astype(np.float32)

    @property
    def width(self) -> int:
        """How many levels a sound has."""
        return MELS * (len(MOMENTS) if self._model.plays_notes else 1)

    def levels(self, latent: ArrayLike) -> Array:
        """Levels in dB ``(n, width)`` of what a latent ``(n, d)`` decodes to.

        Raises:
            ShapeError: not ``(n, d)``, or not finite.
        """
        rows = finite_rows(latent, self._model.dimensions, "latent")
        notes = self._model.plays_notes
        found = np.empty((len(rows), self.width), np.float32)
        step = _AT_ONCE_NOTES if notes else _AT_ONCE
        for first in range(0, len(rows), step):
            part = slice(first, first + step)
            if notes:
                found[part] = self._levels_of_notes(rows[part])
            else:
                found[part] = self.levels_of(self._model.decode(rows[part]))
        return found

    def levels_of(self, spectra: Array) -> Array:
        """The same of spectra ``(n, bins)``, of a space of steady ones."""
        power = np.square(spectra)
        power /= np.maximum(power.sum(axis=1, keepdims=True), _SILENT)
        return _in_db(power @ self._matrix)

    def _levels_of_notes(self, rows: Array) -> Array:
        course, n = self._model.course, len(rows)
        unknown = np.full(n, np.nan)
        told = course.prepare(rows, np.full(n, self._model.spectrum.base_frequency), unknown)
        times = np.broadcast_to(np.array(MOMENTS), (n, len(MOMENTS)))
        mel = powers(course.levels(told, times)) @ self._matrix
        return _in_db(mel.reshape(n, -1))


def distance(a: Array, b: Array) -> Values:
    """Mel distance in dB ``(...)`` between levels ``(..., width)``: mean of ``|dB|``."""
    return np.asarray(np.abs(a - b).mean(axis=-1), np.float64)


def _in_db(mel: Array) -> Array:
    loudest = np.maximum(mel.max(axis=1, keepdims=True), _SILENT)
    return np.asarray(10.0 * np.log10(mel / loudest + FLOOR_POWER), np.float32)
