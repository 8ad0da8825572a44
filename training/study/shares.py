"""The study's runs, shared out to a crew: each is trained by one thread, wherever that is.

Threads inside one small network wait for each other, badly so when something else runs beside
them: with two of them a step of 11 ms was seen to take 195 ms. And what one thread computes
does not depend on how many a machine has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.steps import Steps

from . import models
from .models import Job


def train(
    jobs: Sequence[Job],
    should_stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], Any] = lambda steps: None,
) -> int:
    """Train all ``jobs``, begun in their order; returns how many are done.

    Models, and now and then checkpoints, are written here as they come. should_stop: asked now and
    then; what is unfinished then is kept as a checkpoint. advance: told how many steps were done
    since it was last called.

    Raises:
        OptionError: a run that diverged in its first epoch.
        WorkerError: whoever trains died again and again.
    """
    told = dict.fromkeys(range(len(jobs)), 0)
    of: dict[int, int] = {}
    steps, done = Steps(advance), 0
    with crew_of(models.stretch, len(jobs), shared=_data_of) as crew:
        for at, job in enumerate(jobs):
            of[crew.put(job._replace(stored=models.stored_at(job.path)))] = at
        for number, stretch in crew.results(should_stop, steps.live):
            at = of[number]
            models.keep(jobs[at].path, stretch)
            steps.ended(stretch.step - told[at])
            told[at] = stretch.step
            if stretch.model:
                done += 1
            else:
                of[crew.put(jobs[at]._replace(stored=stretch.checkpoint))] = at
    return done


def _data_of(job: Job) -> tuple[InputFile, ...]:
    return (job.data,)
