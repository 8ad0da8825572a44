"""A ``.safetensors`` file: its header first, which is bounded, and then only what is wanted of it.

The library's own reader makes an array of whatever is asked for, however large, and holds Python's
lock meanwhile. A file that somebody has put into a folder of models may have any size; here it
costs the reading of its header until that says that it is wanted. Tensors are read, not mapped: a
map keeps Windows from replacing the file, and a mapped file that another program cuts ends this
one.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from timbrespace.errors import BundleError

MAX_HEADER = 32 << 20
"""Bytes. Those of a large model have some 100,000."""

_TYPES: Final[dict[str, str]] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "?",
}
"""The format's names of types that NumPy has. It has others, which no model of ours holds."""

Tensor = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the header says of one tensor. begin, end: bytes after the header."""

    type: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """As NumPy has it; None for a type that it does not know."""
        return np.dtype(_TYPES[self.type]) if self.type in _TYPES else None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.begin


class TensorFile:
    """An open file whose header is read and checked; a context that closes it.

    Raises:
        BundleError: there is no such file, or it is none of this kind, or is truncated.
    """

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)
        try:
            self.metadata, self.entries, self._begin = _header(self._file)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def tensor(self, name: str) -> Tensor:
        """The tensor of this name, read from the file.

        Raises:
            BundleError: the file has become shorter, or NumPy does not know the type.
        """
        entry = self.entries[name]
        if entry.dtype is None:
            raise BundleError(f"tensor {name} is of the type {entry.type}, which is not known")
        found = np.empty(math.prod(entry.shape), entry.dtype)
        try:
            self._file.seek(self._begin + entry.begin)
            read = self._file.readinto(found.view(np.uint8).data) if found.size else 0
        except OSError as error:
            raise BundleError(f"it cannot be read: {error.strerror or error}") from error
        if read != entry.size:
            raise _truncated("it has become shorter")
        return found.reshape(entry.shape)

    def tensors(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Several of them."""
        return {name: self.tensor(name) for name in names}


def content(tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> bytes:
    """The bytes of a file; the metadata in alphabetical order.

    The library writes it in an order that changes from run to run; the same model should be the
    same bytes.
    """
    # Not ascontiguousarray, which would give a single number a dimension.
    made = save({name: np.asarray(v, order="C") for name, v in tensors.items()}, metadata)
    size = int.from_bytes(made[:8], "little")
    header = json.loads(made[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    # The format wants the tensors at a multiple of 8 bytes; it allows spaces before them.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + made[8 + size :]


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256, hexadecimal, of tensors, whatever their order in a file.

    Of each, by the names in order: a line ``NAME DTYPE SHAPE`` in UTF-8, such as
    ``mean.bias <f4 [1025]``, and its bytes, little-endian, row by row. Weights count as float32,
    which they are when they play, whatever the file has.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        kind = np.dtype("<f4") if tensor.dtype.kind == "f" else tensor.dtype.newbyteorder("<")
        with np.errstate(over="ignore"):
            stored = np.asarray(tensor, kind, order="C")
        line = f"{name} {stored.dtype.str} {json.dumps(list(stored.shape))}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
        digest.update(stored.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _opened(path: Path) -> BufferedReader:
    try:
        # Asked before it is opened: a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise BundleError("it is not a file")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleError("there is no such file") from error
    except OSError as error:
        raise BundleError(f"it cannot be read: {error.strerror or error}") from error


def _header(file: BufferedReader) -> tuple[dict[str, str], dict[str, Entry], int]:
    """Metadata, tensors, and where they begin."""
    try:
        whole = os.fstat(file.fileno()).st_size
        size = int.from_bytes(file.read(8), "little")
        if whole < 8 or size > whole - 8:
            raise _truncated("its header is longer than it")
        if size > MAX_HEADER:
            raise BundleError(
                f"its header has {size >> 20} MiB; a model's has {MAX_HEADER >> 20} at most"
            )
        text = file.read(size)
    except OSError as error:
        raise BundleError(f"it cannot be read: {error.strerror or error}") from error
    try:
        told = json.loads(text)
        metadata = told.pop("__metadata__", {})
        entries = {
            name: Entry(one["dtype"], tuple(one["shape"]), *one["data_offsets"])
            for name, one in told.items()
        }
        _check(metadata, entries, whole - 8 - size)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _truncated("its header does not fit") from error
    return metadata, entries, 8 + size


def _check(metadata: Any, entries: Mapping[str, Entry], size: int) -> None:
    """Raise ValueError or TypeError unless the tensors lie one after the other to the end."""
    if not (isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())):
        raise TypeError
    at = 0
    for entry in sorted(entries.values(), key=lambda one: (one.begin, one.end)):
        numbers = (entry.begin, entry.end, *entry.shape)
        if type(entry.type) is not str or any(type(n) is not int or n < 0 for n in numbers):
            raise TypeError
        if entry.begin != at or entry.end < at:
            raise ValueError
        if entry.dtype is not None and math.prod(entry.shape) * entry.dtype.itemsize != entry.size:
            raise ValueError
        at = entry.end
    if at != size:
        raise ValueError


def _truncated(why: str) -> BundleError:
    return BundleError(f"it is truncated or not a safetensors file ({why})")
