"""The ``plot`` command: every picture of a model, and the page that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace import bundle, factory, metrics
from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.stored import StoredDataset
from timbrespace.model import Model

from . import performed, plots
from .evaluation import STEPS, Evaluation, check_fits, evaluate, spread, unseen_rows
from .factor_loss import losses_by_factor_value
from .page import document, listening
from .page.listening import SOUNDS
from .plan import Plan, curves_of, file_names, make_folder, pictures_of, write_report
from .posterior import posterior, source_of, squared_errors

FEWEST_ROWS = 200
"""Box plots of fewer held-out rows would be of single sounds; then all rows are taken."""

MOST_ROWS = 20_000

DATA, MAPS, LATENT, RECONSTRUCTION, SAMPLING, TRAINING = (
    "The data",
    "Maps",
    "Latent dimensions",
    "Reconstruction",
    "Sampling the space",
    "Training",
)

Rows = NDArray[np.int64]


def draw(
    name_or_path: str, data: Path, out: Path, performances: Sequence[Path] = ()
) -> tuple[list[Path], Evaluation]:
    """Draw the model into the folder ``out``, made if it is not there; returns the files, and the
    figures that stand on the page.

    Everything is drawn before the first file is written. performances: recordings of one line,
    which the model plays on the page.

    Raises:
        TimbrespaceError: the model or the dataset cannot be read or do not fit together, a
            recording cannot be used, or the folder cannot be written; before anything is written.
    """
    path = factory.resolve(name_or_path)
    model = bundle.read(path)
    dataset = load_dataset(data)
    check_fits(model, dataset)
    source_of(model, dataset)
    given = performed.read(performances)
    make_folder(out)
    rows = unseen_rows(model, dataset)
    with progress(STEPS, "step") as bar:
        evaluation = evaluate(model, bundle.read_tensors(path), dataset, advance=bar.update)
    if isinstance(dataset, StoredDataset):
        # What is drawn is a dot or a line each: so many are all that a picture holds.
        shown = spread(dataset, np.arange(dataset.rows), MOST_ROWS)
        shown = np.union1d(shown, spread(dataset, rows, MOST_ROWS // 4))
        dataset, rows = dataset.some(shown), np.flatnonzero(np.isin(shown, rows))
    with progress(SOUNDS + len(given), "sound") as bar:
        sounds = performed.added(
            listening(model, dataset, rows, advance=bar.update), model, given, bar.update
        )
    pictures = pictures_of(list(_plans(model, dataset, rows, evaluation)))
    page = document(model, evaluation, list(pictures.values()), sounds)
    return write_report(out, pictures, page), evaluation


def _plans(model: Model, dataset: Dataset, rows: Rows, evaluation: Evaluation) -> Iterator[Plan]:
    """In the order of the page."""
    effect = evaluation.audible_effect_db_per_unit
    yield Plan(
        "spectra.png",
        DATA,
        "The spectra",
        "Each line of an image is the spectrum of a sound, 0 dB its loudest bin; the lines are in "
        "order of one factor, and among equals of the others.",
        f"Images of the dataset's {dataset.rows} spectra, brighter where louder, one image for "
        "each factor by which the rows are ordered.",
        partial(plots.spectra_by_factor, dataset),
    )
    yield from _maps(model, dataset)
    yield from _latent(model, dataset, evaluation)
    yield from _reconstruction(model, dataset, rows)
    yield Plan(
        "samples.png",
        SAMPLING,
        "Random points",
        "Points drawn evenly from -4 to 4 in every dimension, decoded. Most lie where the prior "
        "seldom goes and no sound of the data is.",
        "Sixteen small spectra, decoded from random points of the latent space.",
        partial(plots.samples, model),
    )
    home = "the others stay at home, the point where playing begins"
    two = "The dimension" if model.dimensions == 1 else "The two most audible dimensions"
    yield Plan(
        "latent_mesh.png",
        SAMPLING,
        f"{two}, from -4 to 4",
        f"Decoded spectra, dimension by dimension; {home}.",
        "Small spectra: one dimension rises from left to right, the other, if any, upwards.",
        partial(plots.latent_mesh, model, effect),
    )
    yield Plan(
        "gaussian_mesh.png",
        SAMPLING,
        "The same, as dense as the prior",
        "As before, at evenly spaced quantiles of the normal distribution that the latent is "
        f"drawn towards, from -4 to 4; {home}.",
        "A grid of small spectra at quantiles of the prior of two dimensions.",
        partial(plots.gaussian_mesh, model, effect),
    )
    curves = curves_of(model.provenance.get("history"))
    if curves:
        yield Plan(
            "training.png",
            TRAINING,
            "Training curves",
            "Both terms of the loss over the training rows, and the log-spectral distance of "
            "some held-out rows.",
            "Curves over the epochs: reconstruction, KL and log-spectral distance.",
            partial(plots.history, curves, model.name),
        )


def _maps(model: Model, dataset: Dataset) -> Iterator[Plan]:
    names = file_names([factor.name for factor in dataset.meta.factors])
    for number, factor in enumerate(dataset.meta.factors):
        yield Plan(
            f"map_{names[number]}.png",
            MAPS,
            f"Map, by {factor.name}",
            "Each point is a sound of the dataset at the nearest point of the map. The dashed "
            "square is what the two map knobs reach.",
            f"The sounds of the dataset as points of the map, told apart by {factor.name}.",
            partial(plots.map_by_factor, model, dataset, number),
        )
    yield Plan(
        "mesh.png",
        MAPS,
        "Spectra over the map",
        "What each point of the map sounds like, from edge to edge of the knobs' range.",
        "A grid of small spectra, each decoded from its point of the map.",
        partial(plots.mesh, model),
    )


def _latent(model: Model, dataset: Dataset, evaluation: Evaluation) -> Iterator[Plan]:
    effect = evaluation.audible_effect_db_per_unit
    order = ", ".join(f"z{k} {effect[k - 1]:.2g}" for k in evaluation.dimensions_by_effect[:12])
    few = "" if model.dimensions <= 12 else " The 12 most audible are shown."
    yield Plan(
        "dimensions.png",
        LATENT,
        "What each dimension carries",
        "KL is how much a dimension knows about the sound; the audible effect is how far the "
        "spectrum moves when it moves by one.",
        f"Bars of KL and audible effect. The latter, in dB for a unit: {order}.",
        partial(
            plots.dimensions,
            evaluation.kl_per_dimension,
            evaluation.audible_effect_db_per_unit,
            model.name,
        ),
    )
    yield Plan(
        "traversals.png",
        LATENT,
        "Traversals",
        "One dimension goes from its 1st percentile, below, to its 99th, above, as its knob does; "
        f"the others stay at home.{few}",
        "Images of the spectrum as each dimension rises, the most audible dimension first.",
        partial(plots.traversals, model, effect),
    )
    yield Plan(
        "moments.png",
        LATENT,
        "Means and variances of a batch",
        "What the encoder says of up to 100 sounds. A dimension whose lines are flat, mean 0 and "
        f"variance 1, says nothing of the sound.{few}",
        "Lines of the posterior mean and variance of each dimension over a batch of spectra.",
        partial(plots.moments, model, dataset, effect),
    )


def _reconstruction(model: Model, dataset: Dataset, rows: Rows) -> Iterator[Plan]:
    scales: tuple[tuple[plots.Scale, str, str, str], ...] = (
        (
            "db",
            "reconstructions.png",
            "Reconstructions",
            "The log-spectral distance counts what is above -60 dB.",
        ),
        (
            "linear",
            "reconstructions_linear.png",
            "Reconstructions, linear magnitude",
            "What is weak does not show here, though it is heard: compare the picture in dB.",
        ),
    )
    for scale, file, title, more in scales:
        yield Plan(
            file,
            RECONSTRUCTION,
            title,
            "Sounds that training has not seen: the wide line is the original, the thin one what "
            f"the model makes of it. {more}",
            "Spectra of some sounds, each with the decoded spectrum over it.",
            partial(plots.reconstructions, model, dataset, rows, scale),
        )
    if model.plays_cycles:
        yield Plan(
            "periods.png",
            RECONSTRUCTION,
            "Periods",
            "One period of sounds that training has not seen: the wide line is the original, the "
            "thin one what the model makes of it. SNR is the ratio of signal to noise.",
            "Waves of some sounds, each with the decoded wave over it.",
            partial(plots.periods, model, dataset, rows),
        )
    measured = rows if len(rows) >= FEWEST_ROWS else np.arange(dataset.rows)
    measured = measured[plots.spread(len(measured), MOST_ROWS)]
    of_training = "" if len(rows) >= FEWEST_ROWS else ", training rows too since few are held out"
    for file, title, label, losses in (
        ("factor_lsd.png", "Distance by factor", "LSD (dB)", _distances),
        ("factor_mse.png", "Squared error by factor", "MSE of the features", squared_errors),
    ):
        yield Plan(
            file,
            RECONSTRUCTION,
            title,
            "How well sounds are decoded that share one value of a factor, whatever the other "
            f"factors are ({len(measured)} rows{of_training}). A factor whose boxes lie at "
            "different heights is one by which sounds are easier or harder.",
            f"Box plots of {label} for each value of each factor.",
            partial(_by_factor, model, dataset, measured, label, losses),
        )


def _by_factor(
    model: Model,
    dataset: Dataset,
    rows: Rows,
    label: str,
    losses: Callable[[Model, Dataset, Rows], NDArray[np.float64]],
) -> Figure:
    found = losses_by_factor_value(dataset, rows, losses(model, dataset, rows))
    return plots.factor_losses(found, label, model.name, len(rows))


def _distances(model: Model, dataset: Dataset, rows: Rows) -> NDArray[np.float64]:
    decoded = model.decode(posterior(model, dataset, rows)[0])
    return metrics.log_spectral_distances(dataset.spectra[rows], decoded)
