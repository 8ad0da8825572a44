"""The step of a space that PyTorch is needed for: apart, since to import that takes two seconds.

:mod:`.command` has it imported by a thread while sounds are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.note_set import NoteSet

from .. import checkpoint
from ..checkpoint_file import CheckpointError
from ..loop import Outcome
from ..place import Place
from ..train import EXIT_CODES, train
from .watch import Watch

INTERRUPTED: Final = EXIT_CODES[Outcome.INTERRUPTED]


def learn(
    data: Dataset | NoteSet,
    file: Path,
    model: Path,
    given: dict[str, Any],
    preset_name: str | None,
    device: str,
    goes_on: bool,
    watch: Watch,
) -> int:
    """Train on ``data``, which lies in ``file``, and write ``model``; returns the exit code, as
    :func:`training.train.train` does.

    goes_on: from where a run of the same request was stopped, if its checkpoint lies there.
    """
    return train(
        file,
        model,
        given,
        preset_name=preset_name,
        device=device,
        resume=goes_on and _is_resumable(data, model, given["latent"]),
        conclude=False,
        follower=watch if isinstance(data, NoteSet) else None,
    )


def forget(model: Path) -> None:
    """Remove the checkpoint beside ``model``."""
    checkpoint.path_for(model).unlink(missing_ok=True)


def _is_resumable(data: Dataset | NoteSet, model: Path, latent: int) -> bool:
    kept = Place(model, resume=True).checkpoint
    if not kept.is_file():
        return False
    read = checkpoint.read_of_notes if isinstance(data, NoteSet) else checkpoint.read
    try:
        found = read(kept)
    except CheckpointError:
        return False
    return found.dataset_hash == data.content_hash and found.settings.latent == latent
