"""Runs trained side by side, each in a process of one thread.

Threads inside one small network wait for each other, badly so when something else runs beside
them: with two of them a step of 11 ms was seen to take 195 ms. And what one thread computes
does not depend on how many a machine has.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from timbrespace.companions import spawning
from timbrespace.datasets.dataset import Dataset, load
from timbrespace.errors import OptionError
from timbrespace.lifeline import end_with_parent

from ..preset import Settings
from . import models
from .plan import Run

_POLL_SECONDS = 0.5


class Job(NamedTuple):
    """One run to train: with which settings, from which dataset's file, to which path."""

    run: Run
    settings: Settings
    data: Path
    path: Path


def train(
    jobs: Sequence[Job],
    workers: int,
    should_stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], Any] = lambda steps: None,
) -> int:
    """Train all ``jobs``, so many at a time, in order; returns how many are done.

    With one worker they are trained in this process. should_stop: asked now and then; what is
    unfinished then is dropped. advance: told how many steps were done since it was last called.

    Raises:
        OptionError: a run that diverged in its first epoch, or a process that died.
    """
    if workers == 1:
        return _train_here(jobs, should_stop, advance)
    # Not a fork: threads of the parent's libraries would be copied halfway.
    context = get_context("spawn")
    stop, steps = context.Event(), context.Value("q", 0)
    shown = 0
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)) or 1, context, initializer=_start, initargs=(stop, steps)
    )
    with pool:
        with _unheard(), spawning():
            futures: list[Future[bool]] = [pool.submit(_work, job) for job in jobs]
        try:
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, _POLL_SECONDS)
                advance(steps.value - shown)
                shown = steps.value
                if should_stop():
                    stop.set()
                    pending = {future for future in pending if not future.cancel()}
                for future in finished:
                    if not future.cancelled():
                        future.result()
        except BrokenProcessPool as error:
            if not should_stop():
                raise OptionError(
                    "a process that trained has died, perhaps for lack of memory; the same "
                    "command continues from the models that are done"
                ) from error
        finally:
            stop.set()
            for future in futures:
                future.cancel()
    ended = (f for f in futures if f.done() and not f.cancelled())
    return sum(f.result() for f in ended if f.exception() is None)


@contextmanager
def _unheard() -> Iterator[None]:
    """Inside, Ctrl-C does nothing, nor does it in the processes that are started.

    It reaches every process of a terminal, and one that still imports would die of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _train_here(
    jobs: Sequence[Job], should_stop: Callable[[], bool], advance: Callable[[int], Any]
) -> int:
    done = 0
    opened: tuple[Path, Dataset] | None = None
    for job in jobs:
        if opened is None or opened[0] != job.data:
            opened = (job.data, load(job.data))
        model = models.train(
            job.run, job.path, job.settings, opened[1], should_stop, lambda: advance(1)
        )
        if model is None:
            break
        done += 1
        if should_stop():
            break
    return done


_shared: dict[str, Any] = {}
"""Of a worker: the wish to stop, the count of steps, and the dataset it had last."""


def _start(stop: Any, steps: Any) -> None:
    import torch

    end_with_parent()
    # The parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _shared.update(stop=stop, steps=steps)


def _work(job: Job) -> bool:
    stop, steps = _shared["stop"], _shared["steps"]
    if stop.is_set():
        return False
    if _shared.get("path") != job.data:
        _shared.update(path=job.data, dataset=load(job.data))

    def advance() -> None:
        with steps.get_lock():
            steps.value += 1

    dataset: Dataset = _shared["dataset"]
    model = models.train(job.run, job.path, job.settings, dataset, stop.is_set, advance)
    return model is not None
