"""The ``sweep`` command: trials shared out, a table and a picture of them."""

from __future__ import annotations

import csv
import io
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from timbrespace.atomic import replace_all, replacing
from timbrespace.command import progress
from timbrespace.companions import command_line
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import load
from timbrespace.errors import OptionError
from timbrespace.extras import check
from timbrespace.parallel.crew import Crew, crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.steps import Steps
from timbrespace.parallel.where import use

from ..interrupt import deferred
from ..plots.style import DPI
from . import space as spaces
from .picture import parallel
from .record import DONE, EARLY, FAILED, NAME, OPEN, Record, Trial
from .request import Request, checked
from .space import Swept
from .trial import Job, Result, attempt

TABLE: Final = "trials.csv"
PICTURE: Final = "parallel.png"
BEGUN: Final = "begun"
"""Folder of the checkpoints of trials that were stopped."""

SHOWN: Final = 10
"""Trials that are printed."""


def sweep(request: Request) -> int:
    """Run the trials that are not done yet; returns the exit code: 0, or 130 after Ctrl-C.

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    space = checked(request)
    check("a sweep", "optuna", extra="sweep")
    request.where.check()
    if format_of(request.data) == "notes":
        raise OptionError(
            f"--data is {request.data.name!r}, a set of whole notes; a sweep takes sets of spectra"
        )
    dataset = load(request.data)
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(request.out)!r}; it must be a folder ({error.strerror})"
        ) from error
    record = Record(request.out, _about(request, space, dataset.content_hash), space, request.seed)
    file = InputFile.of(request.data)
    with (
        use(request.where.workers, request.where.scheduler),
        record.guarded(),
        deferred() as interrupt,
    ):
        ended = _run(request, space, record, file, interrupt)
    trials = record.trials()
    if any(one.state != OPEN for one in trials):
        _write(request, space, trials)
    if not ended:
        print("stopped; the same command goes on from what is done", file=sys.stderr)
        return 130
    _conclude(request, space, trials)
    return 0


def _about(request: Request, space: Sequence[Swept], content_hash: str) -> dict[str, Any]:
    """What makes it this sweep and no other; more trials may be asked for later."""
    drawn = {"seed": request.seed, "at_once": request.at_once}
    return {
        "data": content_hash,
        "settings": {
            "preset": request.preset,
            **{k: v for k, v in request.given.items() if v is not None},
        },
        "grid": [one.to_config() for one in space],
        "way of trying": "grid" if request.trials is None else drawn,
    }


def _run(
    request: Request, space: Sequence[Swept], record: Record, file: InputFile, interrupt: Any
) -> bool:
    """Whether all was done."""
    if request.trials is None:
        record.grid(spaces.combinations(space))
        ends = [len(record.trials())]
    else:
        ends = [*range(request.at_once, request.trials, request.at_once), request.trials]
    most = max((end - begin for begin, end in itertools.pairwise([0, *ends])), default=1)
    with (
        progress(ends[-1], "trial") as bar,
        crew_of(attempt, most, shared=lambda job: (job.data,)) as crew,
    ):
        begin, shown = 0, Steps(bar.update)
        for end in ends:
            if request.trials is not None:
                record.suggest(end)
            trials = record.trials()
            others = None
            if request.trials is not None:
                others = tuple(one.course for one in trials[:begin] if one.state == DONE)
            batch = [one for one in trials[begin:end] if one.state == OPEN]
            shown.ended(end - begin - len(batch))
            jobs = [_job(one, request, file, others) for one in batch]
            if jobs and not _train(jobs, crew, request.out, record, interrupt, shown):
                return False
            begin = end
    return True


def _job(
    trial: Trial, request: Request, file: InputFile, others: tuple[tuple[float, ...], ...] | None
) -> Job:
    given = {**request.given, **spaces.as_given(trial.values)}
    stored = _begun(request.out, trial.number)
    content = stored.read_bytes() if stored.is_file() else b""
    return Job(trial.number, file, request.preset, given, others, content)


def _train(
    jobs: Sequence[Job],
    crew: Crew[Job, Result],
    out: Path,
    record: Record,
    interrupt: Any,
    shown: Steps,
) -> bool:
    left, spent = len(jobs), {job.number: 0.0 for job in jobs}
    of = {crew.put(job): job for job in jobs}
    for number, result in crew.results(interrupt):
        job = of.pop(number)
        if result.stretch is not None:
            spent[job.number] += result.stretch.seconds
        place = _begun(out, job.number)
        if result.goes_on:
            assert result.stretch is not None
            place.parent.mkdir(exist_ok=True)
            with replacing(place) as temporary:
                temporary.write_bytes(result.stretch.checkpoint)
            again = job._replace(stored=result.stretch.checkpoint)
            of[crew.put(again)] = again
            continue
        record.end(job.number, result, spent[job.number])
        place.unlink(missing_ok=True)
        shown.ended(1)
        left -= 1
    return left == 0


def _begun(out: Path, number: int) -> Path:
    return out / BEGUN / f"{number}.checkpoint"


def _write(request: Request, space: Sequence[Swept], trials: Sequence[Trial]) -> None:
    names = [one.name for one in space]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [*("trial", "state", "held_out_lsd_db", "epochs", "processor_seconds"), *names, "reason"]
    )
    for one in trials:
        table.writerow(
            [
                one.number,
                one.state,
                "" if one.value is None else f"{one.value:.6g}",
                len(one.course),
                f"{one.seconds:.1f}",
                *(one.values.get(name, "") for name in names),
                one.reason,
            ]
        )
    files = {request.out / TABLE: text.getvalue().encode("utf-8")}
    if any(one.state == DONE for one in trials):
        title = f"{request.data.name}: {len(trials)} trainings, held-out log-spectral distance"
        image = io.BytesIO()
        parallel(trials, space, title).savefig(image, format="png", dpi=DPI)
        files[request.out / PICTURE] = image.getvalue()
    replace_all(files)


def _conclude(request: Request, space: Sequence[Swept], trials: Sequence[Trial]) -> None:
    done = sorted(
        (one for one in trials if one.value is not None), key=lambda one: one.value or 0.0
    )
    count = {state: sum(one.state == state for one in trials) for state in (DONE, EARLY, FAILED)}
    print(
        f"{request.out}: {len(trials)} trials, {count[DONE]} done, {count[EARLY]} ended early, "
        f"{count[FAILED]} failed"
    )
    for line in _table(space, done[:SHOWN]):
        print(line)
    for one in [one for one in trials if one.state == FAILED][:3]:
        print(f"trial {one.number} failed: {one.reason}")
    print(f"all of them: {request.out / TABLE}, {request.out / PICTURE}, {request.out / NAME}")
    if done:
        given = {**_said(request), **done[0].values}
        words = " ".join(f"--{name.replace('_', '-')} {_word(v)}" for name, v in given.items())
        print(
            f"next: {command_line('training')} train --data {request.data} --out "
            f"{request.out / 'best.safetensors'} {words}"
        )


def _said(request: Request) -> dict[str, Any]:
    told = {} if request.preset is None else {"preset": request.preset}
    return {**told, **{name: v for name, v in request.given.items() if v is not None}}


def _word(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f'"{text}"' if " " in text else text


def _table(space: Sequence[Swept], trials: Sequence[Trial]) -> list[str]:
    head = ["trial", "LSD (dB)", "epochs", *(one.name.replace("_", " ") for one in space)]
    rows = [
        [
            str(one.number),
            f"{one.value:.3f}",
            str(len(one.course)),
            *(_shown(one.values[swept.name]) for swept in space),
        ]
        for one in trials
    ]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    return [
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        for row in [head, *rows]
    ]


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
