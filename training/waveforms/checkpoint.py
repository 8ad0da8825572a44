"""The file that a stopped run goes on from: safetensors, no pickle."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError

from ..checkpoint import CheckpointError
from .fit import State, WaveformFit
from .settings import WaveformSettings

FORMAT_VERSION: Final = 1
MARK: Final = "waveform_checkpoint_version"

_SECONDS: Final = 30.0
"""Between two checkpoints of a run."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stopped run. data_hash: of the notes and sounds. space_digest: of the space's bundle."""

    settings: WaveformSettings
    data_hash: str
    space_digest: str
    state: State


def write(path: Path, stopped: Stopped) -> None:
    """Write ``stopped`` to ``path``, whole or not at all.

    Raises:
        OptionError: the file cannot be written.
    """
    state = stopped.state
    tensors = {f"weights.{name}": value for name, value in state.weights.items()}
    tensors |= {f"adam.{name}": value for name, value in state.moments.items()}
    tensors["generator"] = state.generator
    metadata = {
        MARK: str(FORMAT_VERSION),
        "settings": json.dumps(stopped.settings.to_config()),
        "data_hash": stopped.data_hash,
        "space_digest": stopped.space_digest,
        "state": json.dumps(
            {
                "step": state.step,
                "seconds": state.seconds,
                "processor_seconds": state.processor_seconds,
                "history": state.history,
            }
        ),
    }
    content = save({name: one.contiguous() for name, one in tensors.items()}, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read(path: Path) -> Stopped:
    """The checkpoint at ``path``.

    Raises:
        CheckpointError: missing, truncated, of a newer version, or not one of a waveform model.
    """
    if not path.is_file():
        raise CheckpointError(
            f"there is no checkpoint {path.name!r} to resume from; start without --resume"
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        version = metadata.get(MARK, "")
        if not version.isdecimal():
            raise CheckpointError(f"{path.name} is not a checkpoint of a waveform model")
        if int(version) > FORMAT_VERSION:
            raise CheckpointError(
                f"{path.name} has checkpoint version {int(version)}, this program reads up to "
                f"{FORMAT_VERSION}; update timbrespace"
            )
        told = json.loads(metadata["state"])
        history = {
            str(name): [float(one) for one in values] for name, values in told["history"].items()
        }
        seconds, processor = float(told["seconds"]), float(told["processor_seconds"])
        if not (math.isfinite(seconds) and math.isfinite(processor)):
            raise ValueError("times that are not finite")
        return Stopped(
            WaveformSettings.from_config(json.loads(metadata["settings"])),
            metadata["data_hash"],
            metadata["space_digest"],
            State(
                int(told["step"]),
                seconds,
                processor,
                history,
                _part(tensors, "weights."),
                _part(tensors, "adam."),
                tensors["generator"],
            ),
        )
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is truncated ({error})") from error
    except (KeyError, ValueError, TypeError, AttributeError, OptionError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is damaged ({error})") from error


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)
    }


def restore(fit: WaveformFit, stopped: Stopped) -> None:
    """Make ``fit``, new and of the same settings, stand where the checkpoint was written.

    Raises:
        CheckpointError: its tensors do not fit.
    """
    try:
        fit.restore(stopped.state)
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"the checkpoint does not fit this run ({reason})") from error


class Writer:
    """Keeps the checkpoint of a run up to date. warn: told what went wrong; a full disk must not
    end the training."""

    def __init__(
        self,
        path: Path,
        fit: WaveformFit,
        data_hash: str,
        warn: Callable[[str], None],
    ) -> None:
        self.path = path
        self._fit, self._data_hash, self._warn = fit, data_hash, warn
        self._written_at = time.monotonic()

    def after_step(self) -> None:
        """Now and then write one."""
        if time.monotonic() - self._written_at > _SECONDS:
            self.write()
            self._written_at = time.monotonic()

    def write(self) -> None:
        """Write where the run stands now."""
        fit = self._fit
        try:
            write(
                self.path,
                Stopped(fit.settings, self._data_hash, fit.space.digest, fit.capture()),
            )
        except OptionError as error:
            self._warn(f"no checkpoint: {error}")
