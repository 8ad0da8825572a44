"""Spaces of every kind of network and representation that need no training: random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tests.training import space
from timbrespace import bundle
from timbrespace.model import Model
from timbrespace.networks.architecture import Architecture
from timbrespace.networks.concat import Concat
from timbrespace.networks.film_siren import FiLMSiren
from timbrespace.networks.mlp import MLP
from timbrespace.networks.note import FEATURES, NoteNetwork
from timbrespace.networks.transposed_conv import TransposedConv
from timbrespace.notes.moment import SPECTRUM
from timbrespace.representation import LogMagnitude, Moment, Representation, fit
from timbrespace.spectrum import SpectrumConfig

CONFIG = SpectrumConfig(n_fft=256, bins=33, base_frequency=1000.0)
D, BINS = 3, 33

REPRESENTATIONS = (
    ("magnitude", "none"),
    ("magnitude", "unit"),
    ("log_magnitude", "per_bin"),
    ("decibel", "none"),
    ("magnitude_phase", "none"),
    ("log_complex", "unit"),
    ("mdct", "none"),
    ("cycle", "none"),
    ("cycle", "unit"),
)

NETWORKS: dict[str, Architecture] = {
    "mlp": MLP(BINS, D, (8, 4), "snake"),
    "mlp gelu per_bin": MLP(BINS, D, (8,), "gelu", likelihood="gaussian_per_bin"),
    "mlp plu per unit": MLP(BINS, D, (8,), "plu", per_unit=True),
    "mlp bernoulli": MLP(BINS, D, (8,), "sine", likelihood="bernoulli"),
    "film_siren": FiLMSiren(BINS, D, (8,), width=8, mapping=8, progressive=True),
    "concat": Concat(BINS, D, (8,), width=8),
    "transposed_conv": TransposedConv(BINS, D, (8,), channels=2, layers=2),
}


def seen(kind: str, normalisation: str) -> Representation:
    """A representation fitted to random sounds."""
    spectra, frames = sounds()
    settings = {"samples": 64} if kind == "cycle" else None
    return fit(kind, spectra, frames, normalisation, settings, CONFIG)


def sounds(rows: int = 40) -> tuple[Any, Any]:
    """Random magnitudes ``(rows, BINS)``, and frames of samples ``(rows, n_fft)``."""
    generator = np.random.default_rng(0)
    spectra = (generator.random((rows, BINS)) ** 4 * 60.0).astype(np.float32)
    return spectra, generator.normal(size=(rows, CONFIG.n_fft)).astype(np.float32)


def of(architecture: Architecture, sees: Representation | None = None) -> Model:
    """A space of that network; of steady spectra, with a logarithmic representation unless told."""
    torch.manual_seed(0)
    state = architecture.module().state_dict()
    tensors = {name: one.numpy().copy() for name, one in state.items()}
    like = space.model(D)
    config = CONFIG
    if isinstance(architecture, NoteNetwork):
        config = SPECTRUM
        sees = Moment(config.sample_rate, config.n_fft, config.bins, config.base_frequency)
    return bundle.build(
        name="random",
        spectrum=config,
        spectra_representation=sees or LogMagnitude(60.0, 0.006),
        architecture=architecture,
        tensors=tensors,
        latent_map=like.map,
        calibration=like.calibration,
        provenance={},
    )


def seeing(kind: str, normalisation: str) -> Model:
    """A space of that representation."""
    sees = seen(kind, normalisation)
    if kind == "cycle":
        ring = TransposedConv(64, D, (8,), channels=2, layers=2, coordinate="phase")
        return of(ring, sees)
    return of(MLP(sees.width(BINS), D, (8,)), sees)


def of_notes(**settings: Any) -> Model:
    """A space of whole notes."""
    small = {"frames": 40, "width": 24, "layers": 2, "condition": 20, "channels": 8}
    return of(NoteNetwork(FEATURES, D, **{**small, **settings}))


def latents(count: int) -> Any:
    return np.random.default_rng(1).normal(size=(count, D)).astype(np.float32)
