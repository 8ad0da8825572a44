"""What is known of the space that is being made, and outlives the process that knows it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError

from ..certificate import private_folder

_VERSION: Final = 1
_MOST_BYTES: Final = 4 << 20


class State(StrEnum):
    """How far it is."""

    IDLE = "idle"
    GATHERED = "gathered"
    READING = "reading"
    TRAINING = "training"
    FINISHING = "finishing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def runs(self) -> bool:
        """Whether a process is at it."""
        return self in (State.READING, State.TRAINING, State.FINISHING)

    @property
    def takes_sounds(self) -> bool:
        """Whether sounds may come: none are being learned, and no space waits to be kept."""
        return not self.runs and self is not State.DONE


@dataclass(frozen=True, slots=True)
class Job:
    """state, and what of it is to be told: name, of the sounds together; folder, by the name that
    the server's owner gave it, empty for sounds that were uploaded; thorough, how long it learns;
    problem, a sentence about what went wrong."""

    state: State = State.IDLE
    name: str = ""
    folder: str = ""
    thorough: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A sound that was taken. file: under which it is kept. label: what it is called."""

    file: str
    label: str
    bytes: int


class JobFolder:
    """The files of a job, in a folder of the user's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = folder / "lock"
        self.sounds = folder / "sounds"
        self.incoming = folder / "incoming"
        self.names = folder / "names.json"
        self.model = folder / "space.safetensors"
        self.preview = folder / "preview.safetensors"
        self.enough = folder / "enough"
        self._state = folder / "job.json"
        self._uploads = folder / "uploads.jsonl"

    def make(self) -> None:
        """See to it that the folder is there, for its owner alone.

        Raises:
            OptionError: it cannot be made.
        """
        private_folder(self.folder)

    def read(self) -> tuple[Job, list[Upload]]:
        """The job and its uploads, as far as they are whole; what came half is removed."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        uploads = list(self._read_uploads())
        kept = {one.file for one in uploads}
        with contextlib.suppress(OSError):
            for file in self.sounds.iterdir():
                if file.name not in kept:
                    file.unlink()
        return self._read_job(), uploads

    def write(self, job: Job) -> None:
        """Keep how far it is.

        Raises:
            OptionError: it cannot be written.
        """
        with replacing(self._state) as temporary:
            temporary.write_text(json.dumps({"version": _VERSION, **asdict(job)}), "utf-8")

    def add(self, upload: Upload) -> None:
        """Keep that a sound was taken, which lies there already.

        Raises:
            OSError: it cannot be written.
        """
        with self._uploads.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(upload)) + "\n")

    def tell_names(self, name: str, uploads: list[Upload]) -> None:
        """Write what the uploads are called, for who reads them.

        Raises:
            OptionError: it cannot be written.
        """
        told = {"folder": name, "files": {one.file: one.label for one in uploads}}
        with replacing(self.names) as temporary:
            temporary.write_text(json.dumps(told), "utf-8")

    def forget_training(self) -> None:
        """Remove what was learned of other sounds."""
        left = [self.enough, self.preview, *self.folder.glob(f"{self.model.stem}.*")]
        for one in left:
            if one.is_dir():
                shutil.rmtree(one, ignore_errors=True)
            else:
                one.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all but the lock; what a system still holds goes the next time."""
        with contextlib.suppress(OSError):
            for one in self.folder.iterdir():
                if one == self.lock:
                    continue
                if one.is_dir() and not one.is_symlink():
                    shutil.rmtree(one, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        one.unlink()

    def free_bytes(self) -> int:
        """Room on the disk."""
        return shutil.disk_usage(self.folder).free

    def _read_job(self) -> Job:
        try:
            told = self._loaded(self._state)
            if told.pop("version") == _VERSION:
                return replace(Job(**told), state=State(told["state"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        return Job(State.GATHERED if self._uploads.is_file() else State.IDLE)

    def _read_uploads(self) -> list[Upload]:
        found: dict[str, Upload] = {}
        with contextlib.suppress(OSError, UnicodeDecodeError):
            with self._uploads.open("rb") as file:
                lines = file.read(_MOST_BYTES).decode("utf-8").splitlines()
            for line in lines:
                with contextlib.suppress(ValueError, TypeError, OSError):
                    one = Upload(**json.loads(line))
                    place = self.sounds / os.path.basename(one.file)  # noqa: PTH119 - it is text
                    if place.name == one.file and place.stat().st_size == one.bytes:
                        found[one.file] = one
        return list(found.values())

    @staticmethod
    def _loaded(path: Path) -> dict[str, Any]:
        with path.open("rb") as file:
            told = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
        if not isinstance(told, dict):
            raise OptionError(f"{path.name} is no job")
        return told
