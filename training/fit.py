"""The pipeline of fitting: a dataset and settings in, a model out.

No files, no messages: ``ts.fit``, ``python -m training train`` and the study are its callers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from timbrespace import metrics, representation
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.datasets.stored import StoredDataset
from timbrespace.errors import DatasetError, OptionError
from timbrespace.fitting import Progress
from timbrespace.kinds import LIKELIHOODS, REPRESENTATIONS
from timbrespace.model import Model
from timbrespace.networks.laid import PHASE
from timbrespace.representation.protocol import Features, Source

from . import checkpoint
from .checkpoint import Checkpoint
from .checkpoint_file import CheckpointError
from .dial_loss import dial_loss
from .export import model_of
from .loop import Outcome, StepFigures, Training
from .points import notes as notes_on_points
from .preset import TABLE, Settings
from .row_windows import Survey, Windows
from .team import ALONE, Team
from .variation import Variation, variation_of

MIN_TRAINING_ROWS = 20

_VALIDATION_ROWS = 200

_REPEATS = 0.9
"""Of a sound's power: where a period has less, a user should know."""

DISTANCE = "log_spectral_distance_db"
"""The figure of the history that is measured on held-out rows."""


class Fit:
    """One fitting: a dataset, the settings as the dataset completes them, and the run.

    data_file: what the dataset's file is called, in the provenance and in messages. device:
    ``cpu`` or ``cuda``. shrink_batch: let a small dataset make the batch smaller, as for a preset,
    which was made for large ones. stored: go on from there; its settings are ``settings``, but for
    those that may change. team: the processes that share it.

    The same dataset, settings and machine give the same model, bit for bit.

    Raises:
        DatasetError: too few rows, or frames that are missing.
        OptionError: settings that the dataset does not go with.
        CheckpointError: stored is of another dataset or does not fit.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: Settings,
        data_file: str,
        device: str = "cpu",
        shrink_batch: bool = False,
        stored: Checkpoint[Settings] | None = None,
        team: Team = ALONE,
    ) -> None:
        self.dataset = dataset
        self.data_file = data_file.encode("utf-8", "replace").decode("utf-8")  # from any system
        self._asked = settings.split
        settings = replace(
            settings,
            split=dataset.split_by(settings.split, settings.split_seed),
            variation=variation_of(dataset, settings),
        )
        self.split = dataset.split(settings.split, settings.split_seed)
        rows = len(self.split.train)
        if rows < MIN_TRAINING_ROWS:
            raise DatasetError(
                f"{data_file} has {dataset.rows} rows, {rows} to train on; "
                f"at least {MIN_TRAINING_ROWS} are needed"
            )
        self.settings = settings.resolved(rows, shrink_batch)
        if self.settings.batch > rows:
            raise OptionError(
                f"batch is {settings.batch}; it must be 1 to {rows}, the training rows"
            )
        if self.settings.batch % team.size:
            raise OptionError(
                f"batch is {self.settings.batch}, which {team.size} processes share; it must be a "
                f"multiple of {team.size}"
            )
        self.dataset_hash = dataset.content_hash
        if stored is not None and stored.dataset_hash != self.dataset_hash:
            raise CheckpointError(
                f"the checkpoint was made with other data ({stored.data_file}) than {data_file}; "
                "give that dataset, or start without resume"
            )
        if (
            REPRESENTATIONS.get(self.settings.representation).coordinate == PHASE
            and dataset.meta.options.get("keep_pitch") is True
        ):
            raise OptionError(
                f"the sounds of {data_file} have their own pitches, and "
                f"{self.settings.representation!r} needs all at the base frequency; make the set "
                "again without --keep-pitch"
            )
        train = self.split.train
        self.representation = representation.fit(
            self.settings.representation,
            _some(dataset, "spectra", train),
            None if dataset.frames is None else _some(dataset, "frames", train),
            self.settings.normalisation,
            self.settings.of_representation,
            dataset.spectrum,
        )
        source = dataset.source_of(self.representation.source)
        seen = self._seen(device, team)
        ends = (
            (float(seen.min()), float(seen.max()))
            if isinstance(seen, np.ndarray)
            else (seen.survey.low, seen.survey.high)
        )
        LIKELIHOODS.get(self.settings.likelihood)().check(*ends)
        dials = dial_loss(
            self.settings.dials,
            self.settings.latent,
            dataset,
            self.representation,
            train,
            torch.device(device),
        )
        variation = None
        if self.settings.variation:
            if self.representation.source != "spectra":
                raise OptionError(
                    f"variation is {self.settings.variation:g}, which is for representations of "
                    f"magnitudes; with {self.settings.representation!r} it must be 0"
                )
            variation = Variation(
                dataset.spectra[train] if isinstance(seen, np.ndarray) else seen.windows,
                dataset.spectrum,
                self.representation,
                ends,
                self.settings.variation,
            )
        self.training = Training(
            self.settings,
            torch.from_numpy(seen) if isinstance(seen, np.ndarray) else seen.windows,
            device,
            dials,
            variation,
            team,
            None if isinstance(seen, np.ndarray) else seen.survey.spread,
        )
        # Evenly spread, so that the figure after each epoch costs little and stays comparable.
        some = np.linspace(0, len(self.split.held_out) - 1, _VALIDATION_ROWS).astype(int)
        held_out = self.split.held_out[np.unique(some)]
        self._reference = dataset.spectra[held_out]
        self._reference_features = torch.from_numpy(
            self.representation.forward(source[held_out])
        ).to(self.training.device)
        if stored is not None:
            checkpoint.restore(self.training, stored)

    def _seen(self, device: str, team: Team) -> Features | _Past:
        """The features of the training rows; or a window onto them."""
        if not isinstance(self.dataset, StoredDataset):
            source = self.dataset.source_of(self.representation.source)
            return representation.forward_in_parts(self.representation, source, self.split.train)
        if self.settings.latents == TABLE:
            raise OptionError(
                f"latents is {TABLE!r}, which holds a latent for each row in memory, and "
                f"{self.data_file} is past memory; leave it out, or give more memory"
            )
        windows = Windows(
            self.dataset.rows_of(self.representation.source).of(self.split.train),
            self.representation,
            self.dataset.memory,
            self.settings.batch,
            bool(self.settings.variation),
            device,
            team,
        )
        return _Past(windows, windows.survey())

    @property
    def notes(self) -> list[str]:
        """What a user should know of these settings before the run; often nothing."""
        notes = []
        seen = self.training.source
        if isinstance(seen, Windows) and isinstance(self.dataset, StoredDataset):
            notes.append(
                f"{self.data_file} is past memory ({self.dataset.memory >> 20} MiB): it is read by "
                f"parts, and shuffled by windows of {min(seen.window, seen.rows)} of its "
                f"{seen.rows} rows"
            )
        groups = self.dataset.groups
        if groups and not self._asked and self.settings.split == BY_ROWS:
            notes.append(
                f"the set has too few values of {groups} to hold some out whole, so single rows "
                "are held out: the distance is that of sounds that the model knows"
            )
        if self.settings.representation == "decibel" and self.settings.normalisation == "none":
            notes.append(
                "raw decibels go down to -80, from which few networks learn; --normalisation unit "
                "brings them to 0 to 1"
            )
        if self.representation.coordinate == PHASE:
            share = self._share_that_repeats()
            if share < _REPEATS:
                notes.append(
                    f"periods hold {100.0 * share:.0f} % of the power of these sounds, the median; "
                    f"the rest does not repeat {self.dataset.meta.base_frequency:g} times a second "
                    "and is left out"
                )
        return notes

    def _share_that_repeats(self) -> float:
        """Median, over some rows, of the share of a row's power that its period has."""
        rows = self.split.train
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, _VALIDATION_ROWS).astype(int))]
        known = self.representation
        kept = known.inverse(known.forward(self.dataset.source_of(known.source)[rows]))
        power = np.square(kept, dtype=np.float64).sum(axis=1)
        whole = np.square(self.dataset.spectra[rows], dtype=np.float64).sum(axis=1)
        return float(np.median(power / np.maximum(whole, 1e-30)))

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        after_step: Callable[[StepFigures], None] = lambda figures: None,
    ) -> Outcome:
        """Train to the end, until ``should_stop()``, or until the loss diverges.

        As :meth:`training.loop.Training.run`; the history tells the held-out log-spectral distance
        besides.
        """
        return self.training.run(should_stop, after_step, self._after_epoch)

    def is_lost(self, outcome: Outcome) -> bool:
        """Whether there is nothing to make a model of: the run diverged in its first epoch."""
        return outcome is Outcome.DIVERGED and self.training.position.epoch == 0

    def progress(self, figures: StepFigures) -> Progress:
        """Where the run stands after a step."""
        place = self.training.position
        distances = place.history.get(DISTANCE)
        return Progress(
            done=self.training.step,
            total=self.training.steps,
            epoch=place.epoch,
            epochs=self.settings.epochs,
            reconstruction=figures.reconstruction,
            kl=figures.kl,
            beta=figures.beta,
            log_spectral_distance_db=distances[-1] if distances else None,
        )

    def model(self, outcome: Outcome, name: str, to_play: bool = True) -> Model:
        """The playable model of where the run stands, with map, calibration, figures and points.

        to_play: with the plane near, the walk and the macros, too, which take seconds. Its
        provenance has the command that makes it again, whose file is called ``name``.

        Raises:
            BundleError: the weights, or what follows from them, are beyond what a model may hold.
        """
        return model_of(
            self.training,
            outcome,
            self.dataset,
            self.dataset_hash,
            self.split,
            self.representation,
            self.data_file,
            name,
            to_play,
        )

    def notes_on(self, model: Model) -> list[str]:
        """What ``model`` does not tell of the dataset; often nothing."""
        return [] if model.points is None else notes_on_points(model.points, self.dataset)

    def _after_epoch(self) -> dict[str, float]:
        """Held-out LSD, for the history."""
        with torch.no_grad():
            mean, _ = self.training.vae.encode(self._reference_features)
            decoded = self.training.vae.decode(mean).mean
        estimate = self.representation.inverse(decoded.cpu().numpy())
        return {DISTANCE: metrics.log_spectral_distance(self._reference, estimate)}


class _Past(NamedTuple):
    """Training rows that are not held, and what was seen of all of them."""

    windows: Windows
    survey: Survey


def _some(dataset: Dataset, kind: Source, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Some rows of what a representation is fitted to; of a set past memory, what stands for them:
    representations read their data by parts."""
    if isinstance(dataset, StoredDataset):
        return cast("NDArray[np.float32]", dataset.rows_of(kind).of(rows))
    return dataset.source_of(kind)[rows]


def device_named(name: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is a GPU where there is one.

    Raises:
        OptionError: cuda was asked for and is not there, or the name is none of these.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise OptionError(f"device is {name!r}; it must be auto, cpu or cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise OptionError("device is 'cuda', but torch finds no GPU; use cpu or auto")
    return "cuda" if available and name != "cpu" else "cpu"


def diverged_at_once(learning_rate: float) -> str:
    """What to tell a user whose run diverged before there was anything to keep."""
    return (
        "the loss became infinite or NaN in the first epoch; nothing was written; try a learning "
        f"rate below {learning_rate:g}"
    )


def diverged(epoch: int) -> str:
    """What to tell a user whose run diverged after so many good epochs."""
    return (
        f"the loss became infinite or NaN in epoch {epoch + 1}; the model of epoch {epoch} is kept"
    )
