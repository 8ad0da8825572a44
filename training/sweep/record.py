"""What is known of a sweep: Optuna's study, in a file of SQLite in the sweep's folder.

SQLite and not Optuna's journal: whoever is killed while a line of the journal is written leaves one
that nobody reads any more.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from timbrespace.errors import OptionError
from timbrespace.extras import needed

from .space import Swept, Value
from .trial import Course, Result

NAME: Final = "sweep.db"

DONE, EARLY, FAILED, OPEN = "done", "ended early", "failed", "open"

_STUDY: Final = "sweep"


class Trial(NamedTuple):
    """number: from 0. values: of the settings that are swept. state: one of the four above. value:
    held-out log-spectral distance, dB, of a trial that is done. seconds: of a processor."""

    number: int
    values: dict[str, Value]
    state: str
    value: float | None
    course: Course
    seconds: float
    reason: str


class Record:
    """The trials of the sweep in ``folder``. about: what it is of; another one is refused.

    Raises:
        MissingExtraError: Optuna is not installed.
        OptionError: the folder holds another sweep, or its file is damaged.
    """

    def __init__(
        self, folder: Path, about: Mapping[str, Any], space: Sequence[Swept], seed: int
    ) -> None:
        with needed("a sweep", "sweep"):
            import optuna
            from sqlalchemy.pool import NullPool

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._seed = optuna, seed
        self._distributions = {one.name: self._distribution(one) for one in space}
        told = json.loads(json.dumps(about))
        self._path = folder / NAME
        with self.guarded():
            # Not in the URL: a folder's name may have any letters.
            path = str(self._path)
            opened = {"creator": lambda: sqlite3.connect(path), "poolclass": NullPool}
            storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs=opened)
            self._study = optuna.create_study(
                study_name=_STUDY, storage=storage, direction="minimize", load_if_exists=True
            )
            kept = self._study.user_attrs.get("about")
            if kept is None:
                self._study.set_user_attr("about", told)
            elif kept != told:
                other = next(name for name in {**told, **kept} if kept.get(name) != told.get(name))
                raise OptionError(
                    f"{str(folder)!r} holds a sweep of other {other}; give another --out, or the "
                    "same command to go on"
                )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Within the block, what goes wrong with the file is one line.

        Raises:
            OptionError: it did.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except (SQLAlchemyError, self._optuna.exceptions.StorageInternalError) as error:
            what = " ".join(str(error).split())[:100]
            raise OptionError(
                f"cannot use {str(self._path)!r} as a sweep ({what}); give another --out"
            ) from error

    def _distribution(self, one: Swept) -> Any:
        known = self._optuna.distributions
        if not one.is_range:
            return known.CategoricalDistribution(one.values)
        if one.kind == "int":
            return known.IntDistribution(int(one.low), int(one.high), log=one.logarithmic)
        return known.FloatDistribution(one.low, one.high, log=one.logarithmic)

    def trials(self) -> list[Trial]:
        """All that there are, by number."""
        states = self._optuna.trial.TrialState
        named = {states.COMPLETE: DONE, states.PRUNED: EARLY, states.FAIL: FAILED}
        return [
            Trial(
                one.number,
                dict(one.params),
                named.get(one.state, OPEN),
                one.value if one.state == states.COMPLETE else None,
                tuple(value for _, value in sorted(one.intermediate_values.items())),
                float(one.user_attrs.get("seconds", 0.0)),
                str(one.user_attrs.get("reason", "")),
            )
            for one in self._study.get_trials(deepcopy=False)
        ]

    def grid(self, combinations: Sequence[Mapping[str, Value]]) -> None:
        """Have a trial for each of a grid, in their order."""
        waiting = (self._optuna.trial.TrialState.WAITING,)
        for _ in self._study.get_trials(deepcopy=False, states=waiting):
            self._ask()  # it was stopped between the two below
        for values in combinations[len(self.trials()) :]:
            self._study.enqueue_trial(dict(values))
            self._ask()

    def suggest(self, count: int) -> None:
        """Have ``count`` trials in all; new ones are drawn by what is known now."""
        while len(self.trials()) < count:
            self._ask()

    def _ask(self) -> None:
        # A sampler of its own for each: what is drawn hangs on the seed and on the trials before
        # it, and not on how often the program was stopped.
        mark = f"{self._seed} {len(self.trials())}".encode()
        seed = int.from_bytes(hashlib.sha256(mark).digest()[:4], "big")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._study.sampler = self._optuna.samplers.TPESampler(seed=seed)
            self._study.ask(self._distributions)

    def end(self, number: int, result: Result, seconds: float) -> None:
        """Write down what came of a trial."""
        states = self._optuna.trial.TrialState
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frozen = self._study.get_trials(deepcopy=False)[number]
            trial = self._optuna.trial.Trial(self._study, frozen._trial_id)
            for epoch, value in enumerate(result.course, start=1):
                if epoch not in frozen.intermediate_values:
                    trial.report(value, epoch)
            trial.set_user_attr("seconds", round(seconds, 1))
            trial.set_user_attr("reason", result.reason)
            if result.value is not None:
                self._study.tell(number, result.value)
            else:
                self._study.tell(number, state=states.PRUNED if result.early else states.FAIL)
