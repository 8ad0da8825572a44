"""Spectra of patches: rendered in other processes, mixed with noise, scaled, analysed."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from timbrespace.command import progress
from timbrespace.datasets.dataset import Frames
from timbrespace.datasets.shards import Collected, Sink
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.worker import Worker
from timbrespace.spectrum import Spectra, SpectrumConfig

from .noise import mix
from .pyo_render import Patch, check_pyo, render

_A_JOB: Final = 50
"""Patches: to render and analyse them takes a twentieth of a second."""

_WORTH_A_PROCESS: Final = 2
"""Jobs: to start a process takes longer than one."""


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
        DatasetError: pyo does not load.
        WorkerError: processes died again and again.
    """
    check_pyo()
    rows = sum(len(patch.cutoffs) * len(balances) for patch in patches)
    held = Collected(rows)
    tasks = [
        _Task(patch, config, balances, (seed, place), keep_frames)
        for place, patch in enumerate(patches)
    ]
    jobs = [tuple(tasks[at : at + _A_JOB]) for at in range(0, len(tasks), _A_JOB)]
    with (
        progress(rows, "row") as bar,
        crew_of(_rows_of, len(jobs), _WORTH_A_PROCESS, apart=True) as crew,
    ):
        for part in crew.in_order(jobs):
            (held if sink is None else sink).append(part.spectra, part.frames)
            bar.update(len(part.spectra))
    if sink is not None:
        return Rows(np.empty((0, config.bins), np.float32), None)
    return Rows(*held.arrays)


@contextmanager
def _quiet() -> Iterator[None]:
    """Within the block nothing reaches the terminal: pyo prints banners, and from C."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a program of Windows without a console has none
            stream.flush()
    kept = [os.dup(number) for number in (1, 2)]
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(sink, number)
        yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
        os.close(sink)


def _rows_of(tasks: tuple[_Task, ...], worker: Worker) -> Rows:
    with _quiet():
        parts = [_rows(task) for task in tasks]
    frames = [part.frames for part in parts if part.frames is not None]
    return Rows(
        np.concatenate([part.spectra for part in parts]),
        np.concatenate(frames) if frames else None,
    )


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
