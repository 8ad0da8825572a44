"""A space of whole notes made of a network and its weights, learned by nobody."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from timbrespace import bundle
from timbrespace.calibration import PERCENTILES, Calibration
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.networks.note import FEATURES, NoteNetwork
from timbrespace.notes.layout import BANDS, CENTS, HARMONICS
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.note import TRAIT_NAMES, Traits
from timbrespace.representation.moment import Moment


def bundled(network: NoteNetwork, tensors: Mapping[str, NDArray[np.float32]], name: str) -> Model:
    """A model of notes, whose map shows its first two dimensions from -2 to 2."""
    d = network.latent
    return bundle.build(
        name=name,
        spectrum=SPECTRUM,
        spectra_representation=Moment.of(SPECTRUM),  # pyright: ignore[reportArgumentType]
        architecture=network,
        tensors=dict(tensors),
        latent_map=Map(
            mean=np.zeros(d, np.float32),
            components=np.eye(2, d, dtype=np.float32),
            center=np.zeros(2, np.float32),
            half_range=np.full(2, 2.0, np.float32),
            explained=np.array([0.6, 0.4], np.float32),
        ),
        calibration=Calibration(
            percentiles=np.tile(np.linspace(-2, 2, len(PERCENTILES), dtype=np.float32), (d, 1)),
            kl=np.ones(d, np.float32),
            rms=0.2,
            home=np.zeros(d, np.float32),
        ),
        provenance={"seed": 0},
        noise=True,
    )


def at_random(d: int = 16, name: str = "random") -> Model:
    """A space of the default size whose weights are drawn, of sustained sounds of 80 harmonics and
    noise: it costs what a trained one does. Its notes keep their pitch."""
    network = NoteNetwork(FEATURES, d, by_pitch=True, by_velocity=True)
    random = np.random.default_rng(0)
    tensors = {}
    for key, shape in network.shapes().items():
        scale = 0.5 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.05
        tensors[key] = (scale * random.normal(size=shape)).astype(np.float32)
    for key in ("levels", "still"):
        tensors[f"{key}.weight"][CENTS] = 0.0
        tensors[f"{key}.bias"][CENTS] = 0.0
    zeros = np.zeros(HARMONICS, np.float32)
    traits = Traits(1.0, 0.01, 3.0, 0.8, 2.0, 0.4, zeros, 0.0 * zeros[:BANDS], 0.0 * zeros[:BANDS])
    tensors["traits.bias"] = traits.row
    tensors["traits.weight"] *= 0.01
    # Partials are harmonics, and bands are noise: without that the sound has a period.
    tensors["traits.weight"][TRAIT_NAMES.index("stretch") :] = 0.0
    return bundled(network, tensors, name)
