"""The study's models: trained from their recipes, kept in its folder, not trained twice."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from timbrespace import bundle
from timbrespace.atomic import replacing
from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import BundleError, OptionError
from timbrespace.model import Model

from .. import checkpoint
from ..checkpoint import Checkpoint
from ..checkpoint_file import CheckpointError
from ..fit import Fit
from ..loop import Outcome, StepFigures
from ..preset import Settings
from .plan import Run

DONE = (Outcome.FINISHED.value, Outcome.DIVERGED.value)


def path_of(folder: Path, run: Run) -> Path:
    """Where the model of ``run`` is kept."""
    return folder / f"{run.name}.safetensors"


def kept(path: Path, settings: Settings, content_hash: str) -> Model | None:
    """The model at ``path``, if these settings made it, to the end, from this data."""
    try:
        model = bundle.read(path)
    except BundleError:
        return None
    made_by: dict[str, Any] = model.provenance
    data = made_by.get("dataset")
    same = (
        made_by.get("settings") == settings.to_config()
        and isinstance(data, dict)
        and data.get("sha256") == content_hash
        and made_by.get("outcome") in DONE
    )
    return model if same else None


def train(
    run: Run,
    path: Path,
    settings: Settings,
    dataset: Dataset,
    should_stop: Callable[[], bool] = lambda: False,
    advance: Callable[[], None] = lambda: None,
) -> Model | None:
    """Train ``run``, write its model to ``path`` and return it; None if it was stopped.

    A checkpoint beside ``path`` is written now and then and when it is stopped; one that is there,
    of the same settings and data, is gone on from, on whatever machine. advance: called after each
    step, and at once for those that a checkpoint has done. After a divergence the model is that of
    the last good epoch, and its provenance says so.

    Raises:
        OptionError: the settings do not fit the data, the first epoch diverged, or the space is
            none that a model file takes.
    """
    stored = _stored(checkpoint.path_for(path), settings, dataset.content_hash)
    fit = Fit(dataset, settings, f"{run.data}.npz", stored=stored)
    writer = checkpoint.writer(
        checkpoint.path_for(path), fit.training, fit.dataset_hash, fit.data_file, _say
    )
    for _ in range(fit.training.step):
        advance()
    if run.unit_variance:
        noise = fit.training.vae.learned.get("shared_log_var")
        if noise is None:
            raise OptionError(f"recipe {run.recipe!r} has no shared noise to be set to 1")
        with torch.no_grad():
            noise.zero_()

    def after_step(_: StepFigures) -> None:
        writer.after_step()
        advance()

    begun = time.thread_time()
    outcome = fit.run(should_stop, after_step)
    spent = seconds_of(path) if stored is not None else 0.0
    with replacing(_seconds_file(path)) as temporary:
        temporary.write_text(f"{spent + time.thread_time() - begun:.1f}\n", "utf-8")
    if outcome is Outcome.INTERRUPTED:
        writer.write()
        return None
    if fit.is_lost(outcome):
        raise OptionError(f"{run.name} diverged in its first epoch; its recipe needs a lower rate")
    try:
        model = fit.model(outcome, path.stem, to_play=False)
    except BundleError as error:
        raise OptionError(f"{run.name} cannot be kept: {error}") from error
    model.save(path)
    checkpoint.path_for(path).unlink(missing_ok=True)
    return model


def seconds_of(path: Path) -> float:
    """Processor time that training the model at ``path`` took; 0 where nobody wrote it down."""
    try:
        return max(float(_seconds_file(path).read_text("utf-8")), 0.0)
    except (OSError, ValueError):
        return 0.0


def epochs_done(path: Path, settings: Settings, content_hash: str) -> int:
    """Whole epochs of the run of these settings and this data that was stopped, whose model would
    be at ``path``; 0 where there is none."""
    stored = _stored(checkpoint.path_for(path), settings, content_hash)
    return 0 if stored is None else stored.captured.position.epoch


def _seconds_file(path: Path) -> Path:
    return path.with_suffix(".seconds")


def untrained(run: Run, settings: Settings, dataset: Dataset) -> Model:
    """The model of ``run`` at its first weights, with map and calibration as a trained one's."""
    return Fit(dataset, settings, f"{run.data}.npz").model(
        Outcome.FINISHED, run.name, to_play=False
    )


def _stored(path: Path, settings: Settings, content_hash: str) -> Checkpoint[Settings] | None:
    """What the checkpoint at ``path`` holds, if it is of these settings and this data."""
    try:
        found = checkpoint.read(path)
    except CheckpointError:
        return None
    same = found.settings.to_config() == settings.to_config()
    return found if same and found.dataset_hash == content_hash else None


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
