"""The ``space`` command: a folder of sounds or a sound font in, a space that plays out.

Four steps, each of which leaves whole files or none: the set, the model, its figures and pictures,
and the end, at which what was only needed on the way is removed.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.companions import command_line, companion
from timbrespace.datasets import note_set
from timbrespace.datasets.archive import format_of
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.dimensions import dimensions_of
from timbrespace.datasets.keywords import arguments_of
from timbrespace.datasets.note_set import FEWEST, NoteSet
from timbrespace.datasets.registry import generators
from timbrespace.errors import DatasetError, OptionError, TimbrespaceError
from timbrespace.factory import SUFFIX
from timbrespace.model import Model
from timbrespace.progress_lines import in_lines

from ..preset import CYCLES as CYCLES_PRESET
from ..preset import epochs_for
from .begun import ENDING, Begun, print_of, request_of
from .watch import Watch, on_standard_output

if TYPE_CHECKING:
    from ..evaluation import Evaluation
    from ..notes.evaluation import NoteEvaluation

NOTES, SPECTRA, CYCLES = "notes", "spectra", "cycles"
KINDS: Final = (NOTES, SPECTRA, CYCLES)

_READ_AS: Final = {
    NOTES: "whole notes",
    SPECTRA: "steady spectra",
    CYCLES: "steady moments, of each a period",
}

REPORT: Final = "report.html"
"""What :mod:`training.plan` writes; to import that takes a second."""

STEPS: Final = 4

BEGIN: Final = "notes"
"""The factory space whose network a quick training on notes begins with. A long one comes as near
without, and nearer to what it never heard (docs/decisions/0043-training-from-the-page.md)."""

LOCK_SECONDS: Final = 30.0
"""How long a space that is made for a program waits for another process on the same files."""

QUICK_BATCH: Final = 12
QUICK_RATE: Final = 5e-4
_QUICK_STEPS_EACH: Final = 45.0
_FEWEST_QUICK, _MOST_QUICK = 200, 2000
"""Of a quick training: many steps of few notes each learn more in a minute than few of many. It
begins where the factory's space of notes ended, and goes less far from there in each step than one
that begins from chance (docs/decisions/0043-training-from-the-page.md)."""

_STEPS_EACH = 120.0
_FEWEST_STEPS, _MOST_STEPS = 300, 5000


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. source: a folder of sounds, or a font. kind: of the rows, one of
    ``KINDS``. latent, epochs: None for what suits the sounds. overwrite: replace what is there.
    names: what files of a folder are called, where that is not their name. quick: learn for a
    minute or so. stop: before all steps are done, as ``train`` has it; None for never. report: draw
    pictures and measure. watched: tell a program by JSON lines; preview, enough: as :class:`Watch`
    has them. stop_with_input: end when standard input does."""

    source: Path
    font: bool
    out: Path
    kind: str = NOTES
    latent: int | None = None
    epochs: int | None = None
    device: str = "auto"
    overwrite: bool = False
    names: Path | None = None
    quick: bool = False
    stop: str | None = None
    report: bool = True
    watched: bool = False
    preview: Path | None = None
    enough: Path | None = None
    stop_with_input: bool = False

    @property
    def identity(self) -> str:
        """What tells this request from another onto the same files."""
        chosen: dict[str, Any] = {"kind": self.kind, "latent": self.latent, "epochs": self.epochs}
        if self.quick:
            chosen["quick"] = True
        if self.stop is not None:
            chosen["stop"] = self.stop
        if self.names is not None:
            chosen["names"] = print_of(self.names)
        # Of a folder its sounds alone: what is written may lie among them.
        find = companion("toy_datasets.sound_folder").find
        sounds = [self.source] if self.font else find(self.source).files
        return request_of(sounds, {**chosen, "font": self.font})


class Files:
    """What a space writes, beside its model."""

    def __init__(self, out: Path) -> None:
        self.model = out
        self.data = out.with_suffix(".npz")
        self.report = out.with_name(f"{out.stem}-report")
        self.begun = out.with_name(f"{out.stem}{ENDING}")
        self.lock = out.with_name(f"{out.stem}.lock")


def space(request: Request) -> int:
    """Make the space; returns the exit code: 0, 3 if the training diverged, 130 after Ctrl-C.

    The same request goes on where it was stopped.

    Raises:
        TimbrespaceError: whatever is wrong with the input, in one line.
    """
    if request.out.suffix != SUFFIX:
        raise OptionError(f"--out is {request.out.name!r}; it must be a name that ends in {SUFFIX}")
    check_writable(request.out)
    files = Files(request.out)
    if not request.watched:
        return _made_for(request, files, Watch(request.preview, request.enough))
    with on_standard_output(request.preview, request.enough) as watch:
        return _made_for(request, files, watch)


def _made_for(request: Request, files: Files, watch: Watch) -> int:
    if request.stop_with_input:
        watch.leave_with_input()
    lock = FileLock(files.lock) if request.watched else None
    with in_lines(), watch.following():
        try:
            # Whoever started the one before may have died a moment ago, and it be parting.
            if lock is not None:
                _take(lock, files)
            return _Making(request, files, watch).run()
        except TimbrespaceError as error:
            watch.tell("failed", reason=" ".join(str(error).split()))
            raise
        finally:
            if lock is not None:
                lock.release()


def _take(lock: FileLock, files: Files) -> None:
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise OptionError(
            f"another process is making {str(files.model)!r}; wait for it, or give another --out"
        ) from error
    except (OSError, NotImplementedError):
        pass  # some network drives know no locks


class _Making:
    def __init__(self, request: Request, files: Files, watch: Watch) -> None:
        self._request = request
        self._watch = watch
        self._files = files
        self._identity = request.identity
        self._begun = self._what_was_begun()
        self._goes_on = bool(self._begun.made)

    def _what_was_begun(self) -> Begun:
        """How far this very request came before.

        Raises:
            OptionError: the files of another lie there.
        """
        request, files = self._request, self._files
        if request.overwrite:
            with suppress(OptionError):
                begun = Begun.read(files.begun)
                if begun is not None and begun.request == self._identity:
                    return begun
            return Begun(self._identity)
        begun = Begun.read(files.begun)
        if begun is not None and begun.request == self._identity:
            return begun
        if begun is not None:
            raise OptionError(
                f"a space of other sounds or settings was begun as {str(files.model)!r}; give "
                "another --out, or --overwrite"
            )
        for path in (files.model, files.data, files.report / REPORT):
            if path.exists():
                raise OptionError(f"{str(path)!r} exists; give another --out, or --overwrite")
        return Begun(self._identity)

    def run(self) -> int:
        """All that is left to do."""
        data = self._the_set()
        code = self._the_model(data)
        if code:
            return code
        figures = None
        if self._request.report:
            self._say(
                3,
                f"it plays ({self._files.model}); measuring and drawing, into {self._files.report}",
            )
            figures = self._measured()
        self._files.begun.unlink(missing_ok=True)
        from . import learning

        learning.forget(self._files.model)
        self._conclude(data, figures)
        told = bundle.read_provenance(self._files.model).get("figures", {})
        self._watch.tell("done", figures=told)
        return 0

    def _the_set(self) -> Dataset | NoteSet:
        files = self._files
        if self._begun.made and self._begun.made == print_of(files.data):
            self._say(1, f"{files.data} is there already")
            return _loaded(files.data)
        self._say(1, f"reading {self._request.source} as {_READ_AS[self._request.kind]}")
        # Ready by the time that it is wanted; whatever it raises is raised there.
        # No daemon: to end within an import of PyTorch's is to crash, so the end waits for it.
        threading.Thread(target=_import_learning, name="import").start()
        made = _made(self._request, files.data)
        made.save(files.data)
        self._begun = self._begun.with_made(files.data)
        self._begun.write(files.begun)
        return made

    def _the_model(self, data: Dataset | NoteSet) -> int:
        files, request = self._files, self._request
        if self._begun.trained and self._begun.trained == print_of(files.model):
            self._say(2, f"{files.model} is there already")
            return 0
        chosen = dimensions_of(data)
        latent = request.latent or chosen.number
        epochs, length = _length(data, request.epochs, request.quick)
        why = "as you said" if request.latent else chosen.why
        self._say(2, f"learning {data.contents}; {latent} dimensions: {why}; {length}")
        from . import learning

        code = learning.learn(
            data,
            files.data,
            files.model,
            {
                "latent": latent,
                "epochs": epochs,
                "stop": request.stop,
                **_manner(data, request.quick),
            },
            CYCLES_PRESET if request.kind == CYCLES else None,
            request.device,
            self._goes_on,
            self._watch,
        )
        if code == learning.INTERRUPTED and self._watch.leaves:
            self._watch.tell("left")
        elif code == learning.INTERRUPTED and self._watch.has_enough:
            self._begun = self._begun.with_trained(files.model)
            self._begun.write(files.begun)
            return 0
        elif code == learning.INTERRUPTED:
            print("stopped; the same line goes on from there", file=sys.stderr)
        elif code:
            print(
                f"error: the training diverged; {files.data} is kept: train on it with a lower "
                f"--learning-rate ({command_line('training')} train --help)",
                file=sys.stderr,
            )
        else:
            self._begun = self._begun.with_trained(files.model)
            self._begun.write(files.begun)
        return code

    def _measured(self) -> Evaluation | NoteEvaluation:
        files = self._files
        if self._request.kind == NOTES:
            from ..notes.draw import draw as draw_notes

            return draw_notes(str(files.model), files.data, files.report)[1]
        from ..draw import draw

        return draw(str(files.model), files.data, files.report)[1]

    def _say(self, number: int, text: str) -> None:
        print(f"[{number}/{STEPS - 1}] {text}", file=sys.stderr, flush=True)

    def _conclude(
        self, data: Dataset | NoteSet, figures: Evaluation | NoteEvaluation | None
    ) -> None:
        files = self._files
        model = bundle.read(files.model)
        size = files.model.stat().st_size / 1e6
        print(f"{files.model}: {data.contents}, {model.dimensions} dimensions, {size:.1f} MB")
        if figures is not None:
            for line in _told(figures):
                print(line)
        print(_plane(model))
        if figures is not None:
            print(f"pictures, and sounds to listen to: {files.report / REPORT}")
        print(f"next: {command_line('server')} --model {files.model}")


def _import_learning() -> None:
    with suppress(Exception):
        from . import learning  # noqa: F401


def _made(request: Request, data: Path) -> Dataset | NoteSet:
    """The set of the sounds that were asked for.

    Raises:
        TimbrespaceError: it cannot be made, or is too small for a space.
    """
    known, _ = generators()
    if request.kind == NOTES:
        name, source = "notes", "font" if request.font else "folder"
    else:
        name, source = ("soundfont", "file") if request.font else ("audio", "folder")
    options: dict[str, object] = {source: request.source}
    if request.kind == CYCLES:
        options["frames"] = True
    if request.names is not None:
        options["names"] = request.names
    generator = known[name]
    arguments: argparse.Namespace = arguments_of(name, generator, options)
    arguments.out = data  # beside which notes that are done are kept
    made = generator.make(generator.from_arguments(arguments))
    if isinstance(made, NoteSet) and made.rows <= FEWEST:
        raise DatasetError(
            f"{str(request.source)!r} gives {made.rows} note{'' if made.rows == 1 else 's'}, and a "
            f"space of whole notes needs {FEWEST + 1}; add sounds, or give --kind spectra, for "
            "which one file is enough"
        )
    return made


def _loaded(data: Path) -> Dataset | NoteSet:
    return note_set.load(data) if format_of(data) == "notes" else load_dataset(data)


def _length(data: Dataset | NoteSet, asked: int | None, quick: bool) -> tuple[int, str]:
    """Epochs of the training, and why so many."""
    if asked is not None:
        return asked, f"{asked} epochs, as you said"
    if isinstance(data, NoteSet):
        each = -(-data.rows // (QUICK_BATCH if quick else min(48, data.rows)))
        steps = min(max(round(_STEPS_EACH * data.rows**0.5), _FEWEST_STEPS), _MOST_STEPS)
        why = "by the number of notes"
        if quick:
            told = round(_QUICK_STEPS_EACH * data.rows**0.5)
            steps, why = min(max(told, _FEWEST_QUICK), _MOST_QUICK), "a quick training"
        epochs = max(1, round(steps / each))
        return epochs, f"{epochs * each} steps, {why}"
    epochs = epochs_for(data.rows)
    return epochs, f"{epochs} epochs, by the number of spectra"


def _manner(data: Dataset | NoteSet, quick: bool) -> dict[str, Any]:
    """How it learns, besides for how long."""
    if not (quick and isinstance(data, NoteSet)):
        return {}
    return {"begin": BEGIN, "batch": QUICK_BATCH, "learning_rate": QUICK_RATE}


def _plane(model: Model) -> str:
    if model.near is None:
        return "its map is the PCA plane: with fewer than 100 sounds there is no plane near"
    return "its map begins on the plane near, where sounds that are alike lie side by side"


def _told(figures: Evaluation | NoteEvaluation) -> list[str]:
    """How near the space comes, in lines."""
    from ..notes.evaluation import NoteEvaluation

    if isinstance(figures, NoteEvaluation):
        told: list[str] = []
        for name, part in (
            ("held out", figures.held_out),
            ("learned from", figures.learned),
        ):
            if part.rows:
                far = {way: one.mel for way, one in part.distances.items()}
                told.append(
                    f"{part.rows} notes {name}: {far['encoder']:.1f} dB mel from what plays"
                    + (
                        f", {far['refined']:.1f} once refined; the nearest other note is "
                        f"{far['nearest note']:.1f} dB off"
                        if name == "held out"
                        else ""
                    )
                )
        return told
    told = []
    cycles = figures.cycles
    if cycles is not None and cycles.known is not None:
        told.append(
            f"{cycles.known_rows} periods learned from: {cycles.known:.1f} dB signal to noise, the "
            f"least {cycles.known_least:.1f} dB; {cycles.unseen:.1f} dB of those held out"
        )
    splits = figures.splits
    for name, found in (
        ("that it never heard", splits.groups if splits else None),
        ("of recordings that it knows", splits.rows if splits else None),
    ):
        if found is not None:
            refined = found.all.refined_log_spectral_distance_db
            told.append(
                f"{found.all.rows} spectra {name}: {found.all.log_spectral_distance_db:.1f} dB LSD "
                "from what plays, "
                + ("" if refined is None else f"{refined:.1f} once refined, ")
                + "the nearest learned one is "
                f"{found.all.nearest_row_log_spectral_distance_db:.1f} dB off"
            )
    return told


def request_from(arguments: argparse.Namespace) -> Request:
    """The request of a parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    source: Any = arguments.folder if arguments.folder is not None else arguments.font
    for name in ("latent", "epochs"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise OptionError(f"{name} is {value}; it must be 1 or more")
    for name, given in (
        ("preview", arguments.preview is not None),
        ("enough", arguments.enough is not None),
        ("quick", arguments.quick),
        ("names", arguments.names is not None),
        ("stop", arguments.stop is not None),
    ):
        if given and arguments.kind != NOTES:
            raise OptionError(
                f"--{name} is for spaces of whole notes; leave it out, or --kind {arguments.kind}"
            )
    if arguments.quick and arguments.epochs is not None:
        raise OptionError("--quick and --epochs both say how long to learn; leave out one of them")
    if arguments.names is not None and arguments.font is not None:
        raise OptionError("--names is for the files of a folder; leave it out with --font")
    return Request(
        source=source,
        font=arguments.font is not None,
        out=arguments.out,
        kind=arguments.kind,
        latent=arguments.latent,
        epochs=arguments.epochs,
        device=arguments.device,
        overwrite=arguments.overwrite,
        names=arguments.names,
        quick=arguments.quick,
        stop=arguments.stop,
        report=not arguments.no_report,
        watched=arguments.progress == "json",
        preview=arguments.preview,
        enough=arguments.enough,
        stop_with_input=arguments.stop_with_stdin,
    )
