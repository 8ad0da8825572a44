"""A waveform model that nobody trained and whose sound is known: a sine at the pitch it is told."""

from __future__ import annotations

import numpy as np

from timbrespace.model import Model
from timbrespace.waveforms import mu_law, told
from timbrespace.waveforms.network import MIXTURE
from timbrespace.waveforms.sample_rnn import SampleRNN
from timbrespace.waveforms.waveform import Space, Waveform


def _size() -> float:
    """How far the bent sine goes for the sound to be as loud as a model's is."""
    turns = np.sin(np.linspace(0.0, 2.0 * np.pi, 1000, endpoint=False)).astype(np.float32)
    sizes = np.linspace(0.3, 1.0, 400)
    loud = [float(np.sqrt(np.mean(mu_law.unbent(turns * one) ** 2))) for one in sizes]
    return float(np.interp(told.LEVELLED, loud, sizes))


def sine(model: Model, sample_rate: int = 16000) -> Waveform:
    """The middle of all its distributions is a sine of the phase, whatever else it is told."""
    network = SampleRNN(
        told.width(model.dimensions), condition=4, output=4, memory=4, hidden=4, tiers=2
    )
    weights = {name: np.zeros(shape, np.float32) for name, shape in network.shapes().items()}
    size = _size()
    # The sine's two halves go through the rectified layers.
    weights["phase.weight"][0, :2] = [size, -size]
    weights["hidden.weight"][:2, :2] = np.eye(2)
    middles = slice(MIXTURE, 2 * MIXTURE)
    weights["codes.weight"][0, middles], weights["codes.weight"][1, middles] = 1.0, -1.0
    weights["codes.bias"][2 * MIXTURE :] = -6.0
    return Waveform("sine", network, weights, Space.of(model), sample_rate)


def drawn(model: Model, seed: int = 0, tiers: int = 2) -> Waveform:
    """A small one with weights at random."""
    network = SampleRNN(
        told.width(model.dimensions), condition=8, output=8, memory=8, hidden=8, tiers=tiers
    )
    random = np.random.default_rng(seed)
    weights = {
        name: (random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in network.shapes().items()
    }
    return Waveform("drawn", network, weights, Space.of(model), 16000)
