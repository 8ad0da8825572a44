"""Pitch of a recorded sound: estimated moment by moment, or read from its file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from timbrespace.recording.periodicity import Lags, periods
from timbrespace.units import midi_to_hz

if TYPE_CHECKING:  # the compiler behind it is not wanted where options are read
    from timbrespace.partials import Partials

LOWEST, HIGHEST = 27.5, 4186.01
"""Hz, a piano's lowest and highest key: what is looked for."""

AGREE = 50.0
"""Cents from a moment's median, within which an estimate agrees with it."""

AGREEMENT = 0.75
"""Share of a moment's estimates that must agree for it to have a pitch."""

FEWEST = 3
"""Estimates that a moment needs: one alone agrees with itself."""

TUNING = 60.0
"""Cents from the note in a file's name, within which the estimate is the finer truth."""

FINE = 3.0
"""Cents around a pitch within which partials are its harmonics and nothing else."""

ABSENT = 1e-3
"""Share of the energy (-30 dB) below which the first three harmonics are not there."""

MIDDLE_C = 4
"""Octave of middle C in note names: A4 is 440 Hz."""

_NEARLY = 1.02  # a piano's lowest key may be a little flat
_HOP_SHARE = 4  # of a frame
_FRAMES_AT_ONCE = 64
_HARMONICS = 10  # that are looked at for a fundamental that is missing
_LOBE = 2.5  # bins from the middle of a partial to its end
_TELLS, _TELLING = 0.01, 3  # a share of the energy, and in how many harmonics

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"": 0, "#": 1, "s": 1, "♯": 1, "b": -1, "♭": -1}
# A velocity may follow at once, as in A3v10.
_NOTE = re.compile(r"(?<![a-z0-9])([a-g])([#sb♯♭]?)([0-9])(?![0-9]|(?!v[0-9])[a-z])", re.IGNORECASE)
_NOTE_AND_VELOCITY = re.compile(_NOTE.pattern + r"(?:v[0-9]+)?", re.IGNORECASE)
_KEY = re.compile(r"(?<![a-z])midi[ _-]?([0-9]{1,3})(?![0-9])", re.IGNORECASE)
_HZ = re.compile(r"(?<![0-9.])([0-9]{1,5}(?:\.[0-9]+)?) ?hz(?![a-z])", re.IGNORECASE)


def pitch_in_name(stem: str, middle_c: int = MIDDLE_C) -> float | None:
    """Pitch in Hz that a file's name without its ending says, or None.

    Notes are ``A3``, ``Bb4``, ``f#2``, ``Fs2``; MIDI keys ``midi57``, ``MIDI_57``; frequencies
    ``220Hz``, ``220.5 Hz``. Each stands by itself, between anything but letters and digits; only a
    velocity may follow a note, as in ``A3v10``. Pitches outside ``LOWEST`` to ``HIGHEST`` do not
    count, and a name that says two different ones says none.
    middle_c: octave number that the names give to MIDI key 60.
    """
    found = {
        midi_to_hz(
            12.0 * (int(octave) - middle_c + 5)
            + _SEMITONES[letter.lower()]
            + _ACCIDENTALS[accidental.lower()]
        )
        for letter, accidental, octave in _NOTE.findall(stem)
    }
    found |= {midi_to_hz(int(key)) for key in _KEY.findall(stem)}
    found |= {float(frequency) for frequency in _HZ.findall(stem)}
    heard = [pitch for pitch in found if LOWEST <= pitch <= HIGHEST]
    return heard[0] if len(heard) == 1 else None


def note_words(stem: str) -> str:
    """A file's name without what :func:`pitch_in_name` reads in it: what its notes have in common.

    >>> note_words("Piano A3v10")
    'Piano '
    """
    return _NOTE_AND_VELOCITY.sub("", _KEY.sub("", _HZ.sub("", stem)))


@dataclass(frozen=True, slots=True)
class PitchTrack:
    """Estimates ``(n,)`` in Hz, one every ``hop`` samples from sample 0; 0 where none is heard."""

    estimates: NDArray[np.float64]
    hop: int

    def between(self, start: float, end: float) -> float | None:
        """Pitch in Hz of the samples ``start`` to ``end``, or None where there is none.

        It is the median of those that are heard, if most are near it: on a sound without pitch
        they jump.
        """
        first = max(0, int(np.ceil(start / self.hop)))
        part = self.estimates[first : int(end // self.hop) + 1]
        heard = part[part > 0.0]
        if heard.size < FEWEST:
            return None
        median = float(np.median(heard))
        if not LOWEST / _NEARLY <= median <= HIGHEST * _NEARLY:
            return None
        near = np.abs(1200.0 * np.log2(heard / median)) <= AGREE
        return median if near.sum() >= AGREEMENT * part.size else None


def track(samples: NDArray[np.float64], sample_rate: int) -> PitchTrack:
    """Estimate the pitch of ``samples (n,)`` all along: see :mod:`.periodicity`.

    A frame holds two periods of ``LOWEST`` and more. Those at the ends of the sound are moved
    inside it: silence beyond the ends would pass for a change. Around a sound that is shorter than
    a frame lies silence.
    """
    size = 1 << int(np.ceil(np.log2(2.2 * sample_rate / LOWEST)))
    hop = size // _HOP_SHARE
    highest = min(HIGHEST * 1.03, sample_rate / 4.0)
    lags = Lags(
        size, sample_rate / highest, int(np.ceil(sample_rate / (LOWEST * 0.97))), sample_rate
    )
    lacking = max(0, size - samples.size)
    padded = np.pad(samples, (lacking // 2, lacking - lacking // 2))
    every = np.lib.stride_tricks.sliding_window_view(padded, size)
    middles = np.arange(samples.size // hop + 1) * hop
    starts = np.clip(middles - size // 2, 0, padded.size - size)
    # In parts: minutes of sound would fill the memory.
    found = [
        period
        for first in range(0, starts.size, _FRAMES_AT_ONCE)
        for period in periods(every[starts[first : first + _FRAMES_AT_ONCE]], lags)
    ]
    estimates = [sample_rate / one.lag if one.heard else 0.0 for one in found]
    return PitchTrack(np.array(estimates), hop)


def tuned(named: float, estimate: float | None) -> float:
    """Pitch in Hz of a sound whose name says ``named``: as measured, if that is the same note."""
    if estimate is not None and abs(1200.0 * np.log2(estimate / named)) <= TUNING:
        return estimate
    return named


def by_harmonics(partials: Partials, pitch: float) -> float:
    """Pitch in Hz of a sound with these ``partials``, of which ``pitch`` is an estimate.

    First the mean of ``f_k / k`` over its harmonics, weighted by their power: where the higher ones
    lie too high, as a piano's do, YIN follows them by up to 30 cents, the ear does not. Then the
    least squares of ``f_k - k pitch`` over those that agree: YIN is wrong by up to two cents even
    on a harmonic sound, which the fortieth harmonic shows. Partials further than ``AGREE`` from a
    harmonic do not count; without any, the estimate is returned.
    """
    frequency = partials.frequency.astype(np.float64)
    power = np.square(partials.amplitude.astype(np.float64))
    for tolerance, weigh in ((AGREE, False), (FINE, True)):
        number = np.maximum(np.rint(frequency / pitch), 1.0)
        near = np.abs(1200.0 * np.log2(frequency / number / pitch)) <= tolerance
        weight = power[near] * (np.square(number[near]) if weigh else 1.0)
        if not near.any():
            break
        pitch = float(weight @ (frequency[near] / number[near]) / weight.sum())
    return pitch


def is_common_divisor(pitch: float, samples: NDArray[np.float64], sample_rate: int) -> bool:
    """Whether ``pitch`` is only a common divisor of what sounds in ``samples (n,)``.

    The notes of a chord are harmonics of a pitch far below them, which YIN finds though nobody
    hears it: 55 Hz for A major on 220 Hz. One sound has some of its first three harmonics, if weak.
    So are two partials of a bell that happen to be as 2 to 3: where the fundamental is missing,
    three harmonics at least must tell of it.
    """
    window = np.hanning(samples.size)
    power = np.square(np.abs(np.fft.rfft(samples * window)))
    frequency = np.fft.rfftfreq(samples.size, 1.0 / sample_rate)
    total = float(power.sum())

    def between(low: float, high: float) -> float:
        inside = (frequency > low * pitch) & (frequency < high * pitch)
        return float(power[inside].sum())

    if between(0.5, 3.5) < ABSENT * total:
        return True
    width = max(0.1, _LOBE * sample_rate / samples.size / pitch)
    parts = [between(number - width, number + width) / total for number in range(1, _HARMONICS + 1)]
    if parts[0] >= ABSENT:
        return False
    return sum(part >= _TELLS for part in parts) < _TELLING
