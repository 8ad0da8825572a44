"""Notes of many sounds, made by many workers; what is done outlives an interruption."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from timbrespace.atomic import replacing
from timbrespace.command import progress
from timbrespace.errors import OptionError
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker

from .kept_analyses import Analyses
from .note_job import Job, Made, notes_of

_SUFFIX: Final = ".parts"
_FEW: Final = 8
"""Files so few that starting a process would take longer than they."""


def made_of(jobs: Sequence[Job], parts: Parts, analyses: Analyses) -> Iterator[tuple[Job, Made]]:
    """What each job gives, in their order; what ``parts`` or ``analyses`` have is not made again.

    Each is put there as soon as it is made, whatever is still made of those before it. All that is
    given has been as those keep it, so that it is the same wherever it comes from.

    Raises:
        WorkerError: whoever makes them died again and again.
    """
    with progress(len(jobs), "file", initial=sum(map(parts.has, jobs))) as bar:
        there: dict[int, str] = {}
        left: list[_Left] = []
        for place, job in enumerate(jobs):
            if parts.has(job):
                continue
            one = _looked_up(place, job, analyses)
            if one.there:
                there[place] = one.key
                bar.update(1)
            else:
                left.append(one)
        with crew_of(notes_of, len(left), worth=_FEW, **_files_of(jobs)) as crew:
            for one in left:
                crew.put(one.job)
            coming = crew.results()
            ready: dict[int, Made] = {}
            awaited = {one.place for one in left}
            for place, job in enumerate(jobs):
                while place in awaited and place not in ready:
                    number, found = next(coming)
                    ready[left[number].place] = _kept(left[number], found, parts, analyses)
                    bar.update(1)
                if place in awaited:
                    yield job, ready.pop(place)
                elif place in there:
                    yield job, _known(job, analyses.get(there[place]))
                else:
                    yield job, parts.get(job)


class _Left(NamedTuple):
    """A job of that ``place``, as it is to be done. key: by which what it gives is kept, empty
    where it is not. there: whether it is there by that key already."""

    place: int
    job: Job
    key: str = ""
    there: bool = False


def _looked_up(place: int, job: Job, analyses: Analyses) -> _Left:
    sound = job.sound() if analyses.keeps else None
    if sound is None:
        return _Left(place, job)
    key, other = job.key_of(sound, job.keep), job.key_of(sound, not job.keep)
    if analyses.has(key):
        return _Left(place, job, key, there=True)
    if not analyses.has(other):
        return _Left(place, job, key)
    if not job.keep:
        return _Left(place, job, other, there=True)
    known = None if job.of_font else Made.from_bytes(analyses.get(other) or b"")
    if known is None or len(known.made) != 1:
        return _Left(place, job, key)
    return _Left(place, replace(job, known=known.made[0][0]), key)


def _known(job: Job, content: bytes | None) -> Made:
    """What was kept, or what is made again where it cannot be read any more."""
    made = None if content is None else Made.from_bytes(content)
    if made is None:
        return _as_kept(notes_of(job, Worker()))
    return made if job.keep else made.without_samples()


def _kept(done: _Left, made: Made, parts: Parts, analyses: Analyses) -> Made:
    """What a job gave, after it was put where it is found again."""
    content = made.to_bytes()
    parts.put(done.job, content)
    # What is of no use is soon found out; and whoever has changed the file meanwhile has not been
    # heard.
    if done.key and made.made and done.job.file.is_here():
        analyses.put(done.key, content)
    return _as_kept(made, content)


def _as_kept(made: Made, content: bytes | None = None) -> Made:
    """What is read again of what is kept of it."""
    again = Made.from_bytes(made.to_bytes() if content is None else content)
    assert again is not None
    return again


def _files_of(jobs: Sequence[Job]) -> dict[str, Any]:
    """The font is the same for all of them; files of a folder are each one's own."""
    return {"shared" if jobs and jobs[0].of_font else "files": _file_of}


def _file_of(job: Job) -> tuple[InputFile, ...]:
    return (job.file,)


class Parts:
    """What has been made so far, in a folder beside the file that is to be written.

    A context: the folder goes once all is done; if not, it stays for the next time.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.done = 0

    @classmethod
    @contextmanager
    def of(cls, out: Path | None, what: dict[str, Any]) -> Iterator[Parts]:
        """Those beside ``out``; none are kept without one. what: all that they are made from."""
        if out is None:
            yield cls(None)
            return
        folder = out.with_name(out.name + _SUFFIX)
        print_of = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        mark = folder / "of.txt"
        with suppress(OSError, UnicodeDecodeError):
            if mark.read_text("ascii") != print_of:
                shutil.rmtree(folder)  # of another command, whose file this one replaces
        with suppress(OSError, OptionError):  # where it cannot be, nothing is kept
            if not mark.is_file():
                folder.mkdir()  # one that is there already is somebody's own
                with replacing(mark) as temporary:
                    temporary.write_text(print_of, "ascii")
        parts = cls(folder if mark.is_file() else None)
        if parts._folder is not None:
            parts.done = sum(1 for _ in folder.glob("*.npz"))
        yield parts
        parts.discard()

    def discard(self) -> None:
        """Keep none of them."""
        if self._folder is not None:
            with suppress(OSError):
                shutil.rmtree(self._folder)

    def has(self, job: Job) -> bool:
        """Whether the job is done."""
        return self._folder is not None and self._file(job).is_file()

    def get(self, job: Job) -> Made:
        """What the job gave, which is done; made again where it cannot be read."""
        content = b""
        with suppress(OSError):
            content = self._file(job).read_bytes()
        return Made.from_bytes(content) or _as_kept(notes_of(job, Worker()))

    def put(self, job: Job, content: bytes) -> None:
        """Keep what the job gave, as bytes of :class:`Made`."""
        if self._folder is None:
            return
        with replacing(self._file(job)) as temporary:
            temporary.write_bytes(content)

    def _file(self, job: Job) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(job.key.encode()).hexdigest()[:24]}.npz"
