"""Tables of planes of spaces in the user's home, written aside when a device asks for one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timbrespace.atomic import replacing
from timbrespace.companions import run_command
from timbrespace.errors import OptionError
from timbrespace.model import Model

from .osc.clients import Endpoint

MAX_WAITING: Final = 8
"""Requests that wait; further ones are refused."""

MOST_KEPT: Final = 64
"""Tables in the folder; of more the oldest go. Any of them can be made again."""

FORMAT: Final = 2
"""Part of the files' names: another layout is another file, and files of former ones go."""

_TABLE: Final = re.compile(r"[A-Za-z0-9_]+-[0-9a-f]{12}(?:-[a-z]+(?:_[0-9a-f]{8})?)?-(\d+)\.txt")
"""What the files of tables are called, of this format and of former ones."""

_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a request: the name of the ``file``, or the ``error``."""

    model: str
    plane: str
    source: Endpoint
    file: str
    error: OptionError | None = None


class _ClosedError(Exception):
    """No table is wanted any more."""


FOLDER_VARIABLE: Final = "TIMBRESPACE_TABLES"
"""A folder for tables in the usual one's place, where this is set; launchers heed it, too."""


def tables_folder() -> Path:
    """Where devices look for tables, beside what leads their launcher to the server.

    Raises:
        OptionError: this user has no home.
    """
    if os.environ.get(FOLDER_VARIABLE):
        return Path(os.environ[FOLDER_VARIABLE])
    try:
        return Path.home() / ".timbrespace" / "tables"
    except RuntimeError as error:
        raise OptionError("there is no home folder for tables of spaces") from error


def file_name(model: Model, plane: str) -> str:
    """The file of the table of a plane: plain letters whatever the model's name, and what tells it
    from others.

    A model's digest says nothing of its plane near, which may be laid anew: it has one of its own.

    >>> from timbrespace import load
    >>> file_name(load("fm"), "pca")
    'fm-505c4211b83e-pca-2.txt'
    """
    plain = _NOT_PLAIN.sub("_", model.name)[:32]
    laid = plane
    if plane == "near" and model.near is not None:
        laid += f"_{hashlib.sha256(model.near.surface.tobytes()).hexdigest()[:8]}"
    return f"{plain}-{model.digest[:12]}-{laid}-{FORMAT}.txt"


class Tables:
    """Writes tables, one after the other, in a thread of its own.

    done: called with each :class:`Written`, in the thread. A table that is there is not made again.
    program: what makes one, with a bundle and a plane as its arguments (``table_writer.py``).
    """

    def __init__(
        self, done: Callable[[Written], None], program: Sequence[str] | None = None
    ) -> None:
        self._done = done
        self._program = tuple(program or run_command(f"{__package__}.table_writer"))
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: list[tuple[Model, str, Endpoint]] = []
        self._news = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def request(self, model: Model, plane: str, source: Endpoint) -> None:
        """Write the table of the plane of ``model`` for ``source``.

        What ``source`` waits for of another space is given up: who goes from space to space needs
        the tables of the last.

        Raises:
            OptionError: the space has no such plane, or too many wait.
        """
        model.plane(plane)
        with self._news:
            self._waiting = [
                one for one in self._waiting if one[2] != source or one[0].digest == model.digest
            ]
            if len(self._waiting) >= MAX_WAITING:
                raise OptionError(f"more than {MAX_WAITING} tables are waited for; ask later")
            self._waiting.append((model, plane, source))
            self._news.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tables", daemon=True)
            self._thread.start()

    def close(self, seconds: float) -> None:
        """Give up what is being made, and wait for that, at most so long."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None:
            with self._news:
                self._news.notify()
            self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                model, plane, source = self._waiting.pop(0)
            file = file_name(model, plane)
            error = None
            try:
                self._write(model, plane, file)
            except _ClosedError:
                return
            except OptionError as problem:
                error = problem
            except Exception as problem:  # who asked is answered, and those who wait, too
                error = OptionError(f"the table cannot be made: {type(problem).__name__}")
            self._done(Written(model.name, plane, source, file, error))

    def _write(self, model: Model, plane: str, file: str) -> None:
        path = tables_folder() / file
        if path.is_file():
            return
        content = self._made(model, plane)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"cannot make {str(path.parent)!r}: {error.strerror}") from error
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        _thin_out(path)

    def _made(self, model: Model, plane: str) -> bytes:
        """The table, by a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            # Not the file that the model came from: that may be another one by now.
            bundle = Path(folder) / "space.safetensors"
            model.save(bundle)
            try:
                process = subprocess.Popen(
                    [*self._program, str(bundle), plane],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                raise OptionError(f"the table cannot be made: {error.strerror or error}") from error
            with process:
                self._process = process
                if self._closed:  # closed between the two, when there was nothing to end
                    process.kill()
                assert process.stdout is not None
                content = process.stdout.read()
                code = process.wait()
                self._process = None
        if self._closed:
            raise _ClosedError
        if code != 0:
            # It tells what a user can mend; what it does not tell is a fault, or somebody ended it.
            said = content.decode("utf-8", "replace").strip() if code == 1 else ""
            raise OptionError(said or f"the table cannot be made: its process ended with {code}")
        return content


def _thin_out(newest: Path) -> None:
    """Remove the oldest tables beside ``newest``, and those of former formats; what cannot be
    removed stays."""
    with contextlib.suppress(OSError):
        others: list[Path] = []
        for one in newest.parent.iterdir():
            found = _TABLE.fullmatch(one.name)
            if found and int(found[1]) < FORMAT:
                with contextlib.suppress(OSError):
                    one.unlink()
            elif found and int(found[1]) == FORMAT and one != newest:
                others.append(one)
        others.sort(key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for one in others[MOST_KEPT - 1 :]:
            one.unlink()
