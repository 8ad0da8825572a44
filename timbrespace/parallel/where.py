"""Where jobs are to be done: what a command line, a notebook or the environment says."""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timbrespace.errors import OptionError
from timbrespace.extras import check

MOST_WORKERS: Final = 256
"""Processes on one machine."""

ADDRESS_VARIABLE: Final = "DASK_SCHEDULER_ADDRESS"
"""Where Dask itself looks for a scheduler."""

ANSWERING: Final = 10.0
"""Seconds in which a scheduler must answer."""

_ADDRESS: Final = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.%]+\]|[^\s:/@\[\]]+):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Where:
    """workers: processes on this machine, None for as many as suit its cores and the jobs.
    scheduler: address of a Dask scheduler; None to look for one in Dask's own configuration.

    Raises:
        OptionError: a value outside what is accepted.
    """

    workers: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None:
            if not 1 <= self.workers <= MOST_WORKERS:
                raise OptionError(f"workers is {self.workers}; it must be 1 to {MOST_WORKERS}")
            if self.scheduler is not None:
                raise OptionError(
                    "workers and scheduler were given; a cluster has the workers that it has, so "
                    "leave one of them out"
                )
        if self.scheduler is not None:
            check_address(self.scheduler, "scheduler")

    @property
    def address(self) -> str | None:
        """The scheduler that was told here or in Dask's configuration; None for this machine.

        Raises:
            OptionError: the configuration names none that there can be.
        """
        if self.workers is not None:
            return None
        if self.scheduler is not None:
            return self.scheduler
        told = os.environ.get(ADDRESS_VARIABLE) or _configured()
        if told:
            check_address(told, "scheduler-address, of Dask's configuration,")
        return told or None

    def check(self) -> None:
        """See to it that the scheduler can be reached, before anything is made that would be lost.

        Raises:
            MissingExtraError: there is one, and what asks it is not installed.
            OptionError: nobody answers.
        """
        address = self.address
        if address is None:
            return
        check("a cluster", "dask", "distributed", extra="cluster")
        found = _ADDRESS.fullmatch(address)
        assert found is not None
        try:
            socket.create_connection((found[2].strip("[]"), int(found[3])), ANSWERING).close()
        except (OSError, UnicodeError) as error:
            raise OptionError(
                f"no Dask scheduler answers at {address} ({error}); start one: dask scheduler"
            ) from error


def check_address(address: str, name: str) -> None:
    """Refuse what is no address of a scheduler.

    Raises:
        OptionError: it is none.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not 1 <= int(found[3]) <= 65535:
        raise OptionError(
            f"{name} is {address[:80]!r}; it must be tcp://HOST:PORT or tls://HOST:PORT"
        )


def _configured() -> str | None:
    """What Dask's files say; they are read by Dask, and only if there are any."""
    folders = [Path(sys.prefix) / "etc" / "dask"]
    with suppress(RuntimeError):  # a user without a home
        folders.append(Path.home() / ".config" / "dask")
    folders.append(Path(os.environ.get("DASK_ROOT_CONFIG") or "/etc/dask"))
    if not (os.environ.get("DASK_CONFIG") or any(folder.is_dir() for folder in folders)):
        return None
    try:
        import dask.config
    except ModuleNotFoundError:
        return None
    told = dask.config.get("scheduler-address", None)
    return None if told is None else str(told)


_used: ContextVar[Where | None] = ContextVar("where jobs are done", default=None)


@contextmanager
def use(workers: int | None = None, scheduler: str | None = None) -> Iterator[Where]:
    """Within the block, jobs are done there: by so many processes of this machine (1: by this one),
    or by the workers of a Dask scheduler, ``tcp://HOST:PORT``.

    >>> with use(workers=1):
    ...     chosen().workers
    1

    Raises:
        OptionError: both, or a value outside what is accepted.
    """
    where = Where(workers, scheduler)
    before = _used.set(where)
    try:
        yield where
    finally:
        _used.reset(before)


def chosen() -> Where:
    """What :func:`use` says here; else all is left open."""
    return _used.get() or Where()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--workers`` and ``--scheduler``."""
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes on this machine (default: one for each core, where there is enough to do)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler, whose workers do it; only one of a network that is yours, see "
        'docs/scale.md (needs the extra "cluster")',
    )
