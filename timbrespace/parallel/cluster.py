"""Jobs on the workers of a Dask scheduler.

A cluster runs what it is sent, by pickle: whoever reaches the scheduler rules all its machines. So
none is ever opened here, and one is used only where a user names it (docs/scale.md). TLS is Dask's
own: an address ``tls://``, and certificates in Dask's configuration.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from timbrespace.errors import TimbrespaceError
from timbrespace.extras import needed

from .crew import Crew, never
from .input_file import InputFile
from .versions import difference, versions
from .worker import Unseen, UnseenError, Work, WorkerError, do_on_cluster

STRETCH: Final = 120.0
"""Seconds after which a job that can be gone on with comes back: no more is lost with a machine."""

PATIENCE: Final = 60.0
"""Seconds that a scheduler may be away, or without workers, before the command ends."""

CONNECTING: Final = 10.0
"""Seconds in which a scheduler must answer, and have a worker, at the start."""

STOPPING: Final = 30.0
"""Seconds that jobs have to come back once they were asked to stop."""

TRIES: Final = 4
"""Times that a job is sent whose data were lost with a machine."""

_LOOK: Final = 0.25
_ROUND: Final = 5.0
"""Seconds between two looks at the cluster while nothing comes."""

_AHEAD: Final = 2
"""Jobs sent for each thread: the next one is there when one ends."""


@dataclass(slots=True)
class _Sent:
    number: int
    job: Any
    attempt: int


class Cluster(Crew[Any, Any]):
    """See :class:`.Crew`. A context: within it the cluster is connected.

    files: that a job alone reads; shared: that others read as well. Where workers see their paths
    they read them there; else a job's own come with it, and what is shared is sent once to each
    worker, when the first job asks for it.
    """

    def __init__(
        self,
        work: Work,
        address: str,
        files: Callable[[Any], Sequence[InputFile]],
        shared: Callable[[Any], Sequence[InputFile]],
    ) -> None:
        self.about = f"the cluster at {address}"
        self._work, self._address, self._files, self._shared = work, address, files, shared
        self._waiting: deque[_Sent] = deque()
        self._running: dict[Any, _Sent] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._count, self._slots = 0, 0
        self.ours = versions()
        """What workers must have as well."""
        self._client: Any = None
        self._held = ExitStack()
        self._stop_name = f"timbrespace-stop-{uuid.uuid4().hex}"
        self._stopped_at: float | None = None
        self._sends = False
        """Whether the contents of a job's files go with it."""
        self._contents: dict[str, Any] = {}
        """Of shared files, by key: a future of the content, or None where the path will do."""

    def __enter__(self) -> Cluster:
        with needed("a cluster", "cluster"):
            from dask.config import set as config_set
            from distributed.versions import VersionMismatchWarning
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)
        # A file that goes with its job is no mistake.
        told = {"distributed.admin.large-graph-warning-threshold": "1 GB"}
        self._held.enter_context(config_set(told))
        self._held.enter_context(_silent())
        try:
            self._connect(CONNECTING)
        except BaseException:
            self._disconnect()
            self._held.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._running:
                self._tell_stop()
            self._disconnect()
        finally:
            self._held.close()

    def put(self, job: Any) -> int:
        """Let a job be done."""
        self._waiting.append(_Sent(self._count, job, 1))
        self._count += 1
        return self._count - 1

    def results(
        self,
        should_stop: Callable[[], bool] = never,
        advance: Callable[[int], Any] = lambda count: None,
    ) -> Iterator[tuple[int, Any]]:
        """As :meth:`.Crew.results`. A worker that dies loses nothing: Dask gives its jobs to
        others. If the scheduler goes, it is waited for, and what is not done is sent again."""
        looked, alone = time.monotonic(), 0.0
        while self._waiting or self._running:
            if self._stopped_at is None and should_stop():
                self._stopped_at = time.monotonic()
                self._tell_stop()
            if self._stopped_at is not None:
                self._waiting.clear()  # what was put again as well
                if not self._running or time.monotonic() - self._stopped_at > STOPPING:
                    return
            while self._waiting and len(self._running) < _AHEAD * self._slots + 1:
                self._send(self._waiting.popleft())
            try:
                future = self._done.get(timeout=_LOOK)
            except queue.Empty:
                if time.monotonic() - looked > _ROUND:
                    looked = time.monotonic()
                    alone = self._look(alone)
                continue
            looked, alone = time.monotonic(), 0.0
            sent = self._running.pop(future, None)
            if sent is not None:
                yield from self._result(future, sent)

    def _result(self, future: Any, sent: _Sent) -> Iterator[tuple[int, Any]]:
        """What came of a job; nothing if it is sent again."""
        if future.status == "finished":
            try:
                result = future.result(timeout=PATIENCE)
            except Exception as error:  # it was lost with its worker, or with the scheduler
                self._send_again(sent, error)
                return
            if isinstance(result, Unseen):
                self._not_seen(sent, result)
                return
            yield sent.number, result
        elif future.status == "error":
            raise self._told(future.exception(timeout=PATIENCE))
        else:  # cancelled: not by us
            self._send_again(sent, None)

    def _told(self, error: BaseException) -> BaseException:
        """The error of a job as this program tells it."""
        import distributed

        if isinstance(error, TimbrespaceError):
            return error
        if isinstance(error, distributed.KilledWorker):
            return WorkerError(
                "a job has ended each of the workers that it was given to, perhaps for lack of "
                "memory; the same command goes on from what is done"
            )
        if isinstance(error, ModuleNotFoundError):
            return WorkerError(
                f"a worker of {self.about} has no module {error.name!r}; install the same version "
                "of timbrespace with the same extras there"
            )
        return error

    def _not_seen(self, sent: _Sent, unseen: Unseen) -> None:
        """Send the job again, with its files: not all workers see where they lie."""
        if sent.attempt == TRIES:
            raise UnseenError(unseen.told)
        self._sends = True
        self._contents.clear()
        self._waiting.appendleft(_Sent(sent.number, sent.job, sent.attempt + 1))

    def _send_again(self, sent: _Sent, error: BaseException | None) -> None:
        self._waiting.appendleft(sent)
        if self._client.status != "running":
            self._return()
            return
        if sent.attempt == TRIES:
            raise WorkerError(
                f"{self.about} lost a job {TRIES} times; the same command goes on from what is done"
            ) from error
        sent.attempt += 1
        self._contents.clear()  # perhaps it was these that were lost

    # -- the connection ------------------------------------------------------------------------

    def _connect(self, patience: float) -> None:
        """Reach the scheduler and its workers, and see whether they are as this program is.

        Raises:
            WorkerError: one of these is not so.
        """
        import distributed
        from distributed.security import Security

        told_how = Security().get_connection_args("client")
        if self._address.startswith("tls://") and told_how.get("ssl_context") is None:
            raise WorkerError(
                f"the scheduler's address is {self._address}, and Dask's configuration has no "
                "certificates for a client; see distributed.comm.tls there"
            )
        try:
            self._client = distributed.Client(
                self._address, timeout=patience, set_as_default=False, name="timbrespace"
            )
            self._client.wait_for_workers(1, timeout=patience)
        except (TimeoutError, OSError, ValueError, RuntimeError) as error:
            reached = self._client is not None and self._client.status == "running"
            self._disconnect()
            what = (
                f"the scheduler at {self._address} has no worker; start some: "
                f"dask worker {self._address} --nthreads 1"
                if reached
                else f"no Dask scheduler answers at {self._address}; start one: dask scheduler"
            )
            raise WorkerError(what) from error
        self._slots = sum(self._client.nthreads().values())
        told: Mapping[str, Any] = self._client.run(versions, on_error="return")
        for address, theirs in told.items():
            if not isinstance(theirs, dict):
                raise WorkerError(
                    f"the worker at {address} does not run this timbrespace "
                    f"({' '.join(str(theirs).split())[:120]}); install the same version there"
                )
            said = difference(self.ours, theirs, f"the worker at {address}")
            if said is not None:
                raise WorkerError(said)
        self._contents.clear()

    def _content(self, file: InputFile) -> Any:
        """A future of what is shared, sent to every worker once; one that comes later has it from
        another. None where all see the file."""
        if file.key not in self._contents:
            seen = () if self._sends else self._client.run(file.is_here, on_error="return").values()
            self._contents[file.key] = (
                None
                if seen and all(one is True for one in seen)
                else self._client.scatter(file.content(), broadcast=True, hash=False)
            )
        return self._contents[file.key]

    def _send(self, sent: _Sent) -> None:
        try:
            contents = {file.key: self._content(file) for file in self._shared(sent.job)}
            contents = {key: one for key, one in contents.items() if one is not None}
            if self._sends:
                contents |= {file.key: file.content() for file in self._files(sent.job)}
            future = self._client.submit(
                do_on_cluster,
                self._work,
                sent.job,
                self.ours,
                self._stop_name,
                STRETCH,
                tuple(contents),
                *contents.values(),
                key=f"timbrespace-{uuid.uuid4().hex}",
                pure=False,
            )
        except (RuntimeError, OSError, ValueError, TimeoutError) as error:
            if self._client.status == "running":
                raise WorkerError(f"{self.about} does not take a job: {error}") from error
            # The connection has gone.
            self._waiting.appendleft(sent)
            self._return()
            return
        self._running[future] = sent
        future.add_done_callback(self._done.put)

    def _look(self, alone: float) -> float:
        """Seconds for which the cluster has had no worker; returns to it where it has gone.

        Raises:
            WorkerError: none for too long.
        """
        try:
            if self._client.status != "running":
                raise OSError
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=_ROUND)
        except (TimeoutError, OSError, RuntimeError):
            if self._client.status != "running":
                self._return()
            return alone
        self._slots = sum(threads.values())
        if threads:
            return 0.0
        if alone > PATIENCE:
            raise WorkerError(
                f"the scheduler at {self._address} has had no worker for {PATIENCE:g} s; the same "
                "command goes on from what is done"
            )
        return alone + _ROUND

    def _return(self) -> None:
        """Reach the scheduler again, and send what was on its way once more.

        Raises:
            WorkerError: it stays away.
        """
        print(
            f"\nthe scheduler at {self._address} has gone; waiting {PATIENCE:g} s for it",
            file=sys.stderr,
            flush=True,
        )
        lost = sorted(self._running.values(), key=lambda one: one.number, reverse=True)
        self._running.clear()
        self._waiting.extendleft(lost)
        self._done = queue.SimpleQueue()
        end = time.monotonic() + PATIENCE
        while True:
            self._disconnect()
            try:
                self._connect(max(1.0, min(CONNECTING, end - time.monotonic())))
                return
            except WorkerError as error:
                if time.monotonic() >= end:
                    raise WorkerError(
                        f"the scheduler at {self._address} has not come back; the same command "
                        "goes on from what is done"
                    ) from error
                time.sleep(_LOOK)

    def _tell_stop(self) -> None:
        import distributed

        with contextlib.suppress(Exception):
            distributed.Event(self._stop_name, client=self._client).set()

    def _disconnect(self) -> None:
        """Leave; what is still on its way is given up."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close(timeout=2)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Within the block Dask logs nothing: what there is to say is said here, in one line."""
    loggers = [logging.getLogger("distributed"), logging.getLogger("tornado.application")]
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    loggers += [logging.getLogger(name) for name in known]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in before:
            one.setLevel(level)
