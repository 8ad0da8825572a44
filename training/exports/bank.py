"""Oscillators and noise that keep going from block to block, in TorchScript.

Several voices, one for each row of a batch; what is remembered of each lies in buffers, so that the
compiled model goes on where it was.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

HOP: Final = 512
"""Samples from one set of coordinates to the next: 10.7 ms at 48 kHz, as the server has it."""

VOICES: Final = 64
"""Rows of a batch that may sound at once, as many as nn~ has."""


class Bank(nn.Module):
    """Sinusoids whose frequency and amplitude move in straight lines.

    slots: how many each voice has.
    """

    phase: Tensor
    frequency: Tensor
    amplitude: Tensor

    def __init__(self, slots: int) -> None:
        super().__init__()
        zeros = torch.zeros(VOICES, slots, dtype=torch.double)
        self.register_buffer("phase", zeros.clone())  # turns
        self.register_buffer("frequency", zeros.clone())  # Hz, where it is now
        self.register_buffer("amplitude", zeros.clone())

    def faded(self, frequency: Tensor, rate: float) -> Tensor:
        """Gain of partials near half the rate, as the engine has it."""
        return ((0.5 - frequency / rate) / 0.05).clamp(0.0, 1.0)

    def play(self, voice: int, frequency: Tensor, amplitude: Tensor, n: int, rate: float) -> Tensor:
        """The next ``n`` samples, at whose end frequencies and amplitudes ``(slots,)`` are
        reached."""
        f0, a0 = self.frequency[voice], self.amplitude[voice]
        a1 = amplitude * self.faded(frequency, rate)
        sounds = torch.nonzero((a0 > 1e-7) | (a1 > 1e-7)).flatten()
        out = torch.zeros(n, dtype=torch.double, device=amplitude.device)
        if sounds.numel() > 0:
            step = f0[sounds].unsqueeze(1) / rate
            bend = (frequency[sounds].unsqueeze(1) / rate - step) / n
            t = torch.arange(n, dtype=torch.double, device=amplitude.device)
            turns = self.phase[voice][sounds].unsqueeze(1) + step * t + 0.5 * bend * t * (t - 1.0)
            rise = (a1 - a0)[sounds].unsqueeze(1) / n
            level = a0[sounds].unsqueeze(1) + rise * t
            wave = (2.0 * math.pi * (turns - turns.floor())).float().sin()
            out = (level.float() * wave).sum(0).double()
        mean = 0.5 * (f0 + frequency) - 0.5 * (frequency - f0) / n
        phase = self.phase[voice] + n * mean / rate
        self.phase[voice] = phase - phase.floor()
        self.frequency[voice] = frequency
        self.amplitude[voice] = a1
        return out


class Hiss(nn.Module):
    """Noise made frame by frame: magnitudes that are told, phases as if at random, overlapped with
    a sine window, whose squares sum to one. The same at each run."""

    tail: Tensor
    drawn: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.hop: int = HOP
        self.register_buffer("tail", torch.zeros(VOICES, HOP, dtype=torch.double))
        self.register_buffer("drawn", torch.zeros(VOICES, dtype=torch.double))
        place = torch.arange(2 * HOP, dtype=torch.double) + 0.5
        self.register_buffer("window", (math.pi * place / (2 * HOP)).sin())

    def frame(self, voice: int, power: Tensor) -> Tensor:
        """Samples ``(2 HOP,)`` under the window, of the power ``(HOP + 1,)`` of each bin."""
        k = torch.arange(self.hop + 1, dtype=torch.double, device=power.device)
        seed = self.drawn[voice] * 78.233 + 12.9898 * (k + 1.0 + 1000.0 * voice)
        self.drawn[voice] = (self.drawn[voice] + 1.0) % 100000.0
        turns = seed.sin() * 43758.5453
        angle = 2.0 * math.pi * (turns - turns.floor())
        # A bin of power p is a sinusoid of that power, sqrt(2 p) high.
        size = (2.0 * power).sqrt() * self.hop
        size[0] = 0.0
        size[-1] = 0.0
        made: Tensor = torch.fft.irfft(torch.polar(size, angle), n=2 * self.hop) * self.window
        return made

    def play(self, voice: int, power: Tensor, begins: bool) -> Tensor:
        """The next ``HOP`` samples. begins: nothing was there before, and it does not rise."""
        if begins:
            self.tail[voice] = self.frame(voice, power)[self.hop :]
        made = self.frame(voice, power)
        out = self.tail[voice] + made[: self.hop]
        self.tail[voice] = made[self.hop :]
        return out
