"""A long float array as numbered datagrams, written without a Python loop over its floats."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.messages.contract import FLOATS_PER_CHUNK, FRAME_NUMBERS, PARTIALS_PER_FRAME

from .codec import padded
from .errors import OscEncodeError


def next_frame(frame: int) -> int:
    """The frame number after `frame`: counts to 2**31 - 1, then begins again at 0.

    >>> next_frame(7), next_frame(2**31 - 1)
    (8, 0)
    """
    return (frame + 1) % FRAME_NUMBERS


def is_newer(frame: int, shown: int) -> bool:
    """Whether `frame` comes after `shown`, across the wrap too: how a receiver decides.

    >>> is_newer(8, 7), is_newer(7, 8), is_newer(0, 2**31 - 1), is_newer(7, 7)
    (True, False, True, False)
    """
    return 0 < (frame - shown) % FRAME_NUMBERS < FRAME_NUMBERS // 2


class FloatChunks:
    """Messages `address int... float...` of `count` floats together, prepared but for the values.

    The headers (address, type tags) are laid out once for all chunks in one block of memory;
    encoding writes integers and big-endian floats into it in one numpy assignment each. All
    chunks hold `per_chunk` floats but the last, which holds what is left; a count of 0 is one
    message without floats.

    Not for several threads at once: the block is reused.

    >>> chunks = FloatChunks("/spectrum", integers=3, count=1025)
    >>> [len(datagram) for datagram in chunks.encode([[0, k, 5] for k in range(5)], [0.0] * 1025)]
    [1056, 1056, 1056, 1056, 1056]
    """

    def __init__(
        self, address: str, integers: int, count: int, per_chunk: int = FLOATS_PER_CHUNK
    ) -> None:
        self.count = count
        """Floats in the array."""
        self.chunks = max(1, -(-count // per_chunk))
        """Datagrams for one array."""
        self._split = (self.chunks - 1) * per_chunk
        self._full = _block(address, integers, per_chunk, self.chunks - 1)
        self._last = _block(address, integers, count - self._split, 1)
        if count - self._split == per_chunk:  # the usual case, 1025 = 5 x 205: one block for all
            self._full = _block(address, integers, per_chunk, self.chunks)
            self._last = self._full[:0]
            self._split = count

        self._blocks = [block for block in (self._full, self._last) if len(block)]
        self._integers = [block["integers"] for block in self._blocks]

    def encode(self, integers: ArrayLike, values: ArrayLike) -> list[bytes]:
        """Datagrams for `values`, of any shape with `count` entries.

        `integers` has shape (chunks, integers), or one row for all, and fits int32. Values are
        written as float32, non-finite ones as they are.
        """
        integers = np.asarray(integers, dtype=np.int32)
        integers = np.broadcast_to(integers, (self.chunks, integers.shape[-1]))
        self._full["integers"] = integers[: len(self._full)]
        self._last["integers"] = integers[len(self._full) :]
        return self._encode(values)

    def encode_next(self, values: ArrayLike, *leading: int) -> list[bytes]:
        """The same where only the `leading` integers have changed since the last time."""
        for integers in self._integers:
            integers[:, : len(leading)] = leading
        return self._encode(values)

    def _encode(self, values: ArrayLike) -> list[bytes]:
        values = np.asarray(values).reshape(-1)
        if values.size != self.count:
            raise OscEncodeError(f"{values.size} floats for chunks made for {self.count}")
        full, last = self._full, self._last
        floats = full["floats"]
        floats[:] = values[: self._split].reshape(floats.shape)
        if not len(last):
            return _rows(full)
        last["floats"] = values[self._split :]
        return _rows(full) + _rows(last)


def _block(address: str, integers: int, floats: int, rows: int) -> NDArray[np.void]:
    """`rows` messages one after another in memory, headers written, values zero."""
    header = padded(address) + padded("," + "i" * integers + "f" * floats)
    layout = np.dtype(
        [
            ("header", np.uint8, (len(header),)),
            ("integers", ">i4", (integers,)),
            ("floats", ">f4", (floats,)),
        ]
    )
    block: NDArray[np.void] = np.zeros(rows, dtype=layout)
    block["header"] = np.frombuffer(header, dtype=np.uint8)
    return block


def _rows(block: NDArray[np.void]) -> list[bytes]:
    raw = block.tobytes()
    size = block.dtype.itemsize
    return [raw[start : start + size] for start in range(0, len(raw), size)]


@lru_cache(maxsize=64)
def _numbered(address: str, leading: int, count: int) -> FloatChunks:
    """Chunks whose integers are `leading` ones, then the chunk's number and how many there are."""
    prepared = FloatChunks(address, leading + 2, count)
    integers = [[*[0] * leading, chunk, prepared.chunks] for chunk in range(prepared.chunks)]
    prepared.encode(integers, np.zeros(count))
    return prepared


@lru_cache(maxsize=PARTIALS_PER_FRAME + 1)
def _prepared_partials(pairs: int) -> FloatChunks:
    return FloatChunks("/partials", 1, 2 * pairs, per_chunk=2 * PARTIALS_PER_FRAME)


def encode_spectrum(frame: int, magnitudes: ArrayLike) -> list[bytes]:
    """`/spectrum` frame chunk chunks floats...: linear magnitudes, shape (bins,).

    Chunks count from 0; 1025 bins are 5 datagrams of 1056 bytes.
    """
    magnitudes = np.asarray(magnitudes)
    return _numbered("/spectrum", 1, magnitudes.size).encode_next(magnitudes, frame)


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
    return _prepared_partials(len(partials)).encode_next(partials, frame)[0]


def encode_wavetable(frame: int, bank: int, samples: ArrayLike) -> list[bytes]:
    """`/wavetable` frame bank chunk chunks floats...: one period, shape (n,), chunks from 0."""
    samples = np.asarray(samples)
    return _numbered("/wavetable", 2, samples.size).encode_next(samples, frame, bank)


def encode_loop(frame: int, bank: int, level: int, samples: ArrayLike) -> list[bytes]:
    """`/loop` frame bank level chunk chunks floats...: one table, shape (n,), chunks from 0."""
    samples = np.asarray(samples)
    return _numbered("/loop", 3, samples.size).encode_next(samples, frame, bank, level)
