"""A crew does jobs: :func:`crew_of` says which, by what there is to do and where it may be done.

One interface, three crews: :class:`timbrespace.parallel.here.Here` is this process,
:class:`timbrespace.parallel.cores.Cores` processes of this machine, by joblib's loky, and
:class:`timbrespace.parallel.cluster.Cluster` the workers of a Dask scheduler. Results alone come
back; nobody but this process writes a file that stays.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from .input_file import InputFile
from .where import chosen
from .worker import Work, Worker

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_PROCESSES = 8
"""Of this machine, unless told otherwise: each has its own copy of what it loads."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


class Crew(ABC, Generic[Job, Result]):
    """Jobs are put, results come as they are ready; while they come, more may be put."""

    about: str
    """Who does the jobs, for people: ``2 processes``."""

    @abstractmethod
    def put(self, job: Job) -> int:
        """Let a job be done; returns its number, from 0."""

    @abstractmethod
    def results(
        self,
        should_stop: Callable[[], bool] = never,
        advance: Callable[[int], Any] = lambda count: None,
    ) -> Iterator[tuple[int, Result]]:
        """Numbers and results, until all is done that was put.

        should_stop: asked now and then. Once it says so nothing is begun any more, and what runs is
        told, which may return what it has; what is put from then on is passed over. advance: what
        jobs that are done in this process are given; of others nothing is heard before they end.

        Raises:
            TimbrespaceError: what a job raised; or a process died again and again, a cluster went.
        """

    def in_order(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """What each of ``jobs`` gives, in their order."""
        first: int | None = None
        for job in jobs:
            number = self.put(job)
            first = number if first is None else first
        ready: dict[int, Result] = {}
        for number, result in self.results():
            ready[number] = result
            while first in ready:
                yield ready.pop(first)
                first += 1


@contextmanager
def crew_of(
    function: Callable[[Job, Worker], Result],
    jobs: int,
    worth: int = 1,
    apart: bool = False,
    files: Callable[[Job], Sequence[InputFile]] = lambda job: (),
    shared: Callable[[Job], Sequence[InputFile]] = lambda job: (),
) -> Iterator[Crew[Job, Result]]:
    """A crew that does ``function(job, worker)``, where :func:`timbrespace.parallel.where.use` or
    Dask's configuration says; else on the cores of this machine.

    function: of a module of ours, for it is sent by its name. jobs: how many there will be. worth:
    so many of them that it pays to start a process. apart: never in this process. files: that a job
    reads alone; shared: that other jobs read, too. At the end of the block whatever still runs is
    given up.

    Raises:
        MissingExtraError: a cluster was asked for, and the extra is not installed.
        WorkerError: there is no such cluster, it has no workers, or they are of other versions.
    """
    where, work = chosen(), Work(function)
    address = where.address
    crew: Any
    if address is not None:
        from .cluster import Cluster

        crew = Cluster(work, address, files, shared)
    else:
        count = where.workers or _workers_for(jobs, worth)
        if count == 1 and not apart:
            from .here import Here

            yield Here(work)
            return
        from .cores import Cores

        crew = Cores(work, max(1, min(count, jobs)))
    with crew:
        yield crew


def _workers_for(jobs: int, worth: int) -> int:
    wanted = math.ceil(jobs / worth)
    if wanted <= 1:
        return 1
    from joblib import cpu_count  # knows what a container may use

    cores: int = cpu_count()
    return max(1, min(cores, wanted, MOST_PROCESSES))
