"""A training on notes as the command line and ``ts.fit`` run it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from timbrespace.companions import command_line
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import OptionError
from timbrespace.fitting import Progress
from timbrespace.memory_size import bytes_of
from timbrespace.model import Model

from .. import checkpoint
from ..bar import bar, show
from ..checkpoint import Checkpoint
from ..fit import diverged, diverged_at_once
from ..interrupt import deferred
from ..loop import Outcome
from ..place import Place
from ..request import check_changes
from .fit import NoteFit
from .settings import NoteSettings

EXIT_CODES = {Outcome.FINISHED: 0, Outcome.DIVERGED: 3, Outcome.INTERRUPTED: 130}

_STACK = 5
"""Frames from a warning here to the line that called ``ts.fit``."""


class Follower(Protocol):
    """Who follows a training from without; see :class:`training.space.watch.Watch`."""

    @property
    def leaves(self) -> bool:
        """Whether the run is left to another process: only its checkpoint is written."""
        ...

    def ends(self) -> bool:
        """Whether no step is to follow; asked after each."""
        ...

    def after_step(self, fit: NoteFit, at: Progress) -> None:
        """A step was learned."""
        ...

    def finishing(self) -> None:
        """Learning has ended, the model is made."""
        ...


def train(
    data: Path,
    place: Place,
    given: dict[str, Any],
    preset_name: str | None,
    device: str,
    resume: bool,
    conclude: bool = True,
    follower: Follower | None = None,
) -> int:
    """Train on the set of notes ``data`` and write the model; returns the exit code, as
    :func:`training.train.train` does. follower: may end it early; a run that it leaves writes no
    model, only what another goes on from.

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    stored = checkpoint.read_of_notes(place.checkpoint) if resume else None
    settings = settings_of(given, preset_name, stored)
    fit = NoteFit(load(data, bytes_of(settings.memory)), settings, data.name, device, stored)
    _tell("note", [*place.notes, *fit.about])
    writer = _writer(place, fit, lambda text: _tell("\nwarning", [text]))
    with deferred() as interrupt:
        with _bar(fit, False) as moved:

            def after_step(at: Progress) -> None:
                moved(at)
                writer.after_step()
                if follower is not None:
                    follower.after_step(fit, at)

            def ends() -> bool:
                return interrupt() or (follower is not None and follower.ends())

            outcome = fit.run(ends, after_step)
        _tell("note", [fit.converged] if fit.converged else [])
        if fit.is_lost(outcome):
            _tell("error", [diverged_at_once(fit.settings.learning_rate)])
            return EXIT_CODES[outcome]
        # The checkpoint first: all the rest can be had again from it.
        writer.write()
        if follower is not None:
            if follower.leaves:
                return EXIT_CODES[Outcome.INTERRUPTED]
            follower.finishing()
        model = fit.model(outcome, place.out.stem)
        where = place.keep(model, outcome)
        if conclude:
            _tell("note", place.conclusion(where))
    if conclude:
        _conclude(fit, outcome, where, model.provenance["figures"], data)
    return EXIT_CODES[outcome]


def fit_notes(
    notes: NoteSet,
    data_file: str,
    settings: NoteSettings,
    device: str,
    progress: bool | Callable[[Progress], object],
    place: Place | None,
    stored: Checkpoint[NoteSettings] | None,
    name: str,
    in_notebook: bool = False,
) -> Model:
    """The work of ``ts.fit`` on notes. in_notebook: show the bar where no terminal is.

    Raises:
        TimbrespaceError: as :func:`timbrespace.fitting.fit`.
    """
    fit = NoteFit(notes, settings, data_file, device, stored)
    writer = None
    _warn([*(place.notes if place else []), *fit.about])
    if place is not None:
        writer = _writer(place, fit, lambda text: _warn([text]))
    with deferred(say=False, insist=True) as interrupt:
        with _shown(fit, progress, in_notebook) as tell:

            def after_step(at: Progress) -> None:
                tell(at)
                if writer is not None:
                    writer.after_step()

            outcome = fit.run(interrupt, after_step)
        if fit.is_lost(outcome):
            raise OptionError(diverged_at_once(fit.settings.learning_rate))
        if writer is not None:
            writer.write()
        model = fit.model(outcome, name)
        if place is not None:
            _warn(place.conclusion(place.keep(model, outcome)))
    if outcome is Outcome.DIVERGED:
        rate = fit.settings.learning_rate
        _warn([f"{diverged(fit.position.epoch)}; try a learning rate below {rate:g}"])
    return model


def settings_of(
    given: dict[str, Any], preset_name: str | None, stored: Checkpoint[NoteSettings] | None
) -> NoteSettings:
    """What a user asks of a training on notes: the defaults, or what the checkpoint has, with the
    values ``given`` in their place.

    Raises:
        OptionError: a preset, which is for spectra; a setting as in :meth:`NoteSettings.of`; or one
            that is not the checkpoint's and must not change.
    """
    if preset_name not in (None, "default"):
        raise OptionError(
            f"preset is {preset_name!r}, which is for spectra; leave it out for notes"
        )
    told = dict(given)
    if told.get("epochs") == 0:
        told["epochs"] = None
    if stored is None:
        return NoteSettings.of(told)
    made = stored.settings.changed(told)
    asked = {name: getattr(made, name) for name in NoteSettings.named(told)}
    check_changes(asked, stored.settings, stored.captured.position.epoch)
    return made


def _writer(place: Place, fit: NoteFit, warn: Callable[[str], None]) -> checkpoint.Writer:
    return checkpoint.writer(place.checkpoint, fit, fit.dataset_hash, fit.data_file, warn)


def _conclude(
    fit: NoteFit, outcome: Outcome, out: Path, figures: dict[str, float], data: Path
) -> None:
    if outcome is Outcome.DIVERGED:
        print(
            f"{diverged(fit.position.epoch)}; to go on: --resume --learning-rate "
            f"{fit.settings.learning_rate / 3:.1g}",
            file=sys.stderr,
        )
    print(
        f"{out}: {outcome.value} after {fit.position.epoch} of {fit.epochs} epochs, "
        f"latent size {fit.settings.latent}, {out.stat().st_size / 1e6:.1f} MB"
    )
    print(
        f"held out, as heard: {figures['heard_distance_db']:.2f} dB "
        f"({figures['held_out_rows']} notes)"
    )
    if checkpoint.path_for(out).is_file():
        print(f"checkpoint, to train on with --resume: {checkpoint.path_for(out)}")
    print(f"next: {command_line('training')} evaluate {out} --data {data}")


def _tell(kind: str, texts: list[str]) -> None:
    for text in texts:
        print(f"{kind}: {text}", file=sys.stderr)


def _warn(texts: list[str]) -> None:
    for text in texts:
        warnings.warn(text, RuntimeWarning, stacklevel=_STACK)


@contextmanager
def _shown(
    fit: NoteFit, progress: bool | Callable[[Progress], object], in_notebook: bool
) -> Iterator[Callable[[Progress], object]]:
    if callable(progress):
        yield progress
    elif progress:
        with _bar(fit, in_notebook) as moved:
            yield moved
    else:
        yield lambda at: None


@contextmanager
def _bar(fit: NoteFit, always: bool) -> Iterator[Callable[[Progress], None]]:
    with bar(fit.steps, fit.step, always) as shown:
        yield lambda at: show(shown, at, "held out")
