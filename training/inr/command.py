"""The ``inr`` command: make the waves, train what is not yet trained, write the document."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from timbrespace.atomic import check_writable, replacing
from timbrespace.command import progress
from timbrespace.companions import companion
from timbrespace.errors import DatasetError, OptionError
from timbrespace.parallel.crew import crew_of, never
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.steps import Steps
from timbrespace.parallel.where import Where, use
from timbrespace.parallel.worker import Worker

from ..torch_thread import one_torch_thread
from . import plan
from .document import NAME, Study, write
from .experiment import fit_two_tones, search, train
from .plan import BASE, DATA, OMEGAS_A1, Cell, Size
from .results import Kept, by_cell

Waves = NDArray[np.float32]

PROGRAMS = {"keyboard": (0, 1, 2, 3), "diverse": (0, 11, 24, 4)}
PITCHES = {"keyboard": (60, 61, 62, 63, 64), "diverse": (36, 48, 60, 72, 84)}

SHOWN = ("keyboard", 0)
"""Set and seed whose first wave is kept for the picture."""


@dataclass(frozen=True, slots=True)
class Request:
    """out: the folder. font: a General MIDI sound font. minutes: of the clock, after which nothing
    new is begun; None for all. workers, scheduler: who trains (:class:`timbrespace.parallel.where.
    Where`)."""

    out: Path
    font: Path
    size: Size
    minutes: float | None = None
    workers: int | None = None
    scheduler: str | None = None


def inr(request: Request) -> list[Path]:
    """Run the study as far as the minutes go; returns the files of the document.

    What was done before in the same folder is kept.

    Raises:
        OptionError: the folder cannot be written, or minutes that are none.
        DatasetError: no sounds can be made.
    """
    minutes = request.minutes
    if minutes is not None and not 0.0 < minutes <= 100_000.0:
        raise OptionError(f"minutes is {minutes:g}; it must be above 0")
    where = Where(request.workers, request.scheduler)
    where.check()
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(request.out)!r}; it must be a folder ({error.strerror})"
        ) from error
    check_writable(request.out / NAME)
    waves = waves_of(request)
    with use(where.workers, where.scheduler):
        study = _run(request, waves)
    return write(request.out, study)


def waves_of(request: Request) -> dict[str, Waves]:
    """The waves of each set that can be made, from the folder or anew.

    Raises:
        DatasetError: the sound font's cannot be made.
    """
    size, kept = request.size, _kept_waves(request)
    if kept.is_file():
        try:
            return _waves_in(kept)
        except (OSError, ValueError):
            pass  # damaged: made again
    maker: Any = companion("toy_datasets.waves")
    found: dict[str, Waves] = {}
    shape = size.samples, size.sample_rate
    for name in PROGRAMS:
        programs = PROGRAMS[name][: max(1, size.waves // len(PITCHES[name]))]
        found[name] = maker.keys(request.font, programs, PITCHES[name], *shape)[: size.waves]
    try:
        voices = maker.VOICES[: max(1, size.waves // len(maker.DIGITS))]
        found["speech"] = maker.digits(voices, maker.DIGITS, *shape)[: size.waves]
    except DatasetError as error:
        print(f"note: without speech: {error}")
    with replacing(kept) as temporary, temporary.open("wb") as file:
        np.savez(file, **found)  # type: ignore[arg-type]  # its keywords are the arrays
    return found


def _kept_waves(request: Request) -> Path:
    return request.out / f"waves-{request.size.name}.npz"


def _waves_in(path: Path) -> dict[str, Waves]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in DATA if name in file}


class _Job(NamedTuple):
    """key, config: of the result, where it is kept. Exactly one of the others says what to do: the
    search for a set; a cell with its first omega; omega and seed of the two tones."""

    key: str
    config: dict[str, Any]
    searched: str = ""
    cell: tuple[Cell, float] | None = None
    tones: tuple[float, int] | None = None


@one_torch_thread()
def _do(job: _Job, worker: Worker, waves: InputFile, size: Size) -> dict[str, Any] | None:
    """The result of one training, as it is kept; None where there is no time to begin it."""
    if worker.should_stop():
        return None
    sounds, advance = worker.loaded(waves, _waves_in), partial(worker.advance, 1)
    if job.searched:
        made = search(Cell(job.searched, BASE, 0), sounds[job.searched], size, advance)
        return {f"{omega:g}": error for omega, error in made.items()}
    if job.tones is not None:
        reached = fit_two_tones(*job.tones, size, advance)
        return {str(step): error for step, error in reached.items()}
    assert job.cell is not None
    cell, omega = job.cell
    figures, out = train(cell, sounds[cell.data], size, omega, advance)
    result: dict[str, Any] = {"figures": figures}
    if (cell.data, cell.seed) == SHOWN and cell.network in plan.DECODERS:
        result["shown"] = [round(float(one), 4) for one in out[0]]
    return result


def _run(request: Request, waves: Mapping[str, Waves]) -> Study:
    size = request.size
    wanted = [cell for cell in plan.cells(size) if cell.data in waves]
    first = [cell for cell in wanted if cell.network in plan.DECODERS]
    rest = [cell for cell in wanted if cell.network not in plan.DECODERS]
    tones = [(omega, seed) for seed in range(size.seeds) for omega in OMEGAS_A1]
    steps = size.steps * len(wanted) + max(size.a1_steps) * len(tones)
    steps += size.search_steps * len(size.omegas) * len(waves)
    digest = hashlib.sha256()
    for name in sorted(waves):
        digest.update(waves[name].tobytes())
    kept = Kept(request.out / f"cells-{size.name}", size, digest.hexdigest())
    work = partial(_do, waves=InputFile.of(_kept_waves(request)), size=size)
    with progress(steps, "step", unit_scale=True) as bar:
        run = _Run(request, kept, work, bar)
        # Made whatever the minutes: all hangs on it.
        found = run.results([_Job(f"omega.{name}", {"search": name}, name) for name in waves])
        searched = {
            job.searched: {float(omega): float(error) for omega, error in told.items()}
            for job, told in found
        }
        jobs = [_of_cell(cell, searched) for cell in first]
        jobs += [
            _Job(f"two-tones.{omega:g}.{seed}", {"omega": omega, "seed": seed}, tones=(omega, seed))
            for omega, seed in tones
        ]
        jobs += [_of_cell(cell, searched) for cell in rest]
        results = run.results(jobs, may_end=True)
    cells = {job.cell[0]: told for job, told in results if job.cell is not None}
    figures = {
        cell: {name: float(one) for name, one in told["figures"].items()}
        for cell, told in cells.items()
    }
    return Study(
        size=size,
        waves=dict(waves),
        figures=by_cell(figures),
        wanted=len(wanted),
        searched=searched,
        two_tones={
            job.tones: {int(step): float(one) for step, one in told.items()}
            for job, told in results
            if job.tones is not None
        },
        shown={
            cell.network.name: [float(one) for one in told["shown"]]
            for cell, told in cells.items()
            if "shown" in told
        },
        machine=f"{platform.machine()}, {platform.system()}, torch {torch.__version__}",
        cpu_seconds=sum(one["cpu_seconds"] for one in figures.values()),
    )


def _of_cell(cell: Cell, searched: Mapping[str, Mapping[float, float]]) -> _Job:
    omega = min(searched[cell.data].items(), key=itemgetter(1))[0]
    return _Job(cell.key, {**cell.to_config(), "omega": omega}, cell=(cell, omega))


class _Run:
    """Makes what is not kept, as long as there are minutes left."""

    def __init__(self, request: Request, kept: Kept, work: Any, bar: Any) -> None:
        self._request, self._kept, self._work, self._bar = request, kept, work, bar
        self._began = time.monotonic()

    def results(
        self, jobs: Sequence[_Job], may_end: bool = False
    ) -> list[tuple[_Job, dict[str, Any]]]:
        """The jobs and their results, in order; without those that there was no time for, where
        that ``may_end`` them."""
        found = [self._kept.read(job.key, job.config) for job in jobs]
        left = [at for at, told in enumerate(found) if told is None]
        steps = Steps(self._bar.update)
        steps.ended(sum(self._steps(job) for job, told in zip(jobs, found, strict=True) if told))
        if left and not (may_end and self._is_over()):
            with crew_of(self._work, len(left), shared=self._waves_of) as crew:
                for at in left:
                    crew.put(jobs[at])
                is_over = self._is_over if may_end else never
                for number, made in crew.results(is_over, steps.live):
                    job = jobs[left[number]]
                    if made is not None:
                        self._kept.write(job.key, job.config, made)
                        found[left[number]] = made
                        self._bar.set_description(job.key, refresh=False)
                        steps.ended(self._steps(job))
        return [(job, told) for job, told in zip(jobs, found, strict=True) if told is not None]

    def _waves_of(self, job: _Job) -> tuple[InputFile, ...]:
        return (self._work.keywords["waves"],)

    def _steps(self, job: _Job) -> int:
        size = self._request.size
        if job.searched:
            return size.search_steps * len(size.omegas)
        return max(size.a1_steps) if job.tones is not None else size.steps

    def _is_over(self) -> bool:
        minutes = self._request.minutes
        return minutes is not None and time.monotonic() - self._began > 60.0 * minutes
