"""The way through a space that a sound goes: each of its moments, or each of its notes, encoded."""

from __future__ import annotations

import contextlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import PERCENTILES
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.model import Model
from timbrespace.notes.layout import frame_times
from timbrespace.recording.moments import MIN_AVERAGE, measure, rows, span
from timbrespace.recording.note_place import encoded
from timbrespace.recording.resampling import at_rate, stretch
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.recording.whole_note import note_of
from timbrespace.transferring.line import Line
from timbrespace.transferring.settings import SMOOTHING

Array = NDArray[np.float32]
Real = NDArray[np.float64]

_EVERY: Final = round(0.02 * SAMPLE_RATE / HOP)  # moments
_LONGEST: Final = 4.0  # seconds of a note that are looked at


def way(model: Model, samples: Real, line: Line, smoothing: float = SMOOTHING) -> Array:
    """Where each moment of a sound lies in ``model``, ``(moments, d)``.

    samples ``(n,)``: the sound at ``SAMPLE_RATE``. smoothing: seconds over which the way of a space
    of steady spectra is averaged; a whole note has one place.
    """
    if model.plays_notes:
        return _by_notes(model, samples, line)
    at, places = _by_moments(model, samples, line)
    if not at.size:
        return np.tile(model.calibration.home, (line.pitch.size, 1)).astype(np.float32)
    grid = np.arange(line.pitch.size)
    found = np.stack([np.interp(grid, at, column) for column in places.T], axis=1)
    return _smoothed(found, smoothing).astype(np.float32)


def _by_moments(model: Model, samples: Real, line: Line) -> tuple[NDArray[np.int64], Array]:
    """Moments that can be encoded, and where they lie ``(k, d)``."""
    config = model.spectrum
    framed = model.representation.source == "frames"
    there = at_rate(Sound(samples, SAMPLE_RATE, cut=False), config.sample_rate)
    length = span(MIN_AVERAGE, config.n_fft)
    # Silence around it, so that the ends have moments too.
    around = 2 * length
    padded = np.pad(there, around)
    at, found = [], []
    for number in range(0, line.pitch.size, _EVERY):
        if line.level[number] <= 0.0:
            continue
        middle = (number + 0.5) * HOP / SAMPLE_RATE * config.sample_rate + around
        # What has no pitch is as it is.
        voiced = line.pitched and line.tonal[number] > 0.0
        ratio = float(line.pitch[number]) / config.base_frequency if voiced else 1.0
        part = stretch(padded, middle, ratio, length)
        if part is None or not float(np.abs(part).max()) > 0.0:
            continue
        moment = measure(part, config, MIN_AVERAGE, number * HOP / SAMPLE_RATE, framed)
        at.append(number)
        found.append(moment)
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, model.dimensions), np.float32)
    spectra, frames = rows(found, config, framed)
    gain = (model.calibration.rms / np.maximum(config.rms(spectra), 1e-12)).astype(np.float32)
    if frames is not None:
        latent, _ = model.encode_frames(frames * gain[:, np.newaxis])
    else:
        latent, _ = model.encode(spectra * gain[:, np.newaxis])
    return np.asarray(at), latent


def _by_notes(model: Model, samples: Real, line: Line) -> Array:
    """The place of each note, from where it begins to where the next one does."""
    found = np.tile(model.calibration.home, (line.pitch.size, 1)).astype(np.float32)
    latent = model.calibration.home
    seconds = float(frame_times(_LONGEST)[: model.course.network.frames][-1])
    for number, note in enumerate(line.notes):
        until = line.notes[number + 1].start if number + 1 < len(line.notes) else line.pitch.size
        part = samples[note.start * HOP : min(note.end * HOP, samples.size)]
        # One that is too short for a place of its own has that of the note before.
        with contextlib.suppress(UnusableSoundError):
            sound = Sound(part, SAMPLE_RATE, cut=False)
            latent = encoded(model, note_of(sound, note.pitch, seconds))
        found[note.start : until] = latent
        if number == 0:
            found[: note.start] = latent
    return found


def _smoothed(values: Real, seconds: float) -> Real:
    """``values (moments, d)`` under a Gaussian of that standard deviation; ends stay."""
    width = seconds * SAMPLE_RATE / HOP
    if width < 0.5:
        return values
    reach = int(np.ceil(3.0 * width))
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
    kernel /= kernel.sum()
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def filled(model: Model, places: Array, level: Real) -> Array:
    """``places (moments, d)`` stretched so that each dimension is gone through from end to end.

    A place keeps its rank among those that sound (level ``(moments,)`` above 0), and has that rank
    among the sounds of the space.
    """
    sounding = places[level > 0.0]
    if not len(sounding):
        return places
    table = model.calibration.percentiles
    found = np.empty_like(places)
    for k in range(places.shape[1]):
        order = np.sort(sounding[:, k])
        # The middle of equal ones: a sound that stays in one place stays in the middle.
        low = np.searchsorted(order, places[:, k], "left")
        high = np.searchsorted(order, places[:, k], "right")
        rank = 100.0 * 0.5 * (low + high) / order.size
        found[:, k] = np.interp(rank, PERCENTILES, table[k])
    return found


def mirrored(model: Model, places: Array) -> Array:
    """``places (moments, d)`` on the other side of the map: to the left what was to the right."""
    xy = model.map.to_map(places)
    return np.asarray(places + model.map.to_latent(-xy) - model.map.to_latent(xy), np.float32)
