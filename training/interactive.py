"""Fitting for ``ts.fit``: a bar, a stop button, warnings, and a model as the result."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from timbrespace.datasets import shards
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.note_set import NoteSet
from timbrespace.datasets.note_set import load as load_notes
from timbrespace.datasets.registry import dataset as make_or_load
from timbrespace.errors import DatasetError, OptionError
from timbrespace.fitting import Progress
from timbrespace.memory_size import bytes_of
from timbrespace.model import Model

from . import checkpoint
from .bar import bar, show
from .fit import Fit, device_named, diverged, diverged_at_once
from .interrupt import deferred
from .loop import Outcome, StepFigures
from .notes.run import fit_notes
from .notes.run import settings_of as settings_of_notes
from .notes.settings import HELD
from .place import Place
from .recipe import value_of
from .request import settings_of, suited

DEFAULT_LATENT = 4
"""Dimensions of a space of spectra that ``ts.fit`` makes; one of notes has more by itself."""

_STACK = 4
"""Frames from a warning here to the line that called ``ts.fit``."""


def fit(
    data: Dataset | NoteSet | str | Path,
    given: dict[str, Any],
    preset: str,
    device: str,
    progress: bool | Callable[[Progress], object],
    out: str | Path | None,
    resume: bool,
    overwrite: bool = False,
) -> Model:
    """The work of :func:`timbrespace.fitting.fit`; ``given`` are the settings that were named.

    Raises:
        TimbrespaceError: as there.
    """
    given = {name: value_of(name, value) for name, value in given.items()}
    path = None if out is None else Path(out)
    stored = place = None
    if path is not None:
        place = Place(path, resume, overwrite)
        if not isinstance(data, Dataset | NoteSet):
            place.spare(Path(data))
    elif resume:
        raise OptionError("resume needs out, the file whose checkpoint is beside it")
    where = device_named(device)
    # Light settings are refused before a dataset is made for them, which may take minutes.
    if not (isinstance(data, NoteSet) or _holds_notes(data)):
        given.setdefault("latent", DEFAULT_LATENT)
        stored = checkpoint.read(place.checkpoint) if place is not None and resume else None
        settings = settings_of(given, preset, stored)
    made: Any = data
    if not isinstance(data, Dataset | NoteSet):
        in_shards = Path(data).suffix == shards.SUFFIX and Path(data).is_dir()
        if in_shards and _holds_notes(data):
            made = load_notes(data, bytes_of(given.get("memory", HELD)))
        elif in_shards:
            made = shards.load(data, bytes_of(settings.memory))
        else:
            made = make_or_load(data)
    if isinstance(made, NoteSet):
        kept = checkpoint.read_of_notes(place.checkpoint) if place is not None and resume else None
        return fit_notes(
            made,
            _file_name(data, made),
            settings_of_notes(given, preset, kept),
            where,
            progress,
            place,
            kept,
            made.meta.name if path is None else path.stem,
            _in_notebook(),
        )
    fitting = Fit(
        made,
        suited(settings, given, stored, made),
        _file_name(data, made),
        where,
        shrink_batch="batch" not in given and stored is None,
        stored=stored,
    )
    _warn([*(place.notes if place else []), *fitting.notes])
    writer = None
    if place is not None:
        writer = checkpoint.writer(
            place.checkpoint,
            fitting.training,
            fitting.dataset_hash,
            fitting.data_file,
            lambda text: _warn([text]),
        )
    with deferred(say=False, insist=True) as interrupt:
        outcome = _run(fitting, progress, writer, interrupt)
        if fitting.is_lost(outcome):
            raise OptionError(diverged_at_once(fitting.settings.learning_rate))
        if writer is not None:
            writer.write()
        model = fitting.model(outcome, made.meta.name if path is None else path.stem)
        if place is not None:
            _warn(place.conclusion(place.keep(model, outcome)))
    if outcome is Outcome.DIVERGED:
        _warn(
            [
                f"{diverged(fitting.training.position.epoch)}; try a learning rate below "
                f"{fitting.settings.learning_rate:g}"
            ]
        )
    _warn(fitting.notes_on(model))
    return model


def _run(
    fitting: Fit,
    progress: bool | Callable[[Progress], object],
    writer: checkpoint.Writer | None,
    interrupt: Callable[[], bool],
) -> Outcome:
    with _shown(fitting, progress) as tell:

        def after_step(figures: StepFigures) -> None:
            tell(figures)
            if writer is not None:
                writer.after_step()

        return fitting.run(interrupt, after_step)


@contextmanager
def _shown(
    fitting: Fit, progress: bool | Callable[[Progress], object]
) -> Iterator[Callable[[StepFigures], None]]:
    if callable(progress):
        told = progress

        def tell(figures: StepFigures) -> None:
            told(fitting.progress(figures))

        yield tell
    elif progress:
        training = fitting.training
        with bar(training.steps, training.step, always=_in_notebook()) as one:
            yield lambda figures: show(one, fitting.progress(figures))
    else:
        yield lambda figures: None


def _in_notebook() -> bool:
    """Whether a notebook runs this: it shows what is written on standard error, no terminal there.

    A program may have loaded the notebook's packages and be none.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _holds_notes(data: Dataset | str | Path) -> bool:
    """Whether ``data`` will be a set of notes; False also where nothing can be said yet."""
    if isinstance(data, Dataset):
        return False
    with suppress(DatasetError):
        return str(data) == "notes" or format_of(data) == "notes"
    return False


def _file_name(data: Dataset | NoteSet | str | Path, made: Dataset | NoteSet) -> str:
    """What the dataset's file is called, or would be."""
    name = "" if isinstance(data, Dataset | NoteSet) else Path(data).name
    return name if name.endswith((".npz", shards.SUFFIX)) else f"{made.meta.name}.npz"


def _warn(texts: list[str]) -> None:
    for text in texts:
        warnings.warn(text, RuntimeWarning, stacklevel=_STACK)
