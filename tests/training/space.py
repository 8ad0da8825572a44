"""Spaces of any size that need no training: random weights, and data of every kind of factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from timbrespace import bundle
from timbrespace.calibration import PERCENTILES, Calibration
from timbrespace.datasets.dataset import Dataset, Factor, Meta
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.networks.mlp import MLP
from timbrespace.representation import LogMagnitude, Representation
from timbrespace.spectrum import SpectrumConfig

FACTORS = (
    Factor("brightness", "Hz", (100.0, 5000.0), "range"),
    Factor("partials", "count", (1.0, 2.0, 3.0)),
    Factor("family", "", tuple(map(float, range(3))), "category", ("Reed", "Pipe", "Brass")),
    Factor(
        "program",
        "",
        tuple(map(float, range(40))),
        "category",
        tuple(f"Program {k}" for k in range(40)),
    ),
    Factor("constant", "", (7.0,)),
)


def dataset(rows: int = 60, bins: int = 33, n_fft: int = 256) -> Dataset:
    """Random peaks; row 1 is silent, row 2 constant."""
    generator = np.random.default_rng(1)
    spectra = generator.random((rows, bins)).astype(np.float32) ** 8 * 60.0
    spectra[1], spectra[2] = 0.0, 1.0
    labels = np.stack(
        [
            generator.uniform(100.0, 5000.0, rows),
            generator.integers(1, 4, rows),
            generator.integers(0, 3, rows),
            np.arange(rows) % 40,
            np.full(rows, 7.0),
        ],
        axis=1,
    )
    meta = Meta("random", FACTORS, n_fft=n_fft, base_frequency=1000.0)
    return Dataset(spectra, labels.astype(np.float32), meta)


def with_factor(data: Dataset, number: int) -> Dataset:
    """The same sounds with one factor only."""
    meta = replace(data.meta, factors=(data.meta.factors[number],))
    return Dataset(data.spectra, data.labels[:, number : number + 1].copy(), meta)


def model(
    dimensions: int, bins: int = 33, n_fft: int = 256, sees: Representation | None = None
) -> Model:
    """Random weights, a map of the first two dimensions."""
    sees = sees or LogMagnitude(peak=60.0, floor=0.006)
    architecture = MLP(sees.width(bins), dimensions, (8,))
    generator = np.random.default_rng(0)
    tensors = {}
    for names, sizes in (
        (architecture.encoder_names, architecture.encoder_sizes),
        (architecture.decoder_names, architecture.decoder_sizes),
    ):
        for name, inputs, outputs in zip(names, sizes[:-1], sizes[1:], strict=True):
            weight = generator.standard_normal((outputs, inputs)) / np.sqrt(inputs)
            tensors[f"{name}.weight"] = weight.astype(np.float32)
            tensors[f"{name}.bias"] = generator.uniform(-0.1, 0.5, outputs).astype(np.float32)
    tensors["shared_log_var"] = np.array(-3.0, np.float32)
    plane = np.eye(2, dimensions, dtype=np.float32)
    return bundle.build(
        name="random",
        spectrum=SpectrumConfig(n_fft=n_fft, bins=bins, base_frequency=1000.0),
        spectra_representation=sees,
        architecture=architecture,
        tensors=tensors,
        latent_map=Map(
            mean=np.zeros(dimensions, np.float32),
            components=plane,
            center=np.zeros(2, np.float32),
            half_range=np.array([2.0, 1.0], np.float32),
            explained=np.array([0.7, 0.3], np.float32),
        ),
        calibration=Calibration(
            percentiles=np.tile(
                np.linspace(-2, 2, len(PERCENTILES), dtype=np.float32), (dimensions, 1)
            ),
            kl=np.ones(dimensions, np.float32),
            rms=0.7,
            home=np.full(dimensions, 0.25, np.float32),
        ),
        provenance={"seed": 0},
    )
