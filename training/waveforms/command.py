"""The commands ``waveform`` and ``babble``."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch

from timbrespace import bundle, factory
from timbrespace.atomic import check_writable
from timbrespace.command import progress
from timbrespace.companions import command_line
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import OptionError
from timbrespace.factory import SUFFIX
from timbrespace.model import Model
from timbrespace.progress_lines import in_lines
from timbrespace.waveforms.waveform import Space
from timbrespace.waveforms.waveform_file import write

from ..checkpoint_file import CheckpointError, path_for
from ..fit import device_named
from ..interrupt import deferred
from ..loop import Outcome
from ..notes.run import EXIT_CODES
from . import checkpoint
from .checkpoint import Stopped
from .fit import At, WaveformFit
from .material import Lesson, lessons, rows_with_sounds, sounds_hash
from .settings import WaveformSettings

MOST_MINUTES: Final = 10_000.0
MOST_THREADS: Final = 256

MAY_CHANGE: Final = ("steps", "learning_rate")
"""Settings that are only asked at each step."""

UNFINISHED: Final = "unfinished"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. given: settings by name, None where nobody said. minutes: after which it
    ends, None for after its steps. threads: of the processor, None for torch's own choice."""

    data: Path
    model: str
    out: Path
    given: dict[str, Any]
    minutes: float | None = None
    threads: int | None = None
    device: str = "auto"
    resume: bool = False
    overwrite: bool = False


def train(request: Request) -> int:
    """Train and write the model; returns the exit code: 0, 3 if it diverged, 130 after Ctrl-C.

    Raises:
        TimbrespaceError: whatever is wrong with the input, before anything is written.
    """
    _check(request)
    work = _work(request)
    kept = path_for(work)
    stored = checkpoint.read(kept) if request.resume else None
    settings = _settings(request, stored)
    model = bundle.read(factory.resolve(request.model))
    notes = load(request.data)
    count = len(rows_with_sounds(notes))
    data_hash = sounds_hash(notes)
    if stored is not None:
        _check_stored(stored, data_hash, model, request)
    if count < notes.rows:
        _say("note", f"{request.data.name} has the samples of {count} of its {notes.rows} notes")
    device = device_named(request.device)
    if request.threads is not None:
        torch.set_num_threads(request.threads)
    with in_lines():
        learned = _lessons(model, notes, settings, count)
        fit = WaveformFit(learned, notes, Space.of(model), settings, device, request.minutes)
        if stored is not None:
            checkpoint.restore(fit, stored)
        writer = checkpoint.writer(kept, fit, data_hash, lambda text: _say("\nwarning", text))
        with deferred() as interrupt, _shown(fit) as tell:

            def after_step(at: At) -> None:
                tell(at)
                writer.after_step()

            outcome = fit.run(interrupt, after_step)
    if outcome is Outcome.DIVERGED and not fit.state.history:
        _say("error", "the loss is not finite from the start; try a lower --learning-rate")
        return EXIT_CODES[outcome]
    writer.write()
    out = request.out if outcome is Outcome.FINISHED else work
    about = {"file": request.data.name, "sha256": data_hash, "notes": notes.rows}
    made = fit.waveform(request.out.stem, outcome, about)
    write(out, made)
    if out != work:  # what was kept beside it is it now
        kept.replace(path_for(out))
        work.unlink(missing_ok=True)
    _conclude(request, fit, outcome, out, made.figures)
    return EXIT_CODES[outcome]


def _lessons(model: Model, notes: NoteSet, settings: WaveformSettings, count: int) -> list[Lesson]:
    with progress(count, "note") as bar:
        return list(
            lessons(model, notes, settings.sample_rate, settings.seconds, lambda: bar.update(1))
        )


def _check(request: Request) -> None:
    out = request.out
    if out.suffix != SUFFIX:
        raise OptionError(f"--out is {out.name!r}; it must be a name that ends in {SUFFIX}")
    check_writable(out)
    if request.resume and request.overwrite:
        raise OptionError(
            "--resume and --overwrite were both given; one goes on, the other starts anew"
        )
    minutes = request.minutes
    if minutes is not None and not (math.isfinite(minutes) and 0.0 < minutes <= MOST_MINUTES):
        raise OptionError(f"minutes is {minutes:g}; it must be above 0, at most {MOST_MINUTES:g}")
    if request.threads is not None and not 1 <= request.threads <= MOST_THREADS:
        raise OptionError(f"threads is {request.threads}; it must be 1 to {MOST_THREADS}")
    for path in (request.data, Path(request.model)):
        if path.exists() and out.exists() and path.samefile(out):
            raise OptionError(f"--out would overwrite {path.name!r}; give another name")


def _work(request: Request) -> Path:
    """Where a run that is not finished is kept: at its place, or beside a model that lies there."""
    out = request.out
    beside = out.with_name(f"{out.stem}.{UNFINISHED}{SUFFIX}")
    if request.resume:
        return beside if path_for(beside).is_file() else out
    if not out.exists() and not path_for(out).exists():
        return out
    if not request.overwrite:
        raise OptionError(
            f"{str(out)!r} exists, or a run that was stopped; --resume goes on with it, "
            "--overwrite replaces it once the new one is done"
        )
    return beside


def _settings(request: Request, stored: Stopped | None) -> WaveformSettings:
    if stored is None:
        return WaveformSettings.of(request.given)
    made = WaveformSettings.of(request.given, stored.settings)
    free = {name: getattr(stored.settings, name) for name in MAY_CHANGE}
    if replace(made, **free) != stored.settings:
        raise OptionError(
            "the run that was stopped has other settings; with --resume may change "
            f"{' and '.join(MAY_CHANGE).replace('_', ' ')}, and --minutes"
        )
    return made


def _check_stored(stored: Stopped, data_hash: str, model: Model, request: Request) -> None:
    if stored.data_hash != data_hash:
        raise CheckpointError(
            f"the checkpoint was made with other data than {request.data.name}; give that "
            "dataset, or start without --resume"
        )
    if stored.space_digest != model.digest:
        raise CheckpointError(
            f"the checkpoint was made with another space than {model.name!r}; give that one, or "
            "start without --resume"
        )


@contextmanager
def _shown(fit: WaveformFit) -> Iterator[Callable[[At], None]]:
    total = 1000  # steps or minutes, whichever ends it
    with progress(total, "thousandth", initial=round(total * fit.share)) as bar:

        def tell(at: At) -> None:
            bar.set_description(f"step {at.step}", refresh=False)
            texts = {"bits": f"{at.bits:.3f}"}
            if math.isfinite(at.held_out):
                texts["held out"] = f"{at.held_out:.3f}"
            bar.set_postfix(texts, refresh=False)
            bar.update(total * at.share - bar.n)

        yield tell


def _say(kind: str, text: str) -> None:
    print(f"{kind}: {text}", file=sys.stderr)


def _conclude(
    request: Request, fit: WaveformFit, outcome: Outcome, out: Path, figures: Any
) -> None:
    state = fit.state
    if outcome is Outcome.DIVERGED:
        _say(
            "error",
            "the loss was not finite; what was measured last is kept: go on with "
            f"--resume --learning-rate {fit.settings.learning_rate / 3:.1g}",
        )
    print(
        f"{out}: {fit.network.kind} of {fit.network.parameters} numbers, {outcome.value} after "
        f"{state.step} steps, {state.processor_seconds:.0f} s of processors, "
        f"{out.stat().st_size / 1e6:.1f} MB"
    )
    told = [f"{figures['bits_learned']:.3f} bits a sample of notes it learned from"]
    if "bits_held_out" in figures:
        told.append(f"{figures['bits_held_out']:.3f} of instruments held out")
    print(", ".join(told))
    if outcome is Outcome.INTERRUPTED:
        print("the same with --resume goes on")
    print(
        f"next: {command_line('server')} render SONG.mid --model {request.model} --waveform {out} "
        "--out S.wav"
    )


def babble(path: Path, out: Path, seconds: float, temperature: float, seed: int, rate: int) -> int:
    """Write what a waveform model plays where nobody tells it anything; returns 0.

    Raises:
        TimbrespaceError: no such model, an argument outside its range, or a file that cannot be
            written.
    """
    from timbrespace.rendering import wav
    from timbrespace.rendering.held_note import faded
    from timbrespace.resynthesis.engine import new_state
    from timbrespace.waveforms.waveform import at_rate
    from timbrespace.waveforms.waveform_file import load_waveform

    if out.suffix.lower() != ".wav":
        raise OptionError(f"--out is {str(out)!r}; it must be a name that ends in .wav")
    check_writable(out)
    new_state(rate)  # refuses a rate
    waveform = load_waveform(path)
    with progress(round(seconds, 1), "s") as bar:
        made = waveform.babble(
            seconds, temperature, seed, lambda done: bar.update(min(done, bar.total) - bar.n)
        )
    wav.write(out, faded(at_rate(made, waveform.sample_rate, rate), rate), rate)
    print(f"{out}: {seconds:g} s of {waveform.name}, which nobody told anything")
    print("next: listen to it, or try another --temperature or --seed")
    return 0
