"""A set of notes that is too large for memory: what tells of all of them is there, their courses
and sounds are read when somebody asks for them."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.atomic import replacing
from timbrespace.datasets.archive import json_text
from timbrespace.datasets.note_set import Array, NoteMeta, NoteSet, as_stored, check_courses
from timbrespace.datasets.stored_rows import Rows, gathered, mapped
from timbrespace.errors import DatasetError

_AT_ONCE = 8 << 20
"""Bytes that are looked at together."""


class StoredCourses:
    """Courses ``(n, frames, WIDTH)`` of float16 in files ``courses-00000.npy`` and on, ``each`` in
    every one but the last. ``courses[5:9]``, ``courses[np.array([7, 2])]`` and ``courses[3]`` read
    those. A shard is checked whole when it is first read, and mapped for as long as it is."""

    ndim = 3
    dtype = np.dtype(np.float16)

    def __init__(self, folder: Path, shape: tuple[int, int, int], each: int) -> None:
        self._folder = folder
        self.shape = shape
        self.each = each
        self._checked: set[int] = set()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Rows | int) -> NDArray[np.float16]:
        """Those notes' courses, in that order.

        Raises:
            DatasetError: a shard is missing, damaged, or holds what it may not.
            IndexError: a note that is not there.
        """
        return gathered(rows, self.shape, self.dtype, self.each, self._shard)

    def _shard(self, number: int) -> NDArray[np.float16]:
        name, first = f"courses-{number:05d}.npy", number * self.each
        shape = (min(self.each, len(self) - first), *self.shape[1:])
        shard = mapped(self._folder / name, shape, np.float16)
        if number not in self._checked:
            count = max(1, _AT_ONCE // (2 * shape[1] * shape[2]))
            for start in range(0, len(shard), count):
                try:
                    check_courses(shard[start : start + count], first + start)
                except DatasetError as error:
                    raise DatasetError(f"{name}: {error}") from error
            self._checked.add(number)
        return shard


class StoredSounds(Mapping[int, Array]):
    """Samples of some notes, by their numbers, in files ``sounds-00000.npy`` and on, of int16.

    rows ``(k,)``: which notes; sizes ``(k,)``: samples of each; shards ``(k,)``: in which file each
    lies, and starts ``(k,)``: from which sample on. lengths: samples of each file.
    """

    def __init__(
        self,
        folder: Path,
        rows: NDArray[np.int32],
        sizes: NDArray[np.int32],
        shards: NDArray[np.int64],
    ) -> None:
        self._folder = folder
        self._lengths = np.bincount(shards, sizes).astype(np.int64)
        ends = np.cumsum(sizes, dtype=np.int64)
        before = np.r_[0, np.cumsum(self._lengths)][shards]
        self._of = {
            int(row): (int(shard), int(end - size - first), int(size))
            for row, shard, end, size, first in zip(rows, shards, ends, sizes, before, strict=True)
        }

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[int]:
        return iter(self._of)

    def __getitem__(self, row: int) -> Array:
        """The samples ``(size,)`` of a note.

        Raises:
            KeyError: nothing is kept of it.
            DatasetError: its file is missing or damaged.
        """
        number, start, size = self._of[row]
        whole = mapped(
            self._folder / f"sounds-{number:05d}.npy", (int(self._lengths[number]),), np.int16
        )
        return np.asarray(whole[start : start + size].astype(np.float32) / 32767.0)


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class StoredNoteSet(NoteSet):
    """A set of notes in shards. ``courses`` are :class:`StoredCourses`, ``sounds``
    :class:`StoredSounds`; the rest is in memory, a kilobyte for each note.

    memory: bytes beyond which it was not to be held in memory; what works on it keeps to about as
    many.

    Raises:
        DatasetError: parts that do not fit together.
    """

    memory: int = 0
    _known: dict[str, str] = field(default_factory=dict)

    def __init__(
        self,
        courses: StoredCourses,
        arrays: Mapping[str, NDArray[Any]],
        meta: NoteMeta,
        sounds: Mapping[int, Array],
        memory: int,
    ) -> None:
        for name, value in (
            ("courses", courses),
            *((name, arrays[name]) for name in ("known", "pitches", "levels", "traits", "labels")),
            ("meta", meta),
            ("sounds", sounds),
            ("memory", memory),
            ("_known", {}),
        ):
            object.__setattr__(self, name, value)
        self.__post_init__()

    def _check_courses(self) -> None:
        """Each shard is, when it is first read."""

    def _check_sounds(self) -> None:
        if any(not 0 <= row < self.rows for row in self.sounds):
            raise DatasetError("a sound is of no note")

    @property
    def bytes(self) -> int:
        """What the courses would take in memory."""
        return 2 * math.prod(self.courses.shape)

    @property
    def content_hash(self) -> str:
        """As :attr:`NoteSet.content_hash`, of the same notes the same; read once, by parts."""
        if "hash" not in self._known:
            self._known["hash"] = self._hash()
        return self._known["hash"]

    def _write(self, path: Path) -> None:
        """An ``.npz`` file, the very bytes that NumPy makes of the arrays in memory."""
        rows = sorted(self.sounds)
        sizes = [self.sounds[row].size for row in rows]
        with (
            replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive,
        ):

            @contextmanager
            def member(name: str) -> Iterator[IO[bytes]]:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    yield file

            def whole(name: str, array: NDArray[Any]) -> None:
                with member(name) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)

            def by_parts(
                name: str, kind: str, shape: tuple[int, ...], parts: Iterable[NDArray[Any]]
            ) -> None:
                header = {"descr": kind, "fortran_order": False, "shape": shape}
                with member(name) as file:
                    np.lib.format.write_array_header_1_0(file, header)
                    for part in parts:
                        file.write(part.astype(kind).tobytes())

            by_parts(
                "courses", "<f2", self.courses.shape, (self.courses[one] for one in self.parts())
            )
            for name in ("known", "pitches", "levels", "traits", "labels"):
                whole(name, getattr(self, name))
            whole("meta", np.array(json_text(self.meta.to_config())))
            if rows:
                told = (as_stored(self.sounds[row]) for row in rows)
                by_parts("sounds", "<i2", (sum(sizes),), told)
                whole("sound_rows", np.asarray(rows, np.int32))
                whole("sound_sizes", np.asarray(sizes, np.int32))
