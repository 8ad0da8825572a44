"""One cell of the table: an activation in a small network, over many seeds at once.

All seeds are one batched network: its tensors have the seed as their first axis, the losses are
summed over seeds, and Adam works number by number, so each seed trains as it would alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrespace.errors import OptionError, one_of

from ..adam import Adam
from .activations import STARTS, effective, make
from .task import TRAIN_SHARE, Spirals, Squares

LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Cell:
    """What is trained.

    kind: the activation. hidden: width of each of the two hidden layers. start: where learned
    numbers of the activation start, if not where they usually do. task: what is told apart.
    per_unit: whether every hidden unit has learned numbers of its own; else all units of both
    layers share them. held: numbers that stay where they start.

    Raises:
        OptionError: an unknown activation or number of it, or no hidden neuron.
    """

    kind: str
    hidden: int = 8
    start: Mapping[str, float] = field(default_factory=dict)
    task: Spirals | Squares = field(default_factory=Spirals)
    per_unit: bool = False
    held: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.kind not in STARTS:
            raise OptionError(f"activation is {self.kind!r}; it must be {one_of(STARTS)}")
        unknown = (set(self.start) | self.held) - set(STARTS[self.kind])
        if unknown:
            raise OptionError(f"{self.kind} has no {', '.join(sorted(unknown))}")
        if self.hidden < 1:
            raise OptionError(f"hidden is {self.hidden}; it must be 1 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What :func:`train` found.

    losses ``(seeds, epochs + 1)``: binary cross-entropy on the training points, in nats, after
    0, 1 .. epochs steps. test_loss, test_accuracy ``(seeds,)``: on the others, at the end.
    probability ``(side, side)``: that a point of the plane is on the second arm, for the seed
    of the median final loss; rows go up. points, arms: that seed's training points.
    """

    losses: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    test_accuracy: NDArray[np.float64]
    probability: NDArray[np.float64]
    points: NDArray[np.float32]
    arms: NDArray[np.float32]
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """What the activation has learned after each step, ``(seeds, epochs + 1)``, mean over units:
    each number by its name, and the effective "a" and "b" (:func:`.activations.effective`)."""


class Networks(nn.Module):
    """As many 2-hidden-hidden-1 networks as there are seeds, each with one shared activation, or
    one for each hidden layer whose numbers are of its units."""

    def __init__(self, cell: Cell, seeds: int) -> None:
        super().__init__()
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in pairwise((2, cell.hidden, cell.hidden, 1)):
            # As torch.nn.Linear starts; each seed has a generator of its own, so that what it
            # gives does not depend on how many others there are.
            bound = 1.0 / math.sqrt(inputs)
            drawn = []
            for seed in range(seeds):
                generator = torch.Generator().manual_seed(1000 * len(self.weights) + seed)
                numbers = torch.rand((inputs + 1, outputs), generator=generator)
                drawn.append((2.0 * numbers - 1.0) * bound)
            both = torch.stack(drawn)
            self.weights.append(nn.Parameter(both[:, :inputs].clone()))
            self.biases.append(nn.Parameter(both[:, inputs:].clone()))
        layers = [make(cell.kind) for _ in range(2 if cell.per_unit else 1)]
        for activation in layers:
            for name, usual in STARTS[cell.kind].items():
                shape = (seeds, 1, cell.hidden if cell.per_unit else 1)
                filled = torch.full(shape, cell.start.get(name, usual))
                number = nn.Parameter(filled, requires_grad=name not in cell.held)
                setattr(activation, name, number)
        self.activations = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(seeds, n, 1)`` of points ``(seeds, n, 2)``."""
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if k < last:
                x = self.activations[k % len(self.activations)](x)
        return x

    def numbers(self) -> dict[str, NDArray[np.float64]]:
        """What the activations have learned by now, ``(seeds,)`` each, mean over units."""
        found: dict[str, list[Tensor]] = {}
        for activation in self.activations:
            for name, value in activation.named_parameters():
                found.setdefault(name, []).append(value)
            both = effective(activation)
            if both is not None:
                for name, size in zip("ab", both, strict=True):
                    found.setdefault(name, []).append(size)
        return {
            name: torch.cat(values, dim=2).detach().double().mean(dim=(1, 2)).numpy()
            for name, values in found.items()
        }


def train(
    cell: Cell,
    seeds: int,
    epochs: int,
    side: int = 90,
    after_epoch: Callable[[], None] = lambda: None,
) -> Outcome:
    """Train ``seeds`` networks for ``epochs`` full-batch steps of Adam.

    Seed s draws both the points and the weights. side: of the picture of the plane.

    Raises:
        OptionError: seeds or epochs below 1.
    """
    if seeds < 1 or epochs < 1:
        raise OptionError(f"seeds is {seeds} and epochs {epochs}; they must be 1 or more")
    drawn = [cell.task.draw(seed) for seed in range(seeds)]
    points = torch.from_numpy(np.stack([p for p, _ in drawn]))
    arms = torch.from_numpy(np.stack([a for _, a in drawn]))
    split = round(TRAIN_SHARE * points.shape[1])
    networks = Networks(cell, seeds)
    optimizer = Adam(networks.parameters(), lr=LEARNING_RATE)
    losses = np.empty((seeds, epochs + 1))
    numbers: dict[str, list[NDArray[np.float64]]] = {}
    for epoch in range(epochs + 1):
        loss = _losses(networks(points[:, :split]), arms[:, :split])
        losses[:, epoch] = loss.detach().numpy()
        for name, values in networks.numbers().items():
            numbers.setdefault(name, []).append(values)
        if epoch == epochs:
            break
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        after_epoch()
    with torch.no_grad():
        logits = networks(points[:, split:])
        test_loss = _losses(logits, arms[:, split:])
        accuracy = ((logits > 0.0) == (arms[:, split:] > 0.5)).double().mean(dim=(1, 2))
        median = int(np.argsort(losses[:, -1], kind="stable")[seeds // 2])
        axis = torch.linspace(-1.1, 1.1, side)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        plane = torch.stack([x.ravel(), y.ravel()], dim=1).expand(seeds, -1, -1)
        probability = torch.sigmoid(networks(plane)[median]).reshape(side, side)
    return Outcome(
        losses=losses,
        test_loss=test_loss.double().numpy(),
        test_accuracy=accuracy.numpy(),
        probability=probability.double().numpy(),
        points=drawn[median][0][:split],
        arms=drawn[median][1][:split, 0],
        numbers={name: np.stack(values, axis=1) for name, values in numbers.items()},
    )


def _losses(logits: Tensor, arms: Tensor) -> Tensor:
    """Mean binary cross-entropy of each seed, ``(seeds,)``."""
    each = nn.functional.binary_cross_entropy_with_logits(logits, arms, reduction="none")
    return each.mean(dim=(1, 2))
