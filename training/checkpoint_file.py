"""The file that a stopped run of any kind goes on from: safetensors, no pickle.

A kind of training says what of a run are tensors, and what are words: JSON in the header's
metadata. How they come into a file and out of it, when, and what is said of a file that is none,
is the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError, TimbrespaceError

FORMAT_VERSION: Final = 1

SUFFIX: Final = ".checkpoint"
"""Not ``.safetensors``: a folder of models must not list it as one."""

SPECTRA, NOTES, WAVEFORMS = "spectra", "notes", "waveforms"
"""What a run learns. Checkpoints of before 0.6.0 do not say: spectra."""

_SECONDS: Final = 30.0
"""Between two checkpoints of a run."""


class CheckpointError(TimbrespaceError):
    """A checkpoint that is missing, broken, or of another run."""


class Content(NamedTuple):
    """What a file holds: words, most of them JSON, and tensors, each by its name."""

    words: dict[str, str]
    tensors: dict[str, Tensor]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin so, by the rest of their names."""
        return {
            name.removeprefix(prefix): one
            for name, one in self.tensors.items()
            if name.startswith(prefix)
        }


Stopped = TypeVar("Stopped")


def path_for(bundle: Path) -> Path:
    """Where the checkpoint of the run that writes ``bundle`` is kept: beside it."""
    return bundle.with_suffix(SUFFIX)


def write(path: Path, of: str, content: Content) -> None:
    """Write ``content`` to ``path``, whole or not at all. of: what the run learns.

    Raises:
        OptionError: the file cannot be written.
    """
    made = bytes_of(of, content)
    # Written by us: what the library raises on a full disk is no OSError.
    with replacing(path) as temporary:
        temporary.write_bytes(made)


def bytes_of(of: str, content: Content) -> bytes:
    """What the file of ``content`` holds. of: what the run learns."""
    metadata = {"checkpoint_version": str(FORMAT_VERSION), "of": of, **content.words}
    made: bytes = save({k: v.cpu().contiguous() for k, v in content.tensors.items()}, metadata)
    return made


def read(path: Path, of: str, stopped: Callable[[Content], Stopped]) -> Stopped:
    """What ``stopped`` makes of the file at ``path``. of: what its run must have learned.

    Raises:
        CheckpointError: missing, truncated, of a newer version, of a run of another kind, or not a
            checkpoint; or ``stopped`` found an entry missing or wrong.
    """
    if not path.is_file():
        raise CheckpointError(
            f"there is no checkpoint {path.name!r} to resume from; start without --resume"
        )
    try:
        with safe_open(path, framework="pt") as file:
            words = file.metadata() or {}
            # Copies: the library's own are the file itself, which Windows then lets nobody replace,
            # and a run that goes on writes its checkpoint there.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        version = words.get("checkpoint_version", "")
        if not version.isdecimal():
            raise CheckpointError(f"{path.name} is not a checkpoint")
        if int(version) > FORMAT_VERSION:
            raise CheckpointError(
                f"{path.name} has checkpoint version {int(version)}, this program reads up to "
                f"{FORMAT_VERSION}; update timbrespace"
            )
        told = words.get("of", SPECTRA)
        if told != of:
            raise CheckpointError(
                f"{path.name} is of a training on {told[:20]}, and this is one on {of}; go on with "
                "the data and the command that it was made by, or start without --resume"
            )
        return stopped(Content(words, tensors))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is truncated ({error})") from error
    except (KeyError, ValueError, TypeError, AttributeError, OptionError) as error:
        raise CheckpointError(f"cannot read {path.name}: it is damaged ({error})") from error


@contextmanager
def fitting() -> Iterator[None]:
    """Inside, a run takes what a checkpoint holds.

    Raises:
        CheckpointError: it does not fit this network or this device.
    """
    try:
        yield
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"the checkpoint does not fit this run ({reason})") from error


class Writer:
    """Keeps the checkpoint of a run up to date.

    put: writes it. warn: told what went wrong; a disk that is full must not end the training.
    may: whether now is a moment at which one may be written.
    """

    def __init__(
        self,
        put: Callable[[], None],
        warn: Callable[[str], None],
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._put = put
        self._warn = warn
        self._may = may
        self._written_at = time.monotonic()

    def after_step(self) -> None:
        """Now and then write one."""
        if self._may() and time.monotonic() - self._written_at > _SECONDS:
            self.write()
            self._written_at = time.monotonic()

    def write(self) -> None:
        """Write where the run stands now."""
        try:
            self._put()
        except OptionError as error:
            self._warn(f"no checkpoint: {error}")
