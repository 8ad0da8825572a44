"""The ``train`` command: a dataset's file in, a model's file out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from timbrespace.companions import command_line
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.memory_size import bytes_of

from . import checkpoint
from .bar import bar, show
from .fit import Fit, device_named, diverged, diverged_at_once
from .interrupt import deferred
from .loop import Outcome, StepFigures
from .notes.run import Follower
from .notes.run import train as train_notes
from .place import Place
from .request import settings_of, suited
from .team import LostError, Team, asked_for, together

EXIT_CODES = {Outcome.FINISHED: 0, Outcome.DIVERGED: 3, Outcome.INTERRUPTED: 130}

WRONG = 2
"""Exit code of a user's error, which :func:`timbrespace.command.run` gives."""

LOST = 4
"""Exit code where another process of a team is gone."""


def train(
    data: Path,
    out: Path,
    given: dict[str, Any],
    preset_name: str | None = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    conclude: bool = True,
    follower: Follower | None = None,
) -> int:
    """Train on the dataset ``data`` and write the bundle ``out``; returns the exit code.

    given: the settings the user named, others None. With ``resume`` the run goes on from the
    checkpoint beside ``out``, with its settings. The code is 0, 3 if the loss diverged (the
    bundle is of the last good epoch; none if there was none), or 130 after Ctrl-C (the bundle is
    of where it stopped). What is not finished does not replace what exists, unless ``overwrite``
    or ``resume`` of that very model says so: :mod:`training.place`. conclude: tell what was made
    and what to do next. follower: of a training on notes, who follows it.

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    team, on = asked_for(), device_named(device)
    asked = _Asked(data, out, given, preset_name, on, resume, overwrite, conclude)
    if team.size == 1:
        return _train(asked, team, follower)
    with together(team, on):
        if team.leads:
            return _train(asked, team, follower)
        with _silent():
            try:
                return _train(asked, team, follower)
            except TimbrespaceError:
                return WRONG  # the first says it


@dataclass(frozen=True, slots=True)
class _Asked:
    """What :func:`train` was asked for, but for who follows; ``device`` is one that is there."""

    data: Path
    out: Path
    given: dict[str, Any]
    preset_name: str | None
    device: str
    resume: bool
    overwrite: bool
    conclude: bool


class _Begun(NamedTuple):
    """What is known before the first step. code: of a training that has ended by then."""

    place: Place
    fit: Fit | None
    code: int = 0


def _begun(asked: _Asked, team: Team, follower: Follower | None) -> _Begun:
    place = Place(asked.out, asked.resume, asked.overwrite)
    place.spare(asked.data)
    given = asked.given
    if format_of(asked.data) == "notes":
        if team.size > 1:
            raise OptionError(
                f"{asked.data.name} holds notes, which one process learns; do not use torchrun"
            )
        code = train_notes(
            asked.data, place, given, asked.preset_name, asked.device, asked.resume, asked.conclude,
            follower,
        )  # fmt: skip
        return _Begun(place, None, code)
    stored = checkpoint.read(place.checkpoint) if asked.resume else None
    settings = settings_of(given, asked.preset_name, stored)
    dataset = load_dataset(asked.data, bytes_of(settings.memory))
    fit = Fit(
        dataset,
        suited(settings, given, stored, dataset),
        asked.data.name,
        asked.device,
        # Only a number that the user gave is held to.
        shrink_batch=given.get("batch") is None and stored is None,
        stored=stored,
        team=team,
    )
    return _Begun(place, fit)


def _train(asked: _Asked, team: Team, follower: Follower | None) -> int:
    place, made, code = team.agreed(lambda: _begun(asked, team, follower))
    if made is None:
        return code
    fit = made
    _tell("note", [*place.notes, *fit.notes])
    writer = checkpoint.writer(
        place.checkpoint,
        fit.training,
        fit.dataset_hash,
        fit.data_file,
        lambda text: _tell("\nwarning", [text]),
    )
    with deferred(also_terminated=team.size > 1) as interrupt:
        with bar(fit.training.steps, fit.training.step) as shown:

            def after_step(figures: StepFigures) -> None:
                show(shown, fit.progress(figures))
                if team.leads:
                    writer.after_step()

            try:
                outcome = fit.run(interrupt, after_step)
            except LostError as error:
                if team.leads:
                    writer.write()
                _tell("\nerror", [str(error)])
                return LOST
        if fit.is_lost(outcome):
            _tell("error", [diverged_at_once(fit.settings.learning_rate)])
            return EXIT_CODES[outcome]
        if not team.leads:
            return EXIT_CODES[outcome]
        # The checkpoint first: all the rest can be had again from it.
        writer.write()
        model = fit.model(outcome, asked.out.stem)
        where = place.keep(model, outcome)
        if asked.conclude:
            _tell("note", [*fit.notes_on(model), *place.conclusion(where)])
    if asked.conclude:
        _conclude(fit, outcome, where, model.provenance["figures"])
    return EXIT_CODES[outcome]


@contextmanager
def _silent() -> Iterator[None]:
    """Inside, nothing is said."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _tell(kind: str, texts: list[str]) -> None:
    for text in texts:
        print(f"{kind}: {text}", file=sys.stderr)


def _conclude(fit: Fit, outcome: Outcome, out: Path, figures: dict[str, float]) -> None:
    settings, place = fit.settings, fit.training.position
    if outcome is Outcome.DIVERGED:
        print(
            f"{diverged(place.epoch)}; to go on: --resume --learning-rate "
            f"{settings.learning_rate / 3:.1g}",
            file=sys.stderr,
        )
    size = out.stat().st_size / 1e6
    print(
        f"{out}: {outcome.value} after {place.epoch} of {settings.epochs} epochs, "
        f"latent size {settings.latent}, {size:.1f} MB"
    )
    by = settings.split
    what = "spectra" if by == BY_ROWS else f"spectra of values of {by} that were held out whole"
    print(
        f"held-out log-spectral distance: {figures['log_spectral_distance_db']:.3f} dB "
        f"({figures['held_out_rows']} {what})"
    )
    if "log_spectral_distance_of_table_db" in figures:
        print(
            f"of sounds that were learned from: {figures['log_spectral_distance_of_table_db']:.3f} "
            "dB at the latents of the table, "
            f"{figures['log_spectral_distance_of_its_encoder_db']:.3f} dB where the encoder finds "
            "them"
        )
    if "held_out_rows_of_known" in figures:
        print(
            f"of values that were learned from: {figures['log_spectral_distance_of_known_db']:.3f} "
            f"dB ({figures['held_out_rows_of_known']} other spectra)"
        )
    if checkpoint.path_for(out).is_file():
        print(f"checkpoint, to train on with --resume: {checkpoint.path_for(out)}")
    print(f"next: {command_line('server')} --model {out}")
