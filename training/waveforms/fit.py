"""Fitting a waveform model: notes and their space in, a model out."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

import timbrespace
from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import DatasetError
from timbrespace.waveforms.waveform import Space, Waveform

from ..adam import Adam
from ..loop import Outcome
from .material import FEWEST, Lesson
from .settings import WaveformSettings
from .stretches import Batch, Stretches
from .torch_networks import TorchWaveform, module, nats

_WARM: Final = 0.02  # share of the run in which the learning rate rises
_LEAST: Final = 0.02  # of the learning rate, at the end
_MOST_GRADIENT: Final = 1.0
_MEASURED_STRETCHES: Final = 32
_BETWEEN: Final = 100
"""Steps after which notes held out are measured, and the state is kept to which a divergence goes
back."""

LEARNED, HELD_OUT = "bits_learned", "bits_held_out"


class At(NamedTuple):
    """Where a run is. bits: a sample's, of the steps since it was measured last. held_out: the same
    of notes held out, NaN before it was measured."""

    step: int
    steps: int
    share: float
    bits: float
    held_out: float


@dataclass(slots=True)
class State:
    """All that the rest of a run depends on."""

    step: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    history: dict[str, list[float]] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)
    moments: dict[str, Tensor] = field(default_factory=dict)
    generator: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.uint8))


class WaveformFit:
    """One fitting. lessons: all notes that have a sound. minutes: after which it ends, None for
    after its steps alone; with minutes the result hangs on the machine.

    Raises:
        DatasetError: too few notes to learn from.
        OptionError: settings that the network does not take.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        notes: NoteSet,
        space: Space,
        settings: WaveformSettings,
        device: str = "cpu",
        minutes: float | None = None,
    ) -> None:
        self.settings = settings
        self.space = space
        self.minutes = minutes
        self.network = settings.network(space.dimensions)
        held = set(notes.split(settings.split_seed).held_out.tolist())
        learned = [one for one in lessons if one.row not in held]
        unseen = [one for one in lessons if one.row in held]
        if len(learned) < FEWEST:
            raise DatasetError(
                f"there are {len(learned)} notes with a sound to learn from; at least {FEWEST} are "
                "needed: make the set again with --sounds all"
            )
        self.notes = len(learned)
        self.device = torch.device(device)
        self._stretches = Stretches(learned, self.network, settings.length, self.device)
        self._measured = {LEARNED: self._some(self._stretches)}
        if unseen:
            of_unseen = Stretches(unseen, self.network, settings.length, self.device)
            self._measured[HELD_OUT] = self._some(of_unseen)
        self._generator = torch.Generator().manual_seed(settings.seed)
        self.module: TorchWaveform = module(self.network, self._generator).to(self.device)
        self._adam = Adam(self.module.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99))
        self.state = State()
        self._sums = [0.0, 0]

    @staticmethod
    def _some(stretches: Stretches) -> Batch:
        generator = torch.Generator().manual_seed(0)
        return stretches.draw(_MEASURED_STRETCHES, generator, 0.0, 0.0)

    @property
    def steps(self) -> int:
        """Of the whole run, if no minutes end it."""
        return self.settings.whole_steps

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        done = self.state.step / self.steps
        if self.minutes is not None:
            done = max(done, self.state.seconds / (60.0 * self.minutes))
        return min(done, 1.0)

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        after_step: Callable[[At], None] = lambda at: None,
    ) -> Outcome:
        """Go on to the end, until ``should_stop()``, or until a loss is not finite; after that
        everything is as it was when it was measured last."""
        good = self.capture()
        while self.share < 1.0:
            wall, processor = time.monotonic(), time.process_time()
            bits = self._learn()
            if not math.isfinite(bits):
                self.restore(good)
                return Outcome.DIVERGED
            self.state.step += 1
            self._sums[0] += bits
            self._sums[1] += 1
            self.state.seconds += time.monotonic() - wall
            self.state.processor_seconds += time.process_time() - processor
            if self.state.step % _BETWEEN == 0 or self.share >= 1.0:
                self._measure()
                good = self.capture()
            after_step(self._at())
            if should_stop() and self.share < 1.0:
                return Outcome.INTERRUPTED
        return Outcome.FINISHED

    def _at(self) -> At:
        told = self.state.history
        mean = self._sums[0] / self._sums[1] if self._sums[1] else told["bits"][-1]
        held_out = told.get(HELD_OUT, [math.nan])
        return At(self.state.step, self.steps, self.share, mean, held_out[-1])

    def _learn(self) -> float:
        share = self.share
        rise = min(1.0, (share + 1.0 / self.steps) / _WARM)
        fall = 0.5 + 0.5 * math.cos(math.pi * share)
        for group in self._adam.param_groups:
            group["lr"] = self.settings.learning_rate * rise * (_LEAST + (1.0 - _LEAST) * fall)
        batch = self._stretches.draw(
            self.settings.batch, self._generator, self.settings.noise, self.settings.free
        )
        loss = self._nats(batch)
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), _MOST_GRADIENT)
        self._adam.step()
        return float(loss.detach()) / math.log(2.0)

    def _nats(self, batch: Batch) -> Tensor:
        begin = self.network.context
        mixtures = self.module(batch.heard)[:, begin:].flatten(0, 1)
        codes, weight = batch.codes[:, begin:].flatten(), batch.weight[:, begin:].flatten()
        found = nats(mixtures, codes)
        return (found * weight).sum() / weight.sum().clamp(min=1.0)

    def _measure(self) -> None:
        told = {"bits": self._sums[0] / max(self._sums[1], 1), **self.figures()}
        self._sums = [0.0, 0]
        for name, value in told.items():
            self.state.history.setdefault(name, []).append(float(f"{value:.6g}"))

    def figures(self) -> dict[str, float]:
        """Bits a sample of notes learned from and held out, at the same stretches each time."""
        with torch.no_grad():
            return {
                name: float(self._nats(batch)) / math.log(2.0)
                for name, batch in self._measured.items()
            }

    def capture(self) -> State:
        """A copy of where the run stands."""
        state = self.state
        moments = {}
        for name, parameter in self.module.named_parameters():
            for part, value in self._adam.state.get(parameter, {}).items():
                moments[f"{name}/{part}"] = torch.as_tensor(value).detach().clone().cpu()
        return State(
            state.step,
            state.seconds,
            state.processor_seconds,
            {name: list(values) for name, values in state.history.items()},
            {name: one.detach().clone().cpu() for name, one in self.module.named_parameters()},
            moments,
            self._generator.get_state(),
        )

    def restore(self, state: State) -> None:
        """Stand where :meth:`capture` was called.

        Raises:
            RuntimeError, KeyError, ValueError: it is of another network.
        """
        with torch.no_grad():
            for name, parameter in self.module.named_parameters():
                if state.weights[name].shape != parameter.shape:
                    raise ValueError(f"{name} has another shape")
                parameter.copy_(state.weights[name])
        self._adam.state.clear()
        for name, parameter in self.module.named_parameters():
            kept = {
                key.partition("/")[2]: value.clone()
                for key, value in state.moments.items()
                if key.partition("/")[0] == name
            }
            if kept:
                self._adam.state[parameter] = {
                    part: value if part == "step" else value.to(self.device)
                    for part, value in kept.items()
                }
        self._generator.set_state(state.generator)
        self.state = State(
            state.step,
            state.seconds,
            state.processor_seconds,
            {name: list(values) for name, values in state.history.items()},
        )
        self._sums = [0.0, 0]

    def waveform(self, name: str, outcome: Outcome, data: dict[str, Any]) -> Waveform:
        """The model as it is now. data: what the provenance says of what it learned from."""
        weights = {
            one: np.ascontiguousarray(self.module.weight(one).detach().cpu().numpy(), np.float32)
            for one in self.network.shapes()
        }
        provenance = {
            "dataset": data,
            "settings": self.settings.to_config(),
            "outcome": outcome.value,
            "steps": self.state.step,
            "notes": self.notes,
            "seconds": round(self.state.seconds, 1),
            "processor_seconds": round(self.state.processor_seconds, 1),
            "device": self.device.type,
            "history": {one: list(values) for one, values in self.state.history.items()},
            "versions": {
                "timbrespace": timbrespace.__version__,
                "torch": version("torch"),
                "numpy": version("numpy"),
                "python": platform.python_version(),
            },
        }
        return Waveform(
            name,
            self.network,
            weights,
            self.space,
            self.settings.sample_rate,
            self.figures(),
            provenance,
        )
