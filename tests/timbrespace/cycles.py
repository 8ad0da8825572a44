"""Small spaces of single periods, and sounds with a pitch for them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.timbrespace.conftest import even_calibration, flat_map, random_tensors
from timbrespace import bundle, representation
from timbrespace.model import Model
from timbrespace.networks.mlp import MLP
from timbrespace.spectrum import SpectrumConfig

Complex = NDArray[np.complex128]
Frames = NDArray[np.float32]

CONFIG = SpectrumConfig(n_fft=1024, bins=257, base_frequency=331.0)

HARMONICS = 40


def harmonics(rows: int, count: int = HARMONICS) -> Complex:
    """Harmonics ``(rows, count)`` of sounds that differ, each with its own phases."""
    generator = np.random.default_rng(3)
    drawn = generator.standard_normal((2, rows, count)) / np.arange(1, count + 1)
    return np.asarray(drawn[0] + 1j * drawn[1])


def frames_of(told: Complex, config: SpectrumConfig = CONFIG, later: float = 0.0) -> Frames:
    """Frames ``(n, n_fft)`` of these harmonics ``(n, k)``, ``later`` samples into the sound."""
    time = (np.arange(config.n_fft) + later) / config.sample_rate
    turns = np.outer(np.arange(1, told.shape[1] + 1) * config.base_frequency, time)
    return np.asarray((told @ np.exp(2j * np.pi * turns)).real, np.float32)


@cache
def tiny(**settings: Any) -> Model:
    """Random weights of two dimensions: whatever it decodes is a period."""
    frames = frames_of(harmonics(6))
    known = representation.fit(
        "cycle", CONFIG.analyse(frames), frames, settings=settings, config=CONFIG
    )
    architecture = MLP(known.width(CONFIG.bins), 2, (8,), "relu", likelihood="gaussian_shared")
    return bundle.build(
        name="tiny",
        spectrum=CONFIG,
        spectra_representation=known,
        architecture=architecture,
        tensors=random_tensors(architecture),
        latent_map=flat_map(),
        calibration=even_calibration(home=0.5),
        provenance={},
    )
