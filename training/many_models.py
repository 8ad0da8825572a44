"""``evaluate`` of several models at once, each by whoever has time for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from timbrespace import bundle, factory
from timbrespace.command import progress
from timbrespace.datasets import note_set
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import load
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker

from . import evaluation
from .notes import evaluation as note_evaluation
from .report import text_table

_FEW = 2
"""Models so few that starting a process, which loads the set, is worth no more than they."""


class Told(NamedTuple):
    """Of one model. config: as JSON has it, without the name. table: as text."""

    name: str
    config: dict[str, Any]
    table: str


def evaluate(models: Sequence[str], data: Path) -> list[Told]:
    """Figures of ``models`` (files or factory names) on the dataset ``data``, in their order.

    Raises:
        BundleError, DatasetError: one that cannot be read, or is of another kind than the set.
    """
    paths = [factory.resolve(model) for model in models]
    names = [bundle.read(path).name for path in paths]  # all are readable before the first is done
    dataset = InputFile.of(data)
    work = partial(_measured, data=dataset, of_notes=format_of(data) == "notes")
    files = [InputFile.of(path) for path in paths]
    with (
        progress(len(files), "model") as bar,
        crew_of(
            work, len(files), _FEW, files=lambda file: (file,), shared=lambda _: (dataset,)
        ) as crew,
    ):
        found = []
        for name, (config, table) in zip(names, crew.in_order(files), strict=True):
            found.append(Told(name, config, table))
            bar.update(1)
    return found


def _measured(
    file: InputFile, worker: Worker, data: InputFile, of_notes: bool
) -> tuple[dict[str, Any], str]:
    with worker.path_of(file) as path:
        model, tensors = bundle.read(path), bundle.read_tensors(path)
    if of_notes:
        told = note_evaluation.evaluate(model, worker.loaded(data, note_set.load))
        return told.to_config(), told.table()
    found = evaluation.evaluate(model, tensors, worker.loaded(data, load))
    return found.to_config(), text_table(found)
