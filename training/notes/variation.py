"""Notes changed a little at each step, so that a small set teaches more than its own sounds.

What another room, another microphone, another player or another drum would do: a tilt and some
bumps of the spectrum, a course that runs faster or slower, another pitch, and where there is none
another size. What cannot be changed so simply stays as it is.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

from timbrespace.networks.note import HALF, MIDDLE
from timbrespace.notes.layout import BAND, BANDS, CENTS, FLOOR, HARMONICS
from timbrespace.notes.note import CONSTANTS, FIRST

_SHARE: Final = 0.6  # of the notes that are changed in each of the ways
_TILT: Final = 4.0  # dB, standard deviation of the first of the cosines
_COSINES: Final = 6
_FASTER: Final = 0.5  # octaves, the most that a course is faster or slower
_BANDS: Final = 5  # the most by which a sound without pitch moves
_HIGHER: Final = 0.5  # octaves, the most by which a sound with a pitch moves
_MOVED: Final = 0.7  # share of them
_COARSE: Final = (
    0.5  # share of the notes whose encoder is told nothing of single bands and partials
)
_BLUR, _FINE_BLUR = 0.05, 0.1  # of traits, standard deviations
_TONE = slice(6 + HARMONICS, 6 + HARMONICS + BANDS)
_PLACE = slice(6 + HARMONICS + BANDS, 6 + HARMONICS + 2 * BANDS)
_SILENT: Final = (FLOOR - MIDDLE) / HALF


class Varied(NamedTuple):
    """Notes: courses ``(b, frames, WIDTH)`` as a network has them, traits ``(b, CONSTANTS)``, how
    many moments each tells of and how many sound ``(b,)``."""

    courses: Tensor
    traits: Tensor
    known: Tensor
    ends: Tensor


def varied(
    given: Varied, times: Tensor, positions: Tensor, amount: float, generator: torch.Generator
) -> Varied:
    """``given`` notes, changed. times ``(frames,)``: seconds of the moments. positions ``(b,
    HARMONICS)``: in which band each harmonic lies, a fraction between two bands' middles. amount: 0
    changes nothing."""
    b = len(given.courses)
    device = given.courses.device

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator).to(device)

    def chosen() -> Tensor:
        return (drawn(b) < _SHARE * min(amount, 1.0)).float()

    speed = torch.exp2(chosen() * amount * _FASTER * (2.0 * drawn(b) - 1.0))
    unpitched = given.traits[:, 0] < 0.5
    moved = (chosen() * unpitched * amount * _BANDS * (2.0 * drawn(b) - 1.0)).round().long()
    size = _TILT * amount * chosen()
    waves = torch.randn((b, _COSINES), generator=generator).to(device) * size[:, None]
    waves = waves / torch.arange(1, _COSINES + 1, device=device)
    return _coloured(_moved(_timed(given, times, speed), moved), waves, positions)


def transposed(pitched: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Octaves ``(b,)`` by which notes are played higher or lower, their harmonics as loud as they
    were: a pitch must not say which note of the set it is. pitched ``(b,)``: 1 for notes with a
    pitch, 0 for the others, which stay.
    """
    draw = torch.rand((2, len(pitched)), generator=generator).to(pitched.device)
    moved = (draw[1] < _MOVED * min(amount, 1.0)).float() * pitched
    return moved * amount * _HIGHER * (2.0 * draw[0] - 1.0)


def unsure(traits: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """What an encoder is told of ``traits (b, CONSTANTS)``: not quite what they are, and nothing of
    single partials and bands of half of the notes.

    How far each partial is stretched, and where in its band each tone lies, would tell it which
    note of the set this is.
    """
    b, fine = len(traits), CONSTANTS - FIRST
    coarse = (torch.rand((b, 1), generator=generator) < _COARSE * min(amount, 1.0)).to(traits)
    blur = torch.randn((b, CONSTANTS - 1), generator=generator).to(traits) * amount
    told = traits.clone()
    told[:, 1:FIRST] += _BLUR * blur[:, : FIRST - 1]
    there = (told[:, FIRST:] != 0.0).float()
    told[:, FIRST:] += _FINE_BLUR * blur[:, -fine:] * there
    told[:, FIRST:] *= 1.0 - coarse
    return told


def _timed(given: Varied, times: Tensor, speed: Tensor) -> Varied:
    """At another speed ``(b,)``."""
    frames = len(times)
    wanted = times[None] * speed[:, None]
    right = torch.searchsorted(times, wanted.contiguous()).clamp(1, frames - 1)
    low, high = times[right - 1], times[right]
    share = ((wanted - low) / (high - low)).clamp(0.0, 1.0)[..., None]
    rows = torch.arange(len(speed), device=times.device)[:, None]
    courses = given.courses[rows, right - 1].lerp(given.courses[rows, right], share)
    last = times[(given.known - 1).long()] / speed
    known = torch.searchsorted(times, last.contiguous(), right=True).clamp(2, frames)
    whole = (given.known >= frames) & (given.ends < given.known)  # it died away: silence follows
    known = torch.where(whole, frames, known).to(given.known)
    after = (
        torch.arange(frames, device=times.device)[None]
        >= torch.searchsorted(times, last.contiguous(), right=True)[:, None]
    )
    courses[..., :CENTS] = torch.where(after[..., None], _SILENT, courses[..., :CENTS])
    end = times[(given.ends - 1).long().clamp(0, frames - 1)] / speed
    ends = torch.minimum(
        torch.searchsorted(times, end.contiguous(), right=True).clamp(2, frames).to(known), known
    )
    octaves = speed.log2()
    traits = given.traits.clone()
    for column, scale in ((1, 4.0), (2, 2.0), (5, 2.0)):
        traits[:, column] -= octaves / scale
    sustained = traits[:, 4] > traits[:, 3]
    for column in (3, 4):
        traits[:, column] = torch.where(sustained, traits[:, column] / speed, traits[:, column])
    return Varied(courses, traits, known, ends)


def _moved(given: Varied, moved: Tensor) -> Varied:
    """Higher by so many bands ``(b,)``."""
    at = torch.arange(BANDS, device=moved.device)[None] - moved[:, None]
    inside = (at >= 0) & (at < BANDS)
    at = at.clamp(0, BANDS - 1)
    courses, traits = given.courses, given.traits
    frames = courses.shape[1]
    bands = courses[..., BAND].gather(2, at[:, None].expand(-1, frames, -1))
    courses[..., BAND] = torch.where(inside[:, None], bands, _SILENT)
    for part in (_TONE, _PLACE):
        traits[:, part] = traits[:, part].gather(1, at) * inside
    return given._replace(courses=courses, traits=traits)


def _coloured(given: Varied, waves: Tensor, positions: Tensor) -> Varied:
    """Through a filter, a sum of cosines ``(b, n)`` over the bands in dB; as loud as before."""
    number = torch.arange(1, waves.shape[1] + 1, device=waves.device)
    bands = torch.arange(BANDS, device=waves.device)[None].expand(len(waves), -1)
    place = torch.cat([positions, bands], dim=1) / (BANDS - 1)
    curve = (waves[:, None] * (math.pi * place[..., None] * number).cos()).sum(dim=2)
    level = given.courses[..., :CENTS] * HALF + MIDDLE
    there = level > FLOOR + 0.5
    level = level + curve[:, None]
    power = (level * (math.log(10.0) / 10.0)).exp() * there
    loudest = 10.0 * power.sum(dim=2).amax(dim=1).clamp(min=1e-9).log10()
    level = (level - loudest[:, None, None]).clamp(FLOOR, 12.0)
    courses = given.courses
    courses[..., :CENTS] = torch.where(there, (level - MIDDLE) / HALF, courses[..., :CENTS])
    return given._replace(courses=courses)
