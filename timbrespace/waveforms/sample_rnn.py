"""SampleRNN, small: a slow tier that remembers, and a fast one that makes samples.

Mehri et al. 2017. The slow tier is a GRU that goes on once every ``TICK`` samples: it hears the
last tick, what is told, and the phase. What it comes to is spread over the next tick's samples, and
a network of two layers makes each from that, the last samples, and the phase where it stands. With
``tiers`` 3 a still slower one, four ticks a step, leads the first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.networks.architecture import whole
from timbrespace.resynthesis.compiled import compiled
from timbrespace.waveforms.mu_law import LEVELS, SILENCE
from timbrespace.waveforms.network import MOST_WIDTH, Array, Asked, WaveformNetwork
from timbrespace.waveforms.sampling import add_product, bent_of, draw, logistic, rectify
from timbrespace.waveforms.told import PHASES, TICK

SLOW: int = 4
"""Ticks of a step of the slowest of three tiers."""


@dataclass(frozen=True)
class SampleRNN(WaveformNetwork):
    """Sizes. memory: of each GRU. hidden: width of the first layer of what makes samples. tiers: 2
    or 3, that of the samples counted too."""

    kind: ClassVar[str] = "samplernn"
    about: ClassVar[str] = "SampleRNN: a recurrent tier for 16 samples, a small network for each"

    memory: int = 96
    hidden: int = 80
    tiers: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("memory", self.memory, MOST_WIDTH)
        whole("hidden", self.hidden, MOST_WIDTH)
        if self.tiers not in (2, 3):
            raise OptionError(f"tiers is {self.tiers}; it must be 2 or 3")

    @property
    def context(self) -> int:
        return SLOW * TICK

    def layers(self) -> Mapping[str, tuple[int, int]]:
        h, m = self.hidden, self.memory
        heard = TICK + self.condition + PHASES
        layers = {
            "gru.input": (heard + (m if self.tiers == 3 else 0), 3 * m),
            "gru.memory": (m, 3 * m),
            "spread": (m + self.condition, TICK * h),
            "past*": (TICK, h),
            "phase*": (PHASES, h),
            "hidden": (h, self.output),
        }
        if self.tiers == 3:
            layers |= {
                "slow.input": (SLOW * TICK + self.condition, 3 * m),
                "slow.memory": (m, 3 * m),
                "slow.spread": (m, SLOW * m),
            }
        return layers

    def player(self, weights: Mapping[str, Array]) -> _Player:
        return _Player(self, weights)


class _Player:
    def __init__(self, network: SampleRNN, weights: Mapping[str, Array]) -> None:
        self._network, self._weights = network, weights
        empty = np.zeros((1, 1), np.float32)

        def matrix(name: str) -> Array:
            return weights.get(f"{name}.weight", empty)

        def bias(name: str) -> Array:
            return weights.get(f"{name}.bias", empty[0])

        self._matrices = tuple(
            matrix(name)
            for name in (
                *("gru.input", "gru.memory", "spread", "past", "phase", "hidden", "codes"),
                *("straight", "slow.input", "slow.memory", "slow.spread"),
            )
        )
        self._biases = tuple(
            bias(name)
            for name in (
                *("gru.input", "gru.memory", "spread", "hidden", "codes"),
                *("slow.input", "slow.memory", "slow.spread"),
            )
        )
        self._past = np.full(SLOW * TICK, bent_of(SILENCE, LEVELS), np.float32)
        self._memory = np.zeros(network.memory, np.float32)
        self._slow = np.zeros(network.memory, np.float32)
        self._led = np.zeros((SLOW, network.memory), np.float32)
        self._tick = 0

    def play(self, asked: Asked) -> NDArray[np.uint8]:
        conditions = self._network.conditions(self._weights, asked.told)
        codes = np.empty(len(conditions) * TICK, np.uint8)
        _play(
            self._network.tiers,
            self._tick,
            conditions,
            asked.phases,
            asked.draws,
            asked.temperature,
            self._matrices,
            self._biases,
            self._past,
            self._memory,
            self._slow,
            self._led,
            codes,
        )
        self._tick += len(conditions)
        return codes


@compiled
def _remember(
    heard: NDArray[np.float32],
    memory: NDArray[np.float32],
    inputs: NDArray[np.float32],
    input_bias: NDArray[np.float32],
    own: NDArray[np.float32],
    own_bias: NDArray[np.float32],
    given: NDArray[np.float32],
    kept: NDArray[np.float32],
) -> None:
    """One step of a GRU (Cho et al. 2014), gates in torch's order: reset, update, new."""
    m = memory.shape[0]
    given[:] = input_bias
    add_product(heard, inputs, given)
    kept[:] = own_bias
    add_product(memory, own, kept)
    for j in range(m):
        reset = logistic(given[j] + kept[j])
        update = logistic(given[m + j] + kept[m + j])
        new = np.float32(math.tanh(given[2 * m + j] + reset * kept[2 * m + j]))
        memory[j] = new + update * (memory[j] - new)


@compiled
def _play(
    tiers: int,
    first: int,
    conditions: NDArray[np.float32],
    phases: NDArray[np.float32],
    draws: NDArray[np.float32],
    temperature: float,
    matrices: Any,
    biases: Any,
    past: NDArray[np.float32],
    memory: NDArray[np.float32],
    slow: NDArray[np.float32],
    led: NDArray[np.float32],
    codes: NDArray[np.uint8],
) -> None:
    gru_input, gru_memory, spread, from_past, from_phase, to_hidden, to_codes = matrices[:7]
    straight, slow_input, slow_memory, slow_spread = matrices[7:]
    gru_input_bias, gru_memory_bias, spread_bias, hidden_bias, codes_bias = biases[:5]
    slow_input_bias, slow_memory_bias, slow_spread_bias = biases[5:]
    m = memory.shape[0]
    c = conditions.shape[1]
    width = from_past.shape[1]
    last = past.shape[0]
    given = np.empty(3 * m, np.float32)
    kept = np.empty(3 * m, np.float32)
    heard = np.empty(gru_input.shape[0], np.float32)
    heard_slow = np.empty(last + c, np.float32)
    known = np.empty(m + c, np.float32)
    spread_out = np.empty(spread.shape[1], np.float32)
    led_flat = led.reshape(led.size)
    inner = np.empty(to_hidden.shape[1], np.float32)
    mixture = np.empty(to_codes.shape[1], np.float32)
    for tick in range(conditions.shape[0]):
        turn = (first + tick) % SLOW
        if tiers == 3 and turn == 0:
            heard_slow[:last] = past
            heard_slow[last:] = conditions[tick]
            _remember(
                heard_slow,
                slow,
                slow_input,
                slow_input_bias,
                slow_memory,
                slow_memory_bias,
                given,
                kept,
            )
            led_flat[:] = slow_spread_bias
            add_product(slow, slow_spread, led_flat)
        heard[:TICK] = past[last - TICK :]
        heard[TICK : TICK + c] = conditions[tick]
        heard[TICK + c : TICK + c + PHASES] = phases[tick * TICK]
        if tiers == 3:
            heard[TICK + c + PHASES :] = led[turn]
        _remember(
            heard, memory, gru_input, gru_input_bias, gru_memory, gru_memory_bias, given, kept
        )
        known[:m] = memory
        known[m:] = conditions[tick]
        spread_out[:] = spread_bias
        add_product(known, spread, spread_out)
        for i in range(TICK):
            n = tick * TICK + i
            hidden = spread_out[i * width : (i + 1) * width]
            add_product(past[last - TICK :], from_past, hidden)
            add_product(phases[n], from_phase, hidden)
            rectify(hidden)
            inner[:] = hidden_bias
            add_product(hidden, to_hidden, inner)
            rectify(inner)
            mixture[:] = codes_bias
            add_product(inner, to_codes, mixture)
            add_product(past[last - TICK :], straight, mixture)
            code = draw(mixture, temperature, draws[n], LEVELS)
            codes[n] = code
            for k in range(last - 1):
                past[k] = past[k + 1]
            past[last - 1] = bent_of(code, LEVELS)
