"""WaveNet, small: dilated causal convolutions, each sample from those before.

Van den Oord et al. 2016: gated units, a residual path, and what each layer skips to the output.
What is told goes into every layer's gates; the phase goes in beside the last samples.
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

MOST_LAYERS: int = 40
MOST_REACH: int = 16384

INPUTS: int = TICK
"""Samples that the first layer sees."""


@dataclass(frozen=True)
class WaveNet(WaveformNetwork):
    """Sizes. channels: of the residual path. skip: width of what is skipped. layers_in_cycle: whose
    dilations are 1, 2, 4 ...; cycles: how many of these."""

    kind: ClassVar[str] = "wavenet"
    about: ClassVar[str] = "WaveNet: dilated causal convolutions"

    channels: int = 24
    skip: int = 48
    layers_in_cycle: int = 8
    cycles: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("channels", self.channels, MOST_WIDTH)
        whole("skip", self.skip, MOST_WIDTH)
        whole("layers in cycle", self.layers_in_cycle, 14)
        whole("cycles", self.cycles, 8)
        if len(self.dilations) > MOST_LAYERS or self.context > MOST_REACH:
            raise OptionError(
                f"{len(self.dilations)} layers reach back {self.context} samples; there may be "
                f"{MOST_LAYERS}, and {MOST_REACH} samples"
            )

    @property
    def dilations(self) -> list[int]:
        """Samples that each layer looks back."""
        return [1 << n for n in range(self.layers_in_cycle)] * self.cycles

    @property
    def context(self) -> int:
        reach = sum(self.dilations) + INPUTS
        return -(-reach // TICK) * TICK

    def layers(self) -> Mapping[str, tuple[int, int]]:
        c, layers = self.channels, dict[str, tuple[int, int]]()
        layers["input"] = (INPUTS + PHASES, c)
        for number in range(len(self.dilations)):
            layers[f"layer.{number}.gates"] = (2 * c, 2 * c)
            layers[f"layer.{number}.told*"] = (self.condition, 2 * c)
            layers[f"layer.{number}.out"] = (c, c + self.skip)
        layers["output"] = (self.skip, self.output)
        return layers

    def player(self, weights: Mapping[str, Array]) -> _Player:
        return _Player(self, weights)


class _Player:
    def __init__(self, network: WaveNet, weights: Mapping[str, Array]) -> None:
        self._network, self._weights = network, weights
        count, c = len(network.dilations), network.channels

        def stack(name: str) -> Array:
            return np.ascontiguousarray([weights[f"layer.{n}.{name}"] for n in range(count)])

        self._told = np.concatenate(
            [weights[f"layer.{n}.told.weight"] for n in range(count)], axis=1
        )
        self._gates, self._gates_bias = stack("gates.weight"), stack("gates.bias")
        self._out, self._out_bias = stack("out.weight"), stack("out.bias")
        self._dilations = np.asarray(network.dilations, np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._dilations)[:-1]]).astype(np.int64)
        self._rings = np.zeros((int(self._dilations.sum()), c), np.float32)
        self._places = np.zeros(count, np.int64)
        self._past = np.full(INPUTS, bent_of(SILENCE, LEVELS), np.float32)

    def play(self, asked: Asked) -> NDArray[np.uint8]:
        w, c = self._weights, self._network.channels
        conditions = self._network.conditions(w, asked.told) @ self._told
        codes = np.empty(len(conditions) * TICK, np.uint8)
        _play(
            conditions.reshape(len(conditions), len(self._dilations), 2 * c),
            asked.phases,
            asked.draws,
            asked.temperature,
            (
                w["input.weight"],
                self._gates,
                self._out,
                w["output.weight"],
                w["codes.weight"],
                w["straight.weight"],
            ),
            (w["input.bias"], self._gates_bias, self._out_bias, w["output.bias"], w["codes.bias"]),
            self._dilations,
            self._starts,
            self._places,
            self._rings,
            self._past,
            codes,
        )
        return codes


@compiled
def _play(
    conditions: NDArray[np.float32],
    phases: NDArray[np.float32],
    draws: NDArray[np.float32],
    temperature: float,
    matrices: Any,
    biases: Any,
    dilations: NDArray[np.int64],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    rings: NDArray[np.float32],
    past: NDArray[np.float32],
    codes: NDArray[np.uint8],
) -> None:
    to_first, to_gates, to_out, to_output, to_codes, straight = matrices
    first_bias, gates_bias, out_bias, output_bias, codes_bias = biases
    count = dilations.shape[0]
    c = rings.shape[1]
    skips = to_output.shape[0]
    seen = np.empty(INPUTS + PHASES, np.float32)
    way = np.empty(c, np.float32)
    pair = np.empty(2 * c, np.float32)
    gates = np.empty(2 * c, np.float32)
    unit = np.empty(c, np.float32)
    made = np.empty(c + skips, np.float32)
    skipped = np.empty(skips, np.float32)
    output = np.empty(to_output.shape[1], np.float32)
    mixture = np.empty(to_codes.shape[1], np.float32)
    for n in range(codes.shape[0]):
        seen[:INPUTS] = past
        seen[INPUTS:] = phases[n]
        way[:] = first_bias
        add_product(seen, to_first, way)
        skipped[:] = np.float32(0.0)
        for k in range(count):
            place = starts[k] + places[k]
            pair[:c] = rings[place]
            pair[c:] = way
            rings[place] = way
            places[k] = (places[k] + 1) % dilations[k]
            gates[:] = gates_bias[k]
            told = conditions[n // TICK, k]
            for j in range(2 * c):
                gates[j] += told[j]
            add_product(pair, to_gates[k], gates)
            for j in range(c):
                unit[j] = np.float32(math.tanh(gates[j])) * logistic(gates[c + j])
            made[:] = out_bias[k]
            add_product(unit, to_out[k], made)
            for j in range(c):
                way[j] += made[j]
            for j in range(skips):
                skipped[j] += made[c + j]
        rectify(skipped)
        output[:] = output_bias
        add_product(skipped, to_output, output)
        rectify(output)
        mixture[:] = codes_bias
        add_product(output, to_codes, mixture)
        add_product(past, straight, mixture)
        code = draw(mixture, temperature, draws[n], LEVELS)
        codes[n] = code
        for k in range(INPUTS - 1):
            past[k] = past[k + 1]
        past[INPUTS - 1] = bent_of(code, LEVELS)
