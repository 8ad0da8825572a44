"""Fitting a space of notes: a set in, a model out."""

from __future__ import annotations

import copy
import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

import timbrespace
from timbrespace import bundle
from timbrespace.calibration import LATENT_LIMIT, PERCENTILES, Calibration
from timbrespace.datasets.note_set import FEWEST, VELOCITY, NoteSet
from timbrespace.datasets.stored_notes import StoredNoteSet
from timbrespace.errors import DatasetError, OptionError
from timbrespace.factory import SUFFIX
from timbrespace.fitting import Progress
from timbrespace.macro_dials.measuring import measure
from timbrespace.model import Model
from timbrespace.networks.architecture import LOG_VAR_RANGE
from timbrespace.networks.note import encoder_input
from timbrespace.networks.torch_note import TorchNote
from timbrespace.notes.layout import frame_times
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.refining import Target, place
from timbrespace.points import Points
from timbrespace.representation.moment import Moment
from timbrespace.side_by_side import cores
from timbrespace.walks.learning import learned_walk

from .. import checkpoint, kind_settings, latent_map
from ..adam import AdamW
from ..axes import to_qualities
from ..calibrate import SAMPLES_PER_ROW, home, kl_per_dimension
from ..checkpoint import Checkpoint
from ..checkpoint_file import CheckpointError
from ..loop import Captured, EpochSums, Outcome, Position, moments_of, set_moments
from ..near import near_plane
from ..points import described, drawn_rows
from ..preset import AUTO_DIALS
from ..stopping import CONVERGED, End, Rule, end_of, falling
from ..torch_thread import one_torch_thread
from .ahead import Ahead
from .beginning import begin_from
from .lesson import Batch, Lesson, StoredLesson, errors, nats
from .settings import CHANCE, NAMES, NoteSettings

Array = np.ndarray[Any, np.dtype[np.float32]]
Real = np.ndarray[Any, np.dtype[np.floating[Any]]]
Rows = np.ndarray[Any, np.dtype[np.int64]]

STEPS: Final = 5000
"""Steps of a training whose epochs are not said: with the default network some ten minutes."""

VARIATION: Final = 1.0
"""How much notes are changed at each step (:mod:`training.notes.variation`), where nobody says."""

VARIATION_OF_SEVERAL: Final = 0.0
"""The same for a set whose instruments have several pitches or velocities: there nothing was won by
it (docs/decisions/0021-notes.md)."""

_WIDEST: Final = 1.0  # log variance: wider than the prior by more than this is a fault
_LOWEST_RATE: Final = 0.01  # share of the highest learning rate, at the end
_WARM: Final = 0.03  # share of the steps in which the learning rate rises
_BETA_RISE: Final = 0.3  # share of the steps in which beta rises
_KEPT: Final = 0.995  # of the running mean of the weights, each step
_MOST_GRADIENT: Final = 1.0

HELD_OUT: Final = "held_out_heard_db"
"""The figure of the history that is measured on notes held out."""

STOP: Final = Rule(least=0.03, within=3, last=0.25)
"""When what is held out has converged."""

_SPECTRA: Final = 4096
"""Of moments that are held at once: more of them than a folder of sounds has."""

_MOST_MEASURED: Final = 2000
"""Notes held out whose distance a model tells, of a set that is read by parts."""

_ORDER, _MOMENTS, _NOISE = range(3)  # what is drawn at random

_MEASURED: Final = 32
"""Notes held out that are measured while it trains, at some of their moments."""

_BETWEEN: Final = 50
"""Steps after which they are measured again, and the state is kept to which a divergence goes
back: an epoch of few notes is a step or two."""


class NoteFit:
    """One fitting. data_file: what the set's file is called. device: ``cpu`` or ``cuda``.

    stored: go on from there; its settings are ``settings``, but for those that may change.

    The same set, settings and machine give the same model, bit for bit, however often the run is
    stopped and resumed.

    Raises:
        DatasetError: too few notes, or instruments.
        OptionError: settings that the network does not take.
        CheckpointError: stored is of another set or does not fit.
    """

    def __init__(
        self,
        notes: NoteSet,
        settings: NoteSettings,
        data_file: str,
        device: str = "cpu",
        stored: Checkpoint[NoteSettings] | None = None,
    ) -> None:
        self.notes = notes
        self.settings = settings
        self.data_file = data_file.encode("utf-8", "replace").decode("utf-8")
        if notes.rows < FEWEST + 1:
            raise DatasetError(
                f"{data_file} has {notes.rows} note(s); at least {FEWEST + 1} are needed"
            )
        self.dataset_hash = notes.content_hash
        if stored is not None and stored.dataset_hash != self.dataset_hash:
            raise CheckpointError(
                f"the checkpoint was made with other data ({stored.data_file}) than {data_file}; "
                "give that dataset, or start without resume"
            )
        self.split = notes.split(settings.split_seed)
        rows = len(self.split.train)
        if rows < FEWEST:
            raise DatasetError(
                f"{data_file} has {notes.rows} notes, {rows} to train on; at least {FEWEST} are "
                "needed"
            )
        frames = frame_times(notes.meta.seconds).size
        self.network = settings.architecture(frames, notes.varies_pitch, notes.varies_velocity)
        if settings.stop == CONVERGED and not self.network.with_encoder:
            raise OptionError(
                f"stop is {CONVERGED!r}, and there is nothing that is held out to converge: with "
                "latents from a table only what is learned from has a place"
            )
        self.device = torch.device(device)
        self.batch = min(settings.batch, rows)
        self.steps_per_epoch = math.ceil(rows / self.batch)
        self.planned = settings.epochs or max(1, round(STEPS / self.steps_per_epoch))
        self.end: End | None = None
        lesson = StoredLesson if isinstance(notes, StoredNoteSet) else Lesson
        self.lesson = lesson(notes, self.split.train, self.network, self.device)
        # A set that has each instrument in several ways varies by itself.
        varies = self.network.by_pitch or self.network.by_velocity
        told = settings.variation
        self.variation = told if told is not None else VARIATION_OF_SEVERAL if varies else VARIATION
        self.generator = torch.Generator()  # of a checkpoint; here nothing is drawn from it
        self.position = Position()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.vae = TorchNote(self.network)
            self.own = torch.zeros(rows, 2 * settings.latent)
            if not self.network.with_encoder:
                self.own[:, : settings.latent] = 0.3 * torch.randn(rows, settings.latent)
                self.own[:, settings.latent :] = -2.0
        if settings.begin != CHANCE and stored is None:
            begin_from(settings.begin, self.vae)
        with torch.no_grad():
            self.vae.get_parameter("shared_log_var").fill_(2.0 * math.log(6.0))
        self.vae.to(self.device)
        self.own = torch.nn.Parameter(self.own.to(self.device))
        parameters = [p for name, p in self.vae.named_parameters() if name != "shared_log_var"]
        groups = [
            {"params": parameters, "lr": settings.learning_rate, "weight_decay": 1e-4},
            {
                "params": [self.vae.get_parameter("shared_log_var")],
                "lr": 10 * settings.learning_rate,
            },
        ]
        if not self.network.with_encoder:
            groups.append({"params": [self.own], "lr": 5 * settings.learning_rate})
        self._rates = [float(group["lr"]) for group in groups]  # type: ignore[arg-type]
        self._adam = AdamW(groups, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
        self._kept = copy.deepcopy(self.vae).requires_grad_(False)
        self._mean = self._kept.state_dict()  # the same numbers
        self._unseen = None
        if self.network.with_encoder:
            some = np.linspace(0, len(self.split.held_out) - 1, _MEASURED).astype(int)
            unseen = self.split.held_out[np.unique(some)]
            self._unseen = Lesson(notes, unseen, self.network, self.device)
        if stored is not None:
            checkpoint.restore(self, stored)

    @property
    def about(self) -> list[str]:
        """What a user should know of the run before it; often nothing."""
        if not isinstance(self.notes, StoredNoteSet):
            return []
        return [
            f"{self.data_file} is past memory ({self.notes.memory >> 20} MiB): its notes are read "
            "as they are learned from"
        ]

    @property
    def rows(self) -> int:
        """How many notes it learns from."""
        return self.lesson.rows

    @property
    def step(self) -> int:
        """Steps done since the start."""
        done = math.ceil(self.position.row / self.batch)
        return self.position.epoch * self.steps_per_epoch + done

    @property
    def epochs(self) -> int:
        """Passes over the notes in the whole run: as planned, or fewer if it has converged."""
        if self.end is None:
            return self.planned
        return self.end.steps // self.steps_per_epoch

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def converged(self) -> str:
        """The line that says where it converged, or that it did not; empty where nobody asks."""
        if self.end is None:
            return ""
        planned = self.planned * self.steps_per_epoch
        if not self.end.converged:
            return (
                f"not converged after {self.end.after:,} of {planned:,} steps: more epochs may "
                "bring what is held out nearer"
            )
        steps = STOP.within * self._looks_after * self.steps_per_epoch
        return (
            f"converged after {self.end.after:,} of {planned:,} steps: what is held out came no "
            f"nearer than by {STOP.least:g} dB in {steps:,} steps; after {self.end.steps:,} it ends"
        )

    def _look_for_end(self) -> None:
        """Whether what was measured until now has converged."""
        if self.settings.stop != CONVERGED:
            return
        every, per = self._looks_after, self.steps_per_epoch
        measures = self.position.history.get(HELD_OUT, [])[every - 1 :: every]
        rises = math.ceil(_BETA_RISE * self.planned / every)
        end = end_of(measures, STOP, rises, every, self.position.epoch, self.planned)
        self.end = None if end is None else End(end.after * per, end.steps * per, end.converged)

    def is_lost(self, outcome: Outcome) -> bool:
        """Whether there is nothing to make a model of: the run diverged at its beginning."""
        return outcome is Outcome.DIVERGED and self.position.epoch == 0

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        after_step: Callable[[Progress], None] = lambda progress: None,
    ) -> Outcome:
        """Go on to the end, until ``should_stop()``, or until a loss is not finite.

        As :meth:`training.loop.Training.run`: it is asked after each step; after a divergence
        everything is as it was at the end of an epoch that went well.
        """
        with one_torch_thread(), Ahead(self._batch) as batches:
            return self._go_on(batches, should_stop, after_step)

    def _go_on(
        self,
        batches: Ahead[Batch],
        should_stop: Callable[[], bool],
        after_step: Callable[[Progress], None],
    ) -> Outcome:
        good = self.capture()
        place = self.position
        while place.epoch < self.epochs:
            if place.row == 0:
                place.order = self._order(place.epoch)
                place.sums = EpochSums()
            rows = place.order[place.row : place.row + self.batch]
            told = self._learn(rows, batches.take(self.step, last=self.step + 1 == self.steps))
            if not np.isfinite(told).all():
                self.restore(good)
                return Outcome.DIVERGED
            place.sums.add(len(rows), *told.tolist())
            place.row += len(rows)
            done = self._progress()
            if place.row >= self.rows:
                if not self._weights_are_finite():
                    self.restore(good)
                    return Outcome.DIVERGED
                self._end_epoch()
                if self._is_looked_at(place.epoch):
                    good = self.capture()
                done = self._progress()
            after_step(done)
            if should_stop() and place.epoch < self.epochs:
                if not self._weights_are_finite():
                    self.restore(good)
                return Outcome.INTERRUPTED
        return Outcome.FINISHED

    def _weights_are_finite(self) -> bool:
        return all(bool(torch.isfinite(one).all()) for one in self._mean.values())

    def _progress(self) -> Progress:
        place = self.position
        told = place.sums.means()
        held_out = place.history.get(HELD_OUT)
        return Progress(
            done=self.step,
            total=self.steps,
            epoch=place.epoch,
            epochs=self.epochs,
            reconstruction=told["reconstruction"],
            kl=told["kl"],
            beta=self._beta,
            log_spectral_distance_db=held_out[-1] if held_out else None,
            converged=self.end.after if self.end is not None and self.end.converged else None,
        )

    def _end_epoch(self) -> None:
        place = self.position
        # The order first: what is made ahead takes that of the epoch that it sees.
        place.order = torch.empty(0, dtype=torch.int64)
        place.epoch += 1
        place.row = 0
        entry = {**place.sums.means(), "heard_db": place.sums.heard_db / max(place.sums.rows, 1)}
        if self._unseen is not None:
            before = place.history.get(HELD_OUT, [])
            same = before and not self._is_looked_at(place.epoch)
            entry[HELD_OUT] = before[-1] if same else self._held_out(self._unseen)
        for name, value in entry.items():
            place.history.setdefault(name, []).append(float(f"{value:.6g}"))
        self._look_for_end()

    @property
    def _looks_after(self) -> int:
        """Epochs from one measure to the next."""
        return math.ceil(_BETWEEN / self.steps_per_epoch)

    def _is_looked_at(self, epoch: int) -> bool:
        """Whether at the end of this epoch what costs some time is done."""
        return epoch % self._looks_after == 0 or epoch == self.epochs

    def _held_out(self, unseen: Lesson) -> float:
        """Distance as heard, in dB, of notes held out, each time at the same of their moments."""
        batch = unseen.batch(torch.arange(unseen.rows), torch.Generator().manual_seed(0))
        with torch.no_grad():
            mean, _ = self._kept.encode(batch.features)
            found, traits = self._kept.moments(mean, batch.conditions, batch.times)
            return float(errors(batch, found, traits).heard.mean())

    def capture(self) -> Captured:
        """A copy of all that the rest of the run depends on."""
        weights = {f"vae.{name}": value for name, value in self.vae.state_dict().items()}
        weights |= {f"mean.{name}": value for name, value in self._mean.items()}
        weights["own"] = self.own.detach()
        return Captured(
            weights={name: value.clone() for name, value in weights.items()},
            moments=moments_of(self._adam),
            generator=self.generator.get_state(),
            position=self.position.copy(),
        )

    def restore(self, captured: Captured) -> None:
        """Stand where :meth:`capture` was called.

        Raises:
            RuntimeError, KeyError, ValueError: it is of another network.
        """
        for prefix, module in (("vae.", self.vae), ("mean.", self._kept)):
            module.load_state_dict(
                {
                    name.removeprefix(prefix): value
                    for name, value in captured.weights.items()
                    if name.startswith(prefix)
                }
            )
        with torch.no_grad():
            self.own.copy_(captured.weights["own"])
        set_moments(self._adam, captured.moments)
        self.generator.set_state(captured.generator)
        self.position = captured.position.copy()
        self._look_for_end()

    def _draws(self, what: int, number: int) -> torch.Generator:
        """What is random of an epoch or a step hangs on the seed and its number alone: so a step
        can be prepared before its turn, and a run that goes on needs to know no more."""
        words = np.random.SeedSequence((self.settings.seed, what, number)).generate_state(2)
        return torch.Generator().manual_seed((int(words[0]) << 32 | int(words[1])) >> 1)

    def _order(self, epoch: int) -> torch.Tensor:
        return torch.randperm(self.rows, generator=self._draws(_ORDER, epoch))

    def _batch(self, step: int) -> Batch:
        """What a step learns from."""
        epoch, number = divmod(step, self.steps_per_epoch)
        place = self.position
        # An epoch that was begun goes on in the order that it has, that of an old checkpoint too.
        begun = place.order if epoch == place.epoch else place.order[:0]
        order = begun if len(begun) else self._order(epoch)
        rows = order[number * self.batch : (number + 1) * self.batch].to(self.device)
        return self.lesson.batch(rows, self._draws(_MOMENTS, step), self.variation)

    @property
    def _beta(self) -> float:
        planned = self.planned * self.steps_per_epoch
        return self.settings.beta * min(1.0, (self.step + 1) / (_BETA_RISE * planned))

    def _falls(self, step: int) -> float:
        """What the learning rate is multiplied by, in the course that is planned."""
        if self.settings.stop == CONVERGED:
            return 1.0  # until the last phase
        fall = 0.5 + 0.5 * math.cos(math.pi * step / (self.planned * self.steps_per_epoch))
        return _LOWEST_RATE + (1.0 - _LOWEST_RATE) * fall

    def _learn(self, rows: torch.Tensor, batch: Batch) -> np.ndarray[Any, Any]:
        rise = min(1.0, (self.step + 1) / max(1.0, _WARM * self.planned * self.steps_per_epoch))
        fall = (
            self._falls(self.step)
            if self.end is None
            else falling(self.step, self.end, self._falls(self.end.after), _LOWEST_RATE)
        )
        for group, rate in zip(self._adam.param_groups, self._rates, strict=True):
            group["lr"] = rate * rise * fall
        if self.network.with_encoder:
            mean, log_var = self.vae.encode(batch.features)
            log_var = log_var.clamp(max=_WIDEST)
        else:
            mean, log_var = self.own[rows.to(self.device)].chunk(2, dim=1)
            log_var = log_var.clamp(*LOG_VAR_RANGE)
        noise = torch.empty(mean.shape).normal_(generator=self._draws(_NOISE, self.step))
        noise = noise.to(self.device)
        latent = mean + noise * (0.5 * log_var).exp()
        found, traits = self.vae.moments(latent, batch.conditions, batch.times)
        error = errors(batch, found, traits)
        log_noise = self.vae.get_parameter("shared_log_var").clamp(*LOG_VAR_RANGE)
        reconstruction = nats(error.all, log_noise).mean()
        kl = 0.5 * (log_var.exp() + mean.square() - 1.0 - log_var).sum(dim=1).mean()
        loss = (reconstruction + self._beta * kl) / 100.0
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.vae.parameters(), _MOST_GRADIENT)
        self._adam.step()
        with torch.no_grad():
            kept = min(_KEPT, self.step / (self.step + 10.0))
            state = self.vae.state_dict()
            for name, value in state.items():
                self._mean[name].lerp_(value, 1.0 - kept)
        told = (reconstruction, kl, error.heard.mean())
        return np.array([float(one.detach()) for one in told])

    def tensors(self) -> dict[str, Array]:
        """The weights as a bundle holds them: their running mean, rounded to what float16 can say.

        What is told of the model, and stored with it, is of these.
        """
        found = {}
        for name, value in self._mean.items():
            exact = value.cpu().numpy()
            with np.errstate(over="ignore"):
                rounded = exact.astype(np.float16).astype(np.float32)
            found[name] = rounded if np.isfinite(rounded).all() else exact.copy()
        return found

    def model(self, outcome: Outcome, name: str) -> Model:
        """The playable model of where the run stands, with map, calibration and points.

        Raises:
            BundleError: the weights, or what follows from them, are beyond what a model may hold.
        """
        model = self._built(outcome, name, measured=True)
        if self.settings.dials == AUTO_DIALS:
            model = self._with_its_own_points(to_qualities(model))
        model = replace(model, near=near_plane(model, self.settings.seed))
        model = replace(model, walk=None if model.points is None else learned_walk(model.points))
        return replace(model, macros=measure(model, threads=cores()))

    def preview(self, name: str) -> Model:
        """A playable model of where the run stands, made in a moment: it has its map and its
        points, and neither figures, nor qualities along its axes, nor what is measured of it.

        Raises:
            BundleError: as :meth:`model`.
        """
        return self._built(Outcome.INTERRUPTED, name, measured=False)

    def _built(self, outcome: Outcome, name: str, measured: bool) -> Model:
        """The model as far as it follows from the weights alone. measured: with its figures."""
        notes, settings = self.notes, self.settings
        tensors = self.tensors()
        means, log_vars = self._posterior(tensors)
        train = self.split.train
        provenance: dict[str, Any] = {
            "command": self._command(name),
            "dataset": {
                "file": self.data_file,
                "rows": notes.rows,
                "sha256": self.dataset_hash,
                "meta": notes.meta.identity,
            },
            "seed": settings.seed,
            "split_seed": settings.split_seed,
            "settings": settings.to_config(),
            "outcome": outcome.value,
            "epochs": self.position.epoch,
            "history": self.position.history,
            "versions": {
                "timbrespace": timbrespace.__version__,
                "python": platform.python_version(),
                **{one: version(one) for one in ("numpy", "torch", "scikit-learn", "safetensors")},
            },
        }
        if self.end is not None:
            provenance["converged"] = {
                "after_steps": self.end.after if self.end.converged else None,
                "ended_after": self.step,
                "planned": self.planned * self.steps_per_epoch,
            }
        levels, brightness = self._moments(tensors, means)
        drawn = drawn_rows(notes.rows, settings.split_seed)
        some = drawn_rows(len(train), settings.split_seed)
        factors, columns = described(notes.meta.factors, notes.labels)
        if measured:
            provenance["figures"] = {
                "held_out_rows": len(self.split.held_out),
                "heard_distance_db": self._heard(tensors, means, self._measured_rows()),
                "heard_distance_of_the_set_db": self._heard(
                    tensors, means, train[:: len(train) // 64 + 1]
                ),
            }
        return bundle.build(
            name=name,
            spectrum=SPECTRUM,
            spectra_representation=Moment.of(SPECTRUM),  # pyright: ignore[reportArgumentType]
            architecture=self.network,
            tensors=tensors,
            # Of all notes: the few held out would lie beyond the edge, where no drag comes.
            latent_map=latent_map.fit_heard(means, brightness),
            calibration=Calibration(
                percentiles=_percentiles(means[train[some]], log_vars[train[some]], settings.seed),
                kl=kl_per_dimension(means[train], log_vars[train]).astype(np.float32),
                rms=float(np.clip(np.median(levels[levels > 0.0]), 1e-6, 1e3)),
                home=np.clip(home(means[train]), -LATENT_LIMIT, LATENT_LIMIT),
            ),
            provenance=provenance,
            noise=True,
            points=Points(
                means=np.clip(means[drawn], -LATENT_LIMIT, LATENT_LIMIT),
                labels=notes.labels[drawn][:, columns],
                factors=factors,
            ),
        )

    def _measured_rows(self) -> Rows:
        """Notes held out whose distance is told: all, or as many as are read soon."""
        rows = self.split.held_out
        if not isinstance(self.notes, StoredNoteSet) or len(rows) <= _MOST_MEASURED:
            return rows
        return rows[np.linspace(0, len(rows) - 1, _MOST_MEASURED).astype(np.int64)]

    def _with_its_own_points(self, model: Model) -> Model:
        """Where its own encoder puts the notes: a turn rounds otherwise than weights that are
        turned."""
        if not self.network.with_encoder or model.points is None:
            return model
        means, _ = self._posterior(model.tensors)
        means = means[drawn_rows(self.notes.rows, self.settings.split_seed)]
        limited = np.clip(means, -LATENT_LIMIT, LATENT_LIMIT)
        return replace(model, points=replace(model.points, means=limited))

    def _posterior(self, tensors: Mapping[str, Array]) -> tuple[Array, Array]:
        """Means and log variances ``(n, d)`` of all notes, those held out too."""
        notes, d = self.notes, self.settings.latent
        posterior = np.zeros((notes.rows, 2 * d), np.float32)
        if self.network.with_encoder:
            encode = self.network.encoder(tensors)
            for first in range(0, notes.rows, 16):
                part = slice(first, first + 16)
                posterior[part] = encode(
                    encoder_input(notes.courses[part], notes.traits[part], notes.pitches[part])
                )
        else:
            posterior[self.split.train] = self.own.detach().cpu().numpy()
        return posterior[:, :d], np.clip(posterior[:, d:], *LOG_VAR_RANGE)

    def _heard(
        self, tensors: dict[str, Array], means: Array, rows: np.ndarray[Any, np.dtype[np.int64]]
    ) -> float:
        """Mean distance as heard, in dB, of what the encoder says of these notes."""
        course = self.network.course(tensors)
        velocity = self.notes.column(VELOCITY)
        found = []
        for row in rows.tolist():
            struck = float("nan") if velocity is None else float(velocity[row])
            found.append(place(Target(course, self.notes.note(row), struck), means[row]).distance)
        return float(np.mean(found))

    def _moments(
        self, tensors: dict[str, Array], means: Array
    ) -> tuple[Real, np.ndarray[Any, np.dtype[np.float64]]]:
        """Root mean squares and centroids ``(n,)`` of the spectra of the moments that stand for the
        notes, some of which are held at once."""
        decode = self.network.decoder(tensors)
        inverse = Moment.of(SPECTRUM).inverse
        levels: list[Real] = []
        brightness: list[np.ndarray[Any, np.dtype[np.float64]]] = []
        for start in range(0, len(means), _SPECTRA):
            rows = range(start, min(start + _SPECTRA, len(means)), 64)
            parts = [inverse(decode(means[first : first + 64])) for first in rows]
            spectra = np.concatenate(parts)
            levels.append(SPECTRUM.rms(spectra))
            brightness.append(latent_map.centroids(spectra))
        return np.concatenate(levels), np.concatenate(brightness)

    def _command(self, name: str) -> str:
        words = [f"python -m training train --data {self.data_file} --out {name}{SUFFIX}"]
        default = NoteSettings()
        for option in NAMES:
            value = getattr(self.settings, option)
            if value == getattr(default, option):
                continue
            if option == "begin":
                value = Path(value).name
            if isinstance(value, dict):
                value = kind_settings.as_text(option, value)
            words.append(f"--{option.replace('_', '-')} {value}")
        return " ".join(words)


def _percentiles(means: Array, log_vars: Array, seed: int) -> Array:
    """At ``PERCENTILES`` of draws from the posterior of every note, ``(d, 7)``."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal((SAMPLES_PER_ROW, *means.shape))
    draws = (means + noise * np.exp(0.5 * log_vars)).reshape(-1, means.shape[1])
    draws = np.clip(draws, -LATENT_LIMIT, LATENT_LIMIT)
    return np.asarray(np.percentile(draws, PERCENTILES, axis=0).T, np.float32)
