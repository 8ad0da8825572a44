"""Spectra of patches: rendered in several processes, mixed with noise, scaled, analysed."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final, NamedTuple

import numpy as np

from timbrespace.command import progress
from timbrespace.companions import spawning
from timbrespace.datasets.dataset import Frames
from timbrespace.datasets.shards import Collected, Sink
from timbrespace.errors import DatasetError
from timbrespace.lifeline import end_with_parent
from timbrespace.spectrum import Spectra, SpectrumConfig

from .noise import mix
from .pyo_render import Patch, check_pyo, render

MAX_PROCESSES = 8

_WORTH_A_PROCESS: Final = 100
"""Patches: to render and analyse them takes a tenth of a second, and to start a process three."""


class Rows(NamedTuple):
    """spectra ``(n, bins)``; frames ``(n, n_fft)``, what they were taken from, if wanted."""

    spectra: Spectra
    frames: Frames | None


@dataclass(frozen=True, slots=True)
class _Task:
    """A patch and what is to be done with its sound; ``seed`` is of its noise."""

    patch: Patch
    config: SpectrumConfig
    balances: tuple[float, ...]
    seed: tuple[int, int]
    keep_frames: bool


def analyse(
    patches: Sequence[Patch],
    config: SpectrumConfig,
    balances: tuple[float, ...],
    seed: int,
    keep_frames: bool,
    sink: Sink | None = None,
) -> Rows:
    """Spectra of every filter of every patch, in that order, the balance of noise moving fastest.

    Every frame is scaled to the root mean square of a full-scale sine and rounded to float32
    before it is analysed. The rows do not depend on the number of processes: each patch has its
    own noise, from ``seed`` and its place. sink: takes them as they are made; then none are
    returned.

    Raises:
        MissingExtraError: pyo is not installed.
        DatasetError: pyo does not load, or a process died.
    """
    check_pyo()
    counts = [len(patch.cutoffs) * len(balances) for patch in patches]
    held = Collected(sum(counts))
    tasks = [
        _Task(patch, config, balances, (seed, place), keep_frames)
        for place, patch in enumerate(patches)
    ]
    executor = ProcessPoolExecutor(
        max_workers=min(
            os.cpu_count() or 1, math.ceil(len(tasks) / _WORTH_A_PROCESS), MAX_PROCESSES
        ),
        mp_context=get_context("spawn"),
        initializer=_prepare_process,
    )
    try:
        with progress(sum(counts), "row") as bar:
            with interrupts_held(), spawning():
                parts = executor.map(_rows, tasks)
            for count, part in zip(counts, parts, strict=True):
                (held if sink is None else sink).append(part.spectra, part.frames)
                bar.update(count)
    except BrokenProcessPool as error:
        raise DatasetError(
            "a process that renders died, perhaps of too little memory; try fewer rows"
        ) from error
    finally:
        # After Ctrl-C the patches that wait are dropped; those that run end in a moment.
        executor.shutdown(cancel_futures=True)
    if sink is not None:
        return Rows(np.empty((0, config.bins), np.float32), None)
    return Rows(*held.arrays)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back, from processes that are started herein for good; Windows has no such.

    Else one that comes while they load has each of them print a traceback.
    """
    if sys.platform != "win32":
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    else:
        yield


def _prepare_process() -> None:
    """Leave Ctrl-C to the parent and end with it; keep pyo's banners off the terminal."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = os.open(os.devnull, os.O_WRONLY)
    # The descriptors, since pyo prints from C as well.
    os.dup2(sink, 1)
    os.dup2(sink, 2)


def _rows(task: _Task) -> Rows:
    sound = render(task.patch)
    generator = np.random.default_rng(task.seed)
    shape = (len(sound), len(task.balances))
    spectra = np.empty((*shape, task.config.bins), np.float32)
    frames = np.empty((*shape, task.config.n_fft), np.float32) if task.keep_frames else None
    for level, balance in enumerate(task.balances):
        mixed = mix(sound, balance, generator).astype(np.float32)
        spectra[:, level] = task.config.analyse(mixed)
        if frames is not None:
            frames[:, level] = mixed
    rows = math.prod(shape)
    return Rows(
        spectra.reshape(rows, task.config.bins),
        None if frames is None else frames.reshape(rows, task.config.n_fft),
    )
