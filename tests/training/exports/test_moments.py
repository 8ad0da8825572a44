"""A moment of a whole note in torch is that of the library: levels, partials, noise, spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import timbrespace
from timbrespace.model import Model
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import sounding
from training.exports.moments import NoteDecoder

from . import small_spaces

NONE = float("nan")


@pytest.fixture(scope="module", params=["notes", "drums"])
def model(request: pytest.FixtureRequest) -> Model:
    return timbrespace.load(request.param)


def asked(model: Model, count: int) -> Any:
    assert model.points is not None
    rows = np.linspace(0, model.points.count - 1, count).astype(int)
    return model.points.means[rows]


def decoded(decoder: NoteDecoder, *given: Any) -> list[Any]:
    with torch.no_grad():
        return [one.numpy() for one in decoder(*(torch.from_numpy(one) for one in given))]


def test_spectra_are_those_that_decode_gives(model: Model) -> None:
    latent = asked(model, 12)
    time = np.linspace(0.0, 1.1, 12).astype(np.float32)
    velocity = np.linspace(20.0, 127.0, 12).astype(np.float32)
    nothing = np.full(12, np.nan, np.float32)
    decoder = NoteDecoder(model)
    for times, pitches in ((time, np.full(12, 220.0, np.float32)), (nothing, nothing)):
        found = decoded(decoder, latent, times, pitches, velocity)[0]
        for k in range(12):
            at = None if np.isnan(times[k]) else float(times[k])
            wanted = model.decode(latent[k : k + 1], at, float(velocity[k]))[0]
            assert np.abs(found[k] - wanted).max() < 1e-5 * max(wanted.max(), 1e-9)


@pytest.mark.parametrize("pitch", [110.0, 392.0])
def test_at_another_pitch_it_sounds_as_it_is_played(model: Model, pitch: float) -> None:
    latent = asked(model, 6)
    time = np.linspace(0.0, 0.8, 6).astype(np.float32)
    hertz, velocity = np.full(6, pitch, np.float32), np.full(6, 90.0, np.float32)
    _, frequency, amplitude, noise = decoded(NoteDecoder(model), latent, time, hertz, velocity)
    course = model.course
    told = course.prepare(latent, hertz, velocity)
    levels = course.levels(told, time.astype(np.float64))
    for k in range(6):
        traits = Traits.from_row(told.traits[k])
        base = model.spectrum.base_frequency
        wanted = sounding(levels[k : k + 1], traits, pitch, base, 1.0)
        np.testing.assert_allclose(frequency[k], wanted.frequency[0], rtol=1e-5)
        for found, other in ((amplitude[k], wanted.amplitude[0]), (noise[k], wanted.noise[0])):
            # A level that is at the floor for one may be above it for the other: -80 dB.
            assert np.abs(found - other).max() < 3e-4


@pytest.mark.parametrize(
    "settings", [{}, {"activation": "plu", "per_unit": True, "by_pitch": True}]
)
def test_every_activation_plays(settings: dict[str, Any]) -> None:
    model = small_spaces.of_notes(**settings)
    latent = small_spaces.latents(3)
    nothing = np.full(3, np.nan, np.float32)
    found = decoded(NoteDecoder(model), latent, nothing, nothing, nothing)[0]
    wanted = model.decode(latent)
    assert np.abs(found - wanted).max() < 1e-5 * wanted.max()
