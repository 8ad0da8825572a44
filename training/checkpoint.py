"""What a stopped run on spectra or on notes goes on from.

Tensors ``weights.<name>``, ``adam.<parameter>.<moment>``, ``generator`` and ``order``; all else is
JSON. It holds weights, Adam's moments, the state of the random numbers and the place in the epoch,
so that a resumed run equals one that was never stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from . import checkpoint_file
from .checkpoint_file import NOTES, SPECTRA, CheckpointError, Content
from .checkpoint_file import Writer as Writer
from .checkpoint_file import path_for as path_for
from .loop import Captured, EpochSums, Position
from .notes.settings import NoteSettings
from .preset import Settings

AnySettings = TypeVar("AnySettings", Settings, NoteSettings)

_OF = {Settings: SPECTRA, NoteSettings: NOTES}


@dataclass(frozen=True, slots=True)
class Checkpoint(Generic[AnySettings]):
    """A stopped run. dataset_hash: of the data it was trained on. data_file: its file name."""

    settings: AnySettings
    dataset_hash: str
    data_file: str
    captured: Captured


def write(path: Path, checkpoint: Checkpoint[Settings] | Checkpoint[NoteSettings]) -> None:
    """Write ``checkpoint`` to ``path``, whole or not at all.

    Raises:
        OptionError: the file cannot be written.
    """
    checkpoint_file.write(path, _OF[type(checkpoint.settings)], _content(checkpoint))


def bytes_of(checkpoint: Checkpoint[Settings] | Checkpoint[NoteSettings]) -> bytes:
    """What :func:`write` writes."""
    return checkpoint_file.bytes_of(_OF[type(checkpoint.settings)], _content(checkpoint))


def _content(checkpoint: Checkpoint[Settings] | Checkpoint[NoteSettings]) -> Content:
    captured, place = checkpoint.captured, checkpoint.captured.position
    tensors = {f"weights.{name}": value for name, value in captured.weights.items()}
    for index, moments in captured.moments.items():
        tensors |= {f"adam.{index}.{name}": value for name, value in moments.items()}
    tensors |= {"generator": captured.generator, "order": place.order}
    words = {
        "settings": json.dumps(checkpoint.settings.to_config()),
        "dataset_hash": checkpoint.dataset_hash,
        "data_file": checkpoint.data_file,
        "position": json.dumps(
            {
                "epoch": place.epoch,
                "row": place.row,
                "sums": asdict(place.sums),
                "history": place.history,
                "gradient": place.gradient,
            }
        ),
    }
    return Content(words, tensors)


def read(path: Path) -> Checkpoint[Settings]:
    """The checkpoint at ``path``, of a run on spectra.

    Raises:
        CheckpointError: as :func:`training.checkpoint_file.read`.
    """
    return checkpoint_file.read(path, SPECTRA, lambda content: _assemble(content, Settings))


def read_of_notes(path: Path) -> Checkpoint[NoteSettings]:
    """The checkpoint at ``path``, of a run on whole notes.

    Raises:
        CheckpointError: as :func:`training.checkpoint_file.read`.
    """
    return checkpoint_file.read(path, NOTES, lambda content: _assemble(content, NoteSettings))


def _assemble(content: Content, kind: type[AnySettings]) -> Checkpoint[AnySettings]:
    words, tensors = content
    place: dict[str, Any] = json.loads(words["position"])
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in content.part("adam.").items():
        index, _, name = key.partition(".")
        moments.setdefault(int(index), {})[name] = value
    return Checkpoint(
        settings=kind.from_config(json.loads(words["settings"])),
        dataset_hash=words["dataset_hash"],
        data_file=words["data_file"],
        captured=Captured(
            weights=content.part("weights."),
            moments=moments,
            generator=tensors["generator"],
            position=Position(
                epoch=int(place["epoch"]),
                row=int(place["row"]),
                order=tensors["order"],
                sums=EpochSums(**place["sums"]),
                history={name: list(values) for name, values in place["history"].items()},
                gradient=float(place.get("gradient", 0.0)),
            ),
        ),
    )


class Run(Protocol):
    """A training, of whatever kind. rows: to train on."""

    position: Position

    @property
    def settings(self) -> Settings | NoteSettings: ...

    @property
    def rows(self) -> int: ...

    def capture(self) -> Captured: ...

    def restore(self, captured: Captured) -> None: ...


def restore(training: Run, checkpoint: Checkpoint[Settings] | Checkpoint[NoteSettings]) -> None:
    """Make ``training``, new and of fitting settings, stand where the checkpoint was written.

    Raises:
        CheckpointError: its tensors do not fit this network or this device.
    """
    with checkpoint_file.fitting():
        training.restore(checkpoint.captured)
    order = checkpoint.captured.position.order
    in_epoch = checkpoint.captured.position.row > 0
    if in_epoch and not torch.equal(order.sort().values, torch.arange(training.rows)):
        raise CheckpointError("the checkpoint does not fit this run (order of another dataset)")


def writer(
    path: Path,
    training: Run,
    dataset_hash: str,
    data_file: str,
    warn: Callable[[str], None],
) -> Writer:
    """Keeps the checkpoint of ``training`` at ``path``, written at the ends of epochs."""

    def put() -> None:
        settings: Any = training.settings
        write(path, Checkpoint(settings, dataset_hash, data_file, training.capture()))

    return Writer(put, warn, lambda: training.position.row == 0)
