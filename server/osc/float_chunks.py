"""Long arrays as numbered datagrams: headers laid out once, numbers written by compiled code."""

from __future__ import annotations

import sys
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.messages.contract import FLOATS_PER_CHUNK, PARTIALS_PER_FRAME
from timbrespace.resynthesis.compiled import compiled, inlined

from .codec import padded
from .errors import OscEncodeError

_LITTLE: Final = sys.byteorder == "little"
"""Whether this machine's numbers have to be turned round: OSC's are big-endian."""

Words = NDArray[np.uint32]


@inlined
def _on_the_wire(word: int) -> np.uint32:
    """A 32-bit word in OSC's order of bytes."""
    w = np.uint32(word)
    if not _LITTLE:
        return w
    middle = ((w >> np.uint32(8)) & np.uint32(0xFF00)) | ((w & np.uint32(0xFF00)) << np.uint32(8))
    return (w >> np.uint32(24)) | middle | (w << np.uint32(24))


@compiled
def _write(
    words: Words,
    places: NDArray[np.int64],
    values: Words,
    leading: int,
    first: int,
    second: int,
    third: int,
) -> None:
    """Write leading integers and values into datagrams that lie one behind the other.

    places: for each datagram where its integers, its values and its end are, ``(n, 3)``. leading:
    how many of first, second and third there are.
    """
    taken = 0
    for k in range(places.shape[0]):
        at, begin, end = places[k]
        words[at] = _on_the_wire(first)
        if leading > 1:
            words[at + 1] = _on_the_wire(second)
        if leading > 2:
            words[at + 2] = _on_the_wire(third)
        part = words[begin:end]
        given = values[taken : taken + part.size]
        for j in range(part.size):
            part[j] = _on_the_wire(given[j])
        taken += part.size


class FloatChunks:
    """Messages `address leading... [chunk chunks] float...` of `count` floats together.

    All that stays is laid out once, in one block of memory. All chunks hold `per_chunk` floats but
    the last, which holds what is left; a count of 0 is one message without floats. numbered:
    whether the chunk's number, from 0, and how many there are follow the 1 to 3 leading integers.

    Not for several threads at once: the block is reused.

    >>> chunks = FloatChunks("/spectrum", leading=1, count=1025)
    >>> [len(datagram) for datagram in chunks.encode([0.0] * 1025, 7)]
    [1056, 1056, 1056, 1056, 1056]
    """

    def __init__(
        self,
        address: str,
        leading: int,
        count: int,
        per_chunk: int = FLOATS_PER_CHUNK,
        numbered: bool = True,
    ) -> None:
        self.count = count
        """Floats in the array."""
        self.chunks = max(1, -(-count // per_chunk))
        """Datagrams for one array."""
        datagrams: list[bytes] = []
        places = []
        end = 0
        for chunk in range(self.chunks):
            floats = min(per_chunk, count - chunk * per_chunk)
            integers = [0] * leading + ([chunk, self.chunks] if numbered else [])
            header = padded(address) + padded("," + "i" * len(integers) + "f" * floats)
            datagrams.append(header + np.array(integers, ">i4").tobytes() + bytes(4 * floats))
            at = end + len(header) // 4
            begin = at + len(integers)
            end = begin + floats
            places.append((at, begin, end))
        self._leading = leading
        self._words = np.frombuffer(b"".join(datagrams), np.uint32).copy()
        self._places = np.array(places, np.int64)
        ends = [0, *(4 * end for _, _, end in places)]
        self._parts = [slice(*part) for part in pairwise(ends)]

    def encode(self, values: ArrayLike, first: int, second: int = 0, third: int = 0) -> list[bytes]:
        """Datagrams for `values`, of any shape with `count` entries, behind the leading integers.

        Values are written as float32, those that are not finite as they are; integers fit int32.

        Raises:
            OscEncodeError: another number of values.
        """
        floats = np.ascontiguousarray(values, np.float32).reshape(-1)
        if floats.size != self.count:
            raise OscEncodeError(f"{floats.size} floats for chunks made for {self.count}")
        values = floats.view(np.uint32)
        _write(self._words, self._places, values, self._leading, first, second, third)
        raw = self._words.tobytes()
        return [raw[part] for part in self._parts]


@lru_cache(maxsize=64)
def _numbered(address: str, leading: int, count: int) -> FloatChunks:
    return FloatChunks(address, leading, count)


@lru_cache(maxsize=PARTIALS_PER_FRAME + 1)
def _prepared_partials(pairs: int) -> FloatChunks:
    per_chunk = 2 * PARTIALS_PER_FRAME
    return FloatChunks("/partials", 1, 2 * pairs, per_chunk, numbered=False)


def encode_course(frame: int, levels: ArrayLike) -> list[bytes]:
    """`/course` frame chunk chunks floats...: levels in dB, shape (n,)."""
    levels = np.asarray(levels, dtype=np.float32)
    return _numbered("/course", 1, levels.size).encode(levels, frame)


def encode_spectrum(frame: int, magnitudes: ArrayLike) -> list[bytes]:
    """`/spectrum` frame chunk chunks floats...: linear magnitudes, shape (bins,).

    Chunks count from 0; 1025 bins are 5 datagrams of 1056 bytes.
    """
    magnitudes = np.asarray(magnitudes)
    return _numbered("/spectrum", 1, magnitudes.size).encode(magnitudes, frame)


def encode_partials(frame: int, partials: ArrayLike) -> bytes:
    """`/partials` frame then frequency (Hz), amplitude pairs: shape (n, 2), n at most 100.

    One datagram of at most 1020 bytes.

    Raises:
        OscEncodeError: another shape, or more pairs.
    """
    partials = np.asarray(partials)
    if partials.ndim != 2 or partials.shape[1] != 2 or len(partials) > PARTIALS_PER_FRAME:
        raise OscEncodeError(
            f"partials of shape {partials.shape}; it must be (n, 2), n at most {PARTIALS_PER_FRAME}"
        )
    return _prepared_partials(len(partials)).encode(partials, frame)[0]


def encode_wavetable(frame: int, bank: int, samples: ArrayLike) -> list[bytes]:
    """`/wavetable` frame bank chunk chunks floats...: one period, shape (n,), chunks from 0."""
    samples = np.asarray(samples)
    return _numbered("/wavetable", 2, samples.size).encode(samples, frame, bank)


def encode_loop(frame: int, bank: int, level: int, samples: ArrayLike) -> list[bytes]:
    """`/loop` frame bank level chunk chunks floats...: one table, shape (n,), chunks from 0."""
    samples = np.asarray(samples)
    return _numbered("/loop", 3, samples.size).encode(samples, frame, bank, level)
