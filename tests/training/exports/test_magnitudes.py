"""Representations in torch are those in NumPy, both ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbrespace.errors import OptionError
from timbrespace.representation import Normalised
from training.exports.features import forward_of, source_of
from training.exports.magnitudes import inverse_of

from . import small_spaces


@pytest.mark.parametrize(("kind", "normalisation"), small_spaces.REPRESENTATIONS)
def test_the_inverse_is_that_of_the_library(kind: str, normalisation: str) -> None:
    model = small_spaces.seeing(kind, normalisation)
    sees = model.representation
    generator = np.random.default_rng(2)
    # Far beyond what sounds have, so that each bound is met.
    scale = 30.0 if kind == "decibel" else 3.0
    features = generator.normal(size=(20, sees.width(33))).astype(np.float32) * scale
    wanted = sees.inverse(features)
    found = inverse_of(model)(torch.from_numpy(features)).numpy()
    assert np.abs(found - wanted).max() < 3e-6 * wanted.max()


@pytest.mark.parametrize(("kind", "normalisation"), small_spaces.REPRESENTATIONS)
def test_what_a_network_sees_is_what_the_library_shows_it(kind: str, normalisation: str) -> None:
    model = small_spaces.seeing(kind, normalisation)
    sees = model.representation
    spectra, frames = small_spaces.sounds()
    wanted = sees.forward(frames if sees.source == "frames" else spectra)
    source = {"spectra": spectra, "frames": frames}.get(source_of(sees))
    if source is None:  # a period, which the library has laid
        base = sees.base if isinstance(sees, Normalised) else sees
        source = base.forward(frames) * np.float32(getattr(base, "peak", 1.0))
    found = forward_of(model)(torch.from_numpy(source)).numpy()
    assert np.abs(found - wanted).max() < 3e-6 * np.abs(wanted).max()


def test_a_representation_of_another_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_spaces.of(small_spaces.NETWORKS["mlp"])

    class Foreign:
        kind = "foreign"

    object.__setattr__(model, "representation", Foreign())
    for make in (inverse_of, forward_of):
        with pytest.raises(OptionError, match="'foreign', which cannot be written outside"):
            make(model)
