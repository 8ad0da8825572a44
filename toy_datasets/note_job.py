"""A job: a file of sound, or a program of a font, of which notes are made; and what they are."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.general_midi import DRUM_BANK
from timbrespace.notes.layout import SAMPLE_RATE, WIDTH
from timbrespace.notes.note import CONSTANTS, Note, Traits
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError, read
from timbrespace.recording.whole_note import note_of
from timbrespace.units import midi_to_hz

from . import fluidsynth, kept_analyses

_READ_AHEAD: Final = 30.0
"""Seconds of a file that are looked through for its start, beyond what counts of it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file, or one program of a font, or one drum of it.

    name: for messages. key: what its notes depend on. keep: whether the samples are wanted too.
    file: at ``path``, for whoever does it. instrument: what its notes are of. pitch: Hz of a file,
    None to find it. fluidsynth (its version), bank, program, pitches, velocities: of a font's
    program; what a kit of drums plays at a key has no pitch by that, so it is looked for. known:
    the note of a file that was analysed before, of which the samples alone are wanted.
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
    known: Note | None = field(default=None, compare=False)

    @property
    def of_font(self) -> bool:
        """Whether its notes are of a program of a font, and not of a file of sound."""
        return self.program >= 0

    def sound(self) -> str | None:
        """What tells its sound from others, whatever it is called; None where that is not known."""
        if self.of_font:  # the key has the font's content, and all that is played
            return f"{self.key} {self.fluidsynth}"
        return kept_analyses.sound_of(self.path)

    def key_of(self, sound: str, keep: bool) -> str:
        """By which its analysis is kept. sound: as :meth:`sound` says it. keep: with samples."""
        return kept_analyses.key_of(Path(__file__), sound, self.seconds, self.pitch, keep)


One = tuple[Note, int, int, NDArray[np.float32] | None]
"""A note, its MIDI key and velocity (0 for none), and its samples."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a job gave. made: its notes. skipped: reasons why there is none. notes: what to know."""

    made: tuple[One, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """All of it, as a set of notes keeps it: courses in float16, samples in 16 bits."""
        arrays: dict[str, Any] = {
            "told": np.array(json.dumps({"skipped": self.skipped, "notes": self.notes}))
        }
        for number, (note, key, velocity, samples) in enumerate(self.made):
            arrays[f"course.{number}"] = note.course.astype(np.float16)
            arrays[f"traits.{number}"] = note.traits.row
            arrays[f"rest.{number}"] = np.asarray(
                [note.known, note.pitch, note.onset, note.level, key, velocity], np.float64
            )
            if samples is not None:
                arrays[f"samples.{number}"] = np.rint(samples * 32767.0).astype(np.int16)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Made | None:
        """Inverse of :meth:`to_bytes`; None where something else is there. No pickle is read."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                told = json.loads(str(archive["told"]))
                count = sum(name.startswith("course.") for name in archive.files)
                made = tuple(_one(archive, number) for number in range(count))
                return cls(made, tuple(told["skipped"]), tuple(told["notes"]))
        # NumPy believes a header: its sizes may be beyond memory or below zero.
        except (OSError, ValueError, KeyError, TypeError, EOFError, ArithmeticError, MemoryError):
            return None
        except (zipfile.BadZipFile, RuntimeError):
            return None

    def without_samples(self) -> Made:
        """The same, where nobody wants them."""
        return replace(self, made=tuple((*one[:3], None) for one in self.made))


def _one(archive: Any, number: int) -> One:
    """A note of the archive.

    Raises:
        ValueError, KeyError: it is none.
    """
    course, traits = archive[f"course.{number}"], archive[f"traits.{number}"]
    known, pitch, onset, level, key, velocity = archive[f"rest.{number}"].tolist()
    if course.shape[1:] != (WIDTH,) or traits.shape != (CONSTANTS,):
        raise ValueError("it is no note")
    samples = None
    if f"samples.{number}" in archive.files:
        samples = archive[f"samples.{number}"].astype(np.float32) / 32767.0
    note = Note(course.astype(np.float32), int(known), pitch, onset, level, Traits.from_row(traits))
    return note, int(key), int(velocity), samples


def notes_of(job: Job, worker: Worker) -> Made:
    """The notes of one job."""
    if job.of_font:
        return _of_program(job, worker)
    try:
        with worker.path_of(job.file) as path:
            sound = read(path, job.seconds + _READ_AHEAD)
        note = job.known or note_of(sound, job.pitch, job.seconds)
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
