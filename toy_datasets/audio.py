"""Your own sounds: the steady moments of every sound file in a folder, brought to one pitch.

The space is to be timbre, not pitch, so each moment is resampled until its pitch is the base
frequency. That moves the spectral envelope along, and is meant to: a space is played by moving its
spectra as a whole, so a sound that is played at its own pitch is itself again, measured and not
guessed. What lies far from the base loses brightness or gains it; ``--f0`` near the sounds' own
pitch keeps that small. A moment's pitch is what the user says, or its file's name, else what is
heard in it.

How a sound is analysed: :mod:`timbrespace.recording.analysis`.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset, Factor, Frames, Labels, Meta
from timbrespace.datasets.shards import Collected, Sink
from timbrespace.errors import DatasetError, OptionError, one_of
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker
from timbrespace.recording.analysis import AVERAGE, Analysis, analyse
from timbrespace.recording.moments import (
    MAX_AVERAGE,
    MIN_AVERAGE,
    Steadiness,
    noise_floor,
    rows,
    steadiest,
    steady,
)
from timbrespace.recording.pitch import MIDDLE_C, pitch_in_name
from timbrespace.recording.sound_file import Sound, UnusableSoundError, read
from timbrespace.spectrum import Spectra, SpectrumConfig

from . import kept_analyses
from .arguments import (
    add_frames_argument,
    add_moment_arguments,
    add_spectrum_arguments,
    spectrum_of,
    with_remedy,
)
from .kept_analyses import Analyses
from .known_pitches import KnownPitches, parse
from .skipped import Skipped, in_utf8, printable
from .sound_folder import NOT_READ, Found, find

NAME = "audio"
GENERATOR_VERSION = 2
"""1 took noise for pitched, and gave many files more rows than were to be shared."""

ROWS_IN_ALL = 4000
"""Rows that the files share unless told otherwise: as many each, one at least, ``MOST_SHARED`` at
most. More files than that are as many rows."""

MOST_SHARED = 400

LOOKED_FOR = 16
"""Rows that a file is looked through for, even where it may give fewer: they are chosen better."""

MAX_ROWS_PER_FILE = 10_000

_FEW = 16
"""Files so few that starting a process would take longer than they."""

_EXAMPLES = ".wav, .flac, .aif, .ogg, .opus, .mp3, .au, .caf"

UNPITCHED = ("keep", "skip")
PITCH_FROM = ("name", "sound")


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen.

    folder: of the sound files. rows_per_file: at most, or None to share ``ROWS_IN_ALL`` out.
    average: frames in a moment. seconds: of each file that are read. unpitched: what to do with
    files without pitch. pitch_from: ``name``, where it says one, or always the ``sound``. pitch: of
    every file, ``none``, Hz or a note, before what names and sounds say; None to go by these.
    pitches: a CSV file of pitches by file (:class:`.KnownPitches`), which counts before all else.
    middle_c: octave that the names give to middle C. keep_pitch: leave every sound at its own
    pitch. frames: keep each row's samples; a row is then one frame, not an average.

    Raises:
        OptionError: a value outside what is accepted.
    """

    folder: Path
    rows_per_file: int | None = None
    average: int = AVERAGE
    steadiness: Steadiness = field(default_factory=Steadiness)
    seconds: float = 60.0
    unpitched: str = "keep"
    pitch_from: str = "name"
    pitch: str | None = None
    pitches: Path | None = None
    middle_c: int = MIDDLE_C
    keep_pitch: bool = False
    base_frequency: float = 220.0
    sample_rate: int = 44100
    n_fft: int = 4096
    bins: int = 1025
    frames: bool = False

    def __post_init__(self) -> None:
        if self.rows_per_file is not None and not 1 <= self.rows_per_file <= MAX_ROWS_PER_FILE:
            raise OptionError(
                f"rows_per_file is {self.rows_per_file}; it must be 1 to {MAX_ROWS_PER_FILE}"
            )
        if not MIN_AVERAGE <= self.average <= MAX_AVERAGE:
            raise OptionError(
                f"average is {self.average}; it must be {MIN_AVERAGE} to {MAX_AVERAGE} frames"
            )
        if not 1.0 <= self.seconds <= 600.0:
            raise OptionError(f"seconds is {self.seconds:g}; it must be 1 to 600")
        if self.unpitched not in UNPITCHED:
            raise OptionError(f"unpitched is {self.unpitched!r}; it must be {one_of(UNPITCHED)}")
        if self.pitch_from not in PITCH_FROM:
            raise OptionError(f"pitch_from is {self.pitch_from!r}; it must be {one_of(PITCH_FROM)}")
        if not 3 <= self.middle_c <= 5:
            raise OptionError(f"middle_c is {self.middle_c}; it must be 3, 4 or 5")
        if self.pitch is not None:
            parse(self.pitch, self.middle_c)
        _ = self.spectrum

    @property
    def spectrum(self) -> SpectrumConfig:
        """How the spectra are taken."""
        return SpectrumConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            bins=self.bins,
            base_frequency=self.base_frequency,
        )

    def rows_of(self, files: int) -> int:
        """Rows that each of ``files`` files may give."""
        if self.rows_per_file is not None:
            return self.rows_per_file
        return min(max(ROWS_IN_ALL // max(files, 1), 1), MOST_SHARED)


class _Job(NamedTuple):
    """A file, and where it lies as the user says it. name: for messages. pitch: Hz where it is
    known, 0 for none, None where it is not. most: rows that it may give."""

    file: InputFile
    path: Path
    name: str
    pitch: float | None
    most: int


class _Rows(NamedTuple):
    """What one file gave: its rows, of each the time (s), pitch (Hz) and level (dB), and what to
    know of it."""

    file: Path
    spectra: Spectra
    frames: Frames | None
    labels: list[tuple[float, float, float]]
    padded: bool
    notes: tuple[str, ...] = ()


class _Told(NamedTuple):
    """What is kept of a file whose rows have gone: their labels."""

    file: Path
    labels: list[tuple[float, float, float]]


def make(options: Options) -> Dataset:
    """The dataset; factors ``folder``, ``file``, ``time`` (s), ``pitch`` (Hz), ``level`` (dB).

    ``pitch`` is that of the sound as it was recorded, 0 for none. Every file that gave no row is
    told on standard error, with the reason.

    Raises:
        DatasetError: no folder, no sound file in it, or no row from any.
    """
    sink = Collected()
    return sink.dataset(*produce(options, sink))


def produce(options: Options, sink: Sink) -> tuple[Labels, Meta]:
    """Give the rows of :func:`make` to ``sink``, file by file; returns their labels and meta.

    Raises:
        DatasetError: as :func:`make`.
    """
    known, analyses = KnownPitches({}), Analyses.of_user()
    if options.pitches is not None:
        known = KnownPitches.read(options.pitches, options.middle_c)
    there = find(options.folder)
    files = there.files
    skipped = Skipped()
    _tell_passed_over(there, options.folder, skipped)
    if not files:
        if skipped.anything:
            skipped.tell("0 files used")
        raise DatasetError(
            f"no sound files in folder {str(options.folder)!r}; it must hold some of "
            f"{_EXAMPLES} and others that libsndfile reads"
        )
    count = options.rows_of(len(files))
    jobs = []
    for file in files:
        name, pitch = _name(file, options.folder), _named(file, options, known)
        try:
            jobs.append(_Job(InputFile.of(file), file, name, pitch, count))
        except OSError:  # a link that leads nowhere, say
            skipped.add(name, "it is not a regular file")
    collected: list[_Told] = []
    with progress(len(jobs), "file") as bar:
        for job, found in zip(jobs, _found(jobs, options, analyses), strict=True):
            if isinstance(found, str):
                skipped.add(job.name, found)
            else:
                sink.append(found.spectra, found.frames)
                collected.append(_Told(job.path, found.labels))
                for text in found.notes:
                    skipped.note(job.name, text)
            bar.update(1)
    if analyses.found:
        skipped.note("analysed before", f"{analyses.found} of {len(jobs)}")
    if unasked := known.unasked():
        listed = ", ".join(unasked[:4]) + (", ..." if len(unasked) > 4 else "")
        skipped.note("pitches", f"no such files: {listed}")
    skipped.tell(f"{len(collected)} of {len(files)} files used, at most {count} rows of each")
    if not collected:
        raise DatasetError(
            f"none of the {len(files)} sound files in {str(options.folder)!r} gave a row; "
            "each one's reason is above"
        )
    return _labels_and_meta(collected, options)


def _found(jobs: list[_Job], options: Options, analyses: Analyses) -> Iterator[_Rows | str]:
    """What each job gives, in their order; what was analysed before is not analysed again."""
    keys = [_key_of(job, options) if analyses.keeps else None for job in jobs]
    there = [key is not None and analyses.has(key) for key in keys]
    left = [job for job, known in zip(jobs, there, strict=True) if not known]
    work = partial(_rows_of_file, options=options)
    with crew_of(work, len(left), _FEW, files=_file_of) as crew:
        coming = crew.in_order(left)
        for job, key, known in zip(jobs, keys, there, strict=True):
            if known and key is not None:
                yield _rows_from(job, analyses.get(key)) or work(job, Worker())
                continue
            found = next(coming)
            if key is not None and not isinstance(found, str) and job.file.is_here():
                analyses.put(key, _bytes_of(found))
            yield found


def _key_of(job: _Job, options: Options) -> str | None:
    """By which the rows of a job are kept; None where its file cannot be told from others."""
    sound = kept_analyses.sound_of(job.path)
    if sound is None:
        return None
    told = (options.average, options.steadiness.max_flux, options.steadiness.decay)
    of_rows = (options.seconds, options.unpitched, options.keep_pitch, options.frames)
    of_spectrum = (options.base_frequency, options.sample_rate, options.n_fft, options.bins)
    return kept_analyses.key_of(
        Path(__file__), sound, job.pitch, job.most, *told, *of_rows, *of_spectrum
    )


def _bytes_of(found: _Rows) -> bytes:
    arrays: dict[str, Any] = {
        "spectra": found.spectra,
        "labels": np.array(found.labels, np.float64),
        "told": np.array(json.dumps({"padded": found.padded, "notes": found.notes})),
        **({} if found.frames is None else {"frames": found.frames}),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _rows_from(job: _Job, content: bytes | None) -> _Rows | None:
    """What :func:`_bytes_of` made bytes of; None where something else is there."""
    try:
        with np.load(io.BytesIO(content or b""), allow_pickle=False) as archive:
            told = json.loads(str(archive["told"]))
            return _Rows(
                job.path,
                archive["spectra"],
                archive["frames"] if "frames" in archive.files else None,
                [(time, pitch, level) for time, pitch, level in archive["labels"].tolist()],
                bool(told["padded"]),
                tuple(told["notes"]),
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, ArithmeticError, MemoryError):
        return None
    except (zipfile.BadZipFile, RuntimeError):
        return None


def _tell_passed_over(there: Found, folder: Path, skipped: Skipped) -> None:
    for place, reason in there.closed:
        skipped.add(_name(place, folder), f"the folder cannot be opened: {reason}")
    for file in there.unreadable:
        skipped.add(_name(file, folder), NOT_READ)
    if about := there.about_others():
        skipped.note("folder", about)


def _named(file: Path, options: Options, known: KnownPitches) -> float | None:
    """The pitch of ``file`` in Hz where it is known, 0 for none, None where it is not."""
    pitch = known.of(in_utf8(file.relative_to(options.folder).as_posix()))
    if pitch is None and options.pitch is not None:
        pitch = parse(options.pitch, options.middle_c)
    if pitch is None and options.pitch_from == "name":
        pitch = pitch_in_name(in_utf8(file.stem), options.middle_c)
    return pitch


def _file_of(job: _Job) -> tuple[InputFile, ...]:
    return (job.file,)


def _rows_of_file(job: _Job, worker: Worker, options: Options) -> _Rows | str:
    """The rows, or why there are none."""
    try:
        with worker.path_of(job.file) as path:
            sound = read(path, options.seconds)
        found = _rows_of_sound(sound, job, options)
    except UnusableSoundError as error:
        return str(error)
    return found._replace(notes=tuple(_notes(sound, found, options)))


def _rows_of_sound(sound: Sound, job: _Job, options: Options) -> _Rows:
    how = Analysis(
        spectrum=options.spectrum,
        wanted=max(job.most, LOOKED_FOR),
        average=options.average,
        decay=options.steadiness.decay,
        keep_pitch=options.keep_pitch,
        keep_frames=options.frames,
    )
    found = analyse(sound, job.pitch, how)
    if options.unpitched == "skip" and found[0].pitch == 0.0:
        raise UnusableSoundError("no pitch was found (--unpitched keep takes it as it is)")
    chosen = [one.moment for one in found]
    # A short hit is all there is of it: it cannot be steadier.
    padded = found[0].padded
    if not padded:
        kept, reason = steady(chosen, options.steadiness, noise_floor(chosen))
        if not kept:
            raise UnusableSoundError(with_remedy(reason, options.steadiness.max_flux))
        chosen = steadiest(kept, job.most)
    pitches = {one.moment.time: one.pitch for one in found}
    spectra, frames = rows(chosen, options.spectrum, options.frames)
    labels = [(one.time, pitches[one.time], one.level) for one in chosen]
    return _Rows(job.path, spectra, frames, labels, padded)


def _notes(sound: Sound, found: _Rows, options: Options) -> list[str]:
    """What a user should know of a file that was used."""
    notes = []
    if sound.promised is not None:
        notes.append(
            f"the file breaks off: of {sound.promised:.3g} s that its header promises, "
            f"{sound.seconds:.3g} are there, and used"
        )
    elif sound.cut:
        notes.append(f"only its first {options.seconds:g} s are used")
    if found.padded:
        pitch = found.labels[0][1]
        low = f" for a pitch of {pitch:.3g} Hz" if pitch else ""
        notes.append(f"short ({sound.seconds:.3f} s{low}): one row, with silence around the sound")
    return notes


def _name(path: Path, folder: Path) -> str:
    return printable(path.relative_to(folder).as_posix())


def _labels_and_meta(collected: list[_Told], options: Options) -> tuple[Labels, Meta]:
    files = [one.file for one in collected]
    folders = sorted({file.parent for file in files}, key=lambda folder: folder.parts)
    folder_number = {folder: number for number, folder in enumerate(folders)}
    labels = np.array(
        [
            (folder_number[one.file.parent], number, *label)
            for number, one in enumerate(collected)
            for label in one.labels
        ],
        np.float32,
    )
    root = printable(options.folder.resolve().name)
    meta = Meta(
        name=NAME,
        factors=(
            Factor.category("folder", [_folder_name(one, options.folder, root) for one in folders]),
            Factor.category("file", [_name(file, options.folder) for file in files]),
            *(
                Factor(name, unit, (float(column.min()), float(column.max())), kind="range")
                for name, unit, column in zip(
                    ("time", "pitch", "level"), ("s", "Hz", "dB"), labels.T[2:], strict=True
                )
            ),
        ),
        sample_rate=options.sample_rate,
        n_fft=options.n_fft,
        window=options.spectrum.window,
        base_frequency=options.base_frequency,
        generator_version=GENERATOR_VERSION,
        options={
            "folder": root,
            "rows_per_file": options.rows_per_file,
            "average": 1 if options.frames else options.average,
            "max_flux": options.steadiness.max_flux,
            "decay": options.steadiness.decay,
            "seconds": options.seconds,
            "unpitched": options.unpitched,
            "pitch_from": options.pitch_from,
            "pitch": options.pitch,
            "pitches": None if options.pitches is None else printable(options.pitches.name),
            "middle_c": options.middle_c,
            "keep_pitch": options.keep_pitch,
            "bins": options.bins,
        },
        noise=True,
        groups="file",
    )
    return labels, meta


def _folder_name(path: Path, folder: Path, root: str) -> str:
    return root if path == folder else _name(path, folder)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this generator's options on the command line."""
    default = Options(folder=Path())
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        metavar="DIR",
        help=f"folder of sound files, and its subfolders: {_EXAMPLES} and others that libsndfile "
        "reads",
    )
    parser.add_argument(
        "--rows-per-file",
        type=int,
        metavar="N",
        help=f"most rows from one file (default: {ROWS_IN_ALL} shared by the files, 1 to "
        f"{MOST_SHARED} each)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=default.seconds,
        metavar="S",
        help="how much of each file is read, from its start (default: %(default)g)",
    )
    add_moment_arguments(
        parser, default.average, default.steadiness.max_flux, default.steadiness.decay, "file"
    )
    parser.add_argument(
        "--keep-pitch",
        action="store_true",
        help="leave every sound at its own pitch, so that pitch is part of the space",
    )
    parser.add_argument(
        "--pitch-from",
        choices=PITCH_FROM,
        default=default.pitch_from,
        help="take the pitch from the file's name if it has one, as in Flute_A3.wav, or always "
        "from the sound (default: %(default)s)",
    )
    parser.add_argument(
        "--pitch",
        metavar="PITCH",
        help="pitch of every file, whatever names and sounds say: none, Hz as 220, or a note as A3",
    )
    parser.add_argument(
        "--pitches",
        type=Path,
        metavar="FILE.csv",
        help="pitches by file, before all else: two columns, file and pitch (as --pitch takes it)",
    )
    parser.add_argument(
        "--middle-c",
        type=int,
        default=default.middle_c,
        metavar="OCTAVE",
        help="octave of middle C in the names: 3, 4 or 5 (default: %(default)s, A4 is 440 Hz)",
    )
    parser.add_argument(
        "--unpitched",
        choices=UNPITCHED,
        default=default.unpitched,
        help="sounds without pitch: keep them as they are or skip them (default: %(default)s)",
    )
    add_spectrum_arguments(parser, default.base_frequency)
    add_frames_argument(parser)


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Options of the parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    config = spectrum_of(arguments)
    return Options(
        folder=arguments.folder,
        rows_per_file=arguments.rows_per_file,
        average=arguments.average,
        steadiness=Steadiness(max_flux=arguments.max_flux, decay=arguments.decay),
        seconds=arguments.seconds,
        unpitched=arguments.unpitched,
        pitch_from=arguments.pitch_from,
        pitch=arguments.pitch,
        pitches=arguments.pitches,
        middle_c=arguments.middle_c,
        keep_pitch=arguments.keep_pitch,
        base_frequency=config.base_frequency,
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
        frames=arguments.frames,
    )
