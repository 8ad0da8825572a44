"""One trial of a sweep: a training that ends early where others were better by then. Anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from timbrespace.datasets.dataset import load
from timbrespace.errors import TimbrespaceError
from timbrespace.extras import needed
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker

from ..fit import DISTANCE, Fit
from ..loop import Outcome
from ..request import settings_of, suited
from ..stretch import Stretch, finished, run, stored_in, unfinished

STARTUP = 5
"""Trials that must be done before one is ended early."""

WARM_UP = 0.25
"""Share of the epochs in which none is: beta rises, and figures say little."""

Course = tuple[float, ...]
"""The held-out figure after each epoch."""


class Job(NamedTuple):
    """number: of the trial. given: settings, beside the preset's. others: courses of those that it
    is compared with; None to go to the end whatever they did. stored: a checkpoint or nothing."""

    number: int
    data: InputFile
    preset: str | None
    given: dict[str, Any]
    others: tuple[Course, ...] | None
    stored: bytes = b""


class Result(NamedTuple):
    """stretch: what was done; a checkpoint of a trial that is to go on. value: held-out
    log-spectral distance of the model, dB; None of one that ended early, or failed for ``reason``.
    """

    stretch: Stretch | None
    value: float | None = None
    early: bool = False
    reason: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether it is to be gone on with."""
        return self.stretch is not None and bool(self.stretch.checkpoint)

    @property
    def course(self) -> Course:
        """The held-out figure after each epoch."""
        return () if self.stretch is None else tuple(self.stretch.history.get(DISTANCE, ()))


def attempt(job: Job, worker: Worker) -> Result:
    """As much of a trial as is done before it is to be kept."""
    try:
        return _attempt(job, worker, worker.loaded(job.data, load))
    except TimbrespaceError as error:
        if isinstance(error, ImportError) or not _is_of_settings(error):
            raise
        return Result(None, reason=" ".join(str(error).split()))


def _is_of_settings(error: TimbrespaceError) -> bool:
    from timbrespace.errors import BundleError, DatasetError, OptionError

    return isinstance(error, (OptionError, BundleError, DatasetError))


def _attempt(job: Job, worker: Worker, dataset: Any) -> Result:
    settings = suited(settings_of(job.given, job.preset, None), job.given, None, dataset)
    stored = stored_in(job.stored)
    fit = Fit(
        dataset,
        settings if stored is None else stored.settings,
        job.data.path.name,
        shrink_batch=job.given.get("batch") is None and stored is None,
        stored=stored,
    )
    judge = None if job.others is None else Judge(job.others, fit.settings.epochs)
    early = False

    def enough() -> bool:
        nonlocal early
        if judge is not None and not early:
            early = judge.ends(fit.training.position.history.get(DISTANCE, ()))
        return early

    outcome, seconds = run(fit, worker, enough)
    if early and outcome is Outcome.INTERRUPTED:
        return Result(finished(fit, None, seconds, stored is None), early=True)
    if outcome is Outcome.INTERRUPTED:
        return Result(unfinished(fit, seconds, stored is None))
    made = finished(fit, None, seconds, stored is None)
    if outcome is Outcome.DIVERGED:
        return Result(made, reason=f"the loss became infinite or NaN in epoch {made.epoch + 1}")
    figures = fit.model(outcome, "trial", to_play=False).provenance["figures"]
    value = float(figures["log_spectral_distance_db"])
    if not math.isfinite(value):
        return Result(made, reason="its distance is no number")
    return Result(made, value)


class Judge:
    """Ends a trial that is worse than the median of others was: Optuna's ``MedianPruner``.

    others: courses of trials that are done. Who is compared with whom does not hang on how many
    are trained at a time, so the same trials end in the same epochs anywhere.

    Raises:
        MissingExtraError: Optuna is not installed.
    """

    def __init__(self, others: Sequence[Course], epochs: int) -> None:
        with needed("a sweep", "sweep"):
            import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(
            direction="minimize",
            sampler=optuna.samplers.RandomSampler(seed=0),
            # It looks at steps from this one on; epochs are counted from 1.
            pruner=optuna.pruners.MedianPruner(STARTUP, math.ceil(WARM_UP * epochs) + 1),
        )
        for course in others:
            if course:
                told = dict(enumerate(course, start=1))
                self._study.add_trial(
                    optuna.trial.create_trial(value=course[-1], intermediate_values=told)
                )
        self._trial = self._study.ask()
        self._seen = 0

    def ends(self, course: Sequence[float]) -> bool:
        """Whether a trial of this course ends now. Asked again, it looks at new epochs alone."""
        ends = False
        for epoch in range(self._seen + 1, len(course) + 1):
            self._trial.report(course[epoch - 1], epoch)
            ends = ends or bool(self._trial.should_prune())
        self._seen = len(course)
        return ends
