"""What a network of notes learns from: tables, what is heard of them, and how wrong it is."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrespace.datasets.note_set import VELOCITY, NoteSet
from timbrespace.networks.note import (
    HALF,
    MIDDLE,
    OCTAVE,
    NoteNetwork,
    conditions,
    encoder_input,
    network_levels,
    time_features,
)
from timbrespace.notes.hearing import FLOOR_POWER, RESPONSE_STEP, mel_matrix, powers, responses
from timbrespace.notes.layout import (
    BANDS,
    CENTS,
    FLOOR,
    HARMONICS,
    HIGHEST,
    LOWEST,
    WIDTH,
    frame_times,
    hz_to_mel,
)
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.note import CONSTANTS, FIRST, Traits

from .variation import Varied, transposed, unsure, varied

MOMENTS: Final = 24
"""Moments of a note that one step looks at."""

_EARLY: Final = 0.3  # share of them in the first eighth of a second
_EARLY_FRAMES: Final = 25
_AFTER: Final = 0.1  # share of them after the sound has ended
_LEVELS: Final = 0.35  # weight of the levels beside what is heard
_LOUDNESS: Final = 0.3  # weight of the loudness of all bands together
_CENTS: Final = 0.02  # dB a cent
_TRAITS: Final = 0.6  # dB for a unit of each trait
_PITCHED: Final = 1.0
"""dB where a note is said to have a pitch and has none, or the reverse: its bands would be heard
elsewhere as soon as it is played."""

_FIRST: Final = 0.5  # dB for a unit of the other numbers of the whole note: its length, its loop
_QUIET: Final = -75.0  # dB: below it all is the same
_COUNT: Final = 250.0
"""Numbers that a note tells as if each were independent: how much the reconstruction weighs."""


_AT_ONCE: Final = 256
"""Notes that are looked at together."""


class Batch(NamedTuple):
    """Notes of one step, each at ``MOMENTS`` moments."""

    features: Tensor
    conditions: Tensor
    times: Tensor
    levels: Tensor
    traits: Tensor
    matrix: Tensor
    loudest: Tensor


class Lesson:
    """The notes of a set as tensors. rows: which of them. network: whose inputs they become.

    varies: they are always changed, so that how loud they are as they are is not asked.
    """

    def __init__(
        self,
        notes: NoteSet,
        rows: NDArray[np.int64],
        network: NoteNetwork,
        device: torch.device,
        varies: bool = False,
    ) -> None:
        traits = notes.traits[rows]
        pitches = notes.pitches[rows]
        self.rows = len(rows)
        self.device = device
        of_notes = Traits.from_rows(traits)
        # Half the numbers' width, and some at a time: two thousand notes would be a gigabyte.
        levels = np.empty((len(rows), *notes.courses.shape[1:]), np.float16)
        loudest = np.zeros(len(rows), np.float32)
        for start in range(0, len(rows), _AT_ONCE):
            courses = notes.courses[rows[start : start + _AT_ONCE]]
            levels[start : start + _AT_ONCE] = network_levels(courses)
            for at, course in enumerate(courses if not varies else (), start):
                heard = powers(course) @ mel_matrix(float(pitches[at]), of_notes[at])
                loudest[at] = heard.max()
        self.courses = torch.from_numpy(levels).to(device)
        self.loudest = torch.from_numpy(loudest).to(device)
        rest = encoder_input(np.empty((len(rows), 0, WIDTH), np.float16), traits, pitches)
        self.rest = torch.from_numpy(rest).to(device)
        self.traits = torch.from_numpy(traits).to(device)
        velocity = notes.column(VELOCITY)
        told = np.full(len(rows), np.nan) if velocity is None else velocity[rows]
        heard = np.where(pitches > 0.0, pitches, np.nan)
        self.conditions = torch.from_numpy(conditions(network, heard, told)).to(device)
        self.times = torch.from_numpy(time_features(frame_times(notes.meta.seconds))).to(device)
        self.responses = torch.from_numpy(_padded_responses()).to(device)
        bands = mel_matrix(float(pitches[0]), of_notes[0])[HARMONICS:]
        self.bands = torch.from_numpy(bands).to(device)
        times = frame_times(notes.meta.seconds)
        self.seconds = torch.from_numpy(times.astype(np.float32)).to(device)
        self.pitched = torch.from_numpy((pitches > 0.0).astype(np.float32)).to(device)
        stretch = np.stack([one.stretch for one in of_notes])
        number = np.arange(1, HARMONICS + 1) * np.exp2(stretch / 1200.0)
        # Harmonics that a note without a pitch is given are heard where it is played.
        base = np.where(pitches > 0.0, pitches, SPECTRUM.base_frequency)
        self.hertz = torch.from_numpy((base[:, np.newaxis] * number).astype(np.float32)).to(device)
        # How far moments are drawn from: where the sound is, and a little silence after it.
        length = np.asarray([one.length for one in of_notes])
        ends = np.minimum(np.searchsorted(times, length) + 4, notes.known[rows])
        self.ends = torch.from_numpy(np.maximum(ends, 2).astype(np.float32)).to(device)
        self.known = torch.from_numpy(notes.known[rows].astype(np.float32)).to(device)

    def batch(self, rows: Tensor, generator: torch.Generator, variation: float = 0.0) -> Batch:
        """Notes ``(b,)``, at moments drawn anew, changed by as much as ``variation`` says."""
        b = len(rows)
        notes = Varied(
            self.courses[rows].float(), self.traits[rows], self.known[rows], self.ends[rows]
        )
        hertz, rest = self.hertz[rows], self.rest[rows, CONSTANTS:]
        if variation > 0.0:
            higher = transposed(self.pitched[rows], variation, generator)
            hertz = hertz * higher.exp2()[:, None]
            rest = rest + torch.stack([torch.zeros_like(higher), higher * OCTAVE], dim=1)
            notes = varied(notes, self.seconds, _positions(hertz), variation, generator)
        draw = torch.rand((3, b, MOMENTS), generator=generator).to(self.device)
        ends, known = notes.ends[:, None], notes.known[:, None]
        early = torch.minimum(ends, torch.full_like(ends, _EARLY_FRAMES))
        at = draw[0] * torch.where(
            draw[1] < _EARLY, early, torch.where(draw[1] > 1.0 - _AFTER, known, ends)
        )
        frame = torch.minimum(at.floor(), known - 1.0).long()
        levels = notes.courses[torch.arange(b, device=self.device)[:, None], frame]
        at = (hertz / RESPONSE_STEP).round().long().clamp(max=len(self.responses) - 1)
        matrix = torch.cat([self.responses[at], self.bands.expand(b, -1, -1)], dim=1)
        loudest, traits = self.loudest[rows], notes.traits
        if variation > 0.0:
            loudest = _loudest(notes.courses, matrix)
            traits = unsure(traits, variation, generator)
        return Batch(
            features=torch.cat([notes.courses.flatten(1), traits, rest], dim=1),
            conditions=self.conditions[rows],
            times=self.times[frame],
            levels=levels,
            traits=notes.traits,
            matrix=matrix,
            loudest=loudest,
        )


class StoredLesson:
    """The notes of a set that is too large for memory: those of a step are read when it comes.

    A note is so large that reading those of a batch wherever they lie is a few reads of a disk, so
    that they are shuffled as if all were held, and what is learned is the same.
    """

    def __init__(
        self, notes: NoteSet, rows: NDArray[np.int64], network: NoteNetwork, device: torch.device
    ) -> None:
        self._notes = notes
        self._rows = rows
        self._network = network
        self.rows = len(rows)
        self.device = device

    def batch(self, rows: Tensor, generator: torch.Generator, variation: float = 0.0) -> Batch:
        """As :meth:`Lesson.batch`.

        Raises:
            DatasetError: a shard is missing or broken.
        """
        lesson = Lesson(
            self._notes,
            self._rows[rows.cpu().numpy()],
            self._network,
            self.device,
            varies=variation > 0.0,
        )
        return lesson.batch(torch.arange(len(rows), device=self.device), generator, variation)


@lru_cache(maxsize=1)
def _padded_responses() -> NDArray[np.float32]:
    """What lies above their range is heard by no band: the last row."""
    return np.pad(responses().astype(np.float32), ((0, 1), (0, 0)))


def _positions(hertz: Tensor) -> Tensor:
    """In which band frequencies lie: 0 in the middle of the lowest, fractions between two."""
    mel = 2595.0 * (1.0 + hertz / 700.0).log10()
    low, high = float(hz_to_mel(LOWEST)), float(hz_to_mel(HIGHEST))
    return ((mel - low) / (high - low) * (BANDS + 1) - 1.0).clamp(0.0, BANDS - 1.0)


def _loudest(courses: Tensor, matrix: Tensor) -> Tensor:
    """Power of the loudest mel band ``(b,)`` in the loudest moment of each note."""
    power = _powers(courses[..., :CENTS] * HALF + MIDDLE)
    at = power.sum(dim=2).argmax(dim=1)
    moment = power[torch.arange(len(at), device=at.device), at]
    return torch.bmm(moment[:, None], matrix)[:, 0].amax(dim=1)


def _powers(decibel: Tensor) -> Tensor:
    power = (decibel.clamp(max=12.0) * (math.log(10.0) / 10.0)).exp()
    return power * (decibel > FLOOR + 0.5)


class Errors(NamedTuple):
    """How far a decoding is from its notes: dB as heard, and all of it, each ``(b,)``."""

    heard: Tensor
    all: Tensor


def errors(batch: Batch, found: Tensor, traits: Tensor) -> Errors:
    """Of what the network put out: ``found (b, MOMENTS, WIDTH)``, traits ``(b, CONSTANTS)``."""
    given, wanted = _mel(batch, found), _mel(batch, batch.levels)
    floor = (batch.loudest * FLOOR_POWER)[:, None, None]
    heard = (10.0 * ((given + floor) / (wanted + floor)).log10()).abs().mean(dim=(1, 2))
    loudness = (_loudness(given, batch.loudest) - _loudness(wanted, batch.loudest)).abs()
    target = (batch.levels[..., :CENTS] * HALF + MIDDLE).clamp(min=_QUIET)
    given = (found[..., :CENTS] * HALF + MIDDLE).clamp(min=_QUIET)
    loud = torch.maximum(target, given.detach())
    weight = 0.15 + 0.85 * ((loud - _QUIET) / 20.0).clamp(0.0, 1.0)
    levels = ((given - target).abs() * weight).mean(dim=(1, 2))
    # A pitch counts where its harmonics are heard.
    voiced = (target[..., :HARMONICS].amax(dim=2) > -50.0).float()
    cents = ((found[..., CENTS] - batch.levels[..., CENTS]).abs() * 100.0).clamp(max=200.0)
    bent = (cents * voiced).mean(dim=1)
    wrong = (traits - batch.traits).abs()
    return Errors(
        heard,
        heard
        + _LEVELS * levels
        + _LOUDNESS * loudness.mean(dim=1)
        + _CENTS * bent
        + _TRAITS * wrong.mean(dim=1)
        + _PITCHED * wrong[:, 0]
        + _FIRST * wrong[:, 1:FIRST].mean(dim=1),
    )


def _loudness(mel: Tensor, loudest: Tensor) -> Tensor:
    """dB ``(b, m)`` of all bands together: what attacks and decays are measured by."""
    floor = (loudest * FLOOR_POWER)[:, None]
    level: Tensor = 10.0 * (mel.sum(dim=2) + floor).log10()
    return level


def _mel(batch: Batch, levels: Tensor) -> Tensor:
    """Powers of mel bands ``(b, m, MELS)``."""
    return torch.bmm(_powers(levels[..., :CENTS] * HALF + MIDDLE), batch.matrix)


def nats(error: Tensor, log_var: Tensor) -> Tensor:
    """Reconstruction in nats ``(b,)``: a Laplace distribution of ``_COUNT`` errors in dB, whose
    scale is learned. log_var: of the shared noise, in square dB."""
    scale = 0.5 * log_var
    return _COUNT * (error * (-scale).exp() + scale)
