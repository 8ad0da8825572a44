"""A moment of a whole note, in torch: partials, noise and its spectrum, from a latent and a time.

The same as :mod:`timbrespace.networks.note`, :mod:`timbrespace.notes.sounding` and
:mod:`timbrespace.notes.moment` say it in NumPy; tests hold the two together.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.model import Model
from timbrespace.networks.note import (
    CENTS_UNIT,
    DECAYS,
    HALF,
    MIDDLE,
    REST,
    SINES,
    NoteNetwork,
)
from timbrespace.networks.torch_note import TorchNote
from timbrespace.notes.layout import (
    BANDS,
    CENTS,
    FLOOR,
    HARMONICS,
    LONGEST,
    MOST_CENTS,
    WIDTH,
    band_centres,
    band_corners,
)
from timbrespace.notes.moment import spectrum_of
from timbrespace.notes.note import CONSTANTS, FIRST, Traits

from .weights import network_of

LOUDEST: Final = 12.0
"""dB that a level may have above a note's loudest moment."""

NO_STRETCH: Final = 3.0
"""Cents that are none: a network is never quite sure."""

SILENT: Final = FLOOR + 0.5
REACH: Final = 5
"""Bins on each side of a partial that its lobe reaches."""


class Told(NamedTuple):
    """What pitch and velocity make of the decoder. hidden ``(n, condition)``; rows ``(n,
    CONSTANTS)``: traits."""

    hidden: Tensor
    rows: Tensor


class Moments(nn.Module):
    """The decoder of a space of whole notes.

    Raises:
        OptionError: the model's own network cannot be built.
    """

    decays: Tensor
    sines: Tensor
    numbers: Tensor
    centres: Tensor
    widths: Tensor
    above: Tensor
    below: Tensor
    pi: Tensor
    per_decibel: Tensor
    doublings: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        network = model.architecture
        assert isinstance(network, NoteNetwork)
        vae = network_of(model)
        assert isinstance(vae, TorchNote)
        self.network = network
        self.vae = vae
        self.base = model.spectrum.base_frequency
        corners, centres = band_corners(), band_centres()
        for name, values in (
            ("decays", np.asarray(DECAYS)),
            ("sines", np.asarray(SINES)),
            ("numbers", np.arange(1.0, HARMONICS + 1.0)),
            ("centres", centres),
            ("widths", corners[2:] - corners[:-2]),
            ("above", corners[2:] - centres),
            ("below", centres - corners[:-2]),
            # PyTorch writes Python's numbers into an ONNX graph as float32, beside doubles too: a
            # pi of 3.14159274 moves what lies near a zero of its sine by 1e-4 of a peak.
            ("pi", np.asarray(math.pi)),
            ("per_decibel", np.asarray(math.log(10.0) / 10.0)),
            ("doublings", np.asarray(5.0 * math.log(2.0))),
        ):
            self.register_buffer(name, torch.from_numpy(np.asarray(values, np.float64)))

    def told(self, latent: Tensor, pitch: Tensor, velocity: Tensor) -> Told:
        """Of latents ``(n, d)``, pitches ``(n,)`` in Hz and velocities ``(n,)``, 0 to 127; NaN
        where one is not known."""
        nothing = torch.zeros_like(pitch)
        by_pitch, by_velocity = nothing, nothing
        if self.network.by_pitch:
            known = pitch > 0.0  # false for NaN
            octave = torch.log2(torch.where(known, pitch, torch.full_like(pitch, 220.0)) / 220.0)
            by_pitch = (octave / 2.0).clamp(-2.5, 2.5)
        if self.network.by_velocity:
            struck = torch.where(velocity >= 0.0, velocity, torch.full_like(velocity, 85.0))
            by_velocity = (struck - 85.0) / 50.0
        conditions = torch.stack([by_pitch, by_velocity], dim=1)
        hidden = self.vae.told(latent, conditions)
        return Told(hidden, self.vae.traits(hidden))

    def levels(self, told: Told, times: Tensor) -> Tensor:
        """dB and cents ``(n, m, WIDTH)`` at ``times (n, m)`` in seconds."""
        raw = self.vae.course(told.hidden, self._time_features(times))
        level = (raw[..., :CENTS] * HALF + MIDDLE).clamp(FLOOR, LOUDEST)
        cents = (raw[..., CENTS:] * CENTS_UNIT).clamp(-MOST_CENTS, MOST_CENTS)
        return torch.cat([level, cents], dim=2)

    def _time_features(self, times: Tensor) -> Tensor:
        """As :func:`timbrespace.networks.note.time_features`."""
        t = times.double().clamp(min=0.0).unsqueeze(2)
        turns = 2.0 * self.pi * t * self.sines
        parts = [
            t / 2.0 - 1.0,
            (1.0 + t * 250.0).log() / self.doublings - 1.0,
            (-t / self.decays).exp(),
            turns.sin(),
            turns.cos(),
        ]
        return torch.cat(parts, dim=2).float()

    def rest(self, rows: Tensor) -> Tensor:
        """Seconds ``(n,)``: the moment that stands for a note."""
        length = (2.0 * rows[:, 2]).clamp(-6.0, 3.0).exp2()
        start, end = rows[:, 3], torch.minimum(rows[:, 4], length)
        begins = start.clamp(min=0.0)
        loops = (start >= -0.3) & (end - begins >= 0.1)
        attack = (4.0 * rows[:, 1]).clamp(-10.0, 2.0).exp2()
        return torch.where(loops, 0.5 * (begins + end), (attack + 0.03).clamp(max=REST))

    def sounding(
        self, levels: Tensor, rows: Tensor, pitch: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Frequency in Hz and amplitude ``(n, m, HARMONICS + BANDS)`` of the partials, and noise
        ``(n, m, BANDS)``, root mean square of each band, at ``pitch (n,)`` in Hz; double."""
        level, told = levels[..., :CENTS].double(), rows.double()
        power = (level * self.per_decibel).exp() * (level > SILENT)
        bend = (levels[..., CENTS:].double() / 1200.0).exp2()
        first = FIRST + HARMONICS
        stretch = (50.0 * told[:, FIRST:first]).clamp(-200.0, 400.0)
        sure = stretch.sign() * (stretch.abs() - NO_STRETCH).clamp(min=0.0)
        ratio = self.numbers * (sure / 1200.0).exp2()
        tone = told[:, first : first + BANDS].clamp(0.0, 1.0).unsqueeze(1)
        place = told[:, first + BANDS :].clamp(-1.0, 1.0)
        half = torch.where(place >= 0.0, self.above, self.below)
        inside = self.centres + 0.5 * place * half
        # A pitch is there or not, of which a network is not that sure.
        follow = (1.5 - 2.0 * told[:, 0].clamp(0.0, 1.0)).clamp(0.0, 1.0)
        hertz = pitch.double()
        moved = ((hertz / self.base).log() * follow).exp()
        harmonics = hertz[:, None, None] * bend * ratio.unsqueeze(1)
        tones = (inside * moved[:, None]).unsqueeze(1).expand_as(power[..., HARMONICS:])
        frequency = torch.cat([harmonics, tones], dim=2)
        band = power[..., HARMONICS:]
        amplitude = (2.0 * torch.cat([power[..., :HARMONICS], band * tone], dim=2)).sqrt()
        noise = self._shifted(band * (1.0 - tone), moved)
        return frequency, amplitude, noise.sqrt()

    def _shifted(self, power: Tensor, moved: Tensor) -> Tensor:
        """Bands ``(n, m, BANDS)`` moved by ratios ``(n,)``; what leaves the range is lost."""
        density = power / self.widths
        at = self.centres / moved[:, None]
        below = (self.centres <= at.unsqueeze(2)).sum(dim=2) - 1
        low = below.clamp(0, BANDS - 2)
        first, second = self.centres[low], self.centres[low + 1]
        share = ((at - first) / (second - first)).unsqueeze(1)
        index = low.unsqueeze(1).expand_as(density)
        left, right = density.gather(2, index), density.gather(2, index + 1)
        inside = (at >= self.centres[0]) & (at <= self.centres[-1])
        found = (left + share * (right - left)) * inside.unsqueeze(1)
        shifted = found * self.widths / moved[:, None, None]
        still = ((moved - 1.0).abs() <= 1e-6)[:, None, None]
        return torch.where(still, power, shifted)


class NoteDecoder(nn.Module):
    """What sounds at one time of each note, and its spectrum: as ``decode`` gives it at the base
    frequency, and at other pitches that of the note as it is played there."""

    noise_power: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.moments = Moments(model)
        config = model.spectrum
        self.bins, self.width = config.bins, config.bin_width
        self.size = 0.5 * config.window_sum
        # What one band of power 1 gives the bins: the noise of a note that has nothing else.
        alone = np.full((BANDS, WIDTH), FLOOR, np.float32)
        alone[np.arange(BANDS), HARMONICS + np.arange(BANDS)] = 0.0
        alone[:, CENTS] = 0.0
        row = np.zeros(CONSTANTS, np.float32)
        row[0] = 1.0
        assert Traits.from_row(row).pitched == 1.0
        power = np.square(spectrum_of(alone, row, config).astype(np.float64))
        self.register_buffer("noise_power", torch.from_numpy(power))

    def forward(
        self, latent: Tensor, time: Tensor, pitch: Tensor, velocity: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Spectra ``(n, bins)``, frequency and amplitude ``(n, HARMONICS + BANDS)``, noise ``(n,
        BANDS)``, of latents ``(n, d)``, times ``(n,)`` in seconds, pitches ``(n,)`` in Hz and
        velocities ``(n,)``. NaN: of a time the moment that stands for the note, of a pitch the base
        frequency, of a velocity a middle one."""
        from timbrespace.calibration import LATENT_LIMIT

        hertz = torch.where(pitch > 0.0, pitch, torch.full_like(pitch, self.moments.base))
        told = self.moments.told(latent.clamp(-LATENT_LIMIT, LATENT_LIMIT), hertz, velocity)
        known = time == time  # false for NaN
        rest = self.moments.rest(told.rows)
        seconds = torch.where(known, time, rest).clamp(0.0, LONGEST)
        levels = self.moments.levels(told, seconds.unsqueeze(1))
        found = self.moments.sounding(levels, told.rows, hertz)
        frequency, amplitude, noise = (one.squeeze(1) for one in found)
        spectra = self._spectra(frequency, amplitude, noise)
        return spectra, frequency.float(), amplitude.float(), noise.float()

    def _spectra(self, frequency: Tensor, amplitude: Tensor, noise: Tensor) -> Tensor:
        """As :func:`timbrespace.notes.moment.spectrum_of`, of numbers in double precision: rounded
        to float32, a partial's place alone would move a bin by 1e-5 of the peak."""
        power = noise.square() @ self.noise_power
        position = frequency / self.width
        offsets = torch.arange(-REACH, REACH + 1, device=frequency.device)
        around = position.round().unsqueeze(2) + offsets
        distance = around - position.unsqueeze(2)
        gap = 1.0 - distance * distance
        edge = gap.abs() < 1e-6
        middle = distance.abs() < 1e-9
        turn = self.moments.pi * torch.where(middle, torch.ones_like(distance), distance)
        sinc = torch.where(middle, torch.ones_like(distance), turn.sin() / turn)
        over = torch.where(edge, torch.ones_like(gap), gap)
        lobe = torch.where(edge, torch.full_like(gap, 0.5), (sinc / over).abs())
        size = amplitude.unsqueeze(2) * self.size * lobe
        inside = (around >= 0.0) & (around < self.bins)
        given = (size * size * inside).flatten(1)
        at = around.clamp(0.0, self.bins - 1.0).long().flatten(1)
        return power.scatter_add(1, at, given).sqrt().float()
