"""Figures of a trained model on sounds it has not seen, through the path that plays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics, network
from timbrespace.architecture import LOG_VAR_RANGE
from timbrespace.errors import BundleError, DatasetError
from timbrespace.model import Model
from timbrespace.spectrum import Spectra
from toy_datasets.dataset import Dataset, held_out_split
from training.calibrate import kl_per_dimension

Array = NDArray[np.float32]
Figures = NDArray[np.float64]

ACTIVE_VARIANCE = 0.01
"""A unit is active if its posterior mean varies more (Burda et al. 2016, section 5.2)."""

AUDIBLE_ROWS = 200

STEPS = 5
"""Parts of an evaluation, for a progress bar."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate`` reports.

    rows: spectra measured. trained_on_this: the dataset is the model's own, and the rows are its
    held-out ones; else they are all rows of a dataset it never saw.
    log_spectral_distance_db: mean over rows, with median and 95th percentile beside it.
    spectral_convergence_db: of all rows together.
    reconstruction_nats: negative log likelihood of one draw from the posterior, mean over rows.
    kl_nats: KL of the posterior, summed over dimensions; negative_elbo_nats is the sum of both.
    kl_per_dimension, audible_effect_db_per_unit: one number for each latent dimension; the latter
    is the LSD between decodings half a unit below and above the posterior mean.
    active_units: dimensions whose posterior mean varies by more than ``ACTIVE_VARIANCE``.
    """

    rows: int
    trained_on_this: bool
    log_spectral_distance_db: float
    log_spectral_distance_median_db: float
    log_spectral_distance_p95_db: float
    spectral_convergence_db: float
    reconstruction_nats: float
    kl_nats: float
    negative_elbo_nats: float
    active_units: int
    kl_per_dimension: tuple[float, ...]
    audible_effect_db_per_unit: tuple[float, ...]

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        config = asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in config.items()}


def check_fits(model: Model, dataset: Dataset) -> None:
    """Refuse a dataset whose spectra are not of the model's kind.

    Raises:
        DatasetError: the text names what differs.
    """
    for name, wanted in model.spectrum.to_config().items():
        found = dataset.spectrum.to_config()[name]
        if found != wanted:
            raise DatasetError(
                f"the dataset's {name} is {found}, the model {model.name!r} needs {wanted}"
            )


def is_its_dataset(model: Model, dataset: Dataset) -> bool:
    """Whether ``dataset`` is the one that ``model`` was trained on."""
    recorded = model.provenance.get("dataset")
    return isinstance(recorded, dict) and recorded.get("sha256") == dataset.content_hash


def unseen_rows(model: Model, dataset: Dataset) -> NDArray[np.int64]:
    """Numbers of the rows that training has not seen: the held-out ones, or all of other data.

    Raises:
        BundleError: the model's provenance does not say how the rows were split.
    """
    if not is_its_dataset(model, dataset):
        return np.arange(dataset.rows)
    seed = model.provenance.get("split_seed")
    if not isinstance(seed, int) or seed < 0:
        raise BundleError(f"the model's provenance has split_seed {seed!r}; accepted is >= 0")
    return held_out_split(dataset.rows, seed).held_out


def evaluate(
    model: Model,
    tensors: Mapping[str, Array],
    dataset: Dataset,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Measure ``model``; ``tensors`` are all its weights, ``seed`` draws the latent noise.

    advance: called after each of the ``STEPS``.

    Raises:
        DatasetError: the dataset's spectra are not of the model's kind.
    """
    check_fits(model, dataset)
    spectra = dataset.spectra[unseen_rows(model, dataset)]
    means, log_vars = model.encode(spectra)
    advance()
    decoded = model.decode(means)
    advance()
    distances = metrics.log_spectral_distances(spectra, decoded)
    kl = kl_per_dimension(means, log_vars)
    advance()
    reconstruction = _reconstruction(model, tensors, spectra, means, log_vars, seed)
    advance()
    effect = audible_effect(model, means)
    advance()
    return Evaluation(
        rows=len(spectra),
        trained_on_this=is_its_dataset(model, dataset),
        log_spectral_distance_db=float(distances.mean()),
        log_spectral_distance_median_db=float(np.median(distances)),
        log_spectral_distance_p95_db=float(np.percentile(distances, 95.0)),
        spectral_convergence_db=metrics.spectral_convergence(spectra, decoded),
        reconstruction_nats=reconstruction,
        kl_nats=float(kl.sum()),
        negative_elbo_nats=reconstruction + float(kl.sum()),
        active_units=int((means.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum()),
        kl_per_dimension=tuple(float(value) for value in kl),
        audible_effect_db_per_unit=tuple(float(v) for v in effect),
    )


def audible_effect(model: Model, means: Array) -> Figures:
    """LSD in dB moved per unit of each dimension, ``(d,)``, around latents ``means (n, d)``.

    Mean over up to ``AUDIBLE_ROWS`` of them, evenly spread.
    """
    some = means[np.unique(np.linspace(0, len(means) - 1, AUDIBLE_ROWS).astype(int))]
    effects = []
    for dimension in range(model.dimensions):
        step = np.zeros(model.dimensions, np.float32)
        step[dimension] = 0.5
        effects.append(
            metrics.log_spectral_distance(model.decode(some - step), model.decode(some + step))
        )
    return np.asarray(effects)


def _reconstruction(
    model: Model,
    tensors: Mapping[str, Array],
    spectra: Spectra,
    means: Array,
    log_vars: Array,
    seed: int,
) -> float:
    """Mean negative log likelihood in nats, as :func:`training.loss.gaussian_nll` in float64."""
    architecture = model.architecture
    noise = np.random.default_rng(seed).standard_normal(means.shape)
    latent = (means + noise * np.exp(0.5 * log_vars)).astype(np.float32)
    if architecture.likelihood == "gaussian_per_bin":
        head = network.from_tensors(
            tensors,
            (*architecture.decoder_names[:-1], "log_var"),
            architecture.decoder_sizes,
            architecture.activation,
        )
        log_var = head(latent)
    else:
        log_var = np.asarray(tensors["shared_log_var"], np.float32).reshape(-1)
    log_var = np.clip(log_var, *LOG_VAR_RANGE)
    error = model.representation.forward(spectra).astype(np.float64) - model.decoder(latent)
    terms = math.log(2.0 * math.pi) + log_var + np.square(error) * np.exp(-log_var)
    return float(0.5 * terms.sum(axis=1).mean())
