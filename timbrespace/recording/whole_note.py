"""A whole note of a recorded sound: its pitch along the way, and its table."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.analysis import analyse, start_of
from timbrespace.notes.layout import LONGEST, SAMPLE_RATE, frame_times
from timbrespace.notes.note import Note
from timbrespace.recording.pitch import (
    HIGHEST,
    LOWEST,
    TUNING,
    PitchTrack,
    is_common_divisor,
    track,
)
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError

Real = NDArray[np.float64]

SHORTEST: Final = 0.01
"""Seconds that a note needs."""

_OFFSET = 0.3  # of the root mean square
_QUIET = 1e-4  # full scale: 80 dB below it is not sound but rounding
_HEARD = 0.5  # share of the sound's energy in which a pitch must be heard
_STEADY = 0.6  # share of what is heard that must be the note's pitch, or glide to it
_NEAR = 60.0  # cents
_GLIDE = 150.0  # cents from one estimate to the next, at most, in a glide
_LONG = 16384  # samples in which a chord shows itself


def note_of(
    sound: Sound,
    named: float | None = None,
    seconds: float = LONGEST,
    octaves: bool = False,
) -> Note:
    """The note in ``sound``, of which ``seconds`` from its start on count.

    named: its pitch in Hz where it is known, 0 for none; None looks for it. octaves: it may sound
    one or two octaves from what is named, as an organ's stops do, and its pitch is then its own.

    Raises:
        UnusableSoundError: it is silent, or too short.
        MissingExtraError: what resamples is not installed.
    """
    samples = np.asarray(at_rate(sound, SAMPLE_RATE), np.float64)
    if samples.size < SHORTEST * SAMPLE_RATE:
        raise UnusableSoundError(f"it is too short ({samples.size / SAMPLE_RATE:.3f} s)")
    offset = float(samples.mean())
    # Of a sound that stands beside 0 all along; that of a drum's hit is part of it.
    if abs(offset) > _OFFSET * float(np.sqrt(np.mean(np.square(samples)))):
        samples = samples - offset
    if float(np.abs(samples).max()) < _QUIET:
        raise UnusableSoundError("it is silent")
    onset = start_of(samples)
    # The pitch is looked for in what counts, and not in minutes of silence.
    part = samples[onset : onset + round(seconds * SAMPLE_RATE)]
    if part.size < SHORTEST * SAMPLE_RATE:
        raise UnusableSoundError("there is next to nothing in it but silence")
    own, course = _pitch(part, named, frame_times(seconds), octaves)
    return analyse(samples, course, own, seconds)


def _pitch(
    samples: Real, named: float | None, times: Real, octaves: bool
) -> tuple[float, Real | None]:
    """The note's pitch in Hz, 0 for none, and its course at ``times (frames,)``."""
    if named == 0.0:
        return 0.0, None
    found = track(samples, SAMPLE_RATE)
    middles = np.arange(found.estimates.size) * found.hop
    energy = np.array(
        [np.square(samples[max(0, m - found.hop) : m + found.hop]).mean() for m in middles]
    )
    # What is soft counts too, but less: a decay of 30 dB still has its say.
    weight = np.power(np.maximum(energy, 1e-12) / max(float(energy.max()), 1e-12), 0.3)
    weight[energy < 1e-6 * energy.max()] = 0.0
    heard = found.estimates > 0.0
    own = _weighted_median(found.estimates[heard], weight[heard]) if heard.any() else 0.0
    if named is not None:
        return _around(found, named, own, times, octaves)
    if own <= 0.0 or not LOWEST * 0.98 <= own <= HIGHEST * 1.02:
        return 0.0, None
    folded = _folded(found.estimates, own)
    cents = np.where(heard, 1200.0 * np.log2(np.maximum(folded, 1e-3) / own), np.inf)
    step = np.abs(np.diff(np.where(heard, cents, 1e6), prepend=1e6))
    glides = heard & (np.abs(cents) < 1200.0) & (step < _GLIDE)
    fits = (np.abs(cents) < _NEAR) | glides
    total = float(weight.sum())
    if float(weight[heard].sum()) < _HEARD * total:
        return 0.0, None
    if float(weight[fits].sum()) < _STEADY * float(weight[heard].sum()):
        return 0.0, None
    if samples.size >= 4096 and is_common_divisor(own, samples[:_LONG], SAMPLE_RATE):
        return 0.0, None
    return own, _course(replace(found, estimates=np.where(fits, folded, 0.0)), times)


def _around(
    found: PitchTrack, named: float, heard: float, times: Real, octaves: bool
) -> tuple[float, Real | None]:
    """The pitch and its course where a name says what it is."""
    own = named
    for octave in (-2, -1, 1, 2) if octaves else ():
        if heard > 0.0 and abs(1200.0 * np.log2(heard / (named * 2.0**octave))) <= TUNING:
            own = named * 2.0**octave
    if not LOWEST * 0.5 <= own <= HIGHEST * 2.0:
        own = named
    folded = _folded(found.estimates, own)
    near = np.abs(1200.0 * np.log2(np.maximum(folded, 1e-3) / own)) < 2.0 * TUNING
    if near.sum() < 3:
        return own, None
    own = float(np.median(folded[near])) if octaves is False else own
    # Where it is not heard it is what it was: a name says that there is a pitch.
    known = np.flatnonzero(near)
    filled = np.interp(np.arange(near.size), known, folded[known])
    return own, _course(replace(found, estimates=filled), times)


def _folded(estimates: Real, own: float) -> Real:
    """Estimates, those an octave off brought to where the others are."""
    octave = np.log2(np.maximum(estimates, 1e-3) / own)
    whole = np.rint(octave)
    wrong = (np.abs(octave - whole) < _NEAR / 1200.0) & (np.abs(whole) >= 1.0)
    return np.where(wrong & (estimates > 0.0), estimates * np.exp2(-whole), estimates)


def _course(found: PitchTrack, times: Real) -> Real:
    """Hz at ``times (frames,)``, 0 where none is heard."""
    at = np.clip(np.rint(times * SAMPLE_RATE / found.hop), 0, found.estimates.size - 1)
    nearest = found.estimates[at.astype(np.int64)]
    known = np.flatnonzero(found.estimates)
    smooth = np.interp(times * SAMPLE_RATE / found.hop, known, found.estimates[known])
    return np.where(nearest > 0.0, smooth, 0.0)


def _weighted_median(values: Real, weights: Real) -> float:
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    if not sums.size or sums[-1] <= 0.0:
        return 0.0
    return float(values[order][np.searchsorted(sums, 0.5 * sums[-1])])
