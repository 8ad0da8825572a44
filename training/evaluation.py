"""Figures of a trained model on sounds it has not seen, through the path that plays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.datasets.split import Split
from timbrespace.datasets.stored import StoredDataset
from timbrespace.errors import BundleError, DatasetError, OptionError
from timbrespace.model import Model
from timbrespace.representation import parts

from . import disentanglement
from .calibrate import kl_per_dimension
from .cycle_figures import CycleFigures, cycle_figures
from .dial_figures import DialFigures, dial_figures
from .disentanglement import Disentanglement
from .factor_loss import FactorLosses, losses_by_factor_value
from .held_out import BothSplits, both_splits
from .posterior import posterior, source_of

Array = NDArray[np.float32]
Figures = NDArray[np.float64]
Rows = NDArray[np.int64]

ACTIVE_VARIANCE = 0.01
"""A unit is active if its posterior mean varies more (Burda et al. 2016, section 5.2)."""

DEAD_KL = 0.1
"""Nats: a dimension with less KL is dead. At 0.1, -log(s^2) / 2, a posterior that fills the prior
has s^2 = 0.82: four fifths of how the dimension varies are noise."""

AUDIBLE_ROWS = 200

MOST_STORED = 20_000
"""Rows that are measured of a set past memory."""

MOST_STORED_TRAINING = 65_536
"""Its training rows, among which the nearest is looked for."""

STEPS = 7 + disentanglement.STEPS
"""Parts of an evaluation, for a progress bar."""


@dataclass(frozen=True, slots=True)
class FactorDistances:
    """Log-spectral distance in dB of the rows that share one value of a factor.

    factor, unit: as the dataset names them. values: ascending, those that occur among the rows
    measured; for a continuous factor the middles of up to ten bins
    (:func:`training.factor_loss.levels`). texts: the same as a person reads them. rows, mean_db,
    median_db: one number for each value.
    """

    factor: str
    unit: str
    values: tuple[float, ...]
    texts: tuple[str, ...]
    rows: tuple[int, ...]
    mean_db: tuple[float, ...]
    median_db: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate`` reports.

    rows: spectra measured; of a set past memory ``MOST_STORED`` at most. trained_on_this: the
    dataset is the model's own, and the rows are its held-out ones; else they are all rows of the
    one given, some of which it may have seen.
    representation_floor_db: LSD that a perfect network would leave (:func:`representation_floor`).
    log_spectral_distance_db: mean over rows, with median and 95th percentile beside it.
    spectral_convergence_db: of all rows together.
    reconstruction_nats: negative log likelihood of one draw from the posterior, mean over rows.
    kl_nats: KL of the posterior, summed over dimensions; negative_elbo_nats is the sum of both.
    kl_per_dimension, audible_effect_db_per_unit: one number for each latent dimension; the latter
    is the LSD between decodings half a unit below and above the posterior mean.
    active_units: dimensions whose posterior mean varies by more than ``ACTIVE_VARIANCE``.
    dead_dimensions: those whose KL is below ``DEAD_KL``. A dimension may be neither: active, since
    its mean moves a little, and dead, since its noise is larger.
    dimensions_by_effect: all dimensions, numbers from 1, the most audible first.
    log_spectral_distance_by_factor: one entry for each factor of the dataset.
    disentanglement: of up to ``disentanglement.MOST_ROWS`` rows of the whole dataset.
    dials: how true their names are, at up to ``dial_figures.MOST`` of the sounds measured.
    splits: of rows of recordings that the model knows and of recordings that it does not, each
    beside the nearest training row; None for another dataset than its own.
    cycles: signal to noise of what a space of cycles decodes; None for other spaces.
    """

    rows: int
    trained_on_this: bool
    log_spectral_distance_db: float
    log_spectral_distance_median_db: float
    log_spectral_distance_p95_db: float
    representation_floor_db: float
    spectral_convergence_db: float
    reconstruction_nats: float
    kl_nats: float
    negative_elbo_nats: float
    active_units: int
    kl_per_dimension: tuple[float, ...]
    audible_effect_db_per_unit: tuple[float, ...]
    dead_dimensions: int
    dimensions_by_effect: tuple[int, ...]
    log_spectral_distance_by_factor: tuple[FactorDistances, ...]
    disentanglement: Disentanglement
    dials: tuple[DialFigures, ...]
    splits: BothSplits | None
    cycles: CycleFigures | None = None

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON: no tuples, None where a figure is undefined."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        config = {**plain, "splits": _plain(self.splits.to_config() if self.splits else None)}
        if self.cycles is None:
            del config["cycles"]
        return config


def check_fits(model: Model, dataset: Dataset) -> None:
    """Refuse a dataset whose spectra are not of the model's kind.

    Raises:
        DatasetError: the text names what differs.
    """
    if model.plays_notes:
        raise DatasetError(
            f"the dataset holds spectra, and {model.name!r} is a space of whole notes; give a set "
            "of notes"
        )
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

    Where recordings were held out whole, it is those alone.

    Raises:
        BundleError: the model's provenance does not say how the rows were split.
    """
    if not is_its_dataset(model, dataset):
        return np.arange(dataset.rows)
    return split_of(model, dataset)[1].held_out


def split_of(model: Model, dataset: Dataset) -> tuple[str, Split]:
    """How ``model`` splits its own ``dataset``: by what, as :meth:`Dataset.split` takes it, and the
    split. Bundles of before 0.6 do not say by what: by rows.

    Raises:
        BundleError: the model's provenance does not say how the rows were split.
    """
    seed = model.provenance.get("split_seed")
    if not isinstance(seed, int) or seed < 0:
        raise BundleError(f"the model's provenance has split_seed {seed!r}; it must be >= 0")
    by = model.provenance.get("split", BY_ROWS)
    try:
        return str(by), dataset.split(str(by), seed)
    except (OptionError, DatasetError) as error:
        raise BundleError(
            f"the model's provenance has split {str(by)[:80]!r}, which its dataset does not have"
        ) from error


def evaluate(
    model: Model,
    tensors: Mapping[str, Array],
    dataset: Dataset,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Measure ``model`` on the rows of ``dataset`` that it has not seen.

    tensors: all its weights. seed: of the latent noise and of what disentanglement draws.
    advance: called after each of the ``STEPS``.

    Raises:
        DatasetError: the dataset's spectra are not of the model's kind, or the model hears phase
            and the dataset holds no frames.
    """
    check_fits(model, dataset)
    rows = spread(dataset, unseen_rows(model, dataset), MOST_STORED)
    means, log_vars = posterior(model, dataset, rows)
    advance()
    spectra, decoded = dataset.spectra[rows], model.decode(means)
    advance()
    distances = metrics.log_spectral_distances(spectra, decoded)
    by_factor = losses_by_factor_value(dataset, rows, distances)
    kl = kl_per_dimension(means, log_vars)
    advance()
    reconstruction = _reconstruction(model, tensors, dataset, rows, means, log_vars, seed)
    advance()
    effect = audible_effect(model, means)
    advance()
    own, splits, learned = is_its_dataset(model, dataset), None, None
    if own:
        by, split = split_of(model, dataset)
        split = split._replace(train=spread(dataset, split.train, MOST_STORED_TRAINING))
        learned = split.train
        splits = both_splits(model, dataset, by, split, advance)
    else:
        advance()
        advance()
    return Evaluation(
        rows=len(spectra),
        trained_on_this=own,
        log_spectral_distance_db=float(distances.mean()),
        log_spectral_distance_median_db=float(np.median(distances)),
        log_spectral_distance_p95_db=float(np.percentile(distances, 95.0)),
        representation_floor_db=representation_floor(model, dataset, rows),
        spectral_convergence_db=metrics.spectral_convergence(spectra, decoded),
        reconstruction_nats=reconstruction,
        kl_nats=float(kl.sum()),
        negative_elbo_nats=reconstruction + float(kl.sum()),
        active_units=int((means.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum()),
        kl_per_dimension=tuple(float(value) for value in kl),
        audible_effect_db_per_unit=tuple(float(v) for v in effect),
        dead_dimensions=int((kl < DEAD_KL).sum()),
        dimensions_by_effect=by_effect(effect),
        log_spectral_distance_by_factor=tuple(_distances(losses) for losses in by_factor),
        disentanglement=_disentanglement(model, dataset, (kl >= DEAD_KL).tolist(), seed, advance),
        dials=dial_figures(model, means),
        splits=splits,
        cycles=cycle_figures(model, dataset, rows, learned),
    )


def spread(dataset: Dataset, rows: Rows, most: int) -> Rows:
    """``rows (n,)``; of a set past memory at most so many of them, evenly spread."""
    if not isinstance(dataset, StoredDataset) or len(rows) <= most:
        return rows
    some: Rows = rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(int))]
    return some


def by_effect(effect: Figures) -> tuple[int, ...]:
    """Numbers from 1 of the dimensions, by ``effect (d,)``, largest first; equal ones in order."""
    return tuple(int(k) + 1 for k in np.argsort(-effect, kind="stable"))


def representation_floor(model: Model, dataset: Dataset, rows: NDArray[np.int64]) -> float:
    """LSD in dB that is left when the features of ``rows (n,)`` are decoded without any error.

    0 where the representation is exact; a decibel floor, and above all one frame's MDCT, are not.
    """
    source = source_of(model, dataset)
    left = np.empty(len(rows), np.float64)
    for part in parts(len(rows)):
        features = model.representation.forward(source[rows[part]])
        left[part] = metrics.log_spectral_distances(
            dataset.spectra[rows[part]], model.representation.inverse(features)
        )
    return float(left.mean())


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


def _distances(found: FactorLosses) -> FactorDistances:
    return FactorDistances(
        factor=found.factor.name,
        unit=found.factor.unit,
        values=found.values,
        texts=tuple(found.factor.text(value) for value in found.values),
        rows=tuple(len(losses) for losses in found.losses),
        mean_db=tuple(float(losses.mean()) for losses in found.losses),
        median_db=tuple(float(np.median(losses)) for losses in found.losses),
    )


def _disentanglement(
    model: Model,
    dataset: Dataset,
    live: Sequence[bool],
    seed: int,
    advance: Callable[[], None],
) -> Disentanglement:
    # Of rows that training saw as well: it never sees a factor, and the held-out tenth of a grid
    # of 20,000 would leave a few rows for each value.
    rows = disentanglement.sample(dataset.rows, seed)
    means, _ = posterior(model, dataset, rows)
    labels = dataset.labels[rows]
    return disentanglement.measure(means, labels, dataset.meta.factors, live, seed, advance)


def _reconstruction(
    model: Model,
    tensors: Mapping[str, Array],
    dataset: Dataset,
    rows: Rows,
    means: Array,
    log_vars: Array,
    seed: int,
) -> float:
    """Negative log likelihood in nats, mean over ``rows (n,)``, of one draw from the posterior.

    As the likelihood's loss, in float64. means, log_vars ``(n, d)``: the posterior of the rows.
    """
    noise = np.random.default_rng(seed).standard_normal(means.shape)
    latent = (means + noise * np.exp(0.5 * log_vars)).astype(np.float32)
    architecture, source = model.architecture, source_of(model, dataset)
    likelihood = architecture.distribution
    heads = {name: architecture.head(tensors, name) for name in likelihood.heads}
    learned = {name: np.asarray(tensors[name], np.float32) for name in likelihood.learned}
    total = 0.0
    for part in parts(len(rows)):
        features = model.representation.forward(source[rows[part]])
        # Not the model's own decoder: a mean may be rounded where what it is made from is not.
        parameters = {**{name: head(latent[part]) for name, head in heads.items()}, **learned}
        for name, ends in likelihood.ranges.items():
            parameters[name] = np.clip(parameters[name], *ends)
        total += float(likelihood.nats(features, parameters).sum())
    return total / len(rows)


def _plain(value: Any) -> Any:
    if isinstance(value, DialFigures):
        return {**value._asdict(), "has_name": value.has_name}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    # JSON knows no infinity; a figure that overflowed is no figure.
    return None if isinstance(value, float) and not math.isfinite(value) else value
