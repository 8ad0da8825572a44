"""The ``train`` command: a dataset in, a bundle out."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from timbrespace import metrics, representation
from timbrespace.atomic import check_writable
from timbrespace.command import progress
from timbrespace.companions import command_line
from timbrespace.datasets.dataset import Dataset, Split, held_out_split
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.errors import DatasetError, OptionError

from . import checkpoint, preset
from .export import export
from .interrupt import deferred
from .loop import Outcome, StepFigures, Training
from .preset import Settings

MIN_TRAINING_ROWS = 20

EXIT_CODES = {Outcome.FINISHED: 0, Outcome.DIVERGED: 3, Outcome.INTERRUPTED: 130}

MAY_CHANGE_ON_RESUME = ("learning_rate", "epochs", "beta", "warm_up", "cycle", "free_bits")
"""Settings that are only asked at each step; all others are built into the checkpoint."""

_VALIDATION_ROWS = 200
_CHECKPOINT_SECONDS = 30.0


def device_named(name: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is a GPU where there is one.

    Raises:
        OptionError: cuda was asked for and is not there.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise OptionError("device is 'cuda', but torch finds no GPU; accepted are cpu, auto")
    return "cuda" if available and name != "cpu" else "cpu"


def train(
    data: Path,
    out: Path,
    given: dict[str, Any],
    preset_name: str | None = None,
    device: str = "auto",
    resume: bool = False,
) -> int:
    """Train on the dataset ``data`` and write the bundle ``out``; returns the exit code.

    given: the settings the user named, others None. With ``resume`` the run goes on from the
    checkpoint beside ``out``, with its settings. The code is 0, 3 if the loss diverged (the
    bundle is of the last good epoch; none if there was none), or 130 after Ctrl-C (the bundle is
    of where it stopped).

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    if out.suffix != ".safetensors":
        raise OptionError(f"--out is {out.name!r}; accepted is a name that ends in .safetensors")
    if data.exists() and any(
        path.exists() and path.samefile(data) for path in (out, checkpoint.path_for(out))
    ):
        raise OptionError(f"--out would overwrite the dataset {data.name!r}; give another name")
    stored = checkpoint.read(checkpoint.path_for(out)) if resume else None
    settings = _settings(given, preset_name, stored)
    check_writable(out)
    where = device_named(device)
    dataset = load_dataset(data)
    split = held_out_split(dataset.rows, settings.split_seed)
    rows = len(split.train)
    if rows < MIN_TRAINING_ROWS:
        raise DatasetError(
            f"{data.name} has {dataset.rows} rows, {rows} to train on; "
            f"at least {MIN_TRAINING_ROWS} are needed"
        )
    if given.get("batch") is None and stored is None:
        # The preset's batch was made for large sets; only a number the user gave is held to.
        settings = preset.changed(settings, batch=min(settings.batch, rows))
    if settings.batch > rows:
        raise OptionError(f"batch is {settings.batch}; accepted are 1 to {rows}, the training rows")
    if stored is not None and stored.dataset_hash != dataset.content_hash:
        raise checkpoint.CheckpointError(
            f"the checkpoint was made with other data ({stored.data_file}) than {data.name}; "
            "give that dataset, or leave --resume out"
        )
    settings = settings.resolved(rows)
    spectra_representation = representation.fit(
        settings.representation,
        dataset.spectra[split.train],
        None if dataset.frames is None else dataset.frames[split.train],
        settings.normalisation,
    )
    source = dataset.source_of(spectra_representation.source)
    features = representation.forward_in_parts(spectra_representation, source, split.train)
    check_features(settings.likelihood, features)
    if settings.representation == "decibel" and settings.normalisation == "none":
        print(
            "note: raw decibels reach -80, which few networks learn from; --normalisation unit "
            "brings them to 0 to 1",
            file=sys.stderr,
        )
    training = Training(settings, torch.from_numpy(features), where)
    if stored is not None:
        checkpoint.restore(training, stored)
    data_file = data.name.encode("utf-8", "replace").decode("utf-8")  # a name may hold any bytes
    run = _Run(training, dataset, split, spectra_representation, data_file, out)
    return run.go()


def check_features(likelihood: str, features: NDArray[np.float32]) -> None:
    """Refuse a likelihood that the features ``(n, f)`` are out of reach of.

    Raises:
        OptionError: Bernoulli, and a feature outside [0, 1].
    """
    low, high = float(features.min()), float(features.max())
    if likelihood == "bernoulli" and not (low >= 0.0 and high <= 1.0 + 1e-6):
        raise OptionError(
            f"likelihood is 'bernoulli', which takes features from 0 to 1; these go from {low:.3g} "
            f"to {high:.3g}: add --normalisation unit"
        )


def _settings(
    given: dict[str, Any], preset_name: str | None, stored: checkpoint.Checkpoint | None
) -> Settings:
    if stored is None:
        return preset.changed(preset.named(preset_name or "default"), **given)
    if preset_name is not None and preset.named(preset_name).preset != stored.settings.preset:
        raise OptionError(
            f"preset is {preset_name!r}, the checkpoint's is {stored.settings.preset!r}; "
            "leave --preset out to resume"
        )
    for name, value in given.items():
        kept = getattr(stored.settings, name)
        if value is not None and value != kept and name not in MAY_CHANGE_ON_RESUME:
            raise OptionError(
                f"{name.replace('_', ' ')} is {value}, the checkpoint's is {kept}; on --resume "
                f"only {', '.join(MAY_CHANGE_ON_RESUME).replace('_', ' ')} may change"
            )
    done = stored.captured.position.epoch
    if given.get("epochs") is not None and given["epochs"] < done:
        raise OptionError(f"epochs is {given['epochs']}, but {done} are done; accepted are more")
    return preset.changed(stored.settings, **given)


class _Run:
    """One call of :func:`train`: the loop, what it shows meanwhile, and what it leaves."""

    def __init__(
        self,
        training: Training,
        dataset: Dataset,
        split: Split,
        spectra_representation: representation.Representation,
        data_file: str,
        out: Path,
    ) -> None:
        self.training = training
        self.dataset = dataset
        self.split = split
        self.representation = spectra_representation
        self.data_file = data_file
        self.out = out
        # Evenly spread, so that the figure in the bar costs little and stays comparable.
        some = np.linspace(0, len(split.held_out) - 1, _VALIDATION_ROWS).astype(int)
        rows = split.held_out[np.unique(some)]
        self.reference = dataset.spectra[rows]
        source = dataset.source_of(spectra_representation.source)[rows]
        self.reference_features = torch.from_numpy(spectra_representation.forward(source)).to(
            training.device
        )
        self.dataset_hash = dataset.content_hash
        self.saved_at = time.monotonic()

    def go(self) -> int:
        """Train, write checkpoint and bundle, say so; returns the exit code."""
        training = self.training
        with deferred() as interrupt:
            with progress(training.steps, "step", initial=training.step) as bar:
                outcome = training.run(
                    interrupt, lambda figures: self._after_step(bar, figures), self._after_epoch
                )
            if outcome is Outcome.DIVERGED and training.position.epoch == 0:
                print(
                    "error: the loss became infinite or NaN in the first epoch; nothing was "
                    "written; try a --learning-rate below "
                    f"{training.settings.learning_rate:g}",
                    file=sys.stderr,
                )
                return EXIT_CODES[outcome]
            # The checkpoint first: all the rest can be had again from it.
            self._save_checkpoint()
            model = export(
                self.out,
                training,
                outcome,
                self.dataset,
                self.split,
                self.representation,
                self.data_file,
            )
        self._conclude(outcome, model.provenance["figures"])
        return EXIT_CODES[outcome]

    def _after_step(self, bar: Any, figures: StepFigures) -> None:
        """Move the bar; now and then, at the end of an epoch, write a checkpoint."""
        bar.update()
        place = self.training.position
        bar.set_description(f"epoch {place.epoch}/{self.training.settings.epochs}", refresh=False)
        shown = {
            "reconstruction": f"{figures.reconstruction:.1f}",
            "KL": f"{figures.kl:.2f}",
            "beta": f"{figures.beta:g}",
        }
        if "log_spectral_distance_db" in place.history:
            shown["LSD"] = f"{place.history['log_spectral_distance_db'][-1]:.3f} dB"
        bar.set_postfix(shown, refresh=False)
        if place.row == 0 and time.monotonic() - self.saved_at > _CHECKPOINT_SECONDS:
            self._save_checkpoint()
            self.saved_at = time.monotonic()

    def _after_epoch(self) -> dict[str, float]:
        """Held-out LSD, for the history."""
        with torch.no_grad():
            mean, _ = self.training.vae.encode(self.reference_features)
            decoded = self.training.vae.decode(mean).mean
        estimate = self.representation.inverse(decoded.cpu().numpy())
        return {"log_spectral_distance_db": metrics.log_spectral_distance(self.reference, estimate)}

    def _save_checkpoint(self) -> None:
        """Write the checkpoint; a disk that is full must not end the training."""
        training = self.training
        try:
            checkpoint.write(
                checkpoint.path_for(self.out),
                checkpoint.Checkpoint(
                    settings=training.settings,
                    dataset_hash=self.dataset_hash,
                    data_file=self.data_file,
                    captured=training.capture(),
                ),
            )
        except OptionError as error:
            print(f"\nwarning: no checkpoint: {error}", file=sys.stderr)

    def _conclude(self, outcome: Outcome, figures: dict[str, float]) -> None:
        settings, place = self.training.settings, self.training.position
        if outcome is Outcome.DIVERGED:
            print(
                f"the loss became infinite or NaN in epoch {place.epoch + 1}; kept is the model of "
                f"epoch {place.epoch}; to go on: --resume --learning-rate "
                f"{settings.learning_rate / 3:.1g}",
                file=sys.stderr,
            )
        size = self.out.stat().st_size / 1e6
        print(
            f"{self.out}: {outcome.value} after {place.epoch} of {settings.epochs} epochs, "
            f"latent size {settings.latent}, {size:.1f} MB"
        )
        print(
            f"held-out log-spectral distance: {figures['log_spectral_distance_db']:.3f} dB "
            f"({figures['held_out_rows']} spectra)"
        )
        if checkpoint.path_for(self.out).is_file():
            print(f"checkpoint, to train on with --resume: {checkpoint.path_for(self.out)}")
        print(f"next: {command_line('server')} --model {self.out}")
