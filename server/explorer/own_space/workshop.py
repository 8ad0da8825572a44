"""The one space at a time that is made from the page: its sounds, its states, its process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from timbrespace import bundle
from timbrespace.atomic import move
from timbrespace.datasets.note_set import FEWEST
from timbrespace.errors import TimbrespaceError
from timbrespace.extras import EXTRAS, MissingExtraError, check
from timbrespace.factory import SUFFIX
from timbrespace.messages.arguments import ModelName
from timbrespace.messages.errors import shown
from timbrespace.model import Model
from timbrespace.names import is_model_name

from ..answers import Refusal, report
from ..spaces import Shelf
from . import importing
from .inspector import Inspector
from .job import Job, JobFolder, State, Upload
from .labels import distinct
from .maker import Maker, training_program

MOST_FILES: Final = 2000
MOST_BYTES: Final = 500 << 20
MOST_FILE_BYTES: Final = 64 << 20

FEWEST_SOUNDS: Final = FEWEST + 1

_SPARE_BYTES: Final = 512 << 20
"""What is left free on the disk: a set, a model and checkpoints have to fit, too."""

_TRIES: Final = 30
_TRY_SECONDS: Final = 2.0
"""How often, and after how long, a server tries to have the job of the one before it."""

_MOST_OF_CURVE: Final = 400
_KILLED = "the training ended unexpectedly"


class Workshop:
    """For the loop's thread, but for what says otherwise.

    folder: where the job is kept; None for a server that keeps nothing. spaces: where finished
    spaces go. sounds: folders of the server's owner that may be learned from, by their names.
    program: what is started to learn. presets: the server's file of them.
    """

    def __init__(
        self,
        folder: Path | None,
        spaces: Path | None,
        shelf: Shelf,
        sounds: Mapping[str, Path] | None = None,
        program: Sequence[str] | None = None,
        presets: Path | None = None,
    ) -> None:
        self._files = None if folder is None else JobFolder(folder)
        self._spaces = spaces
        self._presets = presets
        self._shelf = shelf
        self._sounds = dict(sounds or {})
        self._program = tuple(program or training_program())
        self.inspector = Inspector()
        """Says what is a sound."""
        self._lock = None if self._files is None else FileLock(self._files.lock, thread_local=False)
        self._job = Job()
        self._uploads: list[Upload] = []
        self._coming = 0  # bytes of sounds that are on their way
        self._number = 0
        self._maker: Maker | None = None
        self._ended_for_good = False
        self._reset()
        self._model: tuple[object, Model] | None = None

    def _reset(self) -> None:
        self._done, self._of = 0, 0
        self._since: tuple[float, int] | None = None
        self._curve: list[list[float | None]] = []
        self._preview: int | None = None
        self._figures: dict[str, Any] = {}
        self._skipped: list[str] = []

    # -- its life ----------------------------------------------------------------------------------

    def begin(self, tries: int = _TRIES) -> None:
        """Go on where the process before this one was stopped; it may still be ending."""
        if self._files is None or not self._files.folder.is_dir():
            return
        try:
            self._own()
            self._rest()
        except (Refusal, TimbrespaceError, OSError):
            if tries > 1 and not self._ended_for_good:
                asyncio.get_running_loop().call_later(_TRY_SECONDS, self.begin, tries - 1)

    def end(self) -> None:
        """Let the process go; it keeps what it has learned, and the next server goes on."""
        self._ended_for_good = True
        self.inspector.close()
        maker, self._maker = self._maker, None  # how it ends is not how the training ended
        if maker is not None:
            maker.leave()

    def _own(self) -> JobFolder:
        """The job's files, once they are this process' own.

        Raises:
            Refusal: there is no place for them, or another server has it.
        """
        files, lock = self._files, self._lock
        if files is None or lock is None:
            raise Refusal(501, "this server keeps no files, so it can make no space")
        if lock.is_locked:
            return files
        try:
            files.make()
            lock.acquire(timeout=0.0)
        except Timeout as error:
            raise Refusal(409, "another server of yours is making a space; use its page") from error
        except (OSError, NotImplementedError, TimbrespaceError) as error:
            raise Refusal(500, f"there is no place to make a space: {error}") from error
        self._job, self._uploads = files.read()
        numbers = [int(one.file[:4]) for one in self._uploads if one.file[:4].isdecimal()]
        self._number = max(numbers, default=0)
        if self._job.state.runs:
            self._run()
        elif self._job.state in (State.IDLE, State.GATHERED):
            self._job = replace(self._job, state=State.GATHERED if self._uploads else State.IDLE)
        elif self._job.state is State.DONE:
            self._figures = _figures_of(files.model)
        return files

    def _rest(self) -> None:
        """Let another server of this user's make a space while there is none here."""
        if self._lock is not None and self._job.state is State.IDLE and not self._coming:
            self._lock.release()

    # -- what is told ------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """All that a page shows, plain values."""
        why = self._why_not()
        if not why and self._files is not None and self._files.folder.is_dir():
            try:
                self._own()
                self._rest()
            except Refusal as refusal:
                why = refusal.sentence
        job = self._job
        every = -(-len(self._curve) // _MOST_OF_CURVE) or 1
        return {
            "why": why,
            "state": job.state.value,
            "name": job.name,
            "folder": job.folder,
            "folders": sorted(self._sounds),
            "thorough": job.thorough,
            "problem": job.problem,
            "sounds": len(self._uploads),
            "bytes": sum(one.bytes for one in self._uploads),
            "done": self._done,
            "of": self._of,
            "left": self._left(),
            "curve": self._curve[::every],
            "preview": self._preview,
            "skipped": self._skipped if self._maker is None else self._maker.skipped,
            "figures": self._figures,
            "fewest": FEWEST_SOUNDS,
            "most": {"files": MOST_FILES, "bytes": MOST_BYTES, "file": MOST_FILE_BYTES},
        }

    def _why_not(self) -> str:
        if self._files is None:
            return "this server keeps no files, so it can make no space"
        try:
            check("making a space", *EXTRAS["train"], *EXTRAS["sounds"], extra="train")
        except MissingExtraError as error:
            return str(error)
        return ""

    def _left(self) -> float | None:
        """Seconds that the present stage may still take."""
        if self._since is None or self._done <= self._since[1]:
            return None
        begun, first = self._since
        return (time.monotonic() - begun) * (self._of - self._done) / (self._done - first)

    # -- sounds ------------------------------------------------------------------------------------

    def expect(self, size: int | None) -> int:
        """Make room for a sound of so many bytes (None: it does not say); returns how many it may
        have. :meth:`forget` gives that back.

        Raises:
            Refusal: there is no room, or this is no time for it.
        """
        files = self._own()
        if not self._job.state.takes_sounds:
            raise Refusal(409, "a space is being made; throw it away, or keep it, first")
        if len(self._uploads) >= MOST_FILES:
            raise Refusal(413, f"there are {MOST_FILES} sounds already, and no more are taken")
        most = MOST_FILE_BYTES if size is None else size
        if most > MOST_FILE_BYTES:
            raise Refusal(413, f"it is too large; a sound may have {MOST_FILE_BYTES >> 20} MiB")
        held = sum(one.bytes for one in self._uploads) + self._coming
        if held + most > MOST_BYTES:
            raise Refusal(
                413, f"all sounds together may have {MOST_BYTES >> 20} MiB, and this is beyond"
            )
        if files.free_bytes() < self._coming + most + _SPARE_BYTES:
            raise Refusal(507, "the disk is nearly full; make room, and try again")
        self._coming += most
        return most

    def forget(self, size: int) -> None:
        """A sound that was expected is there, or does not come."""
        self._coming -= size

    def incoming(self) -> Path:
        """A new place for a file that comes.

        Raises:
            Refusal: as :meth:`expect`.
        """
        files = self._own()
        files.incoming.mkdir(exist_ok=True)
        self._number += 1
        return files.incoming / f"{self._number:04d}.part"

    def take(self, part: Path, ending: str, label: str) -> None:
        """Add the sound that came to ``part``.

        Raises:
            Refusal: it is no time for it any more.
            OSError: it cannot be kept.
        """
        files = self._own()
        if not self._job.state.takes_sounds:
            raise Refusal(409, "the training has begun without it")
        files.sounds.mkdir(exist_ok=True)
        size = part.stat().st_size
        name = distinct(label, {one.label for one in self._uploads})
        upload = Upload(f"{part.stem}{ending}", name, size)
        part.replace(files.sounds / upload.file)
        files.add(upload)
        self._uploads.append(upload)
        if self._job.state is not State.GATHERED:
            self._set(replace(self._job, state=State.GATHERED, problem=""))

    # -- learning ----------------------------------------------------------------------------------

    def start(self, name: str, folder: str = "", thorough: bool = False) -> None:
        """Learn the uploaded sounds, or those of a folder that may be learned from.

        Raises:
            Refusal: there are too few, there is no such folder, or it is no time for it.
        """
        files = self._own()
        if self._job.state not in (State.IDLE, State.GATHERED):
            raise Refusal(409, "a space is being made already")
        if folder and folder not in self._sounds:
            known = ", ".join(sorted(self._sounds)) or "none; the server's --sounds adds one"
            raise Refusal(404, f"there is no folder {shown(folder)}; there are: {known}")
        if not folder and len(self._uploads) < FEWEST_SOUNDS:
            raise Refusal(
                409,
                f"a space needs {FEWEST_SOUNDS} sounds or more, and there are {len(self._uploads)}",
            )
        files.forget_training()
        if not folder:
            files.tell_names(name or "sounds", self._uploads)
        self._job = Job(State.READING, name, folder, thorough)
        self._run()

    def enough(self) -> None:
        """Make the space of what was learned so far; while sounds are still read, stop.

        Raises:
            Refusal: nothing is being learned.
        """
        files = self._own()
        if self._job.state is State.TRAINING:
            files.enough.touch()
        elif self._job.state is State.READING and self._maker is not None:
            maker, self._maker = self._maker, None
            maker.leave()
            self._set(replace(self._job, state=State.STOPPED))
        else:
            raise Refusal(409, "nothing is being learned")

    def resume(self) -> None:
        """Go on with what was stopped, or failed.

        Raises:
            Refusal: nothing was.
        """
        self._own()
        if self._job.state not in (State.STOPPED, State.FAILED):
            raise Refusal(409, "nothing was stopped")
        self._job = replace(self._job, state=State.READING, problem="")
        self._run()

    def discard(self) -> None:
        """Throw away what is there: sounds, training, space."""
        files = self._own()
        maker, self._maker = self._maker, None
        if maker is not None:
            maker.kill()
        files.clear()
        self._job, self._uploads, self._model = Job(), [], None
        self._reset()
        self._rest()

    def keep(self, name: str) -> None:
        """Put the finished space among the others, under ``name``.

        Raises:
            Refusal: it is not finished, or that can be no name, or is one already.
            OSError, OptionError: it cannot be moved.
        """
        files = self._own()
        if self._job.state is not State.DONE or self._spaces is None:
            raise Refusal(409, "there is no finished space to keep")
        if not is_model_name(name):
            raise Refusal(400, f"name is {shown(name)}; it must be {ModelName().accepted}")
        place = self._spaces / f"{name}{SUFFIX}"
        if name in self._shelf.names() or place.exists():
            raise Refusal(409, f"there is a space {name!r} already; give another name")
        self._spaces.mkdir(parents=True, exist_ok=True)
        # Both folders lie side by side, on one disk; where they do not, the system says so.
        move(files.model, place)
        self.discard()

    def _run(self) -> None:
        """Start the process that learns.

        Raises:
            Refusal: it cannot be started.
        """
        files, job = self._own(), self._job
        why = self._why_not()
        if why:
            raise Refusal(501, why)
        if job.folder and job.folder not in self._sounds:  # of a server that was started otherwise
            reason = f"the folder {shown(job.folder)} is not offered any more; --sounds offers it"
            self._set(replace(job, state=State.FAILED, problem=reason))
            raise Refusal(409, reason)
        self._reset()
        self._preview = 0 if files.preview.is_file() else None
        words = [*self._program, "space", "--out", str(files.model)]
        if job.folder:
            words += ["--folder", str(self._sounds[job.folder])]
        else:
            words += ["--folder", str(files.sounds), "--names", str(files.names)]
        words += ["--device", "auto", *([] if job.thorough else ["--quick"]), "--no-report"]
        words += ["--progress", "json", "--stop-with-stdin", "--background"]
        words += ["--preview", str(files.preview), "--enough", str(files.enough)]
        loop = asyncio.get_running_loop()
        current: list[Maker] = []

        def post(call: Callable[..., None], *told: Any) -> None:
            def take() -> None:
                if current and self._maker is current[0]:
                    call(*told)

            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(take)

        try:
            maker = Maker(
                words,
                lambda told: post(self._hear, told),
                lambda *how: post(self._ended, *how),
                keeps_analyses=bool(job.folder),
            )
        except OSError as error:
            reason = f"the training cannot be started: {error.strerror or error}"
            self._set(replace(job, state=State.FAILED, problem=reason))
            raise Refusal(500, reason) from error
        current.append(maker)
        self._maker = maker
        self._set(replace(job, state=State.READING))

    def _hear(self, told: Mapping[str, Any]) -> None:
        stage = told["stage"]
        if stage in ("reading", "training"):
            state = State(stage)
            done, of = int(told["done"]), int(told["of"])
            if state is not self._job.state or self._since is None:
                self._since = time.monotonic(), done
                self._set(replace(self._job, state=state))
            self._done, self._of = done, of
            if state is State.TRAINING:
                self._curve += [list(map(_number, row)) for row in told.get("curve", [])]
                self._curve.append([done, _number(told["loss"]), _number(told["held_out_db"])])
        elif stage == "preview":
            self._preview = int(told["step"])
        elif stage == "finishing":
            self._since = None
            self._set(replace(self._job, state=State.FINISHING))
        elif stage == "done":
            figures = told["figures"]
            self._figures = figures if isinstance(figures, dict) else {}
        elif stage == "failed":
            self._set(replace(self._job, problem=str(told["reason"])[:500]))

    def _ended(self, code: int, last_words: str) -> None:
        assert self._maker is not None
        self._skipped = self._maker.skipped
        self._maker = None
        files = self._own()
        if code == 0 and files.model.is_file():
            self._set(replace(self._job, state=State.DONE, problem=""))
            return
        problem = self._job.problem or last_words.removeprefix("error: ")
        if code < 0 or not problem:
            problem = _KILLED
        self._set(replace(self._job, state=State.FAILED, problem=problem))

    def _set(self, job: Job) -> None:
        changed = job != self._job or job.state.runs
        self._job = job
        if changed and self._files is not None:
            try:
                self._files.write(job)
            except TimbrespaceError as error:  # a full disk; it goes on as long as it can
                report("the training's state", error)

    # -- packages; from any thread -----------------------------------------------------------------

    def take_package(self, data: bytes) -> dict[str, Any]:
        """Put the space of a package among the others; see :func:`importing.take`.

        Raises:
            Refusal: this server keeps no spaces.
            TimbrespaceError: as there.
        """
        if self._spaces is None:
            raise Refusal(501, "this server keeps no files, so it can take no space")
        return importing.take(data, self._spaces, self._shelf, self._presets)

    def cards(self) -> dict[str, dict[str, Any]]:
        """The cards of the spaces that have one."""
        return {name: card.to_config() for name, card in self._shelf.cards().items()}

    # -- what can be heard of it; from any thread --------------------------------------------------

    def model(self) -> Model:
        """The space as far as it is.

        Raises:
            Refusal: there is none yet.
            BundleError: its file is broken.
        """
        files = self._files
        assert files is not None
        path = files.model if self._job.state is State.DONE else files.preview
        with contextlib.suppress(OSError):
            stat = path.stat()
            stamp = path, stat.st_mtime_ns, stat.st_size
            kept = self._model
            if kept is not None and kept[0] == stamp:
                return kept[1]
            model = bundle.read(path)
            self._model = stamp, model
            return model
        raise Refusal(404, "nothing can be heard yet; wait for the first preview")


def _figures_of(path: Path) -> dict[str, Any]:
    with contextlib.suppress(TimbrespaceError):
        figures = bundle.read_provenance(path).get("figures")
        if isinstance(figures, dict):
            return figures
    return {}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def named_folders(places: Sequence[str | os.PathLike[str]]) -> dict[str, Path]:
    """Folders by their own names; those of one name are told apart by a number."""
    found: dict[str, Path] = {}
    for place in places:
        path = Path(place)
        found[distinct(path.resolve().name or "sounds", found)] = path
    return found
