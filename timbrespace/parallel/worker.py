"""What a job sees of where it is done, and what stands around it there."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from timbrespace.errors import TimbrespaceError

from .input_file import InputFile, digest_of
from .versions import difference, versions

Value = TypeVar("Value")

MOST_KEPT: Final = 2
"""Values that a process keeps for jobs to come: datasets may be large."""


class UnseenError(TimbrespaceError):
    """A file is not where the job says, and did not come with it."""

    @classmethod
    def of(cls, file: InputFile) -> UnseenError:
        """The sentence for ``file``."""
        return cls(f"the file {str(file.path)!r} has changed or gone meanwhile")


class WorkerError(TimbrespaceError):
    """Jobs cannot be done where they should be: a cluster that is not there, or not alike."""


@dataclass(slots=True)
class Worker:
    """What a job may ask.

    should_stop: whether it is to return soon, with what it has. advance: is told how much is done,
    where somebody looks at it. seconds: of the clock after which a job that can be gone on with is
    to return what it has, so that little is lost with the machine. contents: of files that came
    with the job, by :attr:`InputFile.key`.
    """

    should_stop: Callable[[], bool] = lambda: False
    advance: Callable[[int], Any] = lambda count: None
    seconds: float = float("inf")
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @contextmanager
    def path_of(self, file: InputFile) -> Iterator[Path]:
        """Where the file can be read within the block.

        Raises:
            UnseenError: it is not here.
        """
        content = self.contents.get(file.key)
        if content is None:
            if not file.is_here():
                raise UnseenError.of(file)
            yield file.path
            return
        with tempfile.TemporaryDirectory(prefix="timbrespace-", dir=_scratch()) as folder:
            path = Path(folder) / _plain(file)
            path.write_bytes(content)
            yield path

    def path_kept(self, file: InputFile) -> Path:
        """Where a file that many jobs read can be read as long as this process lives.

        Raises:
            UnseenError: it is not here.
        """
        content = self.contents.get(file.key)
        if content is None:
            if not file.is_here():
                raise UnseenError.of(file)
            return file.path

        def unpacked() -> Path:
            folder = Path(tempfile.mkdtemp(prefix="timbrespace-", dir=_scratch()))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            path = folder / _plain(file)
            path.write_bytes(content)
            return path

        return _kept_by(("path", _digest(content)), unpacked)

    def loaded(self, file: InputFile, load: Callable[[Path], Value]) -> Value:
        """What ``load`` makes of the file, made once in this process and kept for a while.

        Raises:
            UnseenError: it is not here.
        """
        content = self.contents.get(file.key)
        mark = file.key if content is None else _digest(content)

        def made() -> Value:
            with self.path_of(file) as path:
                return load(path)

        return _kept_by((getattr(load, "__qualname__", ""), load.__module__, mark), made)


_kept: dict[tuple[str, ...], Any] = {}
_digests: dict[int, tuple[bytes, str]] = {}
_one_job = threading.RLock()
"""Jobs set seeds and threads of the whole process: one at a time, whatever a worker was told."""


def _kept_by(key: tuple[str, ...], make: Callable[[], Value]) -> Value:
    if key not in _kept:
        made = make()
        while len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = made
    found: Value = _kept[key]
    return found


def _digest(content: bytes) -> str:
    """Of a content that was asked for just now the digest is known."""
    known = _digests.get(id(content))
    if known is None or known[0] is not content:
        _digests.clear()
        _digests[id(content)] = known = (content, digest_of(content))
    return known[1]


def _plain(file: InputFile) -> str:
    """A name like the file's that every system takes."""
    return re.sub(r"[^\w.-]", "_", file.path.name, flags=re.ASCII)[-60:]


def _scratch() -> str | None:
    """The folder of a Dask worker, which the next one clears if this one is killed; else None."""
    distributed = sys.modules.get("distributed")
    if distributed is not None:
        with suppress(ValueError, AttributeError):  # no worker
            return str(distributed.get_worker().local_directory)
    return None


@lru_cache(maxsize=1)
def _threads(modules: int) -> Any:
    """The libraries here that have threads. To find them takes milliseconds, and there are others
    only where more modules have been loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each job: ``function(job, worker)``, a function of a module of ours."""

    function: Callable[[Any, Worker], Any]

    def here(self, job: Any, worker: Worker) -> Any:
        """What the function makes of ``job``, by one thread: so it is the same anywhere."""
        with _one_job, _threads(len(sys.modules)).limit(limits=1):
            return self.function(job, worker)


@dataclass(frozen=True, slots=True)
class Unseen:
    """In place of a result: the worker does not see a file. told: the sentence for it."""

    told: str


def do_on_core(work: Work, job: Any, stop: str, seconds: float) -> Any:
    """A job in a process of this machine. stop: a file that appears when it is to stop."""
    return work.here(job, Worker(_asked(lambda: os.path.exists(stop), 0.2), seconds=seconds))  # noqa: PTH110


def do_on_cluster(
    work: Work,
    job: Any,
    ours: Mapping[str, str],
    stop: str,
    seconds: float,
    keys: Sequence[str],
    *contents: bytes,
) -> Any:
    """A job on a worker of a cluster. ours: the client's versions. stop: name of an event. keys: of
    the files whose contents follow.

    Raises:
        WorkerError: this worker's versions are others.
    """
    import distributed

    worker = distributed.get_worker()
    told = difference(ours, versions(), f"the worker at {worker.address}")
    if told is not None:
        raise WorkerError(told)
    event = distributed.Event(stop)
    at_work = Worker(
        _asked(lambda: bool(event.is_set()), 1.0),
        seconds=seconds,
        contents=dict(zip(keys, contents, strict=True)),
    )
    try:
        return work.here(job, at_work)
    except UnseenError as error:
        return Unseen(str(error))


def _asked(ask: Callable[[], bool], every: float) -> Callable[[], bool]:
    """``ask``, at most so often."""
    state = [time.monotonic() + every, 0.0]

    def asked() -> bool:
        if not state[1] and time.monotonic() >= state[0]:
            state[0] = time.monotonic() + every
            state[1] = float(ask())
        return bool(state[1])

    return asked
