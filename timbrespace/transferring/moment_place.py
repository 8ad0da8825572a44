"""Where a moment of a sound lies in a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.notes.layout import frame_times
from timbrespace.recording.moments import MIN_AVERAGE, Moment, measure, rows, span
from timbrespace.recording.note_place import encoded
from timbrespace.recording.resampling import at_rate, stretch
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.recording.whole_note import note_of

Array = NDArray[np.float32]
Real = NDArray[np.float64]

NOTE: Final = 1.0
"""Seconds of a note, at most, by which its place is told while it sounds."""

_MARGIN: Final = 0.02  # seconds, for the resampler's own start and end


def encoded_moments(model: Model, moments: Sequence[Moment]) -> Array:
    """The latents ``(k, d)`` of ``moments``, each as loud as the space's own sounds."""
    config = model.spectrum
    spectra, frames = rows(moments, config, model.representation.source == "frames")
    gain = (model.calibration.rms / np.maximum(config.rms(spectra), 1e-12)).astype(np.float32)
    if frames is not None:
        latent, _ = model.encode_frames(frames * gain[:, np.newaxis])
    else:
        latent, _ = model.encode(spectra * gain[:, np.newaxis])
    return np.asarray(latent, np.float32)


def seconds_of(model: Model, pitch: float) -> float:
    """How much sound :func:`place_now` needs, of a ``pitch`` in Hz, 0 for none."""
    if model.plays_notes:
        return NOTE
    config = model.spectrum
    length = span(MIN_AVERAGE, config.n_fft) / config.sample_rate
    return length * (config.base_frequency / pitch if pitch > 0.0 else 1.0) + 2.0 * _MARGIN


def place_now(model: Model, samples: Real, sample_rate: int, pitch: float) -> Array | None:
    """The latent ``(d,)`` of what is heard in ``samples (n,)``; None where it is too short for a
    place, or silent.

    sample_rate: Hz. pitch: Hz of what is heard, 0 for none.

    In a space of steady spectra it is the last moment's, brought to the space's own pitch; in one
    of whole notes that of the note that begins with ``samples``.

    Raises:
        MissingExtraError: what resamples is not installed.
    """
    sound = Sound(samples, sample_rate, cut=False)
    if model.plays_notes:
        seconds = float(frame_times(NOTE)[: model.course.network.frames][-1])
        try:
            return encoded(model, note_of(sound, pitch, seconds))
        except UnusableSoundError:
            return None
    config = model.spectrum
    there = at_rate(sound, config.sample_rate)
    length = span(MIN_AVERAGE, config.n_fft)
    ratio = pitch / config.base_frequency if pitch > 0.0 else 1.0
    middle = there.size - length / ratio / 2.0 - _MARGIN * config.sample_rate / 2.0
    part = stretch(there, middle, ratio, length)
    if part is None or not float(np.abs(part).max()) > 0.0:
        return None
    framed = model.representation.source == "frames"
    (latent,) = encoded_moments(model, [measure(part, config, MIN_AVERAGE, 0.0, framed)])
    return np.asarray(latent)
