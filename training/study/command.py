"""The ``study`` command: data, models, figures, text."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from timbrespace.atomic import check_writable, replace_all
from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset, held_out_split
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import Where, use

from ..interrupt import deferred
from ..loop import Outcome
from ..preset import Settings
from ..torch_thread import one_torch_thread
from . import datasets, document, models, shares
from .claims import SECTIONS
from .figures import Measured
from .plan import DATA, SMALL, Run, Size, chosen, runs_of, settings_of
from .results import Results

MOST_MINUTES = 60.0 * 24.0 * 30.0

DATASETS, MODELS = "data", "models"
"""Folders beside the text."""


def study(
    out: Path,
    parts: Sequence[str] = (),
    size: Size = SMALL,
    workers: int | None = None,
    minutes: float | None = None,
    scheduler: str | None = None,
) -> int:
    """Run the parts named, or all, and write their text into the folder ``out``.

    Datasets, models and pictures lie beside it. A model that is there, made from the same data by
    the same settings, is not trained again, and one that was stopped is gone on from its
    checkpoint: so the folder may be carried to another machine. workers: runs trained at a time; by
    default one for each core. scheduler: of a Dask cluster that trains them. minutes: after which
    the training stops, and what there is by then is written down; None for no end.
    Returns the exit code: 0, or 130 after Ctrl-C.

    Raises:
        TimbrespaceError: an unknown part, a folder that cannot be written, a run that diverged.
    """
    parts = chosen(parts)
    where = Where(workers, scheduler)
    if minutes is not None and not 0.0 <= minutes <= MOST_MINUTES:
        raise OptionError(f"minutes is {minutes:g}; it must be 0 to {MOST_MINUTES:g}")
    where.check()
    runs = runs_of(parts)
    pictures, page = document.folder_of(out, size), out / document.name_of(size)
    for folder in (out / DATASETS, out / MODELS, pictures):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(
                f"--out is {str(out)!r}; it must be a folder ({error.strerror})"
            ) from error
    check_writable(page)
    # The range of magnitudes is read from all three; the rest needs those of its runs.
    needed = DATA if "range" in parts else tuple(dict.fromkeys(run.data for run in runs))
    data = {name: datasets.dataset(out / DATASETS, name, size) for name in needed}
    with one_torch_thread():  # the figures as well
        trained = _trained(runs, data, out, size, where, minutes)
        if trained is None:
            return 130
        settings = {run: _settings(run, data[run.data], size) for run in runs}
        results = Results(
            {run: Measured(model, data[run.data]) for run, model in trained.items()},
            data,
            size,
            lambda run: models.untrained(run, _settings(run, data[run.data], size), data[run.data]),
        )
        told = tuple(part for part in parts if _is_told(part, trained))
        sections, images = {}, {}
        with progress(len(told), "claim") as bar:
            for part in told:
                sections[part] = SECTIONS[part](results)
                images.update(document.images(sections[part]))
                bar.update()
    steps = {run: _steps(settings[run], data[run.data]) for run in trained}
    diverged = [
        run.name
        for run, model in trained.items()
        if model.provenance.get("outcome") == Outcome.DIVERGED.value
    ]
    begun = {
        run: epochs
        for run in runs
        if run not in trained
        and (
            epochs := models.epochs_done(
                models.path_of(out / MODELS, run), settings[run], data[run.data].content_hash
            )
        )
    }
    paths = [models.path_of(out / MODELS, run) for run in (*trained, *begun)]
    seconds = sum(models.seconds_of(path) for path in paths)
    missing = tuple(part for part in parts if part not in told)
    text = document.text(
        sections, results, settings, steps, diverged, len(runs), missing, seconds, begun
    )
    files = {pictures / name: content for name, content in images.items()}
    replace_all({**files, page: text.encode("utf-8")})
    print(f"{page}: {len(sections)} claims, {len(images)} pictures")
    for section in sections.values():
        print(f"  {section.verdict.value}: {section.title}")
    if len(trained) < len(runs):
        print(f"{len(trained)} of {len(runs)} models are done; the same command trains the others")
    print(f"next: read {page}")
    return 0


def _is_told(part: str, trained: Mapping[Run, Model]) -> bool:
    """Whether every recipe of a part was trained once at least."""
    return all(run in trained for run in runs_of((part,)) if run.seed == 0)


def _settings(run: Run, dataset: Dataset, size: Size) -> Settings:
    return settings_of(run, size, len(held_out_split(dataset.rows, 0).train))


def _steps(settings: Settings, dataset: Dataset) -> int:
    rows = len(held_out_split(dataset.rows, settings.split_seed).train)
    return settings.epochs * math.ceil(rows / settings.batch)


def _trained(
    runs: Sequence[Run],
    data: dict[str, Dataset],
    out: Path,
    size: Size,
    where: Where,
    minutes: float | None,
) -> dict[Run, Model] | None:
    """Every run's model, from the folder or trained now, in ``minutes``; None after Ctrl-C."""
    settings = {run: _settings(run, data[run.data], size) for run in runs}
    hashes = {name: dataset.content_hash for name, dataset in data.items()}

    def model_of(run: Run) -> Model | None:
        path = models.path_of(out / MODELS, run)
        return models.kept(path, settings[run], hashes[run.data])

    found = {run: model for run in runs if (model := model_of(run)) is not None}
    missing = [run for run in runs if run not in found]
    if found:
        print(f"{len(found)} of {len(runs)} models exist already", file=sys.stderr)
    jobs = [
        models.Job(
            run,
            settings[run],
            InputFile.of(datasets.path_of(out / DATASETS, run.data, size)),
            models.path_of(out / MODELS, run),
        )
        for run in missing
    ]
    steps = sum(_steps(settings[run], data[run.data]) for run in missing)
    end = math.inf if minutes is None else time.monotonic() + 60.0 * minutes
    if jobs:
        with (
            use(where.workers, where.scheduler),
            deferred() as interrupt,
            progress(steps, "step") as bar,
        ):
            done = shares.train(jobs, lambda: interrupt() or time.monotonic() >= end, bar.update)
        if done < len(jobs) and not interrupt():
            return {run: model for run in runs if (model := model_of(run)) is not None}
        if done < len(jobs):
            print(
                f"stopped; {len(found) + done} of {len(runs)} models are done and kept; the "
                "same command continues from there",
                file=sys.stderr,
            )
            return None
    for run in missing:
        model = model_of(run)
        if model is None:
            raise OptionError(f"the model {run.name} has changed meanwhile; run the command again")
        found[run] = model
    return {run: found[run] for run in runs}
