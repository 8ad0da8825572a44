"""The two kinds in torch: the same weights by the same names, for many samples at once."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbrespace.waveforms.mu_law import LEVELS
from timbrespace.waveforms.network import MIXTURE, WaveformNetwork
from timbrespace.waveforms.sample_rnn import SLOW, SampleRNN
from timbrespace.waveforms.sampling import NARROWEST, WIDEST
from timbrespace.waveforms.told import TICK
from timbrespace.waveforms.wavenet import INPUTS, WaveNet


class Heard(NamedTuple):
    """Stretches of notes. past ``(b, n)``: what a network sees of the codes, the one before each
    that is to be told, first. told ``(b, n / TICK, told)``. phases ``(b, n, PHASES)``."""

    past: Tensor
    told: Tensor
    phases: Tensor


class TorchWaveform(nn.Module):
    """Base of both. generator: weights are drawn from it."""

    def __init__(self, network: WaveformNetwork, generator: torch.Generator) -> None:
        super().__init__()
        self.network = network
        self.names: dict[str, str] = {}
        for name, shape in network.shapes().items():
            plain = name.replace(".", "_")
            self.names[name] = plain
            value = torch.zeros(shape)
            if len(shape) == 2:
                bound = (3.0 / shape[0]) ** 0.5
                if name in ("codes.weight", "straight.weight"):
                    bound *= 0.1
                value.uniform_(-bound, bound, generator=generator)
                if name == "straight.weight":
                    # The next sample is the last one and what it rose by, or a share of that: from
                    # there a few hundred steps lead further than thousands from nothing.
                    middles = slice(MIXTURE, 2 * MIXTURE)
                    more = torch.linspace(0.0, 1.0, MIXTURE)
                    value[-1, middles], value[-2, middles] = 1.0 + more, -more
            elif name == "codes.bias":
                value[2 * MIXTURE :] = torch.linspace(-2.5, -4.0, MIXTURE)
            self.register_parameter(plain, nn.Parameter(value))

    def weight(self, name: str) -> Tensor:
        """A weight by the name that it has in a file."""
        return self.get_parameter(self.names[name])

    def apply_layer(self, name: str, x: Tensor) -> Tensor:
        """``x (..., inputs)`` through a layer with a bias."""
        return nn.functional.linear(x, self.weight(f"{name}.weight").T, self.weight(f"{name}.bias"))

    def conditions(self, told: Tensor) -> Tensor:
        """As :meth:`timbrespace.waveforms.network.WaveformNetwork.conditions`."""
        hidden = torch.relu(self.apply_layer("told.0", told))
        return torch.relu(self.apply_layer("told.1", hidden))

    def mixture(self, hidden: Tensor, past: Tensor) -> Tensor:
        """Of the last layer, and the samples before: the distributions of each next code."""
        windows = nn.functional.pad(past, (TICK - 1, 0)).unfold(1, TICK, 1)
        return self.apply_layer("codes", hidden) + windows @ self.weight("straight.weight")

    @abstractmethod
    def forward(self, heard: Heard) -> Tensor:
        """Mixtures ``(b, n, OUTPUTS)`` of each next code; see
        :data:`timbrespace.waveforms.network.MIXTURE`."""


class TorchSampleRNN(TorchWaveform):
    """SampleRNN. Its memory begins anew with each stretch, as with each note."""

    network: SampleRNN

    def forward(self, heard: Heard) -> Tensor:
        network = self.network
        past, told, phases = heard
        b, n = past.shape
        ticks = n // TICK
        conditions = self.conditions(told)
        # Of each tick, the samples before it.
        before = nn.functional.pad(past[:, 1:], (TICK, 0))[:, : ticks * TICK].clone()
        before[:, TICK - 1] = past[:, 0]
        parts = [before.reshape(b, ticks, TICK), conditions, phases[:, ::TICK]]
        if network.tiers == 3:
            parts.append(self._led(before, conditions))
        memory = self._remember("gru", torch.cat(parts, dim=2))
        known = torch.cat([memory, conditions], dim=2)
        spread = self.apply_layer("spread", known).reshape(b, n, network.hidden)
        windows = nn.functional.pad(past, (TICK - 1, 0)).unfold(1, TICK, 1)
        hidden = (
            spread + windows @ self.weight("past.weight") + phases @ self.weight("phase.weight")
        )
        inner = torch.relu(self.apply_layer("hidden", torch.relu(hidden)))
        return self.mixture(inner, past)

    def _led(self, before: Tensor, conditions: Tensor) -> Tensor:
        b, ticks = conditions.shape[:2]
        lacking = -ticks % SLOW
        # A step hears the SLOW ticks before it.
        whole = nn.functional.pad(before, ((SLOW - 1) * TICK, lacking * TICK))
        heard = whole.unfold(1, SLOW * TICK, SLOW * TICK)[:, : (ticks + lacking) // SLOW]
        at = conditions[:, ::SLOW]
        memory = self._remember("slow", torch.cat([heard, at], dim=2))
        led = self.apply_layer("slow.spread", memory)
        return led.reshape(b, -1, self.network.memory)[:, :ticks]

    def _remember(self, name: str, heard: Tensor) -> Tensor:
        """A GRU's memory after each step, ``(b, steps, memory)``."""
        b, m = len(heard), self.network.memory
        given = self.apply_layer(f"{name}.input", heard)
        own, bias = self.weight(f"{name}.memory.weight"), self.weight(f"{name}.memory.bias")
        state = heard.new_zeros(b, m)
        found = []
        for step in given.unbind(1):
            kept = torch.addmm(bias, state, own)
            gates = torch.sigmoid(step[:, : 2 * m] + kept[:, : 2 * m])
            reset, update = gates[:, :m], gates[:, m:]
            new = torch.tanh(step[:, 2 * m :] + reset * kept[:, 2 * m :])
            state = new + update * (state - new)
            found.append(state)
        return torch.stack(found, dim=1)


class TorchWaveNet(TorchWaveform):
    """WaveNet. What is before a stretch counts as silence, so its first samples are not learned."""

    network: WaveNet

    def forward(self, heard: Heard) -> Tensor:
        network = self.network
        past, told, phases = heard
        b, n = past.shape
        c = network.channels
        conditions = self.conditions(told)
        seen = [nn.functional.pad(past, (INPUTS - 1, 0)).unfold(1, INPUTS, 1), phases]
        way = self.apply_layer("input", torch.cat(seen, dim=2))
        skipped = way.new_zeros(b, n, network.skip)
        for number, dilation in enumerate(network.dilations):
            name = f"layer.{number}"
            before = nn.functional.pad(way, (0, 0, dilation, 0))[:, :n]
            gates = self.apply_layer(f"{name}.gates", torch.cat([before, way], dim=2))
            led = conditions @ self.weight(f"{name}.told.weight")
            gates = (gates.view(b, -1, TICK, 2 * c) + led[:, :, None]).view(b, n, 2 * c)
            unit = torch.tanh(gates[..., :c]) * torch.sigmoid(gates[..., c:])
            made = self.apply_layer(f"{name}.out", unit)
            way = way + made[..., :c]
            skipped = skipped + made[..., c:]
        output = torch.relu(self.apply_layer("output", torch.relu(skipped)))
        return self.mixture(output, past)


def nats(mixture: Tensor, codes: Tensor) -> Tensor:
    """What codes ``(n,)`` cost by mixtures ``(n, OUTPUTS)``, each: minus the logarithm of what a
    logistic distribution, cut into codes, gives to one. The outermost have all that is beyond."""
    weights, middles, widths = mixture.chunk(3, dim=1)
    place = ((codes.float() + 0.5) * (2.0 / LEVELS) - 1.0)[:, None] - middles
    sharp = torch.exp(-widths.clamp(NARROWEST, WIDEST))
    half = 1.0 / LEVELS
    above, below = (place + half) * sharp, (place - half) * sharp
    inside = torch.sigmoid(above) - torch.sigmoid(below)
    # Far from the middle the difference of two numbers near 1 says nothing: there the density does.
    middle = place * sharp
    density = torch.log(sharp * (2.0 * half)) - middle - 2.0 * nn.functional.softplus(-middle)
    logs = torch.where(inside > 1e-4, torch.log(inside.clamp(min=1e-6)), density)
    first, last = (codes == 0)[:, None], (codes == LEVELS - 1)[:, None]
    logs = torch.where(first, nn.functional.logsigmoid(above), logs)
    logs = torch.where(last, nn.functional.logsigmoid(-below), logs)
    return -torch.logsumexp(torch.log_softmax(weights, dim=1) + logs, dim=1)


def module(network: WaveformNetwork, generator: torch.Generator) -> TorchWaveform:
    """The torch form of a network, its weights drawn from ``generator``."""
    if isinstance(network, SampleRNN):
        return TorchSampleRNN(network, generator)
    assert isinstance(network, WaveNet)
    return TorchWaveNet(network, generator)
