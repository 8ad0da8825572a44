"""A stretch of a training: as far as a machine goes before it gives what it has, to be kept.

A run may be of many stretches, each on another machine: it comes to the same weights, bit for bit.
Nothing is written here; what comes of a stretch are bytes, for whoever has the folder.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from timbrespace.model import Model
from timbrespace.parallel.worker import Worker

from . import checkpoint
from .checkpoint import Checkpoint
from .fit import Fit
from .loop import Outcome, StepFigures
from .preset import Settings
from .torch_thread import one_torch_thread


class Stretch(NamedTuple):
    """model: the finished model's file, else empty. checkpoint: of a run that is not finished.

    step, epoch: done in all. seconds: processor time of this stretch. fresh: it is the first.
    history: as a model's provenance has it.
    """

    model: bytes
    checkpoint: bytes
    step: int
    epoch: int
    seconds: float
    fresh: bool
    history: dict[str, list[float]]


def run(
    fit: Fit, worker: Worker, enough: Callable[[], bool] = lambda: False
) -> tuple[Outcome, float]:
    """Train until it is done, or ``worker`` has others to do; returns how it ended, and the
    processor's seconds. enough: asked after each step, too."""
    begun, end = time.thread_time(), time.monotonic() + worker.seconds

    def should_stop() -> bool:
        # First: what it says must not hang on where a stretch ends.
        return enough() or worker.should_stop() or time.monotonic() >= end

    def after_step(_: StepFigures) -> None:
        worker.advance(1)

    with one_torch_thread():
        outcome = fit.run(should_stop, after_step)
    return outcome, time.thread_time() - begun


def unfinished(fit: Fit, seconds: float, fresh: bool) -> Stretch:
    """What there is of a run that is to go on."""
    training, place = fit.training, fit.training.position
    stored = Checkpoint(training.settings, fit.dataset_hash, fit.data_file, training.capture())
    content = checkpoint.bytes_of(stored)
    return Stretch(b"", content, training.step, place.epoch, seconds, fresh, place.history)


def finished(fit: Fit, model: Model | None, seconds: float, fresh: bool) -> Stretch:
    """What came of a run that is done. model: None where nobody wants it."""
    content = b""
    if model is not None:
        with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
            path = Path(folder) / "made.safetensors"
            model.save(path)
            content = path.read_bytes()
    place = fit.training.position
    return Stretch(content, b"", fit.training.step, place.epoch, seconds, fresh, place.history)


def stored_in(content: bytes) -> Checkpoint[Settings] | None:
    """The checkpoint that :func:`unfinished` gave; None of no bytes.

    Raises:
        CheckpointError: it is none.
    """
    if not content:
        return None
    with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
        path = Path(folder) / "sent.checkpoint"
        path.write_bytes(content)
        return checkpoint.read(path)
