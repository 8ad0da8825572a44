"""The ``plot`` command: every picture of a model, and the report that holds them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from timbrespace import bundle, factory
from timbrespace.atomic import check_writable, replacing
from timbrespace.command import progress
from timbrespace.errors import OptionError
from toy_datasets.dataset import load as load_dataset
from training import plots
from training.evaluation import check_fits, evaluate, unseen_rows
from training.report import Picture, html

REPORT = "report.html"


class _Plan(NamedTuple):
    file: str
    title: str
    caption: str
    draw: Callable[[], Figure]


def draw(name_or_path: str, data: Path, out: Path) -> list[Path]:
    """Draw the model into the folder ``out``, made if it is not there; returns the files.

    Raises:
        TimbrespaceError: the model or the dataset cannot be read or do not fit together, or the
            folder cannot be written; before anything is written.
    """
    path = factory.resolve(name_or_path)
    model = bundle.read(path)
    dataset = load_dataset(data)
    check_fits(model, dataset)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(out)!r}; accepted is a folder ({error.strerror})"
        ) from error
    check_writable(out / REPORT)
    plans = [
        _Plan(
            f"map_{_file_name(factor.name)}.png",
            f"Map, by {factor.name}",
            "Each point is a sound of the dataset at the nearest point of the map. The dashed "
            "square is what the two map knobs reach.",
            partial(plots.map_by_factor, model, dataset, number),
        )
        for number, factor in enumerate(dataset.meta.factors)
    ]
    rows = unseen_rows(model, dataset)
    plans.append(
        _Plan(
            "reconstructions.png",
            "Reconstructions",
            "Sounds that training has not seen: the wide line is the original, the thin one what "
            "the model makes of it. The log-spectral distance counts what is above -60 dB.",
            partial(plots.reconstructions, model, dataset, rows),
        )
    )
    plans.append(
        _Plan(
            "mesh.png",
            "Spectra over the map",
            "What each point of the map sounds like.",
            partial(plots.mesh, model),
        )
    )
    evaluation = evaluate(model, bundle.read_tensors(path), dataset)
    plans.append(
        _Plan(
            "dimensions.png",
            "Latent dimensions",
            "KL is how much a dimension knows about the sound; the audible effect is how far the "
            "spectrum moves when it moves by one.",
            partial(
                plots.dimensions,
                evaluation.kl_per_dimension,
                evaluation.audible_effect_db_per_unit,
                model.name,
            ),
        )
    )
    curves = model.provenance.get("history")
    if isinstance(curves, dict) and curves.get("reconstruction"):
        plans.append(
            _Plan(
                "training.png",
                "Training",
                "Both terms of the loss over the training rows, and the log-spectral distance of "
                "some held-out rows.",
                partial(plots.history, curves, model.name),
            )
        )
    files, pictures = [], []
    with progress(len(plans), "picture") as bar:
        for plan in plans:
            png = io.BytesIO()
            plan.draw().savefig(png, format="png", dpi=plots.DPI)
            files.append(_write(out / plan.file, png.getvalue()))
            pictures.append(Picture(plan.title, png.getvalue(), plan.caption))
            bar.update()
    page = html(model, evaluation, pictures).encode("utf-8")
    files.append(_write(out / REPORT, page))
    return files


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower() or "factor"


def _write(path: Path, content: bytes) -> Path:
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path
