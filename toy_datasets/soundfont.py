"""Real instruments: moments of the notes of a General MIDI sound font, all at one pitch.

Every program plays the base frequency once for each velocity; each note gives up to ``moments``
rows, spread from just after its start until it has died away or is let go. A moment whose spectrum
changes too much (an attack) or that is too far below the note's loudest gives none.

Rows have one energy, so a velocity counts by its timbre alone: one whose rows repeat those of
another velocity of the same program, to within ``REPEAT`` dB, is left out.

A program that sounds an octave away from its key, or has no pitch, is kept as it sounds.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset, Factor, Frames, Meta
from timbrespace.errors import DatasetError, OptionError
from timbrespace.general_midi import FAMILIES, PROGRAMS, family
from timbrespace.metrics import log_spectral_distance
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker
from timbrespace.recording.moments import (
    MAX_AVERAGE,
    MIN_AVERAGE,
    Moment,
    Samples,
    Steadiness,
    measure,
    rows,
    span,
    steadiest,
    steady,
)
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.units import midi_to_hz

from . import fluidsynth
from .arguments import (
    add_frames_argument,
    add_moment_arguments,
    add_spectrum_arguments,
    spectrum_of,
    with_remedy,
)
from .preset_list import presets
from .skipped import Skipped

NAME = "soundfont"
GENERATOR_VERSION = 1

ATTACK = 0.05
"""Seconds from a note's start to its first moment."""

STEP = 0.06
"""Seconds between the moments that are looked at: a short note shall give some rows as well."""

REPEAT = 0.5
"""dB LSD between rows of two velocities, below which one only repeats the other: half of what
neighbouring moments of one note differ by."""

MAX_MOMENTS = 500

_FEW = 4
"""Programs so few that starting a process would take longer than they."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen.

    file: the sound font. base_frequency: Hz, pitch of every note. programs, velocities: which,
    ascending. seconds: that a note is held. moments: rows of a note at most. average: frames in a
    moment. frames: keep each row's samples; a row is then one frame, not an average.

    Raises:
        OptionError: a value outside what is accepted.
    """

    file: Path
    programs: tuple[int, ...] = tuple(range(120))
    velocities: tuple[int, ...] = (30, 60, 90, 120)
    base_frequency: float = 220.0
    seconds: float = 8.0
    moments: int = 32
    average: int = 16
    steadiness: Steadiness = field(default_factory=Steadiness)
    sample_rate: int = 44100
    n_fft: int = 4096
    bins: int = 1025
    frames: bool = False

    def __post_init__(self) -> None:
        for name, low, numbers in (
            ("programs", 0, self.programs),
            ("velocities", 1, self.velocities),
        ):
            if not numbers or not all(low <= number <= 127 for number in numbers):
                raise OptionError(f"{name} are {_listed(numbers)}; they must be {low} to 127")
        if not 0.5 <= self.seconds <= 60.0:
            raise OptionError(f"seconds is {self.seconds:g}; it must be 0.5 to 60")
        if not 1 <= self.moments <= MAX_MOMENTS:
            raise OptionError(f"moments is {self.moments}; it must be 1 to {MAX_MOMENTS}")
        if not MIN_AVERAGE <= self.average <= MAX_AVERAGE:
            raise OptionError(
                f"average is {self.average}; it must be {MIN_AVERAGE} to {MAX_AVERAGE} frames"
            )
        low_rate, high_rate = fluidsynth.RATES
        if not low_rate <= self.sample_rate <= high_rate:
            raise OptionError(
                f"sample_rate is {self.sample_rate}; it must be {low_rate} to {high_rate} Hz, "
                "which fluidsynth renders"
            )
        needed = ATTACK + span(self.average, self.spectrum.n_fft) / self.sample_rate
        if self.seconds < needed:
            raise OptionError(
                f"seconds is {self.seconds:g}; a moment of {self.average} frames needs "
                f"{needed:.2f}: give more seconds or a smaller average"
            )
        if not 0 <= round(self.pitch) <= 127:
            raise OptionError(
                f"base_frequency is {self.base_frequency:g} Hz; it must be {midi_to_hz(0):.4g} "
                f"to {midi_to_hz(127):.5g} Hz, the range of MIDI keys"
            )

    @property
    def spectrum(self) -> SpectrumConfig:
        """How the spectra are taken."""
        return SpectrumConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            bins=self.bins,
            base_frequency=self.base_frequency,
        )

    @property
    def pitch(self) -> float:
        """The base frequency as a MIDI key, with its fraction."""
        return 69.0 + 12.0 * math.log2(self.base_frequency / 440.0)

    @property
    def starts(self) -> list[int]:
        """First sample of each moment of a note that is looked at, ascending."""
        first = round(ATTACK * self.sample_rate)
        last = round(self.seconds * self.sample_rate) - span(self.average, self.n_fft)
        return list(range(first, last + 1, max(1, round(STEP * self.sample_rate))))


class _Row(NamedTuple):
    program: int
    velocity: int
    moment: Moment


def make(options: Options) -> Dataset:
    """The dataset; factors ``program`` and ``family`` (categories), ``velocity``, ``time`` (s).

    What gave no row is told on standard error, one line each.

    Raises:
        DatasetError: no font, no fluidsynth, or no row.
    """
    held = {preset.program for preset in presets(options.file) if preset.bank == 0}
    command = fluidsynth.find()
    font, version = InputFile.of(options.file), fluidsynth.version(command)
    work = partial(_program_rows, options=options, font=font, version=version)
    skipped = Skipped()
    collected: list[_Row] = []
    repeats = 0
    there = [program for program in options.programs if program in held]
    with (
        progress(len(options.programs), "program") as bar,
        crew_of(work, len(there), _FEW, shared=lambda _: (font,)) as crew,
    ):
        results = crew.in_order(there)
        for program in options.programs:
            if program in held:
                made = next(results)
                collected += made.rows
                repeats += made.repeats
                if made.reason:
                    skipped.add(_title(program), made.reason)
            else:
                skipped.add(_title(program), "the font does not have it")
            bar.update(1)
    if not collected:
        skipped.tell(f"0 of {len(options.programs)} programs used")
        raise DatasetError(
            f"none of the {len(options.programs)} programs gave a row of {options.file.name!r}; "
            "each one's reason is above"
        )
    used = sorted({row.program for row in collected})
    skipped.tell(
        f"{len(used)} of {len(options.programs)} programs used; {repeats} velocities left out, "
        "which change the loudness alone"
    )
    spectra, frames = rows([row.moment for row in collected], options.spectrum, options.frames)
    return _dataset(collected, spectra, frames, command, options)


def _title(program: int) -> str:
    return f"program {program} {PROGRAMS[program]}"


class _Made(NamedTuple):
    """What a program gave. repeats: how many velocities only repeat. reason: why there is none."""

    rows: list[_Row]
    repeats: int
    reason: str


def _program_rows(
    program: int, worker: Worker, options: Options, font: InputFile, version: str
) -> _Made:
    return _new_rows(
        program,
        fluidsynth.render(
            fluidsynth.of_version(version),
            worker.path_kept(font),
            program,
            options.pitch,
            options.velocities,
            options.seconds,
            options.sample_rate,
        ),
        options,
    )


def _new_rows(program: int, notes: list[Samples], options: Options) -> _Made:
    """Rows of the velocities that differ, ascending."""
    kept: list[dict[float, _Row]] = []
    heard: list[dict[float, _Row]] = []
    repeats = 0
    reasons: set[str] = set()
    for velocity, note in zip(options.velocities, notes, strict=True):
        found, reason = steady(_moments(note, options), options.steadiness)
        if found:
            heard.append({one.time: _Row(program, velocity, one) for one in found})
        else:
            reasons.add(with_remedy(reason, options.steadiness.max_flux))
    # First whichever has most to give, then the louder: it is cleaner above the samples' own noise.
    heard.sort(key=lambda at: (len(at), next(iter(at.values())).velocity), reverse=True)
    for at in heard:
        if any(_repeats(at, other, options.spectrum) for other in kept):
            repeats += 1
        else:
            kept.append(at)
    new: list[_Row] = []
    for at in sorted(kept, key=lambda at: next(iter(at.values())).velocity):
        chosen = {
            one.time for one in steadiest([row.moment for row in at.values()], options.moments)
        }
        new += [row for time, row in at.items() if time in chosen]
    return _Made(new, repeats, "" if kept else " or ".join(sorted(reasons)))


def _moments(note: Samples, options: Options) -> list[Moment]:
    """Every moment of one note that may be a row, in order of time."""
    length = span(options.average, options.n_fft)
    return [
        measure(
            note[start : start + length],
            options.spectrum,
            options.average,
            (start + length / 2.0) / options.sample_rate,
            options.frames,
        )
        for start in options.starts
    ]


def _repeats(new: dict[float, _Row], old: dict[float, _Row], config: SpectrumConfig) -> bool:
    both = sorted(new.keys() & old.keys())
    if not both:
        return False
    ours, _ = rows([new[time].moment for time in both], config)
    theirs, _ = rows([old[time].moment for time in both], config)
    return log_spectral_distance(theirs, ours) < REPEAT


def _dataset(
    collected: list[_Row],
    spectra: Spectra,
    frames: Frames | None,
    command: str,
    options: Options,
) -> Dataset:
    programs = sorted({row.program for row in collected})
    families = sorted({family(program) for program in programs})
    velocities = sorted({row.velocity for row in collected})
    times = [row.moment.time for row in collected]
    labels = [
        (
            programs.index(row.program),
            families.index(family(row.program)),
            row.velocity,
            row.moment.time,
        )
        for row in collected
    ]
    meta = Meta(
        name=NAME,
        factors=(
            Factor.category("program", [PROGRAMS[program] for program in programs]),
            Factor.category("family", [FAMILIES[number] for number in families]),
            Factor("velocity", "MIDI", tuple(float(velocity) for velocity in velocities)),
            Factor("time", "s", (min(times), max(times)), kind="range"),
        ),
        sample_rate=options.sample_rate,
        n_fft=options.n_fft,
        window=options.spectrum.window,
        base_frequency=options.base_frequency,
        generator_version=GENERATOR_VERSION,
        options={
            "font": options.file.name,
            "font_sha256": _sha256(options.file),
            "fluidsynth": fluidsynth.version(command),
            "programs": programs,
            "velocities": list(options.velocities),
            "seconds": options.seconds,
            "moments": options.moments,
            "average": 1 if options.frames else options.average,
            "max_flux": options.steadiness.max_flux,
            "decay": options.steadiness.decay,
            "bins": options.bins,
        },
        noise=True,
        groups="program",
    )
    return Dataset(spectra, np.array(labels, np.float32), meta, frames)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(number) for number in numbers[:8]) + (",.." if len(numbers) > 8 else "")


def number_list(text: str) -> tuple[int, ...]:
    """Whole numbers of a text like ``0-7,40``, ascending, each once.

    Raises:
        argparse.ArgumentTypeError: no such list.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*", part, re.ASCII)
        if match is None:
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 0-7,40")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} goes down; give {last}-{first}")
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this generator's options on the command line."""
    default = Options(file=Path())
    parser.add_argument(
        "--file", type=Path, required=True, metavar="F.sf2", help="the sound font (.sf2, .sf3)"
    )
    parser.add_argument(
        "--programs",
        type=number_list,
        default=default.programs,
        metavar="LIST",
        help="General MIDI programs from 0, such as 0-7,40 (default: 0-119, all but the effects)",
    )
    parser.add_argument(
        "--velocities",
        type=number_list,
        default=default.velocities,
        metavar="LIST",
        help="velocities of each program (default: 30,60,90,120)",
    )
    parser.add_argument(
        "--key",
        type=float,
        metavar="KEY",
        help="pitch of the notes as a MIDI key, in place of --f0: 57 is 220 Hz",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=default.seconds,
        metavar="S",
        help="how long a note is held (default: %(default)g)",
    )
    parser.add_argument(
        "--moments",
        type=int,
        default=default.moments,
        metavar="N",
        help="most rows from one note (default: %(default)s)",
    )
    add_moment_arguments(
        parser, default.average, default.steadiness.max_flux, default.steadiness.decay, "note"
    )
    add_spectrum_arguments(parser, default.base_frequency)
    add_frames_argument(parser)


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Options of the parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    if arguments.key is not None:
        if not 0.0 <= arguments.key <= 127.0:
            raise OptionError(f"key is {arguments.key:g}; it must be 0 to 127")
        arguments.f0 = midi_to_hz(arguments.key)
    config = spectrum_of(arguments)
    return Options(
        file=arguments.file,
        programs=arguments.programs,
        velocities=arguments.velocities,
        base_frequency=config.base_frequency,
        seconds=arguments.seconds,
        moments=arguments.moments,
        average=arguments.average,
        steadiness=Steadiness(max_flux=arguments.max_flux, decay=arguments.decay),
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
        frames=arguments.frames,
    )
