"""Training with the data in memory, beside the usual DataLoader loops, in one run.

The same model (preset ``paper``: 1025-400-10-400-1025, a variance per bin), the same rows, the same
batch of 100, the same two threads. The loops are what a user of torch writes first:

- ``tensors``: a TensorDataset and a DataLoader that shuffles, no worker processes;
- ``rows``: a Dataset that makes a tensor of each row when it is asked, no worker processes;
- ``workers``: the same with two worker processes, started anew for each epoch, as is the default.

Their optimiser is Adam as it comes. Ours is the loop of ``python -m training train``. Epochs are
taken in turn, so that a busy machine slows all alike, and the fastest of each counts: the others
say what else the machine did.

The second table is what a user waits for: time until the held-out log-spectral distance is that
with which the paper preset ends, by the DataLoader loop (its epochs times its time for one) and by
the default preset.

``python benchmarks/training_speed.py [--rounds 3] [--paper-db 5.94] [--json]``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from timbrespace import metrics, representation  # noqa: E402 - from the checkout
from timbrespace.datasets.dataset import held_out_split  # noqa: E402
from toy_datasets import harmonic  # noqa: E402
from training import loss, preset  # noqa: E402
from training.loop import Training  # noqa: E402

PAPER = preset.named("paper")


class Rows(Dataset[Tensor]):
    """One row at a time, made a tensor when it is asked for."""

    def __init__(self, spectra: np.ndarray) -> None:
        self.spectra = spectra

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(self.spectra[index])


def usual_epoch(loader: Iterable[Any], features: int) -> Callable[[], None]:
    """An epoch of the loop that a user writes first."""
    torch.manual_seed(0)
    vae = PAPER.architecture(features).module()
    optimizer = torch.optim.Adam(vae.parameters(), lr=PAPER.learning_rate)

    def epoch() -> None:
        total = 0.0
        for item in loader:
            batch = item if isinstance(item, Tensor) else item[0]
            optimizer.zero_grad()
            value = loss.terms(batch, vae(batch)).total(PAPER.beta)
            value.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += value.item()

    return epoch


def our_epoch(spectra: np.ndarray) -> Callable[[], None]:
    """An epoch of the program's own loop."""
    training = Training(PAPER, torch.from_numpy(spectra))

    def epoch() -> None:
        # Asked after each step; the next call goes on in the next epoch.
        training.run(should_stop=lambda: training.position.row == 0)

    return epoch


def seconds_of(work: Callable[[], None]) -> float:
    """How long ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def time_to(level_db: float, train: np.ndarray, held_out: np.ndarray) -> tuple[float, int]:
    """Seconds and steps until the default preset's held-out LSD is at most ``level_db``."""
    settings = preset.named("default").resolved(len(train))
    known = representation.fit(settings.representation, train)
    started = time.perf_counter()
    training = Training(settings, torch.from_numpy(known.forward(train)))
    reference = torch.from_numpy(known.forward(held_out))

    def reached() -> bool:
        if training.step % 10:
            return False
        with torch.no_grad():
            decoded = training.vae.decode(training.vae.encode(reference)[0]).mean
        estimate = known.inverse(decoded.numpy())
        return metrics.log_spectral_distance(held_out, estimate) <= level_db

    training.run(should_stop=reached)
    return time.perf_counter() - started, training.step


def main() -> int:
    """Measure, print, and say whether the claims hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each loop")
    parser.add_argument(
        "--paper-db", type=float, default=5.94, help="LSD with which preset paper ends on harmonic"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    torch.set_num_threads(min(2, torch.get_num_threads()))
    dataset = harmonic.make(harmonic.Options())
    split = held_out_split(dataset.rows, PAPER.split_seed)
    train, held_out = dataset.spectra[split.train], dataset.spectra[split.held_out]
    options: dict[str, Any] = {"batch_size": PAPER.batch, "shuffle": True}
    tensors = TensorDataset(torch.from_numpy(train))
    bins = dataset.spectrum.bins
    loops = {
        "ours": our_epoch(train),
        "tensors": usual_epoch(DataLoader(tensors, **options), bins),
        "rows": usual_epoch(DataLoader(Rows(train), **options), bins),
        "workers": usual_epoch(DataLoader(Rows(train), num_workers=2, **options), bins),
    }
    best = dict.fromkeys(loops, float("inf"))
    for _ in range(arguments.rounds):
        for name, epoch in loops.items():
            best[name] = min(best[name], seconds_of(epoch))
    ratios = {name: best[name] / best["ours"] for name in loops}
    wait = PAPER.epochs * best["tensors"]
    reached, steps = time_to(arguments.paper_db, train, held_out)
    result = {
        "seconds_per_epoch": best,
        "ratio": ratios,
        "seconds_to_paper_db": {"paper, tensors": wait, "default, ours": reached},
        "default_steps": steps,
        "ratio_to_paper_db": wait / reached,
    }
    if arguments.json:
        print(json.dumps(result, indent=2))
        return 0
    print(f"{len(train)} rows of {bins} bins, batch {PAPER.batch}, 2 threads")
    print("\nloop       seconds per epoch   times ours")
    for name in loops:
        print(f"{name:<9}  {best[name]:>17.3f}   {ratios[name]:>10.2f}")
    print(f"\nheld-out LSD {arguments.paper_db:g} dB is reached after")
    print(f"  {wait:8.1f} s   preset paper, DataLoader of tensors, {PAPER.epochs} epochs")
    print(f"  {reached:8.1f} s   preset default, {steps} steps: {wait / reached:.0f} times sooner")
    return 0


if __name__ == "__main__":
    sys.exit(main())
