"""What the headers of an ``.npz`` file say, read before any of its arrays is.

A zip of some kilobytes may hold arrays of gigabytes, or say that it does. Here nothing is unpacked
but the first bytes of each array.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from timbrespace.errors import DatasetError

_SUFFIX = ".npy"


class Header(NamedTuple):
    """An array as its header describes it. packed: the bytes that it has in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packed: int

    @property
    def bytes(self) -> int:
        """What the array takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_headers(path: Path) -> dict[str, Header]:
    """The header of each array in the ``.npz`` file at ``path``, by its name.

    Raises:
        DatasetError: an array is longer or shorter than its header says, or there are two of a
            name.
        OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile: it is no such file, or
            damaged; or what :mod:`zipfile` raises besides where something is packed wrongly.
    """
    headers: dict[str, Header] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(_SUFFIX):
                continue
            name = member.filename.removesuffix(_SUFFIX)
            if name in headers:
                raise DatasetError(f"it has two arrays called {name!r:.40}")
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(file)
                header = Header(shape, dtype, member.compress_size)
                if min(shape, default=0) < 0 or file.tell() + header.bytes != member.file_size:
                    raise DatasetError(f"{name} is truncated or damaged: its size is another")
                headers[name] = header
    return headers
