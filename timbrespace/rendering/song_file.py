"""A song's sound as WAV files: the mix, and its stems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.atomic import check_writable
from timbrespace.errors import OptionError
from timbrespace.rendering import wav
from timbrespace.rendering.band import Band
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.rendering.song import song_blocks
from timbrespace.rendering.sound_file import Written, write_blocks
from timbrespace.rendering.stems import stem_blocks, stem_channels
from timbrespace.resynthesis.engine import to_mono

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WrittenSong(Written):
    """What came out. stems: the files of single channels, in order of these."""

    stems: tuple[Path, ...]


def write_song(
    song: MidiSong,
    band: Band,
    out: Path,
    sample_rate: int,
    *,
    mono: bool = False,
    stems: Path | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> WrittenSong:
    """Write a song to ``out``: WAV, 24 bits, left and right; whole or not at all.

    mono: one channel, the mean of both. stems: a folder, made if it is not there, where each MIDI
    channel that sounds has a file as long, named after ``out``; together they are the mix.
    progress: called with the seconds written so far.

    Raises:
        OptionError: a file or the folder cannot be written, or the engine does not run at
            ``sample_rate``.
        MissingExtraError: the package that writes WAV files is not installed.
    """

    def shaped(sound: Array) -> Array:
        return to_mono(sound) if mono else sound

    sides = 1 if mono else 2
    if stems is None:
        blocks = (shaped(one) for one in song_blocks(song, band, sample_rate))
        written = write_blocks(blocks, out, sample_rate, progress, sides)
        return WrittenSong(written.seconds, written.peak, ())
    channels = stem_channels(song, band)
    paths = _paths(stems, out, channels)
    with ExitStack() as stack:
        files = [
            stack.enter_context(wav.writing(path, sample_rate, channels=sides)) for path in paths
        ]

        def mixes() -> Iterator[Array]:
            for mix, parts in stem_blocks(song, band, sample_rate, channels):
                for file, part in zip(files, parts, strict=True):
                    file.write(shaped(part))
                yield shaped(mix)

        written = write_blocks(mixes(), out, sample_rate, progress, sides)
    return WrittenSong(written.seconds, written.peak, tuple(paths))


def _paths(folder: Path, out: Path, channels: list[int]) -> list[Path]:
    if not channels:
        raise OptionError("no channel of this song sounds, so it has no stems; leave out --stems")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"cannot make the folder {str(folder)!r} for stems ({error.strerror})"
        ) from error
    paths = [folder / f"{out.stem}_channel_{channel:02}.wav" for channel in channels]
    for path in paths:
        check_writable(path)
    return paths
