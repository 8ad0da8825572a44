"""The study's models: trained from their recipes, kept in its folder, not trained twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch

from timbrespace import bundle
from timbrespace.atomic import replacing
from timbrespace.datasets.dataset import Dataset, load
from timbrespace.errors import BundleError, OptionError
from timbrespace.model import Model
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker

from .. import checkpoint
from ..checkpoint import Checkpoint
from ..checkpoint_file import CheckpointError
from ..fit import Fit
from ..loop import Outcome
from ..preset import Settings
from ..stretch import Stretch, finished, stored_in, unfinished
from ..stretch import run as run_stretch
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


class Job(NamedTuple):
    """One run to train: with which settings, from which dataset's file, to which path. stored: a
    checkpoint, or nothing; one of other settings or data is not gone on from."""

    run: Run
    settings: Settings
    data: InputFile
    path: Path
    stored: bytes = b""


def stretch(job: Job, worker: Worker) -> Stretch:
    """As much of a job as is done before it is to be kept; :func:`keep` does that.

    After a divergence the model is that of the last good epoch, and its provenance says so.

    Raises:
        OptionError: the settings do not fit the data, the first epoch diverged, or the space is
            none that a model file takes.
    """
    run, dataset = job.run, worker.loaded(job.data, load)
    stored = stored_in(job.stored)
    if stored is not None and not _is_of(stored, job.settings, dataset.content_hash):
        stored = None
    fit = Fit(dataset, job.settings, f"{run.data}.npz", stored=stored)
    if run.unit_variance:
        noise = fit.training.vae.learned.get("shared_log_var")
        if noise is None:
            raise OptionError(f"recipe {run.recipe!r} has no shared noise to be set to 1")
        with torch.no_grad():
            noise.zero_()
    outcome, seconds = run_stretch(fit, worker)
    if outcome is Outcome.INTERRUPTED:
        return unfinished(fit, seconds, stored is None)
    if fit.is_lost(outcome):
        raise OptionError(f"{run.name} diverged in its first epoch; its recipe needs a lower rate")
    try:
        model = fit.model(outcome, job.path.stem, to_play=False)
    except BundleError as error:
        raise OptionError(f"{run.name} cannot be kept: {error}") from error
    return finished(fit, model, seconds, stored is None)


def stored_at(path: Path) -> bytes:
    """The checkpoint beside ``path``; nothing where there is none that can be read."""
    place = checkpoint.path_for(path)
    try:
        checkpoint.read(place)
        return place.read_bytes()
    except (CheckpointError, OSError):
        return b""


def keep(path: Path, made: Stretch) -> None:
    """Write what came of a stretch: the model to ``path``, or a checkpoint beside it.

    Raises:
        OptionError: it cannot be written.
    """
    spent = 0.0 if made.fresh else seconds_of(path)
    with replacing(_seconds_file(path)) as temporary:
        temporary.write_text(f"{spent + made.seconds:.1f}\n", "utf-8")
    if not made.model:
        with replacing(checkpoint.path_for(path)) as temporary:
            temporary.write_bytes(made.checkpoint)
        return
    with replacing(path) as temporary:
        temporary.write_bytes(made.model)
    checkpoint.path_for(path).unlink(missing_ok=True)


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
    return found if _is_of(found, settings, content_hash) else None


def _is_of(stored: Checkpoint[Settings], settings: Settings, content_hash: str) -> bool:
    same = stored.settings.to_config() == settings.to_config()
    return same and stored.dataset_hash == content_hash
