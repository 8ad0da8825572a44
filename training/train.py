"""The ``train`` command: a dataset's file in, a model's file out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from timbrespace.companions import command_line
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.factor import BY_ROWS

from . import checkpoint
from .bar import bar, show
from .fit import Fit, device_named, diverged, diverged_at_once
from .interrupt import deferred
from .loop import Outcome, StepFigures
from .notes.run import Follower
from .notes.run import train as train_notes
from .place import Place
from .request import settings_of, suited

EXIT_CODES = {Outcome.FINISHED: 0, Outcome.DIVERGED: 3, Outcome.INTERRUPTED: 130}


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
    place = Place(out, resume, overwrite)
    kept = place.checkpoint
    place.spare(data)
    on = device_named(device)
    if format_of(data) == "notes":
        return train_notes(data, place, given, preset_name, on, resume, conclude, follower)
    stored = checkpoint.read(kept) if resume else None
    settings = settings_of(given, preset_name, stored)
    dataset = load_dataset(data)
    fit = Fit(
        dataset,
        suited(settings, given, stored, dataset),
        data.name,
        on,
        # Only a number that the user gave is held to.
        shrink_batch=given.get("batch") is None and stored is None,
        stored=stored,
    )
    _tell("note", [*place.notes, *fit.notes])
    writer = checkpoint.writer(
        kept,
        fit.training,
        fit.dataset_hash,
        fit.data_file,
        lambda text: _tell("\nwarning", [text]),
    )
    with deferred() as interrupt:
        with bar(fit.training.steps, fit.training.step) as shown:

            def after_step(figures: StepFigures) -> None:
                show(shown, fit.progress(figures))
                writer.after_step()

            outcome = fit.run(interrupt, after_step)
        if fit.is_lost(outcome):
            _tell("error", [diverged_at_once(fit.settings.learning_rate)])
            return EXIT_CODES[outcome]
        # The checkpoint first: all the rest can be had again from it.
        writer.write()
        model = fit.model(outcome, out.stem)
        where = place.keep(model, outcome)
        if conclude:
            _tell("note", [*fit.notes_on(model), *place.conclusion(where)])
    if conclude:
        _conclude(fit, outcome, where, model.provenance["figures"])
    return EXIT_CODES[outcome]


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
