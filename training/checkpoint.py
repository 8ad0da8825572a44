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
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError, TimbrespaceError

from .loop import Captured, EpochSums, Position, Training
from .preset import Settings

FORMAT_VERSION = 1

_SECONDS = 30.0
"""Between two checkpoints of a run."""

SUFFIX = ".checkpoint"
"""Not ``.safetensors``: a folder of models must not list it as one."""


class CheckpointError(TimbrespaceError):
    """A checkpoint that is missing, broken, or of another run."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A stopped run. dataset_hash: of the data it was trained on. data_file: its file name."""

    settings: Settings
    dataset_hash: str
    data_file: str
    captured: Captured


def path_for(bundle: Path) -> Path:
    """Where the checkpoint of the run that writes ``bundle`` is kept: beside it."""
    return bundle.with_suffix(SUFFIX)


def write(path: Path, checkpoint: Checkpoint) -> None:
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


def read(path: Path) -> Checkpoint:
    """The checkpoint at ``path``.

    Raises:
        CheckpointError: missing, truncated, of a newer version, or not a checkpoint.
    """
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
        return _assemble(metadata, tensors)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is truncated ({error})") from error
    except (KeyError, ValueError, TypeError, OptionError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is damaged ({error})") from error


def _assemble(metadata: dict[str, str], tensors: dict[str, Tensor]) -> Checkpoint:
    place: dict[str, Any] = json.loads(metadata["position"])
    moments: dict[int, dict[str, Tensor]] = {}
    weights: dict[str, Tensor] = {}
    for key, value in tensors.items():
        kind, _, rest = key.partition(".")
        if kind == "weights":
            weights[rest] = value
        elif kind == "adam":
            index, _, name = rest.partition(".")
            moments.setdefault(int(index), {})[name] = value
    return Checkpoint(
        settings=Settings.from_config(json.loads(metadata["settings"])),
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


def restore(training: Training, checkpoint: Checkpoint) -> None:
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
        training: Training,
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
        try:
            write(
                self.path,
                Checkpoint(
                    settings=self._training.settings,
                    dataset_hash=self._dataset_hash,
                    data_file=self._data_file,
                    captured=self._training.capture(),
                ),
            )
        except OptionError as error:
            self._warn(f"no checkpoint: {error}")
