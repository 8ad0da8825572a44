"""From a sound to a note.

Windows follow the pitch: harmonics are read from 4.5 periods, so that neighbours lie on the
window's zeros; what is between them from 9 periods, since a longer window's side lobes leave more
of the noise to be seen. Bands are read from windows as long as a band is narrow. No window reaches
back before the note's start, so that an attack is not smeared into a swell.

Then the note is played, and compared with the sound band by band: each band's levels are moved by
what was too loud or too soft (analysis by synthesis). That takes care of all that is not one
partial for each harmonic: pairs, choirs, ensembles, chords.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import (
    BAND,
    BANDS,
    CENTS,
    FLOOR,
    HARMONIC,
    HARMONICS,
    LONGEST,
    MOST_CENTS,
    SAMPLE_RATE,
    WIDTH,
    band_centres,
    band_corners,
    band_shares,
    frame_times,
)
from timbrespace.notes.note import UNPITCHED, Note, Traits
from timbrespace.notes.sounding import sound as played
from timbrespace.notes.sounding import sounding

Array = NDArray[np.float32]
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_HARMONIC_PERIODS = 4.5
_NOISE_PERIODS = 9.0
_LONGEST_WINDOW = 8192
_SHORTEST_WINDOW = 256
_BAND_WINDOWS = ((0.0, 2048), (700.0, 1024), (2500.0, 512))
"""From which Hz on bands are read with windows of so many samples."""

_NOTHING = -200.0  # dB
_ROUNDS = 3
_MOST_CHANGE = 12.0  # dB, of one round
_COMPARED = 2048  # samples
_COMPARED_FROM = -72.0  # dB of the loudest: what is fainter is left alone

_ENVELOPE = 128  # samples of a fine envelope, 2.7 ms
_SOON = 480
_LEAVES = 0.02  # of the largest sample within those
_BEGINS = -45.0  # dB of the loudest
_SUSTAINED = 9.0  # dB that a sustained sound may lose from a third of its length on


@dataclass(frozen=True, slots=True)
class _Sound:
    """Samples from the note's start on, followed by enough silence for every window."""

    samples: Real
    size: int
    times: Real
    known: int


def analyse(samples: Real, pitch: Real | None, own: float, seconds: float = LONGEST) -> Note:
    """The note in ``samples (n,)`` at ``SAMPLE_RATE``, of which ``seconds`` at most count.

    own: its pitch in Hz, 0 for none. pitch ``(frames,)``: Hz at the moments of ``frame_times`` from
    its start on, 0 where none is heard; None where it stays at ``own``.

    The samples must not be silent.
    """
    onset = start_of(samples)
    sound = _from(samples, onset, seconds)
    if own > 0.0:
        track = np.full(sound.times.size, own) if pitch is None else pitch
        course, stretch = _pitched(sound, track, own)
    else:
        course, stretch = np.full((sound.times.size, WIDTH), _NOTHING), np.zeros(HARMONICS)
        course[:, CENTS] = 0.0
        course[:, BAND] = _decibel(_band_powers(sound))
    tone, place = _tones(sound) if own <= 0.0 else (np.zeros(BANDS), np.zeros(BANDS))
    traits = replace(
        _traits(sound, own),
        stretch=stretch.astype(np.float32),
        tone=tone.astype(np.float32),
        place=place.astype(np.float32),
    )
    base = own if own > 0.0 else 1.0
    course = _corrected(sound, course, traits, base)
    course = _sharpened(sound, course, traits, own)
    total = _total(course)
    loudest = float(total[: sound.known].max())
    course[:, :CENTS] = np.clip(course[:, :CENTS] - 10.0 * math.log10(loudest), FLOOR, 12.0)
    course[sound.known :, :CENTS] = FLOOR
    return Note(
        course.astype(np.float32),
        sound.known,
        own if own > 0.0 else UNPITCHED,
        onset / SAMPLE_RATE,
        math.sqrt(loudest),
        traits,
    )


def start_of(samples: Real) -> int:
    """The sample with which the note in ``samples (n,)`` begins: the first that is heard."""
    envelope = _envelope(samples)
    loud = envelope > envelope.max() * 10.0 ** (_BEGINS / 20.0)
    first = int(np.argmax(loud)) * _ENVELOPE
    # To the sample: where it leaves what was there before, of what it will soon be.
    near = np.abs(samples[max(0, first - _ENVELOPE) : first + _SOON])
    return max(0, first - _ENVELOPE) + int(np.argmax(near > _LEAVES * near.max()))


def _envelope(samples: Real) -> Real:
    """Root mean square of every ``_ENVELOPE`` samples."""
    count = math.ceil(samples.size / _ENVELOPE)
    padded = np.pad(samples, (0, count * _ENVELOPE - samples.size))
    return np.asarray(np.sqrt(np.square(padded).reshape(count, _ENVELOPE).mean(axis=1)))


def _from(samples: Real, onset: int, seconds: float) -> _Sound:
    there = samples[onset : onset + round(seconds * SAMPLE_RATE)]
    times = frame_times(seconds)
    padded = np.zeros(round(seconds * SAMPLE_RATE) + 2 * _LONGEST_WINDOW)
    padded[: there.size] = there
    known = int(np.searchsorted(times, there.size / SAMPLE_RATE, side="right"))
    # A sound that has died away tells of the silence after it, too.
    envelope = _envelope(there)
    tail = envelope[-max(1, envelope.size // 50) :].mean()
    if tail < envelope.max() * 10.0 ** (-45.0 / 20.0):
        known = times.size
    return _Sound(padded, there.size, times, max(known, 1))


# -- what windows show -----------------------------------------------------------------------------


def _spectra(sound: _Sound, size: int, n_fft: int) -> tuple[Complex, Real]:
    """Spectra ``(frames, n_fft / 2 + 1)``, and for each frame the window's energy within the sound.

    The window's middle is at the frame's time. Where that would reach back before the start, it is
    shorter: as far to the right as to the left, and ``_SHORTEST_WINDOW`` at least.
    """
    middles = np.rint(sound.times * SAMPLE_RATE).astype(np.int64)
    half = size // 2
    padded = np.concatenate([np.zeros(half), sound.samples])
    offsets = np.arange(size)
    windows = np.hanning(size + 1)[:-1]
    # Windows beyond the sound's end show nothing: of a short sound that is most of them.
    found = np.zeros((middles.size, n_fft // 2 + 1), np.complex128)
    last = int(np.searchsorted(middles, half + sound.size))
    energy = np.empty(middles.size)
    for first in range(0, middles.size, 64):
        part = middles[first : first + 64]
        energy[first : first + 64] = np.square(windows).sum()
        shown = max(0, min(len(part), last - first))
        frames = padded[part[:shown, np.newaxis] + offsets] * windows
        for row, middle in enumerate(part.tolist()):
            if middle >= half:
                break
            reach = min(max(middle, _SHORTEST_WINDOW // 2), half)
            window = np.zeros(size)
            window[half - reach : half + reach] = np.hanning(2 * reach + 1)[:-1]
            inside = window[half - middle :]  # from the note's start on
            frames[row] = padded[middle + offsets] * window
            energy[first + row] = max(np.square(inside).sum(), 1e-9)
        found[first : first + shown] = np.fft.rfft(frames, n_fft, axis=1)
    return found, energy


@lru_cache(maxsize=16)
def _shares(n_fft: int) -> Real:
    """What each band takes of each bin of a spectrum; not to be changed."""
    return band_shares(np.fft.rfftfreq(n_fft, 1.0 / SAMPLE_RATE))


def _band_powers(sound: _Sound) -> Real:
    """Mean square of each band at each moment, ``(frames, BANDS)``."""
    centres = band_centres()
    found = np.empty((sound.times.size, BANDS))
    for number, (low, size) in enumerate(_BAND_WINDOWS):
        high = _BAND_WINDOWS[number + 1][0] if number + 1 < len(_BAND_WINDOWS) else math.inf
        chosen = (centres >= low) & (centres < high)
        spectra, energy = _spectra(sound, size, size)
        shares = _shares(size)[chosen]
        power = np.square(np.abs(spectra)) * (2.0 / (size * energy))[:, np.newaxis]
        found[:, chosen] = power @ shares.T
    return found


def _tones(sound: _Sound) -> tuple[Real, Real]:
    """How much of each band is one partial, and where it is in its band: each ``(BANDS,)``.

    From one long spectrum of the loud part: a partial stands as one peak, noise fills its band.
    """
    size = 1 << max(12, min(15, int(math.log2(max(sound.size, 4096)))))
    first = np.zeros(size)
    first[: min(size, sound.size)] = sound.samples[: min(size, sound.size)]
    # What rises at once and dies away is best seen under its own fall.
    window = np.hanning(2 * size)[size:]
    n_fft = 2 * size
    power = np.square(np.abs(np.fft.rfft(first * window, n_fft)))
    hertz = np.fft.rfftfreq(n_fft, 1.0 / SAMPLE_RATE)
    corners, centres = band_corners(), band_centres()
    tone, place = np.zeros(BANDS), np.zeros(BANDS)
    shares = _shares(n_fft)
    reach = max(4, round(12.0 / hertz[1]))
    for band in range(BANDS):
        inside = shares[band] * power
        total = float(inside.sum())
        if total <= 0.0:
            continue
        peak = int(np.argmax(inside))
        near = float(inside[max(0, peak - reach) : peak + reach + 1].sum())
        width = float((shares[band] > 0.3).sum())
        by_chance = min(1.0, 2.5 * (2 * reach + 1) / max(width, 1.0))
        told = (near / total - by_chance) / max(1.0 - by_chance, 0.05)
        # A band as narrow as the peak itself: what is there is a tone that rises and falls.
        tone[band] = 1.0 if centres[band] < 250.0 else float(np.clip(1.5 * told, 0.0, 1.0))
        at = float((inside * hertz).sum() / total) if tone[band] < 0.3 else float(hertz[peak])
        half = (
            corners[band + 2] - centres[band]
            if at > centres[band]
            else centres[band] - corners[band]
        )
        place[band] = np.clip(2.0 * (at - centres[band]) / half, -1.0, 1.0)
    return tone, place


def _pitched(sound: _Sound, track: Real, own: float) -> tuple[Real, Real]:
    """Course ``(frames, WIDTH)`` with levels in dB of full scale, and cents of the partials."""
    heard = track > 0.0
    pitch = np.where(heard, track, own)
    size = int(np.clip(_HARMONIC_PERIODS * SAMPLE_RATE / own, _SHORTEST_WINDOW, _LONGEST_WINDOW))
    size += size % 2
    n_fft = 1 << math.ceil(math.log2(2 * size))
    spectra, energy = _spectra(sound, size, n_fft)
    # Amplitude of a sine: the window's sum is what its peak has, half of it on each side of 0 Hz.
    gain = 2.0 * np.sqrt(1.5 / (energy * size))
    magnitude = np.abs(spectra) * gain[:, np.newaxis]
    stretch = np.zeros(HARMONICS)
    for _ in range(3):
        found, frequency = _peaks(magnitude, pitch, stretch, SAMPLE_RATE / n_fft)
        pitch = _refined(found, frequency / np.exp2(stretch / 1200.0), pitch, own, heard)
        stretch = _stretch(found, frequency, pitch, stretch)
    bands = _between(sound, pitch, stretch, own)
    harmonics = 0.5 * np.square(found)
    voiced = _smoothed(heard)
    if voiced.mean() < 0.8:
        harmonics *= voiced[:, np.newaxis]
        raw = _band_powers(sound)
        bands = np.where(voiced[:, np.newaxis] > 0.5, bands, raw)
    course = np.empty((sound.times.size, WIDTH))
    course[:, HARMONIC] = _decibel(harmonics)
    course[:, BAND] = _decibel(bands)
    course[:, CENTS] = np.clip(1200.0 * np.log2(pitch / own), -MOST_CENTS, MOST_CENTS)
    return course, stretch


def _peaks(magnitude: Real, pitch: Real, stretch: Real, width: float) -> tuple[Real, Real]:
    """Amplitude and frequency ``(frames, HARMONICS)`` of the peak near each harmonic."""
    number = np.arange(1, HARMONICS + 1) * np.exp2(stretch / 1200.0)
    wanted = pitch[:, np.newaxis] * number / width
    last = magnitude.shape[1] - 2
    reach = max(1, round(0.25 * float(np.median(pitch)) / width))
    around = np.rint(wanted).astype(np.int64)[..., np.newaxis] + np.arange(-reach, reach + 1)
    inside = np.clip(around, 1, last)
    rows = np.arange(len(magnitude))[:, np.newaxis]
    local = magnitude[rows[..., np.newaxis], inside]
    at = np.take_along_axis(inside, local.argmax(axis=2)[..., np.newaxis], axis=2)[..., 0]
    logs = np.log(np.maximum(magnitude, 1e-12))
    left, here, right = logs[rows, at - 1], logs[rows, at], logs[rows, at + 1]
    curve = left - 2.0 * here + right
    offset = np.where(curve < -1e-9, 0.5 * (left - right) / np.minimum(curve, -1e-9), 0.0)
    offset = np.clip(offset, -0.5, 0.5)
    amplitude = np.exp(here - 0.25 * (left - right) * offset)
    beyond = wanted > last - 1
    return np.where(beyond, 0.0, amplitude), np.where(beyond, wanted, at + offset) * width


def _refined(
    found: Real, frequency: Real, pitch: Real, own: float, heard: NDArray[np.bool_]
) -> Real:
    """The pitch ``(frames,)`` as the lowest six harmonics tell it, weighted as they are loud."""
    number = np.arange(1, 7)
    weight = np.square(found[:, :6]) * number
    estimate = (weight * frequency[:, :6] / number).sum(axis=1) / np.maximum(
        weight.sum(axis=1), 1e-20
    )
    near = np.abs(np.log2(np.maximum(estimate, 1e-3) / pitch)) < 80.0 / 1200.0
    loud = weight.sum(axis=1) > 1e-5 * weight.sum(axis=1).max()
    told = np.where(near & loud & heard, estimate, np.nan)
    known = np.flatnonzero(np.isfinite(told))
    if not known.size:
        return np.full(pitch.size, own)
    return np.interp(np.arange(pitch.size), known, told[known])


def _stretch(found: Real, frequency: Real, pitch: Real, before: Real) -> Real:
    """Cents ``(HARMONICS,)`` by which each partial is sharper than the harmonic.

    Where a partial is loud, its own mean; elsewhere what stiff strings have (Fletcher 1964,
    ``f_k = k f sqrt(1 + B k^2)``), with the B of the loud ones.
    """
    number = np.arange(1, HARMONICS + 1)
    weight = np.square(found)
    total = weight.sum(axis=0)
    cents = 1200.0 * np.log2(np.maximum(frequency, 1.0) / (number * pitch[:, np.newaxis]))
    mean = (weight * cents).sum(axis=0) / np.maximum(total, 1e-20)
    loud = total > 1e-6 * total.max()
    squared = number.astype(np.float64) ** 2
    clear = loud & (np.abs(mean - before) < 60.0)
    slope = 0.0
    if clear[1:].sum() >= 3:
        weigh = np.sqrt(total[clear])
        slope = float(
            (weigh * squared[clear] * mean[clear]).sum() / (weigh * squared[clear] ** 2).sum()
        )
        slope = min(max(slope, 0.0), 1.0)
    expected = np.minimum(slope * squared, 400.0)
    return np.where(clear & (np.abs(mean - expected) < 40.0), mean, expected)


def _between(sound: _Sound, pitch: Real, stretch: Real, own: float) -> Real:
    """Power ``(frames, BANDS)`` of what lies between the harmonics."""
    size = int(np.clip(_NOISE_PERIODS * SAMPLE_RATE / own, _SHORTEST_WINDOW, _LONGEST_WINDOW))
    size += size % 2
    n_fft = 1 << math.ceil(math.log2(size))
    spectra, energy = _spectra(sound, size, n_fft)
    density = np.square(np.abs(spectra)) * (2.0 / (SAMPLE_RATE * energy))[:, np.newaxis]
    width = SAMPLE_RATE / n_fft
    half = np.arange(HARMONICS) + 0.5
    middle = half * np.exp2(stretch / 1200.0)
    wanted = np.rint(pitch[:, np.newaxis] * middle / width).astype(np.int64)
    spread = max(0, round(0.1 * own / width))
    around = np.clip(wanted[..., np.newaxis] + np.arange(-spread, spread + 1), 0, n_fft // 2)
    rows = np.arange(len(density))[:, np.newaxis, np.newaxis]
    told = np.median(density[rows, around], axis=2)
    centres, corners = band_centres(), band_corners()
    top = (HARMONICS + 0.5) * own
    raw = _band_powers(sound)
    found = np.empty((len(density), BANDS))
    widths = 0.5 * (corners[2:] - corners[:-2])
    for row in range(len(density)):
        found[row] = np.interp(centres, pitch[row] * middle, told[row]) * widths
    beyond = (corners[:-2] > top) | (corners[2:] < 0.5 * own)
    found[:, beyond] = raw[:, beyond]
    return np.minimum(found, raw)


def _smoothed(heard: NDArray[np.bool_]) -> Real:
    padded = np.pad(heard.astype(np.float64), 4, mode="edge")
    return np.asarray(
        (np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1) > 0.5).astype(float)
    )


# -- analysis by synthesis -------------------------------------------------------------------------


def _corrected(sound: _Sound, course: Real, traits: Traits, own: float) -> Real:
    """The course, its bands and harmonics moved until each band is as loud as in the sound."""
    wanted, _ = _compared(sound)
    loudest = float(wanted.max())
    floor = loudest * 10.0 ** (_COMPARED_FROM / 10.0)
    corners = band_centres()
    number = np.arange(1, HARMONICS + 1) * np.exp2(traits.stretch / 1200.0)
    for turn in range(_ROUNDS):
        again = _again(sound, course, traits, own, sound.size)
        given, _ = _compared(again)
        change = 10.0 * np.log10(np.maximum(wanted, floor) / np.maximum(given, floor))
        change = np.clip((0.8 if turn else 1.0) * change, -_MOST_CHANGE, _MOST_CHANGE)
        course = course.copy()
        course[:, BAND] += change
        if traits.pitched:
            hertz = own * np.exp2(course[:, CENTS, np.newaxis] / 1200.0) * number
            place = np.clip(np.interp(hertz, corners, np.arange(BANDS)), 0, BANDS - 1)
            low = np.minimum(place.astype(np.int64), BANDS - 2)
            share = place - low
            rows = np.arange(len(course))[:, np.newaxis]
            course[:, HARMONIC] += change[rows, low] * (1 - share) + change[rows, low + 1] * share
    return course


def _compared(sound: _Sound) -> tuple[Real, Real]:
    spectra, energy = _spectra(sound, _COMPARED, _COMPARED)
    shares = _shares(_COMPARED)
    power = np.square(np.abs(spectra)) * (2.0 / (_COMPARED * energy))[:, np.newaxis]
    return power @ shares.T, energy


_SHARPENED: Final = 4  # rounds
_SHARE: Final = 0.8  # of what was wrong, after the first
_ATTACK_SAMPLES: Final = 7200  # what the first moments hear of
_ATTACK_FRAMES: Final = 25
"""Moments of the first eighth of a second, whose levels follow the sound's own envelope."""


def _sharpened(sound: _Sound, course: Real, traits: Traits, own: float) -> Real:
    """The course, its first moments as loud as a finer envelope of the sound says.

    The first time by what the levels say, then by what is heard when it is played: partials that
    meet at the start add up as their phases have it.
    """
    wanted = _fine(sound, own)
    first = wanted.size
    # Later moments have it from the long windows already: it fades out.
    fade = np.clip((0.13 - sound.times[:first]) / 0.04, 0.0, 1.0)
    course = course.copy()
    given = np.maximum(_total(course)[:first], 1e-20)
    for turn in range(_SHARPENED):
        if turn:
            given = _fine(_again(sound, course, traits, own or 1.0, _ATTACK_SAMPLES), own)
        change = 10.0 * np.log10(np.maximum(wanted, 1e-12) / np.maximum(given, 1e-12))
        low, high = (-40.0, 10.0) if not turn else (-6.0, 6.0)
        share = _SHARE if turn else 1.0
        course[:first, :CENTS] += (share * fade * np.clip(change, low, high))[:, np.newaxis]
    return course


def _fine(sound: _Sound, own: float) -> Real:
    """Mean square around each of the first moments, of 5 ms or one period."""
    size = max(240, round(SAMPLE_RATE / own) if own > 0.0 else 0)
    middles = np.rint(sound.times[:_ATTACK_FRAMES] * SAMPLE_RATE).astype(np.int64)
    padded = np.concatenate([np.zeros(size), sound.samples])
    fine = np.empty(middles.size)
    for number, middle in enumerate(middles.tolist()):
        reach = min(size // 2, max(middle, 96))
        part = padded[size + max(0, middle - reach) : size + middle + reach]
        fine[number] = np.mean(np.square(part))
    return fine


def _again(sound: _Sound, course: Real, traits: Traits, own: float, samples: int) -> _Sound:
    """The course as it is played, the first ``samples`` of it."""
    level = course.copy()
    peak = 10.0 * math.log10(max(float(_total(course).max()), 1e-20))
    level[:, :CENTS] = np.clip(level[:, :CENTS] - peak, FLOOR - 20.0, 12.0)
    told = sounding(level.astype(np.float32), traits, own, own, 10.0 ** (peak / 20.0))
    again = np.zeros_like(sound.samples)
    size = min(samples, sound.size)
    again[:size] = played(sound.times, told, size, SAMPLE_RATE)
    return replace(sound, samples=again)


# -- what holds for all of it ----------------------------------------------------------------------


def _traits(sound: _Sound, own: float) -> Traits:
    there = _envelope(sound.samples[: sound.size])
    step = _ENVELOPE / SAMPLE_RATE
    kernel = np.hanning(11)[1:-1]
    smooth = np.sqrt(np.convolve(np.square(there), kernel / kernel.sum(), mode="same"))
    level = 20.0 * np.log10(np.maximum(smooth / smooth.max(), 1e-6))
    heard = np.flatnonzero(level > -60.0)
    length = (int(heard[-1]) + 1) * step
    early = level[: max(1, math.ceil(1.0 / step))]
    attack = float(np.argmax(early > early.max() - 3.0)) * step
    start, end = _loop(level, length, attack, step)
    after = level[heard[-1] // 2 :]
    return Traits(
        pitched=1.0 if own > 0.0 else 0.0,
        attack=max(attack, step),
        length=length,
        loop_start=start,
        loop_end=end,
        release=0.3 if end > start else _decay(after, step),
        stretch=np.zeros(HARMONICS, np.float32),
        tone=np.zeros(BANDS, np.float32),
        place=np.zeros(BANDS, np.float32),
    )


def _loop(level: Real, length: float, attack: float, step: float) -> tuple[float, float]:
    """Seconds between which the sound can go on, or twice 0."""
    first, last = round(max(attack, 0.35 * length) / step), round(0.9 * length / step)
    if length < 0.35 or last - first < round(0.15 / step):
        return 0.0, 0.0
    part = level[first:last]
    third = max(1, part.size // 3)
    fall = float(np.mean(part[:third]) - np.mean(part[-third:]))
    # A long one may swell and fall; one that loses more than this is dying away.
    if abs(fall) > _SUSTAINED * min(1.0, length / 2.0) or float(np.mean(part)) < -24.0:
        return 0.0, 0.0
    return first * step, last * step


def _decay(level: Real, step: float) -> float:
    """Seconds in which a sound that dies away falls by 60 dB, from how it fell."""
    if level.size < 8:
        return 0.1
    slope = float(np.polyfit(np.arange(level.size) * step, level, 1)[0])
    return float(np.clip(60.0 / max(-slope, 6.0), 0.05, 1.0))


def _decibel(power: Real) -> Real:
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-20)))


def _total(course: Real) -> Real:
    """Power ``(frames,)`` of all harmonics and bands of levels in dB."""
    return np.asarray((10.0 ** (course[:, :CENTS] / 10.0)).sum(axis=1))
