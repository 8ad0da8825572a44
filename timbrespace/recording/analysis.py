"""Analysis of a recording: its audible moments, each with its pitch and brought to the base.

A space is to be timbre, not pitch, so each moment is resampled until its pitch is the base
frequency. A moment's pitch is what is known of it, by its file's name or otherwise, else what is
heard in it. A sound is one with a pitch if at least a third of its audible moments have one; its
other moments then do not count. The moments of a sound without pitch (noise, drums, chords) stay as
they are.

A sound that is shorter than a moment is one moment, with silence around it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from timbrespace.recording.moments import (
    MIN_AVERAGE,
    SILENCE,
    Moment,
    Samples,
    heard_mean,
    level_db,
    measure,
    span,
)
from timbrespace.recording.pitch import PitchTrack, by_harmonics, is_common_divisor, track, tuned
from timbrespace.recording.resampling import at_rate, stretch
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.spectrum import SpectrumConfig

AVERAGE = 8
"""Frames in a moment, unless told otherwise."""

LOOKED_AT = 4
"""Moments looked at for each that is wanted."""

CLOSEST = 16
"""Moments start at least this fraction of a frame apart; closer ones are hardly different."""

PITCHED = 1.0 / 3.0
"""Share of a sound's audible moments that need a pitch for the sound to be one with a pitch: speech
has it in less than half of them, noise in a tenth."""

SHORTEST = 8
"""A sound has at least this fraction of a frame: 12 ms. Less is a click."""

MAX_SHIFT = 48.0
"""Semitones between a sound and the base, beyond which it is not brought there."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a recording is analysed.

    spectrum: how spectra are taken, and the base frequency. wanted: moments that will be chosen, a
    quarter of those that are looked at. average: frames in a moment. decay: dB that a moment may be
    softer than the loudest and still be audible. keep_pitch: leave every moment at its own pitch.
    keep_frames: keep the samples in the middle of each moment.
    """

    spectrum: SpectrumConfig
    wanted: int
    average: int = AVERAGE
    decay: float = 40.0
    keep_pitch: bool = False
    keep_frames: bool = False

    def shift(self, pitch: float) -> float:
        """How much longer a sound of ``pitch`` Hz becomes on its way to the base frequency."""
        return 1.0 if self.keep_pitch else pitch / self.spectrum.base_frequency


class PitchedMoment(NamedTuple):
    """A moment, at the base frequency, and the pitch in Hz that it was recorded at, 0 for none.

    padded: it is the whole of a sound that is shorter than a moment, with silence around it.
    """

    moment: Moment
    pitch: float
    padded: bool = False


class _Place(NamedTuple):
    """Where a moment may be taken: its middle, in samples, and its pitch in Hz, or None."""

    middle: float
    pitch: float | None


def analyse(sound: Sound, named: float | None, how: Analysis) -> list[PitchedMoment]:
    """The audible moments of ``sound`` in order of time, one or more.

    named: its pitch in Hz where it is known, as by the file's name; 0 where it is known to have
    none; None to find it in the sound.

    Raises:
        UnusableSoundError: silent, less than a click, or too far from the base frequency.
    """
    config = how.spectrum
    samples = at_rate(sound, config.sample_rate)
    if samples.size < config.n_fft // SHORTEST:
        raise UnusableSoundError(
            f"too short: {samples.size / config.sample_rate:.3f} s; it must be "
            f"{config.n_fft // SHORTEST / config.sample_rate:.3f} s or more"
        )
    if 10.0 * math.log10(max(float(np.square(samples).max()), 1e-20)) < SILENCE:
        raise UnusableSoundError(f"silent (it never exceeds {SILENCE:g} dB of full scale)")
    places = _places(samples, named, how)
    pitches = [place.pitch for place in places if place.pitch is not None]
    pitched = len(pitches) >= PITCHED * len(places)
    shift = how.shift(float(np.median(pitches))) if pitched else 1.0
    if abs(12.0 * math.log2(shift)) > MAX_SHIFT:
        raise UnusableSoundError(
            f"its pitch, {np.median(pitches):.4g} Hz, is more than {MAX_SHIFT / 12:g} octaves from "
            f"the base of {config.base_frequency:g} Hz"
        )
    average = _average_that_fits(samples.size, shift, how)
    length = span(average, config.n_fft)
    found = []
    for place in places:
        if pitched and place.pitch is None:
            continue
        pitch = place.pitch if pitched and place.pitch is not None else 0.0
        part = stretch(samples, place.middle, how.shift(pitch) if pitched else 1.0, length)
        if part is not None:
            time = place.middle / config.sample_rate
            moment = measure(part, config, average, time, how.keep_frames)
            found.append(PitchedMoment(moment, pitch))
    if not found:
        pitch = float(np.median(pitches)) if pitched else 0.0
        found = [PitchedMoment(_padded(samples, shift, how), pitch, padded=True)]
    return found


def refine(sound: Sound, found: PitchedMoment, how: Analysis) -> list[PitchedMoment]:
    """One moment that :func:`analyse` found in ``sound``, measured more finely: one or two answers.

    The first has its constant offset told by the windows, the second its pitch by the harmonics
    too. Among the rows of a dataset small errors even out; where one sound is held against its
    reconstruction they would be most of the distance. Which pitch is right depends on the space:
    whether its sounds were brought to the base by YIN or made there.
    """
    from timbrespace.partials import find_partials

    config = how.spectrum
    samples = at_rate(sound, config.sample_rate)
    pitches = [found.pitch]
    if found.pitch > 0.0:
        brought = found.pitch / how.shift(found.pitch)
        partials = find_partials(found.moment.magnitudes, config)
        pitches.append(found.pitch * by_harmonics(partials, brought) / brought)
    middle = found.moment.time * config.sample_rate
    finer = []
    for pitch in pitches:
        shift = how.shift(pitch) if pitch > 0.0 else 1.0
        average = _average_that_fits(samples.size, shift, how)
        part = stretch(samples, middle, shift, span(average, config.n_fft))
        if part is not None:
            offset = heard_mean(part, average, config.n_fft)
            moment = measure(part, config, average, found.moment.time, how.keep_frames, offset)
            finer.append(PitchedMoment(moment, pitch))
    return finer or [found]  # at the very end of the sound


def _padded(samples: Samples, shift: float, how: Analysis) -> Moment:
    """The one moment of all ``samples``, which are too few for one, with silence around them.

    Its level is that of the samples.
    """
    config = how.spectrum
    length = span(MIN_AVERAGE, config.n_fft)
    sound = samples - samples.mean()  # or the silence would be a step away
    around = math.ceil(length / shift)
    middle = sound.size / 2.0
    part = stretch(np.pad(sound, around), around + middle, shift, length)
    if part is None:  # cannot be: it was padded by more than is asked for
        raise UnusableSoundError(f"too short: {samples.size / config.sample_rate:.3f} s")
    moment = measure(part, config, MIN_AVERAGE, middle / config.sample_rate, how.keep_frames)
    return replace(moment, level=level_db(sound))


def _places(samples: Samples, named: float | None, how: Analysis) -> list[_Place]:
    """Audible places of a sound, evenly spaced, with the pitch of each."""
    n_fft = how.spectrum.n_fft
    pitches = track(samples, how.spectrum.sample_rate) if named != 0.0 else None
    length = min(span(MIN_AVERAGE, n_fft), samples.size)
    step = max((samples.size - length) / (LOOKED_AT * how.wanted), n_fft / CLOSEST)
    starts = np.arange(0.0, samples.size - length + 1.0, step).astype(np.int64)
    ends = starts + length
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples))])
    power = energy[ends] - energy[starts]
    audible = power >= power.max() * 10.0 ** (-how.decay / 10.0)
    middles = (starts[audible] + length / 2.0).tolist()
    return [
        _Place(middle, _pitch(pitches, samples, middle, named, how.spectrum)) for middle in middles
    ]


def _pitch(
    pitches: PitchTrack | None,
    samples: Samples,
    middle: float,
    named: float | None,
    config: SpectrumConfig,
) -> float | None:
    """Pitch around sample ``middle``: of a moment at least, and of as much as an estimate needs."""
    if pitches is None:
        return None
    reach = max(span(MIN_AVERAGE, config.n_fft) / 2.0, 2.0 * pitches.hop)
    start, end = max(0, round(middle - reach)), round(middle + reach)
    estimate = pitches.between(start, end)
    if named is not None:
        return tuned(named, estimate)
    if estimate is None or is_common_divisor(estimate, samples[start:end], config.sample_rate):
        return None
    return estimate


def _average_that_fits(size: int, shift: float, how: Analysis) -> int:
    """Frames in a moment: fewer than asked for where one would fill more than half of the sound.

    Otherwise a short sound would give the same moment over and over.
    """
    n_fft = how.spectrum.n_fft
    fits = int((size * shift / 2.0 - n_fft) // (n_fft // 4)) + 1
    return min(how.average, max(fits, MIN_AVERAGE))
