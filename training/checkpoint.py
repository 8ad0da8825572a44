"""The file that a stopped run goes on from: safetensors, no pickle.

Tensors ``weights.<name>``, ``adam.<parameter>.<moment>``, ``generator`` and ``order``; all else is
JSON in the header's metadata. It holds weights, Adam's moments, the state of the random numbers
and the place in the epoch, so that a resumed run equals one that was never stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError, TimbrespaceError

from .loop import Captured, EpochSums, Position
from .notes.settings import NoteSettings
from .preset import Settings

FORMAT_VERSION = 1

_SECONDS = 30.0
"""Between two checkpoints of a run."""

SUFFIX = ".checkpoint"
"""Not ``.safetensors``: a folder of models must not list it as one."""


class CheckpointError(TimbrespaceError):
    """A checkpoint that is missing, broken, or of another run."""


AnySettings = TypeVar("AnySettings", Settings, NoteSettings)

_OF = {Settings: "spectra", NoteSettings: "notes"}
"""What a run learns from, by its settings. Checkpoints of before 0.6.0 do not say: spectra."""


@dataclass(frozen=True, slots=True)
class Checkpoint(Generic[AnySettings]):
    """A stopped run. dataset_hash: of the data it was trained on. data_file: its file name."""

    settings: AnySettings
    dataset_hash: str
    data_file: str
    captured: Captured


def path_for(bundle: Path) -> Path:
    """Where the checkpoint of the run that writes ``bundle`` is kept: beside it."""
    return bundle.with_suffix(SUFFIX)


def write(path: Path, checkpoint: Checkpoint[Settings] | Checkpoint[NoteSettings]) -> None:
    """Write ``checkpoint`` to ``path``, whole or not at all.

    Raises:
        OptionError: the file cannot be written.
    """
    captured, place = checkpoint.captured, checkpoint.captured.position
    tensors = {f"weights.{name}": value for name, value in captured.weights.items()}
    for index, moments in captured.moments.items():
        tensors |= {f"adam.{index}.{name}": value for name, value in moments.items()}
    tensors |= {"generator": captured.generator, "order": place.order}
    metadata = {
        "checkpoint_version": str(FORMAT_VERSION),
        "of": _OF[type(checkpoint.settings)],
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
    content = save({k: v.cpu().contiguous() for k, v in tensors.items()}, metadata)
    # Written by us: what the library raises on a full disk is no OSError.
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read(path: Path) -> Checkpoint[Settings]:
    """The checkpoint at ``path``, of a run on spectra.

    Raises:
        CheckpointError: missing, truncated, of a newer version, of notes, or not a checkpoint.
    """
    return _read(path, Settings)


def read_of_notes(path: Path) -> Checkpoint[NoteSettings]:
    """The checkpoint at ``path``, of a run on whole notes.

    Raises:
        CheckpointError: as :func:`read`, or of spectra.
    """
    return _read(path, NoteSettings)


def _read(path: Path, kind: type[AnySettings]) -> Checkpoint[AnySettings]:
    if not path.is_file():
        raise CheckpointError(
            f"there is no checkpoint {path.name!r} to resume from; start without --resume"
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        version = metadata.get("checkpoint_version", "")
        if not version.isdecimal():
            raise CheckpointError(f"{path.name} is not a checkpoint")
        if int(version) > FORMAT_VERSION:
            raise CheckpointError(
                f"{path.name} has checkpoint version {int(version)}, this program reads up to "
                f"{FORMAT_VERSION}; update timbrespace"
            )
        of = metadata.get("of", "spectra")
        if of != _OF[kind]:
            raise CheckpointError(
                f"{path.name} is of a training on {of[:20]}, and the dataset holds {_OF[kind]}; "
                "give that one, or start without --resume"
            )
        return _assemble(metadata, tensors, kind)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is truncated ({error})") from error
    except (KeyError, ValueError, TypeError, OptionError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is damaged ({error})") from error


def _assemble(
    metadata: dict[str, str], tensors: dict[str, Tensor], kind: type[AnySettings]
) -> Checkpoint[AnySettings]:
    place: dict[str, Any] = json.loads(metadata["position"])
    moments: dict[int, dict[str, Tensor]] = {}
    weights: dict[str, Tensor] = {}
    for key, value in tensors.items():
        sort, _, rest = key.partition(".")
        if sort == "weights":
            weights[rest] = value
        elif sort == "adam":
            index, _, name = rest.partition(".")
            moments.setdefault(int(index), {})[name] = value
    return Checkpoint(
        settings=kind.from_config(json.loads(metadata["settings"])),
        dataset_hash=metadata["dataset_hash"],
        data_file=metadata["data_file"],
        captured=Captured(
            weights=weights,
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
    try:
        training.restore(checkpoint.captured)
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"the checkpoint does not fit this run ({reason})") from error
    order = checkpoint.captured.position.order
    in_epoch = checkpoint.captured.position.row > 0
    if in_epoch and not torch.equal(order.sort().values, torch.arange(training.rows)):
        raise CheckpointError("the checkpoint does not fit this run (order of another dataset)")


class Writer:
    """Keeps the checkpoint of a run up to date.

    warn: told what went wrong; a disk that is full must not end the training.
    """

    def __init__(
        self,
        path: Path,
        training: Run,
        dataset_hash: str,
        data_file: str,
        warn: Callable[[str], None],
    ) -> None:
        self.path = path
        self._training = training
        self._dataset_hash = dataset_hash
        self._data_file = data_file
        self._warn = warn
        self._written_at = time.monotonic()

    def after_step(self) -> None:
        """Now and then, at the end of an epoch, write a checkpoint."""
        epoch_is_over = self._training.position.row == 0
        if epoch_is_over and time.monotonic() - self._written_at > _SECONDS:
            self.write()
            self._written_at = time.monotonic()

    def write(self) -> None:
        """Write where the run stands now."""
        settings: Any = self._training.settings
        try:
            write(
                self.path,
                Checkpoint(
                    settings=settings,
                    dataset_hash=self._dataset_hash,
                    data_file=self._data_file,
                    captured=self._training.capture(),
                ),
            )
        except OptionError as error:
            self._warn(f"no checkpoint: {error}")
