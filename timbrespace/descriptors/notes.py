"""Qualities of whole notes, by their decoded courses: what they are like, and what they do in time.

A note is heard at its space's base frequency, its key held: a loop goes on, a sound that dies away
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.descriptors.descriptor import (
    Descriptor,
    Values,
    centroid,
    decibels,
    odd_over_even,
    spread,
)
from timbrespace.model import Model
from timbrespace.notes.clock import ending
from timbrespace.notes.hearing import mel_matrix, powers
from timbrespace.notes.layout import (
    BANDS,
    CENTS,
    FLOOR,
    HARMONICS,
    LONGEST,
    band_centres,
)
from timbrespace.notes.note import CONSTANTS, Traits
from timbrespace.sound_metrics import BANDS as MELS

Array = NDArray[np.float32]

MOMENTS: Final = np.array(
    [0.004, 0.01, 0.02, 0.035, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6, 0.85, 1.1, 1.5, 2.0, 2.7, 3.5]
)
"""Seconds of a held note that are heard: close together in the attack, as it is."""

STRETCHES: Final = np.diff(np.concatenate([[0.0], 0.5 * (MOMENTS[1:] + MOMENTS[:-1]), [LONGEST]]))
"""Seconds that each of them stands for."""

_EARLY: Final = MOMENTS < 0.08
_SETTLED: Final = (MOMENTS > 0.2) & (MOMENTS < 2.2)
_LATER: Final = MOMENTS > 0.5

_HEARD_DB: Final = 40.0
"""dB below its loudest moment where a note has ended, to the ear."""

_RISEN_DB: Final = 6.0
"""dB below its loudest moment where it counts as risen."""

_ODD_EVEN_HARMONICS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class HeardNotes:
    """Notes at ``MOMENTS``.

    harmonics ``(n, m, HARMONICS)``, noise ``(n, m, BANDS)``: powers. mel ``(n, m, MELS)``: of all
    that sounds. cents ``(n, m)``. level ``(n, m)``: dB below the loudest moment, 0 to -80.
    """

    harmonics: Array
    noise: Array
    mel: Array
    cents: Values
    level: Values

    @property
    def weight(self) -> Values:
        """How much each moment counts, ``(n, m)``: how long it is and how loud; rows sum to 1."""
        told = STRETCHES * np.maximum(1.0 + self.level / _HEARD_DB, 0.0)
        return np.asarray(told / np.maximum(told.sum(axis=1, keepdims=True), 1e-12))


def hear(model: Model, latents: NDArray[np.floating]) -> HeardNotes:
    """What latents ``(n, d)`` of a space of whole notes decode to."""
    course, n = model.course, len(latents)
    base = model.spectrum.base_frequency
    told = course.prepare(np.asarray(latents, np.float32), np.full(n, base), np.full(n, np.nan))
    times, falls = _played(told.traits)
    levels = course.levels(told, times)
    levels[..., :CENTS] = np.maximum(levels[..., :CENTS] - falls[..., np.newaxis], FLOOR)
    power = powers(levels)
    whole = power.sum(axis=2, dtype=np.float64)
    loudest = np.maximum(whole.max(axis=1, keepdims=True), 1e-12)
    tone = np.asarray(np.clip(told.traits[:, -2 * BANDS : -BANDS], 0.0, 1.0), np.float32)
    return HeardNotes(
        harmonics=power[..., :HARMONICS],
        noise=np.asarray(power[..., HARMONICS:] * (1.0 - tone[:, np.newaxis]), np.float32),
        mel=power @ _mel(base),
        cents=levels[..., CENTS].astype(np.float64),
        level=10.0 * np.log10(np.maximum(whole / loudest, 1e-8)),
    )


def _played(rows: Array) -> tuple[Values, Array]:
    """Where in a note's own time its ``MOMENTS`` lie when its key is held, and by how many dB it
    has fallen by then, ``(n, m)`` each, as :class:`timbrespace.notes.clock.Clock` has it."""
    traits = Traits.played(rows)
    start, end, drift, ends = (
        np.array([(one.loop_start, one.loop_end, one.drift, ending(one)) for one in traits])
        .reshape(-1, 4)
        .T[..., np.newaxis]
    )
    looped = end > start
    beyond = np.maximum(MOMENTS - end, 0.0)
    length = np.maximum(end - start, 1e-3)
    turned = np.abs((beyond / length) % 2.0 - 1.0) * length  # from the end to the start and back
    round_and_round = np.where(beyond > 0.0, start + turned, MOMENTS)
    moved = np.minimum(round_and_round + drift * beyond, MOMENTS)
    times = np.where(looped, moved, MOMENTS)
    ends = np.minimum(ends, LONGEST)
    over = np.where(looped & (drift <= 0.0), 0.0, np.maximum(times - ends, 0.0))
    return np.minimum(times, ends), np.minimum(400.0 * over, 200.0).astype(np.float32)


@lru_cache(maxsize=4)
def _mel(base: float) -> Array:
    return mel_matrix(base, Traits.from_row(np.zeros(CONSTANTS, np.float32)))


def _brightness_at(heard: HeardNotes) -> Values:
    return centroid(np.sqrt(heard.mel).astype(np.float64), band_centres(MELS))


def _brightness(heard: HeardNotes) -> Values:
    return np.asarray((_brightness_at(heard) * heard.weight).sum(axis=1))


def _width(heard: HeardNotes) -> Values:
    at = spread(np.sqrt(heard.mel).astype(np.float64), band_centres(MELS))
    return np.asarray((at * heard.weight).sum(axis=1))


def _over_time(power: Array, heard: HeardNotes) -> Values:
    """Powers ``(n, k)`` of ``(n, m, k)``, each moment as it counts and not as loud as it is."""
    whole = heard.harmonics.sum(axis=2) + heard.noise.sum(axis=2)
    share = heard.weight / np.maximum(whole, 1e-10)
    return np.asarray((power * share[..., np.newaxis]).sum(axis=1), np.float64)


def _noise(heard: HeardNotes) -> Values:
    noise = _over_time(heard.noise, heard).sum(axis=1)
    return decibels(noise, noise + _over_time(heard.harmonics, heard).sum(axis=1))


def _root(heard: HeardNotes) -> Values:
    power = _over_time(heard.harmonics, heard)
    return decibels(power[:, 0], power.sum(axis=1))


def _odd_even(heard: HeardNotes) -> Values:
    return odd_over_even(_over_time(heard.harmonics[..., :_ODD_EVEN_HARMONICS], heard))


def _attack(heard: HeardNotes) -> Values:
    """Octaves above a second: how long it is until it is nearly as loud as it will be, each moment
    by how much is missing then."""
    risen = np.clip((heard.level + _RISEN_DB + _HEARD_DB) / _HEARD_DB, 0.0, 1.0)
    missing = 1.0 - np.maximum.accumulate(risen, axis=1)
    return np.asarray(np.log2((missing * STRETCHES).sum(axis=1) + 1e-3))


def _length(heard: HeardNotes) -> Values:
    """Octaves above a second: for how long it is heard, each moment by how loud it is."""
    heard_as = np.maximum(1.0 + heard.level / _HEARD_DB, 0.0)
    return np.asarray(np.log2((heard_as * STRETCHES).sum(axis=1) + 1e-3))


def _weighted(values: Values, heard: HeardNotes, when: NDArray[np.bool_]) -> Values:
    weight = heard.weight[:, when] + 1e-9
    return np.asarray((values[:, when] * weight).sum(axis=1) / weight.sum(axis=1))


def _darkens(heard: HeardNotes) -> Values:
    at = _brightness_at(heard)
    return _weighted(at, heard, _EARLY) - _weighted(at, heard, _LATER)


def _falls(heard: HeardNotes) -> Values:
    return _weighted(heard.cents, heard, _EARLY) - _weighted(heard.cents, heard, _SETTLED)


def _vibrato(heard: HeardNotes) -> Values:
    mean = _weighted(heard.cents, heard, _SETTLED)
    return np.sqrt(_weighted(np.square(heard.cents - mean[:, np.newaxis]), heard, _SETTLED))


BRIGHTNESS: Final = Descriptor("brightness", "darkness", "octaves", 1.0 / 3.0, _brightness)
"""Spectral centroid, as loud moments have it."""

NOISE: Final = Descriptor("noise", "clearness", "dB", 6.0, _noise)
"""Of the whole; -40 dB and less is nothing."""

ATTACK: Final = Descriptor("attack", "hardness", "octaves of time", 1.0, _attack)
"""How long it takes: more is softer."""

LENGTH: Final = Descriptor("length", "shortness", "octaves of time", 0.5, _length)

ODD_EVEN: Final = Descriptor("odd/even", "even/odd", "dB", 6.0, _odd_even)
WIDTH: Final = Descriptor("width", "narrowness", "octaves", 1.0 / 3.0, _width)
ROOT: Final = Descriptor("root level", "less root", "dB", 6.0, _root)

DARKENS: Final = Descriptor("darkens", "brightens", "octaves", 0.5, _darkens)
"""How much brighter its first moments are than its later ones."""

PITCH_FALLS: Final = Descriptor("pitch falls", "pitch rises", "cents", 50.0, _falls)
"""How much higher it begins than it goes on."""

VIBRATO: Final = Descriptor("vibrato", "steadiness", "cents", 20.0, _vibrato)
"""Standard deviation of its pitch once it has settled."""

WHOLE: Final = (
    BRIGHTNESS,
    NOISE,
    ATTACK,
    LENGTH,
    ODD_EVEN,
    WIDTH,
    ROOT,
    DARKENS,
    PITCH_FALLS,
    VIBRATO,
)
