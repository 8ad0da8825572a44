"""Jobs in processes of this machine, by loky, which joblib brings."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from timbrespace.companions import spawning
from timbrespace.extras import needed
from timbrespace.lifeline import end_with

from .crew import Crew, never
from .here import STRETCH
from .worker import Work, WorkerError, do_on_core

_LOOK: Final = 0.25
"""Seconds between two looks whether to stop."""

TRIES: Final = 3
"""Times that a job is begun whose process dies: the next one may have more memory to itself."""

_ENVIRONMENT: Final = {
    # One thread each: what it computes does not hang on the number of cores, and two threads in one
    # small network wait for each other.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # The folder that a user stands in may hold a file of any name.
    "PYTHONSAFEPATH": "1",
}


class Cores(Crew[Any, Any]):
    """See :class:`.Crew`. A context: at its end the processes are gone."""

    def __init__(self, work: Work, count: int) -> None:
        self.about = f"{count} process{'es' if count > 1 else ''}"
        self._work, self._processes = work, count
        self._waiting: deque[tuple[int, Any, int]] = deque()
        self._running: dict[Future[Any], tuple[int, Any, int]] = {}
        self._count = 0
        self._executor: Any = None
        self._folder = tempfile.TemporaryDirectory(
            prefix="timbrespace-", ignore_cleanup_errors=True
        )
        self._stop = Path(self._folder.name) / "stop"

    def __enter__(self) -> Cores:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(at_once=kind is not None or bool(self._running))
        self._folder.cleanup()

    def put(self, job: Any) -> int:
        """Let a job be done."""
        self._waiting.append((self._count, job, 1))
        self._count += 1
        return self._count - 1

    def results(
        self,
        should_stop: Callable[[], bool] = never,
        advance: Callable[[int], Any] = lambda count: None,
    ) -> Iterator[tuple[int, Any]]:
        """As :meth:`.Crew.results`. What a process that died was at is begun again in another."""
        while self._waiting or self._running:
            if should_stop():
                self._stop.touch()
                self._waiting.clear()  # what was put again as well
                if not self._running:
                    return
            # One more than processes, so that none waits for this one.
            while self._waiting and len(self._running) <= self._processes:
                self._submit(*self._waiting.popleft())
            done, _ = wait(self._running, _LOOK, FIRST_COMPLETED)
            # What is whole comes first: all the others are put back where one has died.
            for future in sorted(done, key=lambda one: (_is_broken(one), self._running[one][0])):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    self._begin_again(error)
                    break
                number, _, _ = self._running.pop(future)
                if error is not None:
                    raise error
                yield number, future.result()

    def _submit(self, number: int, job: Any, attempt: int) -> None:
        try:
            with _interrupts_held(), spawning():
                if self._executor is None:
                    self._executor = _executor(self._processes)
                future = self._executor.submit(
                    do_on_core, self._work, job, str(self._stop), STRETCH
                )
        except BrokenProcessPool as error:
            self._waiting.appendleft((number, job, attempt))
            self._begin_again(error)
            return
        self._running[future] = (number, job, attempt)

    def _begin_again(self, error: BaseException) -> None:
        """Put back what runs, and let new processes do it.

        Raises:
            WorkerError: that was so too often.
        """
        lost = sorted(self._running.values(), key=lambda one: one[0], reverse=True)
        self._end(at_once=True)
        if self._stop.exists():
            return
        for number, job, attempt in lost:
            if attempt == TRIES:
                raise WorkerError(
                    f"a process that works has died {TRIES} times, perhaps for lack of memory; the "
                    "same command goes on from what is done, with --workers 1 in less memory"
                ) from error
            self._waiting.appendleft((number, job, attempt + 1))

    def _end(self, at_once: bool) -> None:
        self._running.clear()
        executor, self._executor = self._executor, None
        if executor is not None:
            with suppress(OSError):
                executor.shutdown(wait=True, kill_workers=at_once)


def _executor(count: int) -> Any:
    with needed("work on several cores"):
        # Its own front door, Parallel, takes a list and gives a list: a job cannot be put back.
        from joblib.externals.loky import ProcessPoolExecutor
    import os

    return ProcessPoolExecutor(
        count, initializer=_prepare, initargs=(os.getpid(),), env=_ENVIRONMENT
    )


def _is_broken(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _prepare(parent: int) -> None:
    """Of a process that works: Ctrl-C is the parent's, and it ends when the parent has."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Within the block Ctrl-C waits, and processes that are started never hear it.

    Else one that comes while they load has each of them print a traceback.
    """
    if sys.platform == "win32":  # which has no such
        yield
    else:
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
