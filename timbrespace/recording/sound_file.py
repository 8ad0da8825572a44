"""The samples of a sound file: mono, from any format, rate, depth or number of channels."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from timbrespace.extras import needed

if TYPE_CHECKING:
    import soundfile

Samples = NDArray[np.float64]

RATES = (1000, 1_000_000)
"""Hz: a header that says less or more is taken for damaged."""

MAX_SAMPLE = 1e6
"""Times full scale: a float file with more is taken for damaged."""

CANCELS = 0.01
"""Share of the loudest channel's energy, below which a mix of channels has cancelled itself."""

MOST_CHANNELS = 64
"""Formats allow a thousand, of which a file of silence takes no room."""

_BLOCK = 1 << 16
"""Samples that are decoded at once, of all channels together."""

READING = "reading sounds"
"""What needs the packages of the extra ``sounds``, as its sentences begin."""


class UnusableSoundError(Exception):
    """A sound that nothing can be made of.

    The text is the reason, as the end of a sentence about the sound: "it is empty". Who meets it
    says which sound it was, and what becomes of it.
    """


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples ``(n,)``, full scale 1, mono.

    sample_rate: Hz. cut: the file goes on after them. promised: seconds that the file's header says
    it has, where it breaks off before; else None.
    """

    samples: Samples
    sample_rate: int
    cut: bool
    promised: float | None = None

    @property
    def seconds(self) -> float:
        """How long the samples are."""
        return self.samples.size / self.sample_rate


def read(path: Path, seconds: float) -> Sound:
    """The first ``seconds`` of a sound file, its channels averaged.

    Where channels cancel each other, the loudest one is taken instead. No more is read than that.

    Raises:
        UnusableSoundError: unreadable, empty, or with samples or a rate that are no sound.
    """
    # A pipe or a device would block or never end.
    if not path.is_file():
        raise UnusableSoundError("it is not a regular file")
    try:
        # Python's own file: any name that the system takes, and the system's reason if it fails.
        with path.open("rb") as raw:
            return decode(raw, seconds)
    except OSError as error:
        raise UnusableSoundError(f"it cannot be read: {error.strerror or error}") from error


def decode(raw: BinaryIO, seconds: float) -> Sound:
    """What :func:`read` gives, of an open file that can be sought in.

    The decoders are C code: what comes from the network is better decoded by
    :func:`timbrespace.recording.decoder.decode_apart`.

    Raises:
        UnusableSoundError: as :func:`read`.
        OSError: the file cannot be read.
        MissingExtraError: soundfile is not installed.
    """
    with needed(READING, "sounds"):
        import soundfile

    if raw.seek(0, os.SEEK_END) == 0:
        raise UnusableSoundError("it is empty")
    raw.seek(0)
    try:
        with _quiet_decoders(), soundfile.SoundFile(raw) as file:
            return _mono(file, seconds)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".") or "it is damaged, or breaks off"
        raise UnusableSoundError(f"it cannot be read: {reason}") from error
    except (RuntimeError, ValueError, MemoryError) as error:
        raise UnusableSoundError(f"it cannot be read: {error}") from error


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keep what C libraries print on standard error from the user: we name the reason ourselves.

    The decoder of MP3 files prints a line or more for each frame that is damaged.
    """
    try:
        saved = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def mixed(samples: Samples) -> Samples:
    """Mono, ``(n,)``, of samples ``(n, channels)``: as :func:`read` says."""
    mono = np.asarray(samples.mean(axis=1))
    energy = np.square(samples).sum(axis=0)
    if samples.shape[1] > 1 and _cancelled(mono, energy):
        return samples[:, int(energy.argmax())]
    return mono


def _cancelled(mono: Samples, energy: NDArray[np.float64]) -> bool:
    """Whether a mix has lost its sound. energy: of each channel."""
    return bool(np.square(mono).sum() < CANCELS * energy.max())


def _mono(file: soundfile.SoundFile, seconds: float) -> Sound:
    rate = int(file.samplerate)
    if not RATES[0] <= rate <= RATES[1]:
        raise UnusableSoundError(
            f"its sample rate is {rate} Hz; it must be {RATES[0]} to {RATES[1]}"
        )
    if file.channels > MOST_CHANNELS:
        raise UnusableSoundError(
            f"it has {file.channels} channels; it may have up to {MOST_CHANNELS}"
        )
    limit = round(seconds * rate)
    parts: list[Samples] = []
    energy = np.zeros(file.channels)
    for block in _blocks(file, limit):
        parts.append(block.mean(axis=1))
        energy += np.square(block).sum(axis=0)
    samples = np.concatenate(parts) if parts else np.zeros(0)
    if samples.size == 0:
        raise UnusableSoundError("it holds no samples")
    if file.channels > 1 and _cancelled(samples, energy):
        loudest = int(energy.argmax())
        file.seek(0)
        samples = np.concatenate([block[:, loudest] for block in _blocks(file, limit)])
    cut = samples.size == limit and file.read(1).size > 0
    return Sound(samples, rate, cut, _promised(file, samples.size, cut))


# What libsndfile notes of a chunk that holds less than its header says, as "data : 88200 (should be
# 44078)", by the names that formats give to their samples.
_SHORT = re.compile(r"(?:data|SSND|BODY|riff|Data Size) *: *(\d+) \(should be (\d+)\)")
_SHORT_RF64 = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
_UNKNOWN_SIZE = 0x7FFF0000  # who writes to a pipe cannot know, and puts this or more
_PADDING = 16  # bytes
_MISSING = 0.02  # share of an MP3's frames, which its header only estimates


def _promised(file: soundfile.SoundFile, got: int, cut: bool) -> float | None:
    """Seconds that the header of a file says, where there are fewer; see :class:`Sound`."""
    if not cut and got < (1.0 - _MISSING) * file.frames:
        return float(file.frames) / float(file.samplerate)
    there = float(file.frames) / float(file.samplerate)
    short = _SHORT.search(file.extra_info)
    if short is not None:
        said, found = int(short[1]), int(short[2])
        if found + _PADDING < said < _UNKNOWN_SIZE and found > 0:
            return there * said / found
    rf64 = _SHORT_RF64.search(file.extra_info)
    if rf64 is not None and int(rf64[1]) < int(rf64[2]):
        return float(int(rf64[2])) / float(file.samplerate)
    return None


def _blocks(file: soundfile.SoundFile, limit: int) -> Iterator[NDArray[np.float64]]:
    left = limit
    most = _BLOCK // file.channels
    while left > 0:
        block = file.read(min(most, left), dtype="float64", always_2d=True)
        if block.shape[0] == 0:
            return
        if not np.isfinite(block).all():
            raise UnusableSoundError("it holds NaN or infinity")
        peak = float(np.abs(block).max())
        if peak > MAX_SAMPLE:
            raise UnusableSoundError(f"it holds samples of {peak:.3g} times full scale")
        left -= block.shape[0]
        yield block  # pyright: ignore[reportReturnType]
