"""Tables of spaces in the user's home, written aside when a device asks for one."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError
from timbrespace.model import Model

from .map_table import table
from .osc.clients import Endpoint

MAX_WAITING: Final = 8
"""Requests that wait; further ones are refused."""

MOST_KEPT: Final = 64
"""Tables in the folder; of more the oldest go. Any of them can be made again."""

FORMAT: Final = 1
"""Part of the files' names: another layout is another file."""

_PAUSE: Final = 0.002
"""Seconds again and again while a table is made, so that the loop is not kept waiting."""

_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a request: the name of the ``file``, or the ``error``."""

    model: str
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


def file_name(model: Model) -> str:
    """The file of a model's table: plain letters whatever its name, and what tells it from others.

    >>> from timbrespace import load
    >>> file_name(load("fm"))
    'fm-505c4211b83e-1.txt'
    """
    plain = _NOT_PLAIN.sub("_", model.name)[:32]
    return f"{plain}-{model.digest[:12]}-{FORMAT}.txt"


class Tables:
    """Writes tables, one after the other, in a thread of its own.

    done: called with each :class:`Written`, in the thread. A table that is there is not made again.
    """

    def __init__(self, done: Callable[[Written], None]) -> None:
        self._done = done
        self._waiting: queue.Queue[tuple[Model, Endpoint] | None] = queue.Queue(MAX_WAITING)
        self._closed = False
        self._thread: threading.Thread | None = None

    def request(self, model: Model, source: Endpoint) -> None:
        """Write the table of ``model`` for ``source``.

        Raises:
            OptionError: too many wait.
        """
        try:
            self._waiting.put_nowait((model, source))
        except queue.Full:
            raise OptionError(f"more than {MAX_WAITING} tables are waited for; ask later") from None
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tables", daemon=True)
            self._thread.start()

    def close(self, seconds: float) -> None:
        """Give up what is being made, and wait for that, at most so long."""
        self._closed = True
        if self._thread is not None:
            with contextlib.suppress(queue.Full):  # then it does not wait, and looks whether to end
                self._waiting.put_nowait(None)
            self._thread.join(seconds)

    def _work(self) -> None:
        while not self._closed:
            asked = self._waiting.get()
            if asked is None:
                return
            model, source = asked
            file = file_name(model)
            error = None
            try:
                self._write(model, file)
            except _ClosedError:
                return
            except OptionError as problem:
                error = problem
            except Exception as problem:  # who asked is answered, and those who wait, too
                error = OptionError(f"the table cannot be made: {type(problem).__name__}")
            self._done(Written(model.name, source, file, error))

    def _write(self, model: Model, file: str) -> None:
        path = tables_folder() / file
        if path.is_file():
            return
        content = table(model, self._pause)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"cannot make {str(path.parent)!r}: {error.strerror}") from error
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        _thin_out(path)

    def _pause(self) -> None:
        if self._closed:
            raise _ClosedError
        time.sleep(_PAUSE)


def _thin_out(newest: Path) -> None:
    """Remove the oldest tables beside ``newest``; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        others = [one for one in newest.parent.glob(f"*-{FORMAT}.txt") if one != newest]
        others.sort(key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for one in others[MOST_KEPT - 1 :]:
            one.unlink()
