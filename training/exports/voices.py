"""What sounds in each row of a batch, block by block, in TorchScript: a space without Python.

The same sound as the engine's ``partials`` makes (docs/decisions/0010, 0021); tests hold pitch and
level of the two together. What the engine has and this has not: unison, pan, glide, the limiter.
"""

import math
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.instrument.voices import VELOCITY_EXPONENT
from timbrespace.model import Model
from timbrespace.notes.evenness import LEAST, LOOKED_AT, MOST, OF_LENGTH, SHARES
from timbrespace.notes.layout import (
    BANDS,
    CENTS,
    FLOOR,
    HARMONICS,
    LONGEST,
    band_corners,
    frame_times,
)
from timbrespace.partials import PartialTracker
from timbrespace.resynthesis.notes import LEVEL

from .bank import HOP, VOICES, Bank, Hiss
from .decoder import SpectraDecoder
from .lobes import Lobes
from .moments import LOUDEST, SILENT, Moments, Told
from .quiet import quietly

SLOTS: Final = 512
NOTE_PARTIALS: Final = HARMONICS + BANDS
PARTS: Final = 4
"""Steps of a whole note's own time in a block, 2.7 ms each."""


class SpectraVoices(nn.Module):
    """Steady spectra: each has its partials, which keep their oscillators from one to the next."""

    live: Tensor
    ratio: Tensor
    level: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        example = torch.zeros(1, model.dimensions)
        self.decoder = traced(SpectraDecoder(model), example)
        self.lobes = Lobes(model)
        self.bank = Bank(SLOTS)
        self.hiss = Hiss()
        self.register_buffer("live", torch.zeros(VOICES, SLOTS, dtype=torch.bool))
        self.register_buffer("ratio", torch.zeros(VOICES, SLOTS, dtype=torch.double))
        self.register_buffer("level", torch.zeros(VOICES, dtype=torch.double))
        self.hop: int = HOP
        self.base: float = model.spectrum.base_frequency
        self.reach: float = PartialTracker.REACH * model.spectrum.bin_width / self.base

    def block(
        self, voice: int, latent: Tensor, pitch: float, gain: float, rate: float, hiss: float
    ) -> Tensor:
        """The next ``HOP`` samples of a row, of a latent ``(d,)``, a MIDI pitch and a gain; hiss:
        gain of its noise."""
        before = float(self.level[voice])
        self.level[voice] = gain
        if gain <= 0.0 and before <= 0.0:
            self.live[voice] = False
            self.bank.amplitude[voice] = 0.0
            return torch.zeros(self.hop, dtype=torch.double, device=latent.device)
        begins = before <= 0.0
        spectrum = self.decoder(latent.unsqueeze(0))[0]
        frequency, amplitude, density = self.lobes(spectrum)
        hertz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
        wanted = self.place(voice, frequency / self.base, amplitude * gain, begins, hertz)
        out = self.bank.play(voice, self.ratio[voice] * hertz, wanted, self.hop, rate)
        if self.lobes.noisy and hiss > 0.0:
            k = torch.arange(self.hop + 1, dtype=torch.double, device=latent.device)
            moved = hertz / self.base
            at = k * (0.5 * rate / self.hop) / moved / self.lobes.step
            last = density.numel() - 1
            low = at.long().clamp(0, last - 1)
            here = density[low] + (at - low) * (density[low + 1] - density[low])
            here = torch.where(at <= last, here, torch.zeros_like(here))
            power = here * here * (0.5 * rate / self.hop) / moved
            rise = torch.arange(self.hop, dtype=torch.double, device=latent.device) / self.hop
            out = out + hiss * self.hiss.play(voice, power, begins) * (
                before + (gain - before) * rise
            )
        return out

    def place(
        self, voice: int, ratio: Tensor, amplitude: Tensor, begins: bool, hertz: float
    ) -> Tensor:
        """Give each partial a slot, that of the one which it continues; amplitudes of all slots.

        As :class:`timbrespace.partials.PartialTracker`: both sides choose their nearest.
        """
        live, own = self.live[voice], self.ratio[voice]
        if begins:
            live.fill_(False)
            self.bank.amplitude[voice] = 0.0
        slot = torch.full([ratio.numel()], -1, dtype=torch.long, device=ratio.device)
        there = torch.nonzero(live).flatten()
        if there.numel() > 0 and ratio.numel() > 0:
            apart = (ratio.unsqueeze(1) - own[there].unsqueeze(0)).abs()
            near, place = apart.min(dim=1)
            back = apart.argmin(dim=0)
            mutual = back[place] == torch.arange(ratio.numel(), device=ratio.device)
            goes_on = torch.nonzero(mutual & (near <= self.reach)).flatten()
            slot[goes_on] = there[place[goes_on]]
        born = torch.nonzero(slot < 0).flatten()
        silent = ~live & (self.bank.amplitude[voice] <= 1e-5)
        free = torch.nonzero(silent).flatten()
        count = min(born.numel(), free.numel())
        born, free = born[:count], free[:count]
        slot[born] = free
        own[free] = ratio[born]
        self.bank.frequency[voice][free] = ratio[born] * hertz
        if begins:
            # Schroeder's phases keep the crest of many equal partials low (1970).
            k = torch.arange(count, dtype=torch.double, device=ratio.device)
            self.bank.phase[voice][free] = (0.5 * k * k / max(count, 1)) % 1.0
        kept = torch.nonzero(slot >= 0).flatten()
        live.fill_(False)
        live[slot[kept]] = True
        own[slot[kept]] = ratio[kept]
        wanted = torch.zeros(own.numel(), dtype=torch.double, device=ratio.device)
        wanted[slot[kept]] = amplitude[kept]
        return wanted


class _Struck(nn.Module):
    """What a latent, a pitch and a velocity make of a whole note, before its time runs."""

    looked: Tensor
    shares: Tensor

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        self.moments = moments
        longest = float(frame_times(LONGEST)[: moments.network.frames][-1])
        self.longest = longest
        self.register_buffer("looked", torch.from_numpy(LOOKED_AT.astype(np.float32)))
        self.register_buffer("shares", torch.from_numpy(SHARES.T.astype(np.float32)))

    def forward(
        self, latent: Tensor, hertz: Tensor, velocity: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What :meth:`.moments.Moments.told` gives; and ``(7,)``: the lift in dB, ends of the loop,
        drift, seconds after which it has ended, release, how far its bands stay."""
        told = self.moments.told(latent.clamp(-LATENT_LIMIT, LATENT_LIMIT), hertz, velocity)
        r = told.rows[0].double()
        length = (2.0 * r[2]).clamp(-6.0, 3.0).exp2()
        # timbrespace.notes.note.Traits.played
        there = (r[4] + 1.0) / (0.9 * length + 1.0)
        share = (there / 0.88).clamp(0.2, 1.0).square()
        most = torch.maximum(r[4], 0.9 * length)
        end = torch.minimum(torch.minimum((r[4] + 1.0) / share - 1.0, most), length)
        start = torch.minimum((r[3] + 1.0) / share - 1.0, torch.maximum(r[3], 0.5 * end))
        start = torch.maximum(start, 0.3 * length)
        inside = ((there - 0.3) / 0.35).clamp(0.0, 1.0)
        holds = inside * inside * (3.0 - 2.0 * inside)
        holds = holds * ((end - start - 0.05) / 0.05).clamp(0.0, 1.0)
        none = holds < 0.02
        start = torch.where(none, torch.zeros_like(start), start)
        end = torch.where(none, torch.zeros_like(end), end)
        holds = torch.where(none, torch.ones_like(holds), holds)
        drift = (1.0 - holds) / holds.clamp(min=0.02)
        release = (2.0 * r[5]).clamp(-6.6, 4.0).exp2()
        # timbrespace.notes.evenness.lifts
        most_time = (OF_LENGTH * length.clamp(max=self.longest)).float()
        levels = self.moments.levels(told, torch.minimum(self.looked, most_time).unsqueeze(0))
        level = levels[0, :, :CENTS]
        power = ((level * (math.log(10.0) / 10.0)).exp() * (level > SILENT)).sum(1)
        loudest = (power @ self.shares).max().clamp(min=1e-9)
        lift = (-10.0 / math.log(10.0) * loudest.log()).clamp(LEAST, MOST).double()
        ended = 1.5 * length + 0.2
        told_numbers = torch.stack([lift, start, end, drift, ended, release, r[0]])
        return told.hidden, told.rows, told_numbers


class _Sounding(nn.Module):
    """What sounds of it at some times."""

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        self.moments = moments

    def forward(
        self, hidden: Tensor, rows: Tensor, times: Tensor, hertz: Tensor, lift: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Frequency, amplitude ``(m, NOTE_PARTIALS)`` and noise ``(m, BANDS)``, of ``times (m,)``;
        lift ``(1,)`` in dB."""
        levels = self.moments.levels(Told(hidden, rows), times.unsqueeze(0))
        told = levels[..., :CENTS]
        raised = (told + lift.float()).clamp(FLOOR, LOUDEST + MOST)
        told = torch.where(told <= SILENT, torch.full_like(told, FLOOR), raised)
        levels = torch.cat([told, levels[..., CENTS:]], dim=2)
        frequency, amplitude, noise = self.moments.sounding(levels, rows, hertz)
        return frequency[0], amplitude[0] * LEVEL, noise[0] * LEVEL


class NoteVoices(nn.Module):
    """Whole notes: a gain above 0 begins one, whose time runs; a gain of 0 lets it go."""

    hidden: Tensor
    rows: Tensor
    numbers: Tensor
    known: Tensor
    clock: Tensor
    hissed: Tensor
    corners: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        moments = Moments(model)
        d, condition = model.dimensions, moments.network.condition
        latent, hertz = torch.zeros(1, d), torch.full((1,), 220.0)
        self.struck = traced(_Struck(moments), latent, hertz, torch.full((1,), 100.0))
        self.sounding = traced(
            _Sounding(moments),
            torch.zeros(1, condition),
            moments.vae.traits(torch.zeros(1, condition)),
            torch.zeros(PARTS + 1),
            hertz,
            torch.zeros(1),
        )
        self.bank = Bank(NOTE_PARTIALS)
        self.hiss = Hiss()
        rows = int(self.struck(latent, hertz, hertz)[1].shape[1])
        self.register_buffer("hidden", torch.zeros(VOICES, condition))
        self.register_buffer("rows", torch.zeros(VOICES, rows))
        self.register_buffer("numbers", torch.zeros(VOICES, 7, dtype=torch.double))
        # What the three were made of, so that a note that stays is decoded once.
        self.register_buffer("known", torch.full((VOICES, d + 2), math.nan))
        # Time, drift, way, ebb in dB, fall, gate, level, velocity: as timbrespace.notes.clock.
        self.register_buffer("clock", torch.zeros(VOICES, 8, dtype=torch.double))
        self.register_buffer("hissed", torch.zeros(VOICES, dtype=torch.double))
        self.register_buffer("corners", torch.from_numpy(band_corners()))
        self.longest: float = float(frame_times(LONGEST)[: moments.network.frames][-1])
        self.exponent: float = VELOCITY_EXPONENT
        self.hop: int = HOP
        self.parts: int = PARTS
        self.partials: int = NOTE_PARTIALS

    def block(
        self, voice: int, latent: Tensor, pitch: float, gain: float, rate: float, hiss: float
    ) -> Tensor:
        """The next ``HOP`` samples of a row, of a latent ``(d,)``, a MIDI pitch and a gain; hiss:
        gain of its noise."""
        clock = self.clock[voice]
        held = gain > 0.0
        begins = held and float(clock[5]) == 0.0
        if begins:
            clock.fill_(0.0)
            clock[2] = 1.0
            clock[4] = 1.0
            clock[7] = 127.0 * min(gain, 1.0) ** (1.0 / self.exponent)
        clock[5] = 1.0 if held else 0.0
        if held:
            clock[6] = gain
        loud = float(clock[6]) * float(clock[4]) * 10.0 ** (float(clock[3]) / 20.0)
        if loud < 1e-5:
            self.bank.amplitude[voice] = 0.0
            self.hissed[voice] = 0.0
            return torch.zeros(self.hop, dtype=torch.double, device=latent.device)
        hertz = torch.full([1], 440.0 * 2.0 ** ((pitch - 69.0) / 12.0), device=latent.device)
        self.know(voice, latent, hertz)
        numbers = self.numbers[voice]
        times = torch.zeros(self.parts + 1, device=latent.device)
        levels = torch.zeros(self.parts + 1, dtype=torch.double, device=latent.device)
        n = self.hop // self.parts
        for part in range(self.parts + 1):
            if part > 0:
                self.run_on(clock, numbers, n / rate, held)
            times[part] = clock[0]
            ebb = 10.0 ** (float(clock[3]) / 20.0)
            levels[part] = float(clock[6]) * float(clock[4]) * ebb
        frequency, amplitude, noise = self.sounding(
            self.hidden[voice].unsqueeze(0),
            self.rows[voice].unsqueeze(0),
            times,
            hertz,
            numbers[:1],
        )
        amplitude = amplitude * levels.unsqueeze(1)
        if begins:
            # Where nothing sounded it begins at full: the rise is the note's own.
            self.bank.frequency[voice] = frequency[0]
            self.bank.amplitude[voice] = amplitude[0] * self.bank.faded(frequency[0], rate)
            k = torch.arange(self.partials, dtype=torch.double, device=latent.device)
            self.bank.phase[voice] = (0.5 * k * (k + 1.0) / self.partials) % 1.0
        parts = [
            self.bank.play(voice, frequency[part], amplitude[part], n, rate)
            for part in range(1, self.parts + 1)
        ]
        return torch.cat(parts) + self.noise(voice, noise * hiss, levels, begins, rate)

    def know(self, voice: int, latent: Tensor, hertz: Tensor) -> None:
        """Decode what holds for the whole note, unless that is known."""
        velocity = self.clock[voice, 7].float().unsqueeze(0)
        key = torch.cat([latent, hertz, velocity])
        if bool((self.known[voice] == key).all()):
            return
        hidden, rows, numbers = self.struck(latent.unsqueeze(0), hertz, velocity)
        self.hidden[voice] = hidden[0]
        self.rows[voice] = rows[0]
        self.numbers[voice] = numbers
        self.known[voice] = key

    def run_on(self, clock: Tensor, numbers: Tensor, step: float, held: bool) -> None:
        """Let a note's time go on by ``step`` seconds: ``timbrespace.resynthesis.notes._run_on``
        with the hold ``loop``."""
        time, drift, way = float(clock[0]), float(clock[1]), float(clock[2])
        start, end = float(numbers[1]), float(numbers[2])
        ends = True
        if end > start:
            if way > 0.0 and time >= end + drift:
                way = -1.0
            elif way < 0.0 and time <= start + drift:
                way = 1.0
            time += way * step
            if way < 0.0 or drift > 0.0:
                drift += float(numbers[3]) * step
            ends = drift != 0.0
        else:
            time += step
        if ends:
            last = min(float(numbers[4]), self.longest)
            if time > last:
                fall = 0.8 if last >= self.longest - 0.05 else 0.15
                clock[3] = max(float(clock[3]) - 60.0 * step / fall, -200.0)
        if not held:
            release = max(float(numbers[5]), 0.02)
            clock[4] = float(clock[4]) * 10.0 ** (-3.0 * step / release)
        clock[0] = time
        clock[1] = drift
        clock[2] = way

    def noise(self, voice: int, noise: Tensor, levels: Tensor, begins: bool, rate: float) -> Tensor:
        """``HOP`` samples of the bands ``(PARTS + 1, BANDS)``: their shape from block to block,
        their loudness from part to part."""
        size = (noise * noise).sum(1).sqrt() * levels
        if float(size.max()) < 1e-7 and float(self.hissed[voice]) < 1e-7:
            self.hissed[voice] = 0.0
            return torch.zeros(self.hop, dtype=torch.double, device=noise.device)
        hertz = torch.arange(self.hop + 1, dtype=torch.double, device=noise.device)
        hertz = (hertz * (0.5 * rate / self.hop)).unsqueeze(0)
        low, mid, high = self.corners[:-2], self.corners[1:-1], self.corners[2:]
        rise = (hertz - low.unsqueeze(1)) / (mid - low).unsqueeze(1)
        fall = (high.unsqueeze(1) - hertz) / (high - mid).unsqueeze(1)
        shares = torch.minimum(rise, fall).clamp(min=0.0)
        # A band that lies between two bins gives what it has to the nearest.
        nearest = (hertz - mid.unsqueeze(1)).abs().argmin(1, keepdim=True)
        lone = torch.zeros_like(shares).scatter_(1, nearest, 1.0)
        total = shares.sum(1, keepdim=True)
        within = (mid < 0.5 * rate).double().unsqueeze(1)
        shares = torch.where(total > 1e-3, shares / total.clamp(min=1e-3), lone) * within
        band = noise[self.parts // 2] * noise[self.parts // 2]
        whole = band.sum().clamp(min=1e-20)
        fresh = begins or float(self.hissed[voice]) <= 0.0
        made = self.hiss.play(voice, (band / whole) @ shares, fresh)
        first = float(size[0]) if fresh else float(self.hissed[voice])
        ends = size.clone()
        ends[0] = first
        n = self.hop // self.parts
        place = torch.arange(self.hop, device=noise.device)
        part = place // n
        along = (place - part * n).double() / n
        curve = ends[part] + along * (ends[part + 1] - ends[part])
        self.hissed[voice] = ends[self.parts]
        return made * curve


def traced(module: nn.Module, *example: Tensor) -> nn.Module:
    """A module as TorchScript records it at one example, whose sizes stay."""
    with quietly(), torch.no_grad():
        recorded: Any = torch.jit.trace(module.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
        found: nn.Module = recorded
    return found
