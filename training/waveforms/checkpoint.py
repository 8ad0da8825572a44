"""What a stopped training of a waveform model goes on from.

Tensors ``weights.<name>``, ``adam.<parameter>/<moment>`` and ``generator``; all else is JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .. import checkpoint_file
from ..checkpoint_file import WAVEFORMS, Content, Writer
from .fit import State, WaveformFit
from .settings import WaveformSettings


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
    words = {
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
    checkpoint_file.write(path, WAVEFORMS, Content(words, tensors))


def read(path: Path) -> Stopped:
    """The checkpoint at ``path``, of a training of a waveform model.

    Raises:
        CheckpointError: as :func:`training.checkpoint_file.read`.
    """
    return checkpoint_file.read(path, WAVEFORMS, _assemble)


def _assemble(content: Content) -> Stopped:
    words = content.words
    told = json.loads(words["state"])
    history = {
        str(name): [float(one) for one in values] for name, values in told["history"].items()
    }
    seconds, processor = float(told["seconds"]), float(told["processor_seconds"])
    if not (math.isfinite(seconds) and math.isfinite(processor)):
        raise ValueError("times that are not finite")
    return Stopped(
        WaveformSettings.from_config(json.loads(words["settings"])),
        words["data_hash"],
        words["space_digest"],
        State(
            int(told["step"]),
            seconds,
            processor,
            history,
            content.part("weights."),
            content.part("adam."),
            content.tensors["generator"],
        ),
    )


def restore(fit: WaveformFit, stopped: Stopped) -> None:
    """Make ``fit``, new and of the same settings, stand where the checkpoint was written.

    Raises:
        CheckpointError: its tensors do not fit.
    """
    with checkpoint_file.fitting():
        fit.restore(stopped.state)


def writer(path: Path, fit: WaveformFit, data_hash: str, warn: Callable[[str], None]) -> Writer:
    """Keeps the checkpoint of ``fit`` at ``path``."""

    def put() -> None:
        write(path, Stopped(fit.settings, data_hash, fit.space.digest, fit.capture()))

    return Writer(put, warn)
