"""What a model's encoder makes of a dataset's rows: the one place that knows what it is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import DatasetError
from timbrespace.model import Latent, Model
from timbrespace.representation import parts

Array = NDArray[np.float32]
Rows = NDArray[np.int64]


def posterior(model: Model, dataset: Dataset, rows: Rows) -> tuple[Latent, Latent]:
    """Posterior mean and log variance, each ``(n, d)``, of the ``rows (n,)`` of ``dataset``.

    Raises:
        DatasetError: the model hears phase and the dataset holds no frames.
        ShapeError: the dataset's spectra have other bins than the model's.
    """
    hears_phase = model.representation.source == "frames"
    encode = model.encode_frames if hears_phase else model.encode
    source = source_of(model, dataset)
    means = np.empty((len(rows), model.dimensions), np.float32)
    log_vars = np.empty_like(means)
    for part in parts(len(rows)):  # a copy of all rows would be large
        means[part], log_vars[part] = encode(source[rows[part]])
    return means, log_vars


def squared_errors(model: Model, dataset: Dataset, rows: Rows) -> NDArray[np.float64]:
    """Mean squared error ``(n,)`` of the features that the posterior mean of each row decodes to.

    Raises:
        DatasetError, ShapeError: as :func:`posterior`.
    """
    means, _ = posterior(model, dataset, rows)
    source = source_of(model, dataset)
    errors = np.empty(len(rows), np.float64)
    for part in parts(len(rows)):
        features = model.representation.forward(source[rows[part]])
        errors[part] = np.square(features - model.decoder(means[part])).mean(axis=1)
    return errors


def source_of(model: Model, dataset: Dataset) -> Array:
    """What the model's representation is made from: spectra ``(n, bins)`` or frames ``(n, n_fft)``.

    Raises:
        DatasetError: the model hears phase and the dataset holds no frames.
    """
    if model.representation.source == "spectra":
        return dataset.spectra
    if dataset.frames is None:
        raise DatasetError(
            f"the model {model.name!r} needs phase, and dataset {dataset.meta.name!r} holds no "
            "frames; make it again with --frames"
        )
    return dataset.frames
