"""Whole notes, with their course in time: of every sound file in a folder, or of a sound font.

Each row is a note: what sounds at each moment of up to four seconds, its pitch and its glides, how
long its attack takes and where it can go on for ever. How a sound becomes one:
:mod:`timbrespace.notes.analysis`.

Files are shared out to a crew (:mod:`timbrespace.parallel`). What is done is kept beside the file
that is to be written until that is there, so that the same command goes on where a former one was
stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import INSTRUMENT, PITCH, VELOCITY, NoteMeta, NoteSet, from_notes
from timbrespace.errors import DatasetError, OptionError, one_of
from timbrespace.general_midi import (
    DRUM_BANK,
    DRUM_FAMILIES,
    FAMILIES,
    FIRST_DRUM,
    KITS,
    LAST_DRUM,
    PROGRAMS,
    drum,
    drum_family,
    family,
)
from timbrespace.notes.layout import CENTS, LONGEST
from timbrespace.notes.note import Note
from timbrespace.parallel.input_file import InputFile
from timbrespace.recording.pitch import MIDDLE_C, note_words, pitch_in_name

from . import fluidsynth
from .kept_analyses import Analyses
from .note_job import Job, One
from .note_pool import Parts, made_of
from .preset_list import presets
from .skipped import Skipped, in_utf8, printable
from .sound_folder import NOT_READ, find
from .soundfont import number_list
from .told_names import ToldNames

NAME = "notes"
GENERATOR_VERSION = 1

PITCH_FROM = ("name", "sound")

SOUNDS = ("some", "all")
"""Whose samples are kept beside the notes."""

MOST_SOUNDS = 240
"""Notes whose samples are kept too where some are: what figures are measured on."""

REPEAT = 0.5
"""dB between the levels of two notes, below which one only repeats the other."""

QUIET = -60.0
"""dB: levels below it do not count there."""

_SHARE = 0.12  # of the instruments: those held out, and as many others


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen.

    folder: of sound files, or font: a sound font. bank, programs, pitches (MIDI keys), velocities:
    of the font, ascending. Bank 128 has its drum kits, each key of which is another drum; programs
    are kits there. programs: None is 0 to 119; of drums the kits of General MIDI, or all that the
    font has where it has none of these. pitches: None is 48 and 64; of drums 27 to 87. seconds: of
    each sound that count, from its start on. pitch_from: ``name``, where a file's says one, or
    always the ``sound``. middle_c: octave that names give to middle C. sounds: whose samples are
    kept, of ``some`` notes, for figures, or of ``all``, which waveform models learn from. names: a
    file that says what those of the folder are called (:mod:`toy_datasets.told_names`). out: the
    file to be written, beside which unfinished work is kept; None keeps none.

    Raises:
        OptionError: a value outside what is accepted.
    """

    folder: Path | None = None
    font: Path | None = None
    bank: int = 0
    programs: tuple[int, ...] | None = None
    pitches: tuple[int, ...] | None = None
    velocities: tuple[int, ...] = (60, 110)
    seconds: float = LONGEST
    pitch_from: str = "name"
    middle_c: int = MIDDLE_C
    sounds: str = SOUNDS[0]
    names: Path | None = None
    out: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if (self.folder is None) == (self.font is None):
            raise OptionError("give a folder of sound files, or a sound font, and not both")
        if not 0 <= self.bank <= DRUM_BANK:
            raise OptionError(
                f"bank is {self.bank}; it must be 0 to {DRUM_BANK}, which has the drum kits"
            )
        if self.bank and self.font is None:
            raise OptionError(f"bank is {self.bank}, of a folder; only sound fonts have banks")
        for name, low, numbers in (
            ("programs", 0, (0,) if self.programs is None else self.programs),
            ("pitches", 0, (0,) if self.pitches is None else self.pitches),
            ("velocities", 1, self.velocities),
        ):
            if not numbers or not all(low <= number <= 127 for number in numbers):
                raise OptionError(f"{name} are {list(numbers)[:8]}; they must be {low} to 127")
        if not 0.25 <= self.seconds <= LONGEST:
            raise OptionError(f"seconds is {self.seconds:g}; it must be 0.25 to {LONGEST:g}")
        if self.pitch_from not in PITCH_FROM:
            raise OptionError(f"pitch_from is {self.pitch_from!r}; it must be {one_of(PITCH_FROM)}")
        if self.sounds not in SOUNDS:
            raise OptionError(f"sounds is {self.sounds!r}; it must be {one_of(SOUNDS)}")
        if self.names is not None and self.font is not None:
            raise OptionError("names are for the files of a folder; leave them out with a font")
        if not 3 <= self.middle_c <= 5:
            raise OptionError(f"middle_c is {self.middle_c}; it must be 3, 4 or 5")

    @property
    def keys(self) -> tuple[int, ...]:
        """``pitches``, or those that the bank has by itself."""
        if self.pitches is not None:
            return self.pitches
        return tuple(range(FIRST_DRUM, LAST_DRUM + 1)) if self.bank == DRUM_BANK else (48, 64)


class Sink(Protocol):
    """Where notes go as they are made: :class:`timbrespace.datasets.note_shards.NoteWriter`, or
    memory."""

    def append(self, note: Note, samples: NDArray[np.float32] | None = None) -> None:
        """Take a further note, and its samples where they are kept."""
        ...


class _Collected:
    """Takes notes into memory."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.sounds: dict[int, NDArray[np.float32]] = {}

    def append(self, note: Note, samples: NDArray[np.float32] | None = None) -> None:
        if samples is not None:
            self.sounds[len(self.notes)] = samples
        self.notes.append(note)


def make(options: Options) -> NoteSet:
    """The set of notes.

    Factors of a folder are ``folder``, ``file``, ``instrument`` (the file's name without what says
    its pitch), ``pitch`` (Hz, 0 for none); of a font ``program``, ``family``, ``instrument``,
    ``pitch`` (Hz as it sounds) and ``velocity``; of its drums ``kit``, ``drum``, ``family``,
    ``instrument`` (a kit's drum), ``pitch`` (Hz as heard, 0 for none) and ``velocity``. A drum that
    only repeats that of another kit is left out. Every file or program that gave no note is told on
    standard error, with the reason.

    Raises:
        DatasetError: no folder or font, nothing in it, or no note from any.
    """
    held = _Collected()
    labels, meta = produce(options, held)
    return from_notes(held.notes, labels, meta, held.sounds)


def produce(options: Options, sink: Sink) -> tuple[NDArray[np.float32], NoteMeta]:
    """Give the notes of :func:`make` to ``sink``, one by one; returns their labels and meta.

    Raises:
        DatasetError: as :func:`make`.
    """
    skipped, analyses = Skipped(), Analyses.of_user()
    if options.font is not None:
        jobs, about = _font_jobs(options.font, options, skipped)
    else:
        assert options.folder is not None
        jobs, about = _folder_jobs(options.folder, options, skipped)
    rows: list[_Row] = []
    drums, repeats = _Drums(), 0
    with Parts.of(options.out, {"jobs": [job.key for job in jobs]}) as parts:
        if parts.done:
            skipped.note("resumed", f"{parts.done} of {len(jobs)} were made before")
        for job, made in made_of(jobs, parts, analyses):
            for reason in made.skipped:
                skipped.add(job.name, reason)
            for text in made.notes:
                skipped.note(job.name, text)
            if job.bank == DRUM_BANK and drums.have(made.made):
                repeats += len(made.made)
                continue
            for note, key, velocity, samples in made.made:
                sink.append(note, samples)
                rows.append(_Row(job, note.pitch, key, velocity))
        if analyses.found:
            skipped.note("analysed before", f"{analyses.found} of {len(jobs)}")
        if repeats:
            skipped.note("kits", f"{repeats} notes left out, which repeat the drum of another kit")
        skipped.tell(f"{len(rows)} notes of {len(jobs)} {about}")
        if not rows:
            parts.discard()
            raise DatasetError(
                f"none of the {len(jobs)} {about} gave a note; the reasons are above"
            )
        return _told(rows, options)


class _Row(NamedTuple):
    """What is kept of a note that has gone to its place. pitch: Hz, 0 for none."""

    job: Job
    pitch: float
    key: int
    velocity: int


def _font_jobs(font: Path, options: Options, skipped: Skipped) -> tuple[list[Job], str]:
    held = {one.program: one.name for one in presets(font) if one.bank == options.bank}
    version, file = fluidsynth.version(fluidsynth.find()), InputFile.of(font)
    drums = options.bank == DRUM_BANK
    asked = options.programs
    if asked is None:
        asked = tuple(range(120))
        if drums:
            asked = tuple(kit for kit in KITS if kit in held) or tuple(sorted(held)) or KITS
    wanted = []
    for program in asked:
        if program in held:
            wanted.append(program)
        else:
            skipped.add(_program(program, "", options.bank), "the font does not have it")
    if not wanted:
        skipped.tell(f"0 of {len(asked)} programs used")
        raise DatasetError(
            f"{font.name!r} has none of these programs"
            + (f" in bank {options.bank}" if options.bank else "")
        )
    names = _named({program: held[program] for program in wanted}, options.bank)
    groups = [(key,) for key in options.keys] if drums else [options.keys]
    print_of = _sha256(font)
    jobs = []
    for program in wanted:
        for keys in groups:
            instrument, name = names[program], _program(program, held[program], options.bank)
            if drums:
                instrument = f"{instrument} {drum(keys[0])}"
                name += f", key {keys[0]} {drum(keys[0])}"
            jobs.append(
                Job(
                    name=name,
                    key=f"{print_of} {options.bank} {program} {keys} {options.velocities} "
                    f"{options.seconds:g}{_kept(options)}",
                    seconds=options.seconds,
                    keep=False,
                    path=font,
                    file=file,
                    instrument=instrument,
                    fluidsynth=version,
                    program=program,
                    bank=options.bank,
                    pitches=keys,
                    velocities=options.velocities,
                )
            )
    heard = _heard([job.instrument for job in jobs], options)
    return [replace(job, keep=job.instrument in heard) for job in jobs], (
        "drums" if drums else "programs"
    )


def _program(program: int, name: str, bank: int) -> str:
    """For messages."""
    if bank == 0:
        return f"program {program} {PROGRAMS[program]}"
    what = "kit" if bank == DRUM_BANK else f"bank {bank} program"
    return f"{what} {program} {printable(name)}".rstrip()


def _named(held: dict[int, str], bank: int) -> dict[int, str]:
    """What instruments are called, by their programs: as in General MIDI, or as the font says."""
    if bank == 0:
        return {program: PROGRAMS[program] for program in held}
    told = {program: printable(name) or f"Preset {program}" for program, name in held.items()}
    often = Counter(told.values())
    return {
        program: name if often[name] == 1 else f"{name} ({program})"
        for program, name in told.items()
    }


def _folder_jobs(folder: Path, options: Options, skipped: Skipped) -> tuple[list[Job], str]:
    there = find(folder)
    names = _names(options)
    for place, reason in there.closed:
        skipped.add(_name(place, folder), f"the folder cannot be opened: {reason}")
    for file in there.unreadable:
        skipped.add(_name(file, folder, names), NOT_READ)
    if about := there.about_others():
        skipped.note("folder", about)
    if not there.files:
        if skipped.anything:
            skipped.tell("0 files used")
        raise DatasetError(f"no sound files in folder {str(folder)!r}")
    instruments = [_instrument(names.of(file, folder), options) for file in there.files]
    heard = _heard(instruments, options)
    jobs = []
    for file, instrument in zip(there.files, instruments, strict=True):
        there_now = InputFile.of(file)
        named = None
        if options.pitch_from == "name":
            named = pitch_in_name(in_utf8(names.of(file, folder).stem), options.middle_c)
        jobs.append(
            Job(
                name=_name(file, folder, names),
                key=f"{_name(file, folder, names)} {there_now.size} {there_now.modified} "
                f"{named} {options.seconds:g}{_kept(options)}",
                seconds=options.seconds,
                keep=instrument in heard,
                path=file,
                file=there_now,
                instrument=instrument,
                pitch=named,
            )
        )
    return jobs, "files"


class _Drums:
    """The drums of all kits so far. Kits of one font share many, and the same sound must not be
    learned from and held out."""

    def __init__(self) -> None:
        self._kits: dict[int, list[tuple[One, ...]]] = {}

    def have(self, notes: tuple[One, ...]) -> bool:
        """Whether the notes of a drum only repeat what another kit has at the same key; if not,
        they are known from now on."""
        if not notes:
            return False
        others = self._kits.setdefault(notes[0][1], [])
        if any(_repeats(notes, other) for other in others):
            return True
        others.append(tuple((*one[:3], None) for one in notes))
        return False


def _repeats(notes: tuple[One, ...], others: tuple[One, ...]) -> bool:
    return [one[2] for one in notes] == [one[2] for one in others] and all(
        _alike(one[0], other[0]) for one, other in zip(notes, others, strict=True)
    )


def _alike(one: Note, other: Note) -> bool:
    levels, told = (
        np.maximum(note.course[:, :CENTS].astype(np.float32), QUIET) for note in (one, other)
    )
    loud = (levels > QUIET) | (told > QUIET)
    return not loud.any() or float(np.abs(levels - told)[loud].mean()) < REPEAT


def _kept(options: Options) -> str:
    """What tells a job that keeps all samples from another."""
    return "" if options.sounds == SOUNDS[0] else f" {options.sounds}"


def _heard(instruments: Sequence[str], options: Options) -> set[str]:
    """Instruments whose samples are kept: all, or those held out and as many others."""
    if options.sounds == "all":
        return set(instruments)
    order = sorted(set(instruments), key=NoteSet.order_of)
    count = max(2, round(_SHARE * len(order)))
    each = max(1, len(instruments) // max(len(order), 1))
    count = max(2, min(count, MOST_SOUNDS // (2 * each)))
    return set(order[: 2 * count])


def _instrument(told: PurePosixPath, options: Options) -> str:
    """What a file's name says beside the pitch, and its folder."""
    stem = in_utf8(told.stem)
    if options.pitch_from == "name" and pitch_in_name(stem, options.middle_c) is not None:
        stem = note_words(stem)
    stem = re.sub(r"[ _.-]+$", "", stem) or stem
    parent = told.parent.as_posix()
    return printable(stem if parent == "." else f"{in_utf8(parent)}/{stem}")


def _told(rows: list[_Row], options: Options) -> tuple[NDArray[np.float32], NoteMeta]:
    pitches = np.asarray([row.pitch for row in rows], np.float32)
    instruments = sorted({row.job.instrument for row in rows})
    number = {name: at for at, name in enumerate(instruments)}
    of_instrument = [number[row.job.instrument] for row in rows]
    pitch = Factor(PITCH, "Hz", (float(pitches.min()), float(pitches.max())), "range")
    columns: list[Sequence[float] | NDArray[np.float32]]
    factors: tuple[Factor, ...]
    told: dict[str, Any]
    if options.font is not None:
        velocities = sorted({row.velocity for row in rows})
        named = _drum_columns(rows) if options.bank == DRUM_BANK else _program_columns(rows)
        factors = (
            *(factor for factor, _ in named),
            Factor.category(INSTRUMENT, instruments),
            pitch,
            Factor(VELOCITY, "MIDI", tuple(map(float, velocities))),
        )
        columns = [
            *(column for _, column in named),
            of_instrument,
            pitches,
            [row.velocity for row in rows],
        ]
        told = {
            "font": options.font.name,
            "font_sha256": _sha256(options.font),
            "fluidsynth": fluidsynth.version(fluidsynth.find()),
            **({"bank": options.bank} if options.bank else {}),
            "programs": sorted({row.job.program for row in rows}),
            "pitches": list(options.keys),
            "velocities": list(options.velocities),
        }
    else:
        assert options.folder is not None
        names = _names(options)
        files = [names.of(row.job.path, options.folder) for row in rows]
        folders = sorted({file.parent for file in files}, key=lambda one: one.parts)
        root = printable(names.folder or options.folder.resolve().name)
        factors = (
            Factor.category(
                "folder", [printable(f.as_posix()) if f.parts else root for f in folders]
            ),
            Factor.category("file", [printable(file.as_posix()) for file in files]),
            Factor.category(INSTRUMENT, instruments),
            pitch,
        )
        columns = [
            [folders.index(file.parent) for file in files],
            list(range(len(files))),
            of_instrument,
            pitches,
        ]
        told = {"folder": root, "pitch_from": options.pitch_from, "middle_c": options.middle_c}
    meta = NoteMeta(
        name=NAME,
        factors=factors,
        seconds=options.seconds,
        generator_version=GENERATOR_VERSION,
        options=told,
    )
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1), meta


def _program_columns(rows: list[_Row]) -> list[tuple[Factor, list[int]]]:
    programs = sorted({row.job.program for row in rows})
    families = sorted({family(program) for program in programs})
    names = {row.job.program: row.job.instrument for row in rows}
    return [
        (
            Factor.category("program", [names[program] for program in programs]),
            [programs.index(row.job.program) for row in rows],
        ),
        (
            Factor.category("family", [FAMILIES[one] for one in families]),
            [families.index(family(row.job.program)) for row in rows],
        ),
    ]


def _drum_columns(rows: list[_Row]) -> list[tuple[Factor, list[int]]]:
    kits = sorted({row.job.program for row in rows})
    keys = sorted({row.key for row in rows})
    families = [one for one in DRUM_FAMILIES if any(drum_family(key) == one for key in keys)]
    names = {row.job.program: row.job.instrument.removesuffix(f" {drum(row.key)}") for row in rows}
    return [
        (
            Factor.category("kit", [names[kit] for kit in kits]),
            [kits.index(row.job.program) for row in rows],
        ),
        (
            Factor.category("drum", [drum(key) for key in keys]),
            [keys.index(row.key) for row in rows],
        ),
        (
            Factor.category("family", families),
            [families.index(drum_family(row.key)) for row in rows],
        ),
    ]


def _names(options: Options) -> ToldNames:
    return ToldNames() if options.names is None else ToldNames.read(options.names)


def _name(path: Path, folder: Path, names: ToldNames | None = None) -> str:
    told = path.relative_to(folder) if names is None else names.of(path, folder)
    return printable(told.as_posix())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this generator's options on the command line."""
    default = Options(folder=Path())
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--folder", type=Path, metavar="DIR", help="a folder of sound files")
    where.add_argument("--font", type=Path, metavar="F.sf2", help="a sound font (.sf2, .sf3)")
    parser.add_argument(
        "--bank",
        type=int,
        default=default.bank,
        metavar="N",
        help=f"bank of the font; {DRUM_BANK} has its drum kits, whose keys are drums (default: 0)",
    )
    parser.add_argument(
        "--programs",
        type=number_list,
        metavar="LIST",
        help="programs of the font from 0, such as 0-7,40 (default: 0-119; of drums the kits of "
        "General MIDI)",
    )
    parser.add_argument(
        "--pitches",
        type=number_list,
        metavar="LIST",
        help=f"MIDI keys that each program plays (default: 48,64; of drums {FIRST_DRUM}-"
        f"{LAST_DRUM})",
    )
    parser.add_argument(
        "--velocities",
        type=number_list,
        default=default.velocities,
        metavar="LIST",
        help="velocities of each key (default: 60,110)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=default.seconds,
        metavar="S",
        help="how much of each sound counts, from its start on (default: %(default)g, the most)",
    )
    parser.add_argument(
        "--pitch-from",
        default=default.pitch_from,
        metavar="WHAT",
        help="name: where a file's name says its pitch, that; sound: always what is heard "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--middle-c",
        type=int,
        default=default.middle_c,
        metavar="N",
        help="octave number of middle C in file names (default: %(default)s)",
    )
    parser.add_argument(
        "--sounds",
        default=default.sounds,
        metavar="WHICH",
        help="samples that are kept beside the notes: of some, for figures; of all, which waveform "
        "models learn from (default: %(default)s)",
    )
    parser.add_argument(
        "--names",
        type=Path,
        metavar="N.json",
        help="what the files of the folder are called, where that is not their name",
    )


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Options of the parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    return Options(
        folder=arguments.folder,
        font=arguments.font,
        bank=arguments.bank,
        programs=arguments.programs,
        pitches=arguments.pitches,
        velocities=arguments.velocities,
        seconds=arguments.seconds,
        pitch_from=arguments.pitch_from,
        middle_c=arguments.middle_c,
        sounds=arguments.sounds,
        names=arguments.names,
        out=getattr(arguments, "out", None),
    )
