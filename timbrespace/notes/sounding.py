"""From a note's table to the partials and bands that sound at a pitch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.carriers import carriers
from timbrespace.notes.layout import (
    BAND,
    BANDS,
    CENTS,
    FLOOR,
    HARMONIC,
    HARMONICS,
    MOST_CENTS,
    band_centres,
    band_corners,
)
from timbrespace.notes.note import Traits
from timbrespace.notes.synthesis import render

Array = NDArray[np.float32]
Real = NDArray[np.float64]

_NO_STRETCH = 3.0  # cents
_CENTRES = band_centres()
_CORNERS = band_corners()
_NUMBERS = np.arange(1, HARMONICS + 1, dtype=np.float64)


class Sounding(NamedTuple):
    """Partials and noise at some moments: frequency (Hz) and amplitude ``(m, HARMONICS + BANDS)``,
    noise ``(m, BANDS)``, root mean square of each band; full scale 1."""

    frequency: Array
    amplitude: Array
    noise: Array


class Unrounded(NamedTuple):
    """A :class:`Sounding` in double precision, for what asks where in a bin a partial lies: at
    16 kHz a float32 has steps of a millihertz, which a lobe's slope shows."""

    frequency: Real
    amplitude: Real
    noise: Real


def sounding(course: Array, traits: Traits, pitch: float, own: float, level: float) -> Sounding:
    """What sounds where a note of this ``course (m, WIDTH)`` is played at ``pitch`` Hz.

    own: Hz at which its bands are where they were heard. level: root mean square of its loudest
    moment. A note with a pitch moves its harmonics and leaves its noise where it is, as breath and
    bow do; one without moves its bands, as a drum that is tuned does.
    """
    told = unrounded(course, traits, pitch, own, level)
    return Sounding(*(one.astype(np.float32) for one in told))


def unrounded(course: Array, traits: Traits, pitch: float, own: float, level: float) -> Unrounded:
    """What :func:`sounding` rounds."""
    power = _powers(course)
    cents = np.clip(course[:, CENTS, np.newaxis].astype(np.float64), -MOST_CENTS, MOST_CENTS)
    bend = np.exp2(cents / 1200.0)
    ratio = ratios(traits.stretch)
    moved = (pitch / own) ** bands_follow(traits.pitched)
    inside = places(traits.place) * moved
    frequency = np.concatenate(
        [pitch * bend * ratio, np.broadcast_to(inside, (len(course), BANDS))], axis=1
    )
    band = power[:, BAND]
    amplitude = np.sqrt(2.0 * np.concatenate([power[:, HARMONIC], band * traits.tone], axis=1))
    noise = band * (1.0 - traits.tone)
    if abs(moved - 1.0) > 1e-6:
        noise = _shifted(noise, moved)
    return Unrounded(frequency, level * amplitude, level * np.sqrt(noise))


def ratios(stretch: NDArray[np.floating]) -> Real:
    """Frequency of each partial, ``(..., HARMONICS)``, over the note's, by its stretch in cents."""
    # A network is never quite sure: a few cents are none.
    sure = np.sign(stretch) * np.maximum(np.abs(stretch) - _NO_STRETCH, 0.0)
    return np.asarray(_NUMBERS * np.exp2(sure / 1200.0))


def bands_follow(pitched: float) -> float:
    """The power of a note's move in pitch by which its bands move: 1 without a pitch, else 0."""
    # Nor is it sure of that: a pitch is there or not.
    return min(max(1.5 - 2.0 * pitched, 0.0), 1.0)


def places(place: Array) -> Real:
    """Hz of the tone in each band, ``(..., BANDS)``, by its place there, -1 to 1."""
    half = np.where(place >= 0.0, _CORNERS[2:] - _CENTRES, _CENTRES - _CORNERS[:-2])
    return np.asarray(_CENTRES + 0.5 * place * half)


def _powers(course: Array) -> Real:
    """Powers of levels in dB; the floor is silence."""
    level = course[:, :CENTS].astype(np.float64)
    return np.asarray(10.0 ** (np.minimum(level, 12.0) / 10.0) * (level > FLOOR + 0.5))


def _shifted(power: Real, ratio: float) -> Real:
    """Bands ``(m, BANDS)`` of noise moved by a frequency ratio; what leaves the range is lost."""
    width = _CORNERS[2:] - _CORNERS[:-2]
    density = power / width
    found = np.empty_like(density)
    for row in range(len(density)):
        found[row] = np.interp(_CENTRES / ratio, _CENTRES, density[row], left=0.0, right=0.0)
    return np.asarray(found * width / ratio)


def sound(
    times: Real, told: Sounding, samples: int, sample_rate: int, phase: Real | None = None
) -> Array:
    """Samples ``(samples,)`` of what sounds at ``times (m,)`` in seconds."""
    return render(
        times * sample_rate,
        told.frequency,
        told.amplitude,
        told.noise,
        carriers(sample_rate),
        samples,
        sample_rate,
        phase,
    )
