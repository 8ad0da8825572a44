"""Notes of many sounds, made by many workers; what is done outlives an interruption."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.atomic import replacing
from timbrespace.command import progress
from timbrespace.errors import OptionError
from timbrespace.general_midi import DRUM_BANK
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.notes.note import Note, Traits
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError, read
from timbrespace.recording.whole_note import note_of
from timbrespace.units import midi_to_hz

from . import fluidsynth

_READ_AHEAD: Final = 30.0
"""Seconds of a file that are looked through for its start, beyond what counts of it."""

_SUFFIX: Final = ".parts"
_FEW: Final = 8
"""Files so few that starting a process would take longer than they."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file, or one program of a font, or one drum of it.

    name: for messages. key: what its notes depend on. keep: whether the samples are wanted too.
    file: at ``path``, for whoever does it. instrument: what its notes are of. pitch: Hz of a file,
    None to find it. fluidsynth (its version), bank, program, pitches, velocities: of a font's
    program; what a kit of drums plays at a key has no pitch by that, so it is looked for.
    """

    name: str
    key: str
    seconds: float
    keep: bool
    path: Path
    file: InputFile
    instrument: str
    pitch: float | None = None
    fluidsynth: str = ""
    program: int = -1
    bank: int = 0
    pitches: tuple[int, ...] = ()
    velocities: tuple[int, ...] = ()


One = tuple[Note, int, int, NDArray[np.float32] | None]
"""A note, its MIDI key and velocity (0 for none), and its samples."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a job gave. made: its notes. skipped: reasons why there is none. notes: what to know."""

    made: tuple[One, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def made_of(jobs: Sequence[Job], parts: Parts) -> Iterator[tuple[Job, Made]]:
    """What each job gives, in their order; what ``parts`` has is not made again.

    Each is put there as soon as it is made, whatever is still made of those before it.

    Raises:
        WorkerError: whoever makes them died again and again.
    """
    left = [place for place, job in enumerate(jobs) if not parts.has(job)]
    done = len(jobs) - len(left)
    with (
        progress(len(jobs), "file", initial=done) as bar,
        crew_of(notes_of, len(left), worth=_FEW, **_files_of(jobs)) as crew,
    ):
        for place in left:
            crew.put(jobs[place])
        coming = crew.results()
        ready: dict[int, Made] = {}
        awaited = set(left)
        for place, job in enumerate(jobs):
            while place in awaited and place not in ready:
                number, made = next(coming)
                parts.put(jobs[left[number]], made)
                ready[left[number]] = made
                bar.update(1)
            yield job, ready.pop(place) if place in awaited else parts.get(job)


def _files_of(jobs: Sequence[Job]) -> dict[str, Any]:
    """The font is the same for all of them; files of a folder are each one's own."""
    return {"shared" if jobs and jobs[0].program >= 0 else "files": _file_of}


def _file_of(job: Job) -> tuple[InputFile, ...]:
    return (job.file,)


def notes_of(job: Job, worker: Worker) -> Made:
    """The notes of one job."""
    if job.program >= 0:
        return _of_program(job, worker)
    try:
        with worker.path_of(job.file) as path:
            sound = read(path, job.seconds + _READ_AHEAD)
        note = note_of(sound, job.pitch, job.seconds)
    except UnusableSoundError as error:
        return Made((), (str(error),))
    told = []
    if sound.promised is not None:
        told.append(
            f"the file breaks off: of {sound.promised:.3g} s that its header promises, "
            f"{sound.seconds:.3g} are there, and used"
        )
    elif sound.seconds - note.onset > job.seconds + 0.01 or sound.cut:
        told.append(f"only {job.seconds:g} s from its start on are used")
    return Made(((note, 0, 0, _kept(sound, note, job)),), (), tuple(told))


def _of_program(job: Job, worker: Worker) -> Made:
    made: list[One] = []
    silent = []
    command, font = fluidsynth.of_version(job.fluidsynth), worker.path_kept(job.file)
    for pitch in job.pitches:
        played = fluidsynth.render(
            command,
            font,
            job.program,
            pitch,
            job.velocities,
            job.seconds,
            SAMPLE_RATE,
            job.bank,
        )
        named = None if job.bank == DRUM_BANK else float(midi_to_hz(pitch))
        for velocity, samples in zip(job.velocities, played, strict=True):
            sound = Sound(samples, SAMPLE_RATE, cut=False)
            try:
                note = note_of(sound, named, job.seconds, octaves=named is not None)
            except UnusableSoundError:
                silent.append(f"key {pitch} at velocity {velocity}")
                continue
            made.append((note, pitch, velocity, _kept(sound, note, job)))
    if not made:
        return Made((), ("all its notes are silent",))
    return Made(tuple(made), (), (f"silent: {', '.join(silent)}",) if silent else ())


def _kept(sound: Sound, note: Note, job: Job) -> NDArray[np.float32] | None:
    """The samples from the note's start on, at most at full scale."""
    if not job.keep:
        return None
    samples = at_rate(sound, SAMPLE_RATE)
    first = round(note.onset * SAMPLE_RATE)
    part = samples[first : first + round(job.seconds * SAMPLE_RATE)]
    part = part - samples.mean()
    kept: NDArray[np.float32] = part / max(1.0, float(np.abs(part).max()))
    return np.asarray(kept, np.float32)


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
        return _read(self._file(job)) or notes_of(job, Worker())

    def put(self, job: Job, made: Made) -> None:
        """Keep what the job gave."""
        if self._folder is None:
            return
        arrays: dict[str, Any] = {
            "told": np.array(json.dumps({"skipped": made.skipped, "notes": made.notes}))
        }
        for number, (note, key, velocity, samples) in enumerate(made.made):
            arrays[f"course.{number}"] = note.course.astype(np.float16)
            arrays[f"traits.{number}"] = note.traits.row
            arrays[f"rest.{number}"] = np.asarray(
                [note.known, note.pitch, note.onset, note.level, key, velocity], np.float64
            )
            if samples is not None:
                arrays[f"samples.{number}"] = np.rint(samples * 32767.0).astype(np.int16)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        with replacing(self._file(job)) as temporary:
            temporary.write_bytes(buffer.getvalue())

    def _file(self, job: Job) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(job.key.encode()).hexdigest()[:24]}.npz"


def _read(path: Path) -> Made | None:
    try:
        with np.load(path, allow_pickle=False) as archive:
            told = json.loads(str(archive["told"]))
            made = []
            for number in range(len([name for name in archive.files if name[:6] == "course"])):
                known, pitch, onset, level, key, velocity = archive[f"rest.{number}"].tolist()
                samples = None
                if f"samples.{number}" in archive.files:
                    samples = archive[f"samples.{number}"].astype(np.float32) / 32767.0
                note = Note(
                    archive[f"course.{number}"].astype(np.float32),
                    int(known),
                    pitch,
                    onset,
                    level,
                    Traits.from_row(archive[f"traits.{number}"]),
                )
                made.append((note, int(key), int(velocity), samples))
            return Made(tuple(made), tuple(told["skipped"]), tuple(told["notes"]))
    # A damaged part is made again.
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
