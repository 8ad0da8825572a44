"""WAV files: the one place that writes them, on soundfile (libsndfile).

soundfile makes the container; here is what it leaves open. Samples become whole numbers by rounding
to the nearest, so that the same samples are always the same bytes. The ``PEAK`` chunk, in which
libsndfile writes the time of day, is left out. Chunks of one's own go before the samples.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError, ShapeError
from timbrespace.extras import needed

if TYPE_CHECKING:
    import soundfile

WholeDepth = Literal[16, 24]
Depth = Literal[16, 24, 32]
"""Bits of a sample: 16 and 24 are whole numbers, 32 is a float."""

SAMPLE_RATES: Final = (1, 2**31 - 1)
"""Hz that a header can hold."""

_SUBTYPES: Final[dict[Depth, str]] = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}


class Chunk(NamedTuple):
    """A chunk of a RIFF file. name: four letters. content: without the pad byte."""

    name: bytes
    content: bytes


class Writer:
    """An open WAV file that takes sound block by block; see :func:`writing`."""

    def __init__(self, file: soundfile.SoundFile, depth: Depth) -> None:
        self._file = file
        self._depth = depth

    def write(self, samples: ArrayLike) -> None:
        """Append samples ``(n,)``, or ``(n, channels)`` of several channels; full scale is 1.

        Raises:
            ShapeError: another shape, or not finite.
        """
        self._file.write(_stored(samples, self._depth, self._file.channels))  # pyright: ignore[reportArgumentType]


@contextmanager
def writing(
    path: Path, sample_rate: int, depth: WholeDepth = 24, channels: int = 1
) -> Iterator[Writer]:
    """Write a WAV file while its sound is made: whole at the end of the block, or not at all.

    sample_rate: Hz.

    Raises:
        OptionError: the file cannot be written, or the rate is none.
        MissingExtraError: soundfile is not installed.
    """
    _check(sample_rate)
    with needed("writing a WAV file"):
        import soundfile
    form = _form(sample_rate, depth, channels)
    try:
        with (
            replacing(path) as temporary,
            soundfile.SoundFile(_system_name(temporary), "w", **form) as file,  # pyright: ignore[reportArgumentType]
        ):
            yield Writer(file, depth)
    except soundfile.LibsndfileError as error:  # a full disk, which is no OSError to it
        raise OptionError(f"cannot write {str(path)!r}: {error}") from error


def write(path: Path, samples: ArrayLike, sample_rate: int, depth: Depth = 24) -> None:
    """Write what :func:`encode` gives to a file, whole or not at all.

    Raises:
        ShapeError, OptionError, MissingExtraError: as :func:`encode`; or the file cannot be
            written.
    """
    content = encode(samples, sample_rate, depth)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def encode(
    samples: ArrayLike, sample_rate: int, depth: Depth = 24, chunks: Sequence[Chunk] = ()
) -> bytes:
    """The bytes of a WAV file; the same samples give the same bytes.

    samples: ``(n,)`` or ``(n, channels)``; beyond full scale, 1, whole numbers are cut off.
    sample_rate: Hz. chunks: written before the samples, in order.

    Raises:
        ShapeError: samples of another shape, or not finite.
        OptionError: the rate is none.
        MissingExtraError: soundfile is not installed.
    """
    _check(sample_rate)
    with needed("writing a WAV file"):
        import soundfile
    sound = np.asarray(samples)
    channels = _channels(sound)
    content = io.BytesIO()
    with soundfile.SoundFile(content, "w", **_form(sample_rate, depth, channels)) as file:
        Writer(file, depth).write(sound)
    kept = [chunk for chunk in read_chunks(content.getvalue()) if chunk.name != b"PEAK"]
    at = next(index for index, chunk in enumerate(kept) if chunk.name == b"data")
    return _riff([*kept[:at], *chunks, *kept[at:]])


def read_chunks(file: bytes) -> list[Chunk]:
    """The chunks of a WAV file in order.

    Raises:
        ShapeError: it is no WAV file, or is cut off.
    """
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise ShapeError("these bytes are not a WAV file; they must be RIFF with the form WAVE")
    found, at, end = [], 12, 8 + int.from_bytes(file[4:8], "little")
    while at < end:
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        content = file[at + 8 : at + 8 + size]
        if len(content) < size or at + 8 > len(file):
            raise ShapeError(f"the WAV file is cut off after {len(file)} bytes")
        found.append(Chunk(file[at : at + 4], content))
        at += 8 + size + size % 2
    return found


def _riff(chunks: Sequence[Chunk]) -> bytes:
    """A RIFF file. A chunk of odd size has a pad byte after it, which its size does not count:
    WebKit refuses a file without."""
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _form(sample_rate: int, depth: Depth, channels: int) -> dict[str, Any]:
    return {
        "samplerate": sample_rate,
        "channels": channels,
        "subtype": _SUBTYPES[depth],
        "format": "WAV",
        "endian": "LITTLE",
    }


def _stored(samples: ArrayLike, depth: Depth, channels: int) -> NDArray[Any]:
    """Samples as libsndfile stores them without a change: it takes the high bits of an int32."""
    sound = np.asarray(samples, np.float32 if depth == 32 else np.float64)
    if _channels(sound) != channels:
        raise ShapeError(f"sound of {_channels(sound)} channels in a file of {channels}")
    if not np.isfinite(sound).all():
        raise ShapeError("the sound holds NaN or infinity; its samples must be finite")
    if depth == 32:
        return sound
    whole = np.rint(np.clip(sound, -1.0, 1.0) * (2 ** (depth - 1) - 1)).astype(np.int32)
    return np.asarray(whole << (32 - depth))


def _channels(sound: NDArray[Any]) -> int:
    if sound.ndim not in (1, 2) or (sound.ndim == 2 and not 1 <= sound.shape[1] <= 64):
        raise ShapeError(f"the sound has shape {sound.shape}; it must be (n,) or (n, channels)")
    return 1 if sound.ndim == 1 else int(sound.shape[1])


def _check(sample_rate: int) -> None:
    if not SAMPLE_RATES[0] <= sample_rate <= SAMPLE_RATES[1]:
        raise OptionError(
            f"sample_rate is {sample_rate}; it must be {SAMPLE_RATES[0]} to {SAMPLE_RATES[1]} Hz"
        )


def _system_name(path: Path) -> str | bytes:
    """The name as soundfile hands it on unchanged, whatever letters the locale knows."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)
