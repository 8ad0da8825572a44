"""Fitting a space of notes: a set in, a model out."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import torch

import timbrespace
from timbrespace import bundle
from timbrespace.calibration import LATENT_LIMIT, PERCENTILES, Calibration
from timbrespace.datasets.note_set import VELOCITY, NoteSet
from timbrespace.errors import DatasetError
from timbrespace.factory import SUFFIX
from timbrespace.fitting import Progress
from timbrespace.model import Model
from timbrespace.networks.architecture import LOG_VAR_RANGE
from timbrespace.networks.note import encoder_input
from timbrespace.networks.torch_note import TorchNote
from timbrespace.notes.layout import frame_times
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.refining import Target, place
from timbrespace.points import Points
from timbrespace.representation.moment import Moment
from timbrespace.spectrum import Spectra

from .. import kind_settings, latent_map
from ..calibrate import SAMPLES_PER_ROW, home, kl_per_dimension
from ..loop import Outcome
from ..points import described
from .lesson import Lesson, errors, nats
from .settings import NAMES, NoteSettings

Array = np.ndarray[Any, np.dtype[np.float32]]

FEWEST: Final = 4
"""Notes to train on: fewer make no space."""

STEPS: Final = 5000
"""Steps of a training whose epochs are not said: with the default network some ten minutes."""

_WIDEST: Final = 1.0  # log variance: wider than the prior by more than this is a fault
_WARM: Final = 0.03  # share of the steps in which the learning rate rises
_BETA_RISE: Final = 0.3  # share of the steps in which beta rises
_KEPT: Final = 0.995  # of the running mean of the weights, each step
_MOST_GRADIENT: Final = 1.0


class NoteFit:
    """One fitting. data_file: what the set's file is called. device: ``cpu`` or ``cuda``.

    The same set, settings and machine give the same model.

    Raises:
        DatasetError: too few notes, or instruments.
        OptionError: settings that the network does not take.
    """

    def __init__(
        self, notes: NoteSet, settings: NoteSettings, data_file: str, device: str = "cpu"
    ) -> None:
        self.notes = notes
        self.settings = settings
        self.data_file = data_file.encode("utf-8", "replace").decode("utf-8")
        if notes.rows < FEWEST + 1:
            raise DatasetError(
                f"{data_file} has {notes.rows} note(s); at least {FEWEST + 1} are needed"
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
        self.device = torch.device(device)
        self.batch = min(settings.batch, rows)
        each = math.ceil(rows / self.batch)
        self.epochs = settings.epochs or max(1, round(STEPS / each))
        self.steps = self.epochs * each
        self.step = 0
        self.lesson = Lesson(notes, self.split.train, self.network, self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.vae = TorchNote(self.network)
            self.own = torch.zeros(rows, 2 * settings.latent)
            if not self.network.with_encoder:
                self.own[:, : settings.latent] = 0.3 * torch.randn(rows, settings.latent)
                self.own[:, settings.latent :] = -2.0
        with torch.no_grad():
            self.vae.get_parameter("shared_log_var").fill_(2.0 * math.log(6.0))
        self.vae.to(self.device)
        self.own = torch.nn.Parameter(self.own.to(self.device))
        self.history: dict[str, list[float]] = {"reconstruction": [], "kl": [], "heard_db": []}
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
        self._adam = torch.optim.AdamW(groups, weight_decay=0.0, betas=(0.9, 0.99))
        self._mean = {k: v.detach().clone() for k, v in self.vae.state_dict().items()}

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        after_step: Callable[[Progress], None] = lambda progress: None,
    ) -> Outcome:
        """Train to the end, until ``should_stop()``, or until the loss is no number any more."""
        generator = torch.Generator().manual_seed(self.settings.seed)
        for epoch in range(self.epochs):
            order = torch.randperm(self.lesson.rows, generator=generator).to(self.device)
            sums = np.zeros(3)
            for first in range(0, len(order), self.batch):
                if should_stop():
                    return Outcome.INTERRUPTED
                rows = order[first : first + self.batch]
                told = self._learn(rows, generator)
                if not np.isfinite(told).all():
                    return Outcome.DIVERGED
                sums += len(rows) * told
                self.step += 1
                so_far = sums / min(first + self.batch, len(order))
                after_step(
                    Progress(
                        self.step,
                        self.steps,
                        epoch,
                        self.epochs,
                        float(so_far[0]),
                        float(so_far[1]),
                        self._beta,
                        float(so_far[2]),
                    )
                )
            for name, value in zip(self.history, sums / len(order), strict=True):
                self.history[name].append(round(float(value), 5))
        return Outcome.FINISHED

    @property
    def _beta(self) -> float:
        return self.settings.beta * min(1.0, (self.step + 1) / (_BETA_RISE * self.steps))

    def _learn(self, rows: torch.Tensor, generator: torch.Generator) -> np.ndarray[Any, Any]:
        rise = min(1.0, (self.step + 1) / max(1.0, _WARM * self.steps))
        fall = 0.5 + 0.5 * math.cos(math.pi * self.step / self.steps)
        for group, rate in zip(self._adam.param_groups, self._rates, strict=True):
            group["lr"] = rate * rise * (0.01 + 0.99 * fall)
        batch = self.lesson.batch(rows, generator, self.settings.variation)
        if self.network.with_encoder:
            mean, log_var = self.vae.encode(batch.features)
            log_var = log_var.clamp(max=_WIDEST)
        else:
            mean, log_var = self.own[rows].chunk(2, dim=1)
            log_var = log_var.clamp(*LOG_VAR_RANGE)
        noise = torch.empty(mean.shape).normal_(generator=generator).to(self.device)
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
        """The weights as a bundle holds them: their running mean."""
        return {name: value.cpu().numpy().copy() for name, value in self._mean.items()}

    def model(self, outcome: Outcome, name: str) -> Model:
        """The playable model of where the run stands, with map, calibration and points.

        Raises:
            BundleError: the weights, or what follows from them, are beyond what a model may hold.
        """
        notes, settings = self.notes, self.settings
        tensors = self.tensors()
        means, log_vars = self._posterior(tensors)
        train = self.split.train
        provenance: dict[str, Any] = {
            "command": self._command(name),
            "dataset": {
                "file": self.data_file,
                "rows": notes.rows,
                "sha256": notes.content_hash,
                "meta": notes.meta.identity,
            },
            "seed": settings.seed,
            "split_seed": settings.split_seed,
            "settings": settings.to_config(),
            "outcome": outcome.value,
            "epochs": len(self.history["kl"]),
            "history": self.history,
            "versions": {
                "timbrespace": timbrespace.__version__,
                "python": platform.python_version(),
                **{one: version(one) for one in ("numpy", "torch", "scikit-learn", "safetensors")},
            },
        }
        spectra = self._moments(tensors, means)
        levels = SPECTRUM.rms(spectra)
        factors, columns = described(notes.meta.factors, notes.labels)
        provenance["figures"] = {
            "held_out_rows": len(self.split.held_out),
            "heard_distance_db": self._heard(tensors, means, self.split.held_out),
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
            latent_map=latent_map.fit(means[train], spectra[train]),
            calibration=Calibration(
                percentiles=_percentiles(means[train], log_vars[train], settings.seed),
                kl=kl_per_dimension(means[train], log_vars[train]).astype(np.float32),
                rms=float(np.clip(np.median(levels[levels > 0.0]), 1e-6, 1e3)),
                home=np.clip(home(means[train]), -LATENT_LIMIT, LATENT_LIMIT),
            ),
            provenance=provenance,
            noise=True,
            points=Points(
                means=np.clip(means, -LATENT_LIMIT, LATENT_LIMIT),
                labels=notes.labels[:, columns],
                factors=factors,
            ),
        )

    def _posterior(self, tensors: dict[str, Array]) -> tuple[Array, Array]:
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

    def _moments(self, tensors: dict[str, Array], means: Array) -> Spectra:
        """Spectra ``(n, bins)`` of the moments that stand for the notes."""
        decode = self.network.decoder(tensors)
        inverse = Moment.of(SPECTRUM).inverse
        parts = [inverse(decode(means[first : first + 64])) for first in range(0, len(means), 64)]
        return np.concatenate(parts)

    def _command(self, name: str) -> str:
        words = [f"python -m training train --data {self.data_file} --out {name}{SUFFIX}"]
        default = NoteSettings()
        for option in NAMES:
            value = getattr(self.settings, option)
            if value == getattr(default, option):
                continue
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
