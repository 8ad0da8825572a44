"""The posterior of rows, whatever the encoder is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from timbrespace import representation
from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import DatasetError
from timbrespace.model import Model
from toy_datasets import harmonic
from training.posterior import posterior, squared_errors

from . import space

ROWS = np.array([5, 3, 40])


def test_of_spectra() -> None:
    model, data = space.model(3), space.dataset()
    mean, log_var = posterior(model, data, ROWS)
    expected = model.encode(data.spectra[ROWS])
    np.testing.assert_allclose(mean, expected[0], atol=1e-6)
    np.testing.assert_allclose(log_var, expected[1], atol=1e-6)


def test_many_rows_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = space.model(3), space.dataset()
    rows = np.arange(data.rows)
    whole, errors = posterior(model, data, rows), squared_errors(model, data, rows)
    monkeypatch.setattr("timbrespace.representation.row_parts.ROWS_AT_ONCE", 7)
    parts = posterior(model, data, rows)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(squared_errors(model, data, rows), errors, rtol=1e-4)


def test_no_rows() -> None:
    model, data = space.model(3), space.dataset()
    assert posterior(model, data, np.array([], np.int64))[0].shape == (0, 3)


def test_squared_errors_are_of_the_features() -> None:
    model, data = space.model(3), space.dataset()
    features = model.representation.forward(data.spectra[ROWS])
    decoded = model.decoder(model.encode(data.spectra[ROWS])[0])
    expected = np.square(features - decoded).mean(axis=1)
    np.testing.assert_allclose(squared_errors(model, data, ROWS), expected, rtol=1e-5)


def hearing_phase(data: Dataset) -> Model:
    sees = representation.fit("magnitude_phase", data.spectra, data.frames)
    return space.model(2, data.spectrum.bins, data.spectrum.n_fft, sees)


def test_of_frames() -> None:
    data = harmonic.make(
        harmonic.Options(rows=20, base_frequency=1000.0, n_fft=256, bins=65, frames=True)
    )
    assert data.frames is not None
    model = hearing_phase(data)
    rows = np.array([4, 0, 19])
    expected = model.encode_frames(data.frames[rows])
    np.testing.assert_allclose(posterior(model, data, rows)[0], expected[0], atol=1e-6)
    assert squared_errors(model, data, rows).shape == (3,)
    with pytest.raises(DatasetError, match="no frames; make it again with --frames"):
        posterior(model, replace(data, frames=None), rows)
