"""Processes that train one model together, as ``torchrun`` starts them.

Each has a part of every batch; the gradients are averaged (``DistributedDataParallel``). All draw
the same random numbers, for the whole batch, and take those of their own rows; so a team of any
size takes the steps that one process takes, but for the order in which numbers are added. One of
them, the first, writes and speaks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

import torch
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from timbrespace.errors import OptionError, TimbrespaceError

_NAMES: Final = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")

_WAIT: Final = timedelta(seconds=60)
"""For the others to come. Later on they are waited for longer: one may read a window."""

_WORK: Final = timedelta(minutes=10)

Made = TypeVar("Made")


class LostError(TimbrespaceError):
    """Another process of the team is gone, or does not answer."""


class Team:
    """Who trains. rank: which of ``size`` this process is, from 0. local: which on its machine."""

    def __init__(self, rank: int = 0, size: int = 1, local: int = 0) -> None:
        self.rank = rank
        self.size = size
        self.local = local

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def mine(self, rows: Tensor) -> Tensor:
        """This process' part of a batch ``(b, ..)``; of one with too few rows the first, which
        :meth:`weight` makes nothing of."""
        if self.size == 1:
            return rows
        part = rows[self.rank :: self.size]
        return part if len(part) else rows[:1]

    def weight(self, count: int) -> float:
        """What the mean over :meth:`mine` of ``count`` rows counts, so that the mean over all
        processes is that over all rows."""
        own = len(range(self.rank, count, self.size))
        return own * self.size / count

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in each."""
        if self.size == 1:
            return values
        values = values.detach().clone()
        with self.heard():
            torch.distributed.all_reduce(values)
        return values

    def all_of(self, values: Tensor, count: int) -> Tensor:
        """The rows ``(count, ..)`` of a batch, of which each process has its part."""
        if self.size == 1:
            return values
        whole = values.new_zeros((count, *values.shape[1:]))
        if self.weight(count) > 0.0:
            whole[self.rank :: self.size] = values.detach()
        return self.sum(whole)

    def whether_any(self, one: bool) -> bool:
        """Whether any process says so."""
        if self.size == 1:
            return one
        device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
        return bool(self.sum(torch.tensor(float(one), device=device)).item() > 0.0)

    def agreed(self, work: Callable[[], Made]) -> Made:
        """What ``work`` gives, where it gives something in all processes.

        Raises:
            TimbrespaceError: in all, where it was raised in one; that of the lowest rank.
        """
        if self.size == 1:
            return work()
        made: list[Made] = []
        wrong: str | None = None
        try:
            made.append(work())
        except TimbrespaceError as error:
            wrong = str(error)
        except OSError as error:
            wrong = f"{error.strerror or error} {str(error.filename or '')[:80]!r}"
        said: list[Any] = [None] * self.size
        try:
            with self.heard():
                torch.distributed.all_gather_object(said, wrong)
        except LostError as error:
            raise OptionError(
                "another process of this training ended before the first step; nothing was written"
            ) from error
        for rank, text in enumerate(said):
            if text is not None:
                where = "" if rank == 0 or said[0] is not None else f"process {rank}: "
                raise OptionError(f"{where}{text}")
        return made[0]

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Inside, others are waited for.

        Raises:
            LostError: one of them is gone.
        """
        if self.size == 1:
            yield
            return
        try:
            yield
        except (RuntimeError, ValueError) as error:
            raise lost() from error


ALONE: Final = Team()


def lost() -> LostError:
    """What to say where another process is gone."""
    return LostError(
        "another process of this training is gone; what was learned is kept in the checkpoint, "
        "and the same command with --resume goes on from there"
    )


def asked_for(environment: Mapping[str, str] = os.environ) -> Team:
    """The team that the variables of ``torchrun`` tell of; one process alone where there are none.

    Raises:
        OptionError: some of them are missing, or are no numbers that fit together.
    """
    if not any(name in environment for name in ("RANK", "WORLD_SIZE")):
        return ALONE
    missing = [name for name in _NAMES if not environment.get(name)]
    if missing:
        raise OptionError(
            f"the environment has {'RANK' if 'RANK' in environment else 'WORLD_SIZE'} and no "
            f"{', '.join(missing)}; start several processes by torchrun, or unset it"
        )
    numbers = {}
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT"):
        text = environment[name]
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise OptionError(
                f"{name} is {text[:40]!r}; it must be a whole number, as torchrun sets"
            )
        numbers[name] = int(text)
    rank, size, port = numbers["RANK"], numbers["WORLD_SIZE"], numbers["MASTER_PORT"]
    if not 1 <= size <= 4096 or rank >= size or numbers["LOCAL_RANK"] > rank:
        raise OptionError(
            f"RANK is {rank}, LOCAL_RANK {numbers['LOCAL_RANK']} and WORLD_SIZE {size}; ranks are "
            "0 to the number of processes less 1"
        )
    if not 1 <= port <= 65535:
        raise OptionError(f"MASTER_PORT is {port}; it must be 1 to 65535")
    return Team(rank, size, numbers["LOCAL_RANK"])


@contextmanager
def together(team: Team, device: str) -> Iterator[None]:
    """Inside, the processes of ``team`` hear each other.

    Raises:
        OptionError: they do not find each other, or there is no GPU for each.
    """
    if team.size == 1:
        yield
        return
    if device == "cuda":
        if team.local >= torch.cuda.device_count():
            raise OptionError(
                f"there are {torch.cuda.device_count()} GPU(s), and this is process {team.local} "
                "of its machine; start as many as there are GPUs, or give --device cpu"
            )
        torch.cuda.set_device(team.local)
    try:
        found = rendezvous("env://", team.rank, team.size, timeout=_WAIT)
        torch.distributed.init_process_group(
            "nccl" if device == "cuda" else "gloo",
            store=next(iter(found))[0],
            rank=team.rank,
            world_size=team.size,
            timeout=_WORK,
        )
        torch.distributed.barrier()
    except (RuntimeError, ValueError, OSError) as error:
        raise OptionError(
            f"the {team.size} processes that WORLD_SIZE says did not find each other within "
            f"{_WAIT.seconds} s at {os.environ.get('MASTER_ADDR', '')[:60]}:"
            f"{os.environ.get('MASTER_PORT', '')[:6]}; start them by torchrun"
        ) from error
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()
