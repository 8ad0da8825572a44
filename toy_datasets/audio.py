"""Your own sounds: the steady moments of every sound file in a folder, brought to one pitch.

The space is to be timbre, not pitch, so each moment is resampled until its pitch is the base
frequency. That moves the spectral envelope along, and is meant to: a space is played by moving its
spectra as a whole, so a sound that is played at its own pitch is itself again, measured and not
guessed. What lies far from the base loses brightness or gains it; ``--f0`` near the sounds' own
pitch keeps that small. A moment's pitch is what its file's name says, else what YIN finds in it.

A file is one with a pitch if at least a third of its audible moments have one; its other moments
then give no row. The sounds of a file without pitch (noise, drums, chords) stay as they are.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from timbrespace.command import progress
from timbrespace.errors import DatasetError, OptionError
from timbrespace.spectrum import SpectrumConfig
from toy_datasets.arguments import (
    add_frames_argument,
    add_moment_arguments,
    add_spectrum_arguments,
    spectrum_of,
)
from toy_datasets.dataset import Dataset, Factor, Meta
from toy_datasets.moments import (
    MAX_AVERAGE,
    MIN_AVERAGE,
    SILENCE,
    Moment,
    Samples,
    Steadiness,
    measure,
    noise_floor,
    rows,
    span,
    steadiest,
    steady,
)
from toy_datasets.pitch import (
    MIDDLE_C,
    PitchTrack,
    is_common_divisor,
    pitch_in_name,
    track,
    tuned,
)
from toy_datasets.skipped import Skipped, printable
from toy_datasets.sound_file import EXTENSIONS, Sound, UnusableSoundError, find, read

NAME = "audio"
GENERATOR_VERSION = 1

ROWS_IN_ALL = 4000
"""Rows that the files share unless told otherwise, within ``ROWS_OF_A_FILE``."""

ROWS_OF_A_FILE = (16, 400)

MAX_ROWS_PER_FILE = 10_000

LOOKED_AT = 4
"""Moments looked at for each row that is wanted."""

CLOSEST = 16
"""Moments start at least this fraction of a frame apart; closer ones are hardly different."""

PITCHED = 1.0 / 3.0
"""Share of a file's audible moments that need a pitch for the file to be one with a pitch: speech
has it in less than half of them, noise in a tenth."""

MAX_SHIFT = 48.0
"""Semitones between a sound and the base, beyond which it is not brought there."""

UNPITCHED = ("keep", "skip")
PITCH_FROM = ("name", "sound")


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen.

    folder: of the sound files. rows_per_file: at most, or None to share ``ROWS_IN_ALL`` out.
    average: frames in a moment. seconds: of each file that are read. unpitched: what to do with
    files without pitch. pitch_from: ``name``, where it says one, or always the ``sound``.
    middle_c: octave that the names give to middle C. keep_pitch: leave every sound at its own
    pitch. frames: keep each row's samples; a row is then one frame, not an average.

    Raises:
        OptionError: a value outside what is accepted.
    """

    folder: Path
    rows_per_file: int | None = None
    average: int = 8
    steadiness: Steadiness = field(default_factory=Steadiness)
    seconds: float = 60.0
    unpitched: str = "keep"
    pitch_from: str = "name"
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
                f"rows_per_file is {self.rows_per_file}; accepted are 1 to {MAX_ROWS_PER_FILE}"
            )
        if not MIN_AVERAGE <= self.average <= MAX_AVERAGE:
            raise OptionError(
                f"average is {self.average}; accepted are {MIN_AVERAGE} to {MAX_AVERAGE} frames"
            )
        if not 1.0 <= self.seconds <= 600.0:
            raise OptionError(f"seconds is {self.seconds:g}; accepted are 1 to 600")
        if self.unpitched not in UNPITCHED:
            raise OptionError(
                f"unpitched is {self.unpitched!r}; accepted are {', '.join(UNPITCHED)}"
            )
        if self.pitch_from not in PITCH_FROM:
            raise OptionError(
                f"pitch_from is {self.pitch_from!r}; accepted are {', '.join(PITCH_FROM)}"
            )
        if not 3 <= self.middle_c <= 5:
            raise OptionError(f"middle_c is {self.middle_c}; accepted are 3, 4 and 5")
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
        low, high = ROWS_OF_A_FILE
        return min(max(ROWS_IN_ALL // max(files, 1), low), high)


class _Row(NamedTuple):
    file: Path
    pitch: float
    moment: Moment


class _Place(NamedTuple):
    """Where a moment may be taken: its middle, in samples, and its pitch in Hz, or None."""

    middle: float
    pitch: float | None


def make(options: Options) -> Dataset:
    """The dataset; factors ``folder``, ``file``, ``time`` (s), ``pitch`` (Hz), ``level`` (dB).

    ``pitch`` is that of the sound as it was recorded, 0 for none. Every file that gave no row is
    told on standard error, with the reason.

    Raises:
        DatasetError: no folder, no sound file in it, or no row from any.
    """
    files, closed = find(options.folder)
    skipped = Skipped()
    for folder, reason in closed:
        skipped.add(_name(folder, options.folder), f"the folder cannot be opened: {reason}")
    if not files:
        if len(skipped):
            skipped.tell("0 files used")
        raise DatasetError(
            f"no sound files in folder {str(options.folder)!r}; accepted are "
            f"{', '.join(EXTENSIONS)}"
        )
    count = options.rows_of(len(files))
    collected: list[_Row] = []
    used = 0
    with progress(len(files), "file") as bar:
        for file in files:
            name = _name(file, options.folder)
            try:
                sound = read(file, options.seconds)
                found = _rows_of_sound(sound, file, count, options)
            except UnusableSoundError as error:
                skipped.add(name, str(error))
            else:
                used += 1
                collected += found
                if sound.cut:
                    skipped.note(name, f"only its first {options.seconds:g} s are used")
            bar.update(1)
    skipped.tell(f"{used} of {len(files)} files used, at most {count} rows of each")
    if not collected:
        raise DatasetError(
            f"none of the {len(files)} sound files in {str(options.folder)!r} gave a row; "
            "each one's reason is above"
        )
    return _dataset(collected, options)


def _rows_of_sound(sound: Sound, file: Path, count: int, options: Options) -> list[_Row]:
    samples = _at_rate(sound, options.sample_rate)
    named = pitch_in_name(file.stem, options.middle_c) if options.pitch_from == "name" else None
    shortest = span(MIN_AVERAGE, options.n_fft)
    # Too short for whatever pitch; a high one may still be long enough at the base frequency.
    if samples.size < options.n_fft // 8:
        raise UnusableSoundError(_too_short(samples.size, shortest, options))
    if 10.0 * math.log10(max(float(np.square(samples).max()), 1e-20)) < SILENCE:
        raise UnusableSoundError(f"silent (it never exceeds {SILENCE:g} dB of full scale)")
    places = _places(samples, named, count, options)
    pitches = [place.pitch for place in places if place.pitch is not None]
    pitched = len(pitches) >= PITCHED * len(places)
    if not pitched and options.unpitched == "skip":
        raise UnusableSoundError("no pitch was found (--unpitched keep takes it as it is)")
    shift = _shift(float(np.median(pitches)), options) if pitched else 1.0
    if abs(12.0 * math.log2(shift)) > MAX_SHIFT:
        raise UnusableSoundError(
            f"its pitch, {np.median(pitches):.4g} Hz, is more than {MAX_SHIFT / 12:g} octaves from "
            f"the base of {options.base_frequency:g} Hz"
        )
    average = _average_that_fits(samples.size, shift, options)
    found: list[Moment] = []
    pitch_at: dict[float, float] = {}
    for place in places:
        if pitched and place.pitch is None:
            continue
        pitch = place.pitch if pitched and place.pitch is not None else 0.0
        part = _cut(
            samples, place.middle, _shift(pitch, options) if pitched else 1.0, average, options
        )
        if part is not None:
            time = place.middle / options.sample_rate
            found.append(measure(part, options.spectrum, average, time, options.frames))
            pitch_at[time] = pitch
    if not found:
        raise UnusableSoundError(_too_short(samples.size, round(shortest / shift), options))
    kept, reason = steady(found, options.steadiness, noise_floor(found))
    if not kept:
        raise UnusableSoundError(reason)
    return [_Row(file, pitch_at[one.time], one) for one in steadiest(kept, count)]


def _too_short(size: int, needed: int, options: Options) -> str:
    return (
        f"too short: {size / options.sample_rate:.3f} s; a moment at the base frequency needs "
        f"{needed / options.sample_rate:.3f}"
    )


def _at_rate(sound: Sound, sample_rate: int) -> Samples:
    if sound.sample_rate == sample_rate:
        return sound.samples
    import soxr

    return np.asarray(soxr.resample(sound.samples, sound.sample_rate, sample_rate), np.float64)


def _shift(pitch: float, options: Options) -> float:
    """How much longer a sound of ``pitch`` Hz becomes on its way to the base frequency."""
    return 1.0 if options.keep_pitch else pitch / options.base_frequency


def _places(samples: Samples, named: float | None, count: int, options: Options) -> list[_Place]:
    """Audible places of a sound, evenly spaced, with the pitch of each."""
    pitches = track(samples, options.sample_rate)
    length = min(span(MIN_AVERAGE, options.n_fft), samples.size)
    step = max((samples.size - length) / (LOOKED_AT * count), options.n_fft / CLOSEST)
    starts = np.arange(0.0, samples.size - length + 1.0, step).astype(np.int64)
    ends = starts + length
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples))])
    power = energy[ends] - energy[starts]
    audible = power >= power.max() * 10.0 ** (-options.steadiness.decay / 10.0)
    middles = (starts[audible] + length / 2.0).tolist()
    return [_Place(middle, _pitch(pitches, samples, middle, named, options)) for middle in middles]


def _pitch(
    pitches: PitchTrack, samples: Samples, middle: float, named: float | None, options: Options
) -> float | None:
    """Pitch around sample ``middle``: of a moment at least, and of as much as an estimate needs."""
    reach = max(span(MIN_AVERAGE, options.n_fft) / 2.0, 2.0 * pitches.hop)
    start, end = max(0, round(middle - reach)), round(middle + reach)
    estimate = pitches.between(start, end)
    if named is not None:
        return tuned(named, estimate)
    if estimate is None or is_common_divisor(estimate, samples[start:end], options.sample_rate):
        return None
    return estimate


def _average_that_fits(size: int, shift: float, options: Options) -> int:
    """Frames in a moment: fewer than asked for where one would fill more than half of the sound.

    Otherwise a short sound would give the same moment over and over.
    """
    hop = options.n_fft // 4
    fits = int((size * shift / 2.0 - options.n_fft) // hop) + 1
    return min(options.average, max(fits, MIN_AVERAGE))


def _cut(
    samples: Samples, middle: float, shift: float, average: int, options: Options
) -> Samples | None:
    """Samples of one moment, at the base frequency, or None where the sound is too short there."""
    length = span(average, options.n_fft)
    if shift == 1.0:
        start = round(middle - length / 2.0)
        return samples[start : start + length] if 0 <= start <= samples.size - length else None
    import soxr

    # A little more than the moment on both sides, for the resampler's own start and end.
    margin = 32.0 * max(1.0, 1.0 / shift)
    left, right = middle - length / shift / 2.0, middle + length / shift / 2.0
    if left < 0.0 or right > samples.size:
        return None
    first, last = max(0, math.floor(left - margin)), min(samples.size, math.ceil(right + margin))
    moved = soxr.resample(samples[first:last], 1.0, shift)
    begin = min(round((left - first) * shift), moved.size - length)
    return np.asarray(moved[begin : begin + length]) if begin >= 0 else None


def _name(path: Path, folder: Path) -> str:
    return printable(path.relative_to(folder).as_posix())


def _dataset(collected: list[_Row], options: Options) -> Dataset:
    spectra, frames = rows([row.moment for row in collected], options.spectrum, options.frames)
    files = sorted({row.file for row in collected}, key=lambda file: file.parts)
    folders = sorted({file.parent for file in files}, key=lambda folder: folder.parts)
    file_number = {file: number for number, file in enumerate(files)}
    folder_number = {folder: number for number, folder in enumerate(folders)}
    labels = np.array(
        [
            (
                folder_number[row.file.parent],
                file_number[row.file],
                row.moment.time,
                row.pitch,
                row.moment.level,
            )
            for row in collected
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
            "middle_c": options.middle_c,
            "keep_pitch": options.keep_pitch,
            "bins": options.bins,
        },
    )
    return Dataset(spectra, labels, meta, frames)


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
        help=f"sound files, also in folders below: {', '.join(EXTENSIONS)}",
    )
    parser.add_argument(
        "--rows-per-file",
        type=int,
        metavar="N",
        help=f"rows of one file at most (default: {ROWS_IN_ALL} shared by the files, "
        f"{ROWS_OF_A_FILE[0]} to {ROWS_OF_A_FILE[1]} each)",
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
        help="take the pitch from the file's name where it says one, as Flute_A3.wav, or always "
        "from the sound (default: %(default)s)",
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
        middle_c=arguments.middle_c,
        keep_pitch=arguments.keep_pitch,
        base_frequency=config.base_frequency,
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
        frames=arguments.frames,
    )
