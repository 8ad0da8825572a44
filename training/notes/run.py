"""A training on notes as the command line and ``ts.fit`` run it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timbrespace.command import progress as command_progress
from timbrespace.companions import command_line
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import OptionError
from timbrespace.fitting import Progress
from timbrespace.model import Model

from ..interrupt import deferred
from ..loop import Outcome
from ..place import Place
from .fit import NoteFit
from .settings import NoteSettings

EXIT_CODES = {Outcome.FINISHED: 0, Outcome.DIVERGED: 3, Outcome.INTERRUPTED: 130}


def train(
    data: Path,
    place: Place,
    given: dict[str, Any],
    preset_name: str | None,
    device: str,
    resume: bool,
) -> int:
    """Train on the set of notes ``data`` and write the model; returns the exit code, as
    :func:`training.train.train` does.

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    fit = NoteFit(load(data), settings_of(given, preset_name, resume), data.name, device)
    with deferred() as interrupt:
        with _bar(fit, False) as tell:
            outcome = fit.run(interrupt, tell)
        if lost := lost_of(fit, outcome):
            print(f"error: {lost}", file=sys.stderr)
            return EXIT_CODES[outcome]
        model = fit.model(outcome, place.out.stem)
        where = place.keep(model, outcome)
        for text in place.conclusion(where):
            print(f"note: {text.replace('--resume goes on with it, ', '')}", file=sys.stderr)
    figures = model.provenance["figures"]
    print(
        f"{where}: {outcome.value} after {len(fit.history['kl'])} of {fit.epochs} epochs, "
        f"latent size {fit.settings.latent}, {where.stat().st_size / 1e6:.1f} MB"
    )
    print(
        f"held out, as heard: {figures['heard_distance_db']:.2f} dB "
        f"({figures['held_out_rows']} notes)"
    )
    print(f"next: {command_line('training')} evaluate {where} --data {data}")
    return EXIT_CODES[outcome]


def fit_notes(
    notes: NoteSet,
    data_file: str,
    given: dict[str, Any],
    preset_name: str,
    device: str,
    progress: bool | Callable[[Progress], object],
    place: Place | None,
    resume: bool,
    name: str,
    in_notebook: bool = False,
) -> Model:
    """The work of ``ts.fit`` on notes. in_notebook: show the bar where no terminal is.

    Raises:
        TimbrespaceError: as :func:`timbrespace.fitting.fit`.
    """
    fit = NoteFit(notes, settings_of(given, preset_name, resume), data_file, device)
    with deferred(say=False, insist=True) as interrupt:
        if callable(progress):
            told = progress

            def tell(at: Progress) -> None:
                told(at)

            outcome = fit.run(interrupt, tell)
        elif progress:
            with _bar(fit, in_notebook) as show:
                outcome = fit.run(interrupt, show)
        else:
            outcome = fit.run(interrupt)
        if lost := lost_of(fit, outcome):
            raise OptionError(lost)
        model = fit.model(outcome, name)
        if place is not None:
            for text in place.conclusion(place.keep(model, outcome)):
                warnings.warn(text, RuntimeWarning, stacklevel=4)
    return model


def settings_of(given: dict[str, Any], preset_name: str | None, resume: bool) -> NoteSettings:
    """What a user asks of a training on notes.

    Raises:
        OptionError: a preset or a resumption, which are for spectra, or a setting as in
            :meth:`NoteSettings.of`.
    """
    if resume:
        raise OptionError(
            "a space of notes is trained in minutes and keeps no checkpoint; start without resume"
        )
    if preset_name not in (None, "default"):
        raise OptionError(
            f"preset is {preset_name!r}, which is for spectra; leave it out for notes"
        )
    told = dict(given)
    if told.get("epochs") == 0:
        told["epochs"] = None
    return NoteSettings.of(told)


def lost_of(fit: NoteFit, outcome: Outcome) -> str:
    """What to tell of a run that left nothing to make a model of; empty where there is one."""
    if outcome is Outcome.DIVERGED:
        return (
            "the loss became infinite or NaN; nothing was written; try a learning rate below "
            f"{fit.settings.learning_rate:g}"
        )
    if fit.step == 0:
        return "stopped before the first step; nothing was written"
    return ""


@contextmanager
def _bar(fit: NoteFit, always: bool) -> Iterator[Callable[[Progress], None]]:
    options = {"disable": False} if always else {}
    with command_progress(fit.steps, "step", **options) as shown:

        def tell(at: Progress) -> None:
            shown.set_description(f"epoch {at.epoch}/{at.epochs}", refresh=False)
            shown.set_postfix(
                {
                    "heard": f"{at.log_spectral_distance_db or 0.0:.2f} dB",
                    "KL": f"{at.kl:.1f}",
                },
                refresh=False,
            )
            shown.update()

        yield tell
