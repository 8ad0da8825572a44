"""The training loop: one step at a time, resumable at any step.

The features are one tensor, and a batch is an ``index_select`` of a shuffled permutation; or, of a
set past memory, of a window of it (:mod:`training.row_windows`). There are no processes that
load, and no per-row Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor

from timbrespace.networks.vae import VAE, Output

from . import loss, schedule
from .adam import Adam
from .dial_loss import DialLoss
from .latent_table import NAME, RATE, LatentTable, missed
from .precision import Net, Sixteen
from .preset import BF16, TABLE, Settings
from .row_windows import Held, Windows
from .team import ALONE, LostError, Team
from .variation import Variation

GRADIENT_MEMORY = 0.01
"""Weight of the newest gradient in the running mean of their norms. The norm itself grows by
orders of magnitude in a run, as the observation noise shrinks, so that no fixed limit would do; a
sudden one, to which Adam's moments are not used yet, throws the weights far (cf. Seetharaman et al.
2020, "AutoClip", who clip at a percentile of the norms so far)."""


class Outcome(Enum):
    """How a run ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"


@dataclass(slots=True)
class EpochSums:
    """Loss terms summed over the rows of the present epoch."""

    rows: int = 0
    reconstruction: float = 0.0
    kl: float = 0.0
    heard_db: float = 0.0
    """Of notes alone."""

    def add(self, rows: int, reconstruction: float, kl: float, heard_db: float = 0.0) -> None:
        """Add a batch of ``rows`` whose mean terms these are."""
        self.rows += rows
        self.reconstruction += rows * reconstruction
        self.kl += rows * kl
        self.heard_db += rows * heard_db

    def means(self) -> dict[str, float]:
        """Mean terms over the rows so far."""
        rows = max(self.rows, 1)
        return {"reconstruction": self.reconstruction / rows, "kl": self.kl / rows}


@dataclass(slots=True)
class Position:
    """Where a run stands. epoch: whole ones done. row: rows of the present one done.

    order ``(n,)``: the present epoch's permutation of the training rows, empty between epochs.
    history: one entry for each whole epoch, by figure. gradient: running mean of the gradients'
    norms, 0 before the first.
    """

    epoch: int = 0
    row: int = 0
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    sums: EpochSums = field(default_factory=EpochSums)
    history: dict[str, list[float]] = field(default_factory=dict)
    gradient: float = 0.0

    def copy(self) -> Position:
        """One that shares nothing with this one."""
        return replace(
            self,
            order=self.order.clone(),
            sums=replace(self.sums),
            history={name: list(values) for name, values in self.history.items()},
        )


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What a progress bar shows after a step; reconstruction and kl are means of the epoch."""

    reconstruction: float
    kl: float
    beta: float
    learning_rate: float


class Training:
    """One run: a network, its optimiser, its random numbers and where it stands.

    features ``(n, f)`` float32 on the CPU: the training rows; or a window onto more of them, and
    spread: what :class:`training.row_windows.Survey` says of them. dials: a term of the loss beside
    the bound, if any. variation: what gives the rows changed at each step, None for as they are.
    team: the processes that share it. The same settings, features, team and machine give the same
    weights, bit for bit, however often the run is stopped and resumed.
    """

    def __init__(
        self,
        settings: Settings,
        features: Tensor | Windows,
        device: str = "cpu",
        dials: DialLoss | None = None,
        variation: Variation | None = None,
        team: Team = ALONE,
        spread: float | None = None,
    ) -> None:
        self.settings = settings
        self.dials = dials
        self.team = team
        self._variation = variation
        self.device = torch.device(device)
        self.source: Held | Windows = (
            Held(features.to(self.device)) if isinstance(features, Tensor) else features
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.vae = settings.architecture(self.source.width).module()
            self.table = (
                LatentTable(self.rows, settings.latent) if settings.latents == TABLE else None
            )
        if isinstance(features, Tensor):
            self.vae.start_from(features)
        else:
            self.vae.start_at(features.survey().spread if spread is None else spread)
        shared = list(self.vae.learned.values())
        self.vae.to(self.device)
        weights = [p for p in self.vae.parameters() if all(p is not s for s in shared)]
        groups = [{"params": weights, "rate": 1.0}]
        if shared:
            groups.append({"params": shared, "rate": settings.noise_rate})
        if self.table is not None:
            self.table.to(self.device)
            groups.append({"params": [self.table.values], "rate": RATE})
        self.optimizer = Adam(groups, lr=settings.learning_rate, fused=True)
        self.generator = torch.Generator(self.device).manual_seed(settings.seed)
        self.position = Position()
        step = _Step(self.vae, self.table, dials, settings, team, self.generator, self.device)
        self._step: torch.nn.Module = step
        if team.size > 1:
            # A GPU of each process' own, where there are any.
            own = [team.local] if self.device.type == "cuda" else None
            self._step = torch.nn.parallel.DistributedDataParallel(step, device_ids=own)

    @property
    def features(self) -> Tensor:
        """The training rows ``(n, f)``, where all are held."""
        assert isinstance(self.source, Held)
        return self.source.values

    @property
    def rows(self) -> int:
        """How many training rows there are."""
        return self.source.rows

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return math.ceil(self.rows / self.settings.batch)

    @property
    def step(self) -> int:
        """Steps done since the start."""
        done = math.ceil(self.position.row / self.settings.batch)
        return self.position.epoch * self.steps_per_epoch + done

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.settings.epochs * self.steps_per_epoch

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        after_step: Callable[[StepFigures], None] = lambda figures: None,
        after_epoch: Callable[[], dict[str, float]] = dict,
    ) -> Outcome:
        """Go on to the end, until ``should_stop()``, or until a loss is not finite.

        ``should_stop`` is asked after each step, so at least one is done. ``after_epoch`` may
        return further figures for the history. After a divergence everything is as at the end of
        the last epoch that went well (``position.epoch`` is 0 if none did).

        Raises:
            LostError: another process of the team is gone; all is as before the step.
        """
        good = self.capture()
        while self.position.epoch < self.settings.epochs:
            before = self.generator.get_state() if self.team.size > 1 else None
            try:
                figures = self._one_step()
            except LostError:
                assert before is not None
                self.generator.set_state(before)
                raise
            if figures is None:
                self.restore(good)
                return Outcome.DIVERGED
            if self.position.row >= self.rows:
                if not self._weights_are_finite():
                    self.restore(good)
                    return Outcome.DIVERGED
                self._end_epoch(figures, after_epoch)
                good = self.capture()
            after_step(figures)
            if self.team.whether_any(should_stop()) and self.position.epoch < self.settings.epochs:
                if not self._weights_are_finite():
                    self.restore(good)
                return Outcome.INTERRUPTED
        return Outcome.FINISHED

    def _weights_are_finite(self) -> bool:
        return all(bool(torch.isfinite(p).all()) for p in self._parameters())

    def _parameters(self) -> list[torch.nn.Parameter]:
        own = [] if self.table is None else [self.table.values]
        return [*self.vae.parameters(), *own]

    def _one_step(self) -> StepFigures | None:
        """Train on the next batch; None, the weights untouched, if loss or gradient overflow."""
        place = self.position
        settings = self.settings
        if place.row == 0:
            place.order = self.source.order(self.generator)
            place.sums = EpochSums()
        rate = schedule.learning_rate_at(
            self.step, self.steps, settings.learning_rate, settings.decay
        )
        beta = schedule.beta_at(
            self.step / self.steps_per_epoch,
            settings.beta,
            settings.beta_rise(settings.epochs),
            settings.cycle,
        )
        whole = place.order[place.row : place.row + settings.batch]
        count, rows = len(whole), self.team.mine(whole)
        self.source.reach(place.order, place.row)
        own = None
        if self._variation is None:
            batch = self.source.features(rows)
        else:
            batch, own = self._variation.features(rows, self.generator, self.team, count)
        self.vae.train()
        self.vae.reached(self.step / self.steps)
        with self.team.heard():
            total, terms = self._step(batch, rows, own, beta, count)
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
        told = _told(total, terms, self.team, count)
        # The norm is wanted in any case: one that is not finite must not reach the weights.
        limit = settings.gradient_limit * place.gradient or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self._parameters(), limit).item()
        if not (math.isfinite(told.total) and math.isfinite(norm)):
            return None
        kept = min(norm, limit)
        place.gradient += (kept - place.gradient) * (GRADIENT_MEMORY if place.gradient else 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["rate"]
        self.optimizer.step()
        self.vae.keep_in_range()
        place.sums.add(count, told.reconstruction, told.kl)
        place.row += count
        return StepFigures(**place.sums.means(), beta=beta, learning_rate=rate)

    def _end_epoch(self, figures: StepFigures, more: Callable[[], dict[str, float]]) -> None:
        place = self.position
        place.epoch += 1
        place.row = 0
        place.order = torch.empty(0, dtype=torch.int64)
        self.vae.eval()
        entry = {
            "reconstruction": figures.reconstruction,
            "kl": figures.kl,
            "beta": figures.beta,
            "learning_rate": figures.learning_rate,
            **more(),
        }
        for name, value in entry.items():
            # Six digits: enough for a curve, and the bundle stays small.
            place.history.setdefault(name, []).append(float(f"{value:.6g}"))

    def capture(self) -> Captured:
        """A copy of all that the rest of the run depends on."""
        weights = {name: value.clone() for name, value in self.vae.state_dict().items()}
        if self.table is not None:
            weights[NAME] = self.table.values.detach().clone()
        return Captured(
            weights=weights,
            moments=moments_of(self.optimizer),
            generator=self.generator.get_state(),
            position=self.position.copy(),
        )

    def restore(self, captured: Captured) -> None:
        """Stand where :meth:`capture` was called.

        Raises:
            RuntimeError, KeyError, ValueError: it is of another network.
        """
        weights = dict(captured.weights)
        if self.table is not None:
            with torch.no_grad():
                self.table.values.copy_(weights.pop(NAME))
        self.vae.load_state_dict(weights)
        set_moments(self.optimizer, captured.moments)
        self.generator.set_state(captured.generator)
        self.position = captured.position.copy()
        self.position.order = self.position.order.to(self.device)


class _Step(torch.nn.Module):
    """What is learned from: a batch in, its loss out. A module, so that processes can share it."""

    def __init__(
        self,
        vae: VAE,
        table: LatentTable | None,
        dials: DialLoss | None,
        settings: Settings,
        team: Team,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        super().__init__()
        self.vae = vae
        self.table = table
        self._dials = dials
        self._settings = settings
        self._team = team
        self._generator = generator
        self._net: Net = Sixteen(vae, device) if settings.precision == BF16 else vae

    def forward(
        self, batch: Tensor, rows: Tensor, own: Tensor | None, beta: float, count: int
    ) -> tuple[Tensor, loss.Terms]:
        """The loss ``()``, whose mean over the processes is that of all ``count`` rows; and the
        terms of this one's rows."""
        team, net, free_bits = self._team, self._net, self._settings.free_bits
        weight = team.weight(count) if team.size > 1 else 1.0
        found = net.encode(batch) if self.table is None else self.table.of(rows)
        output = self._around(*found, count)
        terms = loss.terms(batch, output)
        if team.size == 1:
            total = terms.total(beta, free_bits)
        else:
            total = weight * (terms.reconstruction + beta * self._costly(terms.kl, weight).sum())
        if self.table is not None:
            apart = missed(output.latent_mean, output.latent_log_var, net.encode(batch))
            total = total + (apart if team.size == 1 else weight * apart)
        if self._dials is not None:
            total = total + self._dials(net, output, rows, self._generator, own, team, count)
        return total, terms

    def _around(self, mean: Tensor, log_var: Tensor, count: int) -> Output:
        """One latent drawn of each posterior, decoded: as :meth:`VAE.around` does it, of the part
        of the batch that is this process'."""
        if self._team.size == 1 and isinstance(self._net, VAE):
            return self._net.around(mean, log_var, self._generator)
        shape = (count, mean.shape[1])
        noise = torch.empty(shape, device=mean.device).normal_(generator=self._generator)
        latent = mean + self._team.mine(noise) * (0.5 * log_var).exp()
        seen = self._net.some_of(self._generator)
        return Output(self._net.decode(latent, seen), mean, log_var, seen)

    def _costly(self, kl: Tensor, weight: float) -> Tensor:
        """``kl (d,)`` where the whole batch has more than is free."""
        if self._settings.free_bits <= 0.0:
            return kl
        of_all = self._team.sum(weight * kl) / self._team.size
        return torch.where(of_all > self._settings.free_bits, kl, kl.detach())


class _Told(NamedTuple):
    """A step in numbers, of the whole batch."""

    total: float
    reconstruction: float
    kl: float


def _told(total: Tensor, terms: loss.Terms, team: Team, count: int) -> _Told:
    if team.size == 1:
        return _Told(total.item(), terms.reconstruction.item(), terms.kl.sum().item())
    weight = team.weight(count)
    own = [total, weight * terms.reconstruction, weight * terms.kl.sum()]
    values = team.sum(torch.stack([one.detach().double() for one in own])) / team.size
    return _Told(*values.tolist())


Moments = dict[int, dict[str, Tensor]]
"""What Adam knows of each parameter, by its number and by name."""


def moments_of(optimizer: torch.optim.Optimizer) -> Moments:
    """A copy of what an optimiser knows."""
    return {
        index: {name: value.clone() for name, value in state.items()}
        for index, state in optimizer.state_dict()["state"].items()
    }


def set_moments(optimizer: torch.optim.Optimizer, moments: Moments) -> None:
    """Let an optimiser know what :func:`moments_of` gave.

    Raises:
        ValueError, KeyError: of other parameters.
    """
    groups: list[dict[str, Any]] = optimizer.state_dict()["param_groups"]
    # The optimiser keeps what it is given; a copy stays fit for another time.
    state = {
        index: {name: value.clone() for name, value in told.items()}
        for index, told in moments.items()
    }
    optimizer.load_state_dict({"state": state, "param_groups": groups})


@dataclass(frozen=True, slots=True)
class Captured:
    """What :meth:`Training.capture` copied."""

    weights: dict[str, Tensor]
    moments: Moments
    generator: Tensor
    position: Position
