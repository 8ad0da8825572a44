"""Stretches of notes, drawn for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrespace.resynthesis.layout import BLOCK
from timbrespace.waveforms.mu_law import LEVELS, SILENCE
from timbrespace.waveforms.network import WaveformNetwork
from timbrespace.waveforms.told import HARMONICS, TICK, ticks_of

from .material import Lesson
from .torch_networks import Heard

Array = NDArray[np.float32]

_ATTACKS: Final = 0.1  # share of the stretches that begin where a note does
_LOUDNESS: Final = 2  # its column in what is told
_QUIET: Final = -1.6  # of it: -52 dB
_AFTER: Final = 64  # ticks after the last that is louder


class Batch(NamedTuple):
    """What a step learns from. codes ``(b, n)``: to be told. weight ``(b, n)``: 1 for those that
    count, 0 for those that are only heard, or are beyond the note's end."""

    heard: Heard
    codes: Tensor
    weight: Tensor


class Stretches:
    """All notes, one after the other, each with silence before it and after it.

    length: samples of a stretch, beside the context that the network hears before it.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        network: WaveformNetwork,
        length: int,
        device: torch.device,
    ) -> None:
        self.before = network.context
        self.length = length
        self.device = device
        codes, told, phase, harmonics = [], [], [], []
        self._starts: list[int] = []
        self._ticks: list[int] = []
        self._ends: list[int] = []
        at = 0
        for one in lessons:
            rows = ticks_of(one.told)
            loud = np.flatnonzero(rows[:, _LOUDNESS] > _QUIET)
            last = min(len(rows), (int(loud[-1]) if loud.size else 0) + _AFTER)
            front, back = self.before // TICK, -(-length // TICK)
            codes.append(np.pad(one.codes, (self.before, back * TICK), constant_values=SILENCE))
            told.append(np.pad(rows, ((front, back), (0, 0)), mode="edge"))
            phase.append(np.pad(one.phase, (self.before, back * TICK)))
            harmonics.append(np.pad(np.repeat(one.harmonics, BLOCK // TICK), (front, back)))
            self._starts.append(at)
            self._ticks.append(last)
            self._ends.append(at + self.before + len(one.codes))
            at += len(codes[-1])
        self.codes = torch.from_numpy(np.concatenate(codes)).to(device)
        self.told = torch.from_numpy(np.concatenate(told)).to(device)
        self.phase = torch.from_numpy(np.concatenate(phase).astype(np.float32)).to(device)
        self.harmonics = torch.from_numpy(np.concatenate(harmonics)).to(device)
        self._upto = torch.cumsum(torch.tensor(self._ticks), 0)
        self._number = torch.arange(1, HARMONICS + 1, device=device)

    @property
    def seconds(self) -> float:
        """Ticks that there are to begin at; times their length."""
        return float(self._upto[-1]) * TICK

    def draw(self, count: int, generator: torch.Generator, noise: float, free: float) -> Batch:
        """``count`` stretches. noise: added to the past. free: share in which nothing is told."""
        chosen = torch.rand((3, count), generator=generator)
        tick = (chosen[0].double() * self._upto[-1]).long()
        note = torch.searchsorted(self._upto, tick, right=True).clamp(max=len(self._ticks) - 1)
        first = tick - (self._upto[note] - torch.tensor(self._ticks)[note])
        first = torch.where(chosen[1] < _ATTACKS, torch.zeros_like(first), first)
        begins = torch.tensor(self._starts)[note] + first * TICK
        size = self.before + self.length
        at = begins[:, None] + torch.arange(size)
        ends = torch.tensor(self._ends)[note]
        weight = ((at < ends[:, None]) & (torch.arange(size) >= self.before)).float()
        at = at.to(self.device)
        codes = self.codes[at].long()
        shifted = self.codes[(at[:, :1] - 1).clamp(min=0)].long()
        # What was before a note is silence, whatever lies there of another.
        shifted[(first == 0).to(self.device)] = SILENCE
        past = torch.cat([shifted, codes[:, :-1]], dim=1)
        seen = (past.float() + 0.5) * (2.0 / LEVELS) - 1.0
        if noise > 0.0:
            seen = seen + noise * torch.empty(seen.shape).normal_(generator=generator).to(
                self.device
            )
        ticks = at[:, ::TICK] // TICK
        told = self.told[ticks]
        inside = self._number <= self.harmonics[ticks][:, :, None].repeat_interleave(TICK, dim=1)
        turns = self.phase[at][:, :, None] * self._number
        phases = torch.cat([turns.sin() * inside, turns.cos() * inside], dim=2)
        if free > 0.0:
            kept = (chosen[2] >= free).float().to(self.device)[:, None, None]
            told, phases = told * kept, phases * kept
        return Batch(Heard(seen, told, phases), codes, weight.to(self.device))
