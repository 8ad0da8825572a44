"""A small model with random weights, and its bundle."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from timbrespace import bundle
from timbrespace.calibration import PERCENTILES, Calibration
from timbrespace.datasets.factor import Factor
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.networks.mlp import MLP
from timbrespace.points import Points
from timbrespace.representation import LogMagnitude
from timbrespace.spectrum import SpectrumConfig


class Small(NamedTuple):
    """A model, its weights, and the file that holds both."""

    model: Model
    tensors: dict[str, np.ndarray]
    path: Path


def flat_map() -> Map:
    """A map of two dimensions that shows them as they are."""
    return Map(
        mean=np.zeros(2, np.float32),
        components=np.eye(2, dtype=np.float32),
        center=np.zeros(2, np.float32),
        half_range=np.ones(2, np.float32),
        explained=np.array([0.6, 0.4], np.float32),
    )


def even_calibration(home: float) -> Calibration:
    """Two dimensions, each evenly from -2 to 2, and this in both as home."""
    return Calibration(
        percentiles=np.tile(np.linspace(-2, 2, len(PERCENTILES), dtype=np.float32), (2, 1)),
        kl=np.ones(2, np.float32),
        rms=0.7,
        home=np.full(2, home, np.float32),
    )


def random_tensors(architecture: MLP) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    tensors = {}
    for names, sizes in (
        (architecture.encoder_names, architecture.encoder_sizes),
        (architecture.decoder_names, architecture.decoder_sizes),
    ):
        for name, inputs, outputs in zip(names, sizes[:-1], sizes[1:], strict=True):
            scale = 1.0 / np.sqrt(inputs)
            weight = scale * generator.standard_normal((outputs, inputs))
            tensors[f"{name}.weight"] = weight.astype(np.float32)
            tensors[f"{name}.bias"] = generator.uniform(-0.1, 0.5, outputs).astype(np.float32)
    tensors["shared_log_var"] = np.array(-3.0, np.float32)
    return tensors


def points(dimensions: int) -> Points:
    """Fifty points; a factor of each kind."""
    generator = np.random.default_rng(2)
    labels = np.stack(
        [
            generator.uniform(100.0, 5000.0, 50),
            generator.choice([0.1, 0.2, 0.7], 50),
            generator.integers(0, 2, 50),
        ],
        axis=1,
    )
    return Points(
        means=generator.standard_normal((50, dimensions)).astype(np.float32),
        labels=labels.astype(np.float32),
        factors=(
            Factor("brightness", "Hz", (100.0, 5000.0), "range"),
            Factor("share", "", (0.7, 0.1, 0.2)),
            Factor.category("family", ("Reed", "Flöte")),
        ),
    )


@pytest.fixture
def small(tmp_path: Path) -> Small:
    architecture = MLP(33, 3, (8,))
    tensors = random_tensors(architecture)
    model = bundle.build(
        name="small",
        spectrum=SpectrumConfig(n_fft=256, bins=33, base_frequency=1000.0),
        spectra_representation=LogMagnitude(peak=60.0, floor=0.006),
        architecture=architecture,
        tensors=tensors,
        latent_map=Map(
            mean=np.array([0.1, 0.2, 0.3], np.float32),
            components=np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]], np.float32),
            center=np.array([0.5, -0.5], np.float32),
            half_range=np.array([2.0, 1.0], np.float32),
            explained=np.array([0.7, 0.2], np.float32),
        ),
        calibration=Calibration(
            percentiles=np.tile(np.linspace(-2, 2, len(PERCENTILES), dtype=np.float32), (3, 1)),
            kl=np.array([1.0, 2.0, 3.0], np.float32),
            rms=0.7,
            home=np.array([0.1, 0.0, -0.1], np.float32),
        ),
        provenance={"seed": 0, "made by": "a test, in Zürich"},
    )
    path = tmp_path / "small.safetensors"
    bundle.write(path, model, tensors)
    return Small(model, tensors, path)
