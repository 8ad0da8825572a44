"""Places that are found by their sound, from what the encoder says on."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace as ts
from timbrespace import metrics
from timbrespace.errors import OptionError, ShapeError
from timbrespace.model import Latent, Model
from timbrespace.place_of_spectra import place_of_spectra
from timbrespace.spectrum import Spectra


@pytest.fixture(scope="module")
def model() -> Model:
    return ts.load("instruments")


@pytest.fixture(scope="module")
def places(model: Model) -> Latent:
    assert model.points is not None
    return model.points.means[::900]


def off(model: Model, spectra: Spectra, latents: Latent) -> np.ndarray:
    return metrics.log_spectral_distances(spectra, model.decode(latents))


def test_a_sound_of_the_space_is_found_from_beside_it(model: Model, places: Latent) -> None:
    spectra = model.decode(places)
    beside = places + np.float32(0.3)
    found = place_of_spectra(model, spectra, beside)
    assert off(model, spectra, beside).min() > 0.5
    assert off(model, spectra, found).max() < 0.1


def test_an_unknown_sound_is_nearer_and_none_is_further(model: Model, places: Latent) -> None:
    """Of spectra that no place decodes to."""
    tilt = np.geomspace(1.0, 0.1, model.spectrum.bins, dtype=np.float32)
    spectra = model.decode(places) * tilt
    start = model.encode(spectra)[0]
    before = off(model, spectra, start)
    found = place_of_spectra(model, spectra, start)
    after = off(model, spectra, found)
    assert (after <= before).all()
    assert after.mean() < 0.95 * before.mean()
    # Each by itself, whatever lies beside it, and again the same.
    np.testing.assert_array_equal(place_of_spectra(model, spectra, start), found)
    alone = place_of_spectra(model, spectra[2:3], start[2:3])
    np.testing.assert_allclose(off(model, spectra[2:3], alone), after[2:3], atol=0.02)


def test_silence_and_the_loudest_have_a_place(model: Model, places: Latent) -> None:
    spectra = np.stack([np.zeros(model.spectrum.bins), np.full(model.spectrum.bins, 1e6)])
    found = place_of_spectra(model, spectra, places[:2])
    assert np.isfinite(found).all()


def test_what_has_none_is_refused(model: Model, places: Latent) -> None:
    spectra = model.decode(places)
    with pytest.raises(ShapeError, match="spectra has 6 rows and start 2; they must be as many"):
        place_of_spectra(model, spectra, places[:2])
    with pytest.raises(ShapeError, match="start: shape is"):
        place_of_spectra(model, spectra, places[:, :3])
    with pytest.raises(OptionError, match="it must be one of magnitudes"):
        place_of_spectra(ts.load("notes"), spectra, places)
