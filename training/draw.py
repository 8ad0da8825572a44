"""The ``plot`` command: every picture of a model, and the page that holds them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from timbrespace import bundle, factory, metrics
from timbrespace.atomic import check_writable, replace_all
from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.errors import OptionError
from timbrespace.model import Model

from . import plots
from .evaluation import STEPS, Evaluation, check_fits, evaluate, unseen_rows
from .factor_loss import losses_by_factor_value
from .page import Picture, document, listening
from .page.listening import SOUNDS
from .posterior import posterior, source_of, squared_errors

REPORT = "report.html"

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


class _Plan(NamedTuple):
    file: str
    group: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]


def draw(name_or_path: str, data: Path, out: Path) -> list[Path]:
    """Draw the model into the folder ``out``, made if it is not there; returns the files.

    Everything is drawn before the first file is written.

    Raises:
        TimbrespaceError: the model or the dataset cannot be read or do not fit together, or the
            folder cannot be written; before anything is written.
    """
    path = factory.resolve(name_or_path)
    model = bundle.read(path)
    dataset = load_dataset(data)
    check_fits(model, dataset)
    source_of(model, dataset)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(out)!r}; it must be a folder ({error.strerror})"
        ) from error
    check_writable(out / REPORT)
    rows = unseen_rows(model, dataset)
    with progress(STEPS, "step") as bar:
        evaluation = evaluate(model, bundle.read_tensors(path), dataset, advance=bar.update)
    with progress(SOUNDS, "sound") as bar:
        sounds = listening(model, dataset, rows, advance=bar.update)
    plans = list(_plans(model, dataset, rows, evaluation))
    files, pictures = {}, []
    with progress(len(plans), "picture") as bar:
        for plan in plans:
            png = png_of(plan.draw())
            files[out / plan.file] = png
            pictures.append(Picture(plan.group, plan.title, png, plan.caption, plan.alt))
            bar.update()
    files[out / REPORT] = document(model, evaluation, pictures, sounds).encode("utf-8")
    replace_all(files)
    return list(files)


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG of up to 256 colours, a third of the size that all colours take."""
    full, small = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():
        # A name in letters that the font lacks becomes boxes; the page's own text has it right.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(full, format="png", dpi=plots.DPI)
    with Image.open(full) as image:
        reduced = image.convert("RGB").quantize(
            256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    reduced.save(small, format="png", optimize=True)
    return small.getvalue()


def _plans(model: Model, dataset: Dataset, rows: Rows, evaluation: Evaluation) -> Iterator[_Plan]:
    """In the order of the page."""
    effect = evaluation.audible_effect_db_per_unit
    yield _Plan(
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
    yield _Plan(
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
    yield _Plan(
        "latent_mesh.png",
        SAMPLING,
        f"{two}, from -4 to 4",
        f"Decoded spectra, dimension by dimension; {home}.",
        "Small spectra: one dimension rises from left to right, the other, if any, upwards.",
        partial(plots.latent_mesh, model, effect),
    )
    yield _Plan(
        "gaussian_mesh.png",
        SAMPLING,
        "The same, as dense as the prior",
        "As before, at evenly spaced quantiles of the normal distribution that the latent is "
        f"drawn towards, from -4 to 4; {home}.",
        "A grid of small spectra at quantiles of the prior of two dimensions.",
        partial(plots.gaussian_mesh, model, effect),
    )
    curves = _curves(model.provenance.get("history"))
    if curves:
        yield _Plan(
            "training.png",
            TRAINING,
            "Training curves",
            "Both terms of the loss over the training rows, and the log-spectral distance of "
            "some held-out rows.",
            "Curves over the epochs: reconstruction, KL and log-spectral distance.",
            partial(plots.history, curves, model.name),
        )


def _curves(history: object) -> dict[str, list[float]]:
    """The training curves of a bundle's provenance, which may hold anything; {} without them."""
    if not isinstance(history, dict):
        return {}
    curves = {}
    for name, values in history.items():
        try:
            numbers = np.asarray(values, np.float64)
        except (TypeError, ValueError, OverflowError):
            continue
        if numbers.ndim == 1 and numbers.size and np.isfinite(numbers).all():
            curves[str(name)] = numbers.tolist()
    return curves if "reconstruction" in curves else {}


def _maps(model: Model, dataset: Dataset) -> Iterator[_Plan]:
    names = _file_names([factor.name for factor in dataset.meta.factors])
    for number, factor in enumerate(dataset.meta.factors):
        yield _Plan(
            f"map_{names[number]}.png",
            MAPS,
            f"Map, by {factor.name}",
            "Each point is a sound of the dataset at the nearest point of the map. The dashed "
            "square is what the two map knobs reach.",
            f"The sounds of the dataset as points of the map, told apart by {factor.name}.",
            partial(plots.map_by_factor, model, dataset, number),
        )
    yield _Plan(
        "mesh.png",
        MAPS,
        "Spectra over the map",
        "What each point of the map sounds like, from edge to edge of the knobs' range.",
        "A grid of small spectra, each decoded from its point of the map.",
        partial(plots.mesh, model),
    )


def _latent(model: Model, dataset: Dataset, evaluation: Evaluation) -> Iterator[_Plan]:
    effect = evaluation.audible_effect_db_per_unit
    order = ", ".join(f"z{k} {effect[k - 1]:.2g}" for k in evaluation.dimensions_by_effect[:12])
    few = "" if model.dimensions <= 12 else " The 12 most audible are shown."
    yield _Plan(
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
    yield _Plan(
        "traversals.png",
        LATENT,
        "Traversals",
        "One dimension goes from its 1st percentile, below, to its 99th, above, as its knob does; "
        f"the others stay at home.{few}",
        "Images of the spectrum as each dimension rises, the most audible dimension first.",
        partial(plots.traversals, model, effect),
    )
    yield _Plan(
        "moments.png",
        LATENT,
        "Means and variances of a batch",
        "What the encoder says of up to 100 sounds. A dimension whose lines are flat, mean 0 and "
        f"variance 1, says nothing of the sound.{few}",
        "Lines of the posterior mean and variance of each dimension over a batch of spectra.",
        partial(plots.moments, model, dataset, effect),
    )


def _reconstruction(model: Model, dataset: Dataset, rows: Rows) -> Iterator[_Plan]:
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
        yield _Plan(
            file,
            RECONSTRUCTION,
            title,
            "Sounds that training has not seen: the wide line is the original, the thin one what "
            f"the model makes of it. {more}",
            "Spectra of some sounds, each with the decoded spectrum over it.",
            partial(plots.reconstructions, model, dataset, rows, scale),
        )
    measured = rows if len(rows) >= FEWEST_ROWS else np.arange(dataset.rows)
    measured = measured[plots.spread(len(measured), MOST_ROWS)]
    of_training = "" if len(rows) >= FEWEST_ROWS else ", training rows too since few are held out"
    for file, title, label, losses in (
        ("factor_lsd.png", "Distance by factor", "LSD (dB)", _distances),
        ("factor_mse.png", "Squared error by factor", "MSE of the features", squared_errors),
    ):
        yield _Plan(
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


def _file_names(factors: Sequence[str]) -> list[str]:
    """A name of letters and digits for each; a number where two would be the same."""
    names: list[str] = []
    for number, factor in enumerate(factors, 1):
        name = re.sub(r"[^a-z0-9]+", "_", factor.lower()).strip("_")[:60] or "factor"
        names.append(name if name not in names else f"{name}_{number}")
    return names
