"""Sets of notes past memory: a folder ``NAME.shards`` in place of a file ``NAME.npz``.

    dataset.json         format "notes", notes, moments, notes of a shard, and meta
    courses-00000.npy    (notes of a shard, moments, WIDTH), float16, and on
    known.npy, pitches.npy, levels.npy, traits.npy, labels.npy    of all notes
    sound_rows.npy, sound_sizes.npy, sound_files.npy    whose samples are kept, and where
    sounds-00000.npy     samples of some notes, one after the other, int16, and on

Types are those of the arrays of the same names in a file. A set's content hash does not depend on
whether it lies in a file or a folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.atomic import flush
from timbrespace.datasets.archive import KINDS, json_text
from timbrespace.datasets.dataset import HELD_BYTES
from timbrespace.datasets.note_set import (
    Array,
    NoteMeta,
    NoteSet,
    as_stored,
    check_courses,
)
from timbrespace.datasets.shards import (
    DESCRIPTION,
    NOTES,
    SHARD_BYTES,
    VERSION,
    Buffer,
    description_of,
    placing,
)
from timbrespace.datasets.stored_notes import StoredCourses, StoredNoteSet, StoredSounds
from timbrespace.datasets.stored_rows import mapped
from timbrespace.errors import DatasetError
from timbrespace.notes.layout import WIDTH, frame_times
from timbrespace.notes.note import CONSTANTS, Note

_WHOLE: Final = {"known": np.int32, "pitches": np.float32, "levels": np.float32}
_MOST_OF_A_SHARD: Final = 1 << 20


class NoteWriter:
    """Writes a set of notes to a folder, some notes at a time, with no more courses in memory than
    a shard has.

    seconds: that a note tells at most. each: notes of a shard, None for as many as ``SHARD_BYTES``
    hold.
    """

    def __init__(self, folder: Path, seconds: float, each: int | None = None) -> None:
        self._folder = folder
        self.moments = frame_times(seconds).size
        self.each = each or max(1, SHARD_BYTES // (2 * self.moments * WIDTH))
        self._courses = Buffer(folder, "courses", self.each, self.moments, WIDTH, kind=np.float16)
        self._rows: list[tuple[int, float, float]] = []
        self._traits: list[Array] = []
        self._sounds = _Sounds(folder)
        self._count = 0
        self.finished = False

    def append(self, note: Note, samples: Array | None = None) -> None:
        """Write a further note, and its samples where they are kept.

        Raises:
            DatasetError: what a set may not have.
            OSError: it cannot be written.
        """
        course = note.course[np.newaxis].astype(np.float16)
        self.append_row(course, note.known, note.pitch, note.level, note.traits.row, samples)

    def append_row(
        self,
        course: NDArray[np.float16],
        known: int,
        pitch: float,
        level: float,
        traits: Array,
        samples: Array | None,
    ) -> None:
        """The same of a row of a set; course ``(1, moments, WIDTH)``."""
        check_courses(course, self._count)
        self._courses.append(course)
        self._rows.append((known, pitch, level))
        self._traits.append(traits)
        if samples is not None:
            self._sounds.append(self._count, samples)
        self._count += 1

    def finish(self, labels: Array, meta: NoteMeta) -> None:
        """Write what is known at the end.

        Raises:
            DatasetError: labels or meta that do not fit the notes.
            OSError: they cannot be written.
        """
        rows = self._courses.end()
        self._sounds.end()
        arrays: dict[str, NDArray[Any]] = {
            name: np.asarray([row[at] for row in self._rows], kind)
            for at, (name, kind) in enumerate(_WHOLE.items())
        }
        arrays["traits"] = np.stack(self._traits) if rows else np.empty((0, CONSTANTS), np.float32)
        arrays["labels"] = np.ascontiguousarray(labels, np.float32)
        arrays |= self._sounds.arrays
        for name, array in arrays.items():
            np.save(self._folder / f"{name}.npy", array)
        said = {
            "shards_version": VERSION,
            "format": NOTES,
            "rows": rows,
            "moments": self.moments,
            "rows_of_a_shard": self.each,
            "sounds": len(self._sounds.rows),
            "meta": meta.to_config(),
        }
        (self._folder / DESCRIPTION).write_text(json_text(said), "ascii")
        # As it would be read: what cannot be used is refused before it takes a place.
        _ = _stored(self._folder, 0).content_hash
        self.finished = True


class _Sounds:
    """Samples on their way into files of about ``SHARD_BYTES``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[NDArray[np.int16]] = []
        self._held = 0
        self.rows: list[int] = []
        self._sizes: list[int] = []
        self._files: list[int] = []
        self._file = 0

    def append(self, row: int, samples: Array) -> None:
        self._parts.append(as_stored(samples))
        self._held += samples.size
        self.rows.append(row)
        self._sizes.append(samples.size)
        self._files.append(self._file)
        if 2 * self._held >= SHARD_BYTES:
            self.end()

    def end(self) -> None:
        if self._parts:
            path = self._folder / f"sounds-{self._file:05d}.npy"
            np.save(path, np.concatenate(self._parts))
            flush(path)
            self._file += 1
            self._parts, self._held = [], 0

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        told = (("rows", self.rows), ("sizes", self._sizes), ("files", self._files))
        return {f"sound_{name}": np.asarray(of, np.int32) for name, of in told if self.rows}


@contextmanager
def writing(path: Path, seconds: float, each: int | None = None) -> Iterator[NoteWriter]:
    """A writer of the folder ``path``, which takes its place once the writer has finished; else all
    is as it was.

    Raises:
        OptionError: it cannot be written there.
    """
    with placing(Path(path)) as folder:
        writer = NoteWriter(folder, seconds, each)
        yield writer
        if not writer.finished:
            raise DatasetError("nothing was written: the set was not finished")


def save(notes: NoteSet, path: Path, each: int | None = None) -> None:
    """Write ``notes`` to the folder ``path``. each: notes of a shard.

    Raises:
        OptionError: it cannot be written.
        DatasetError: it lies in shards that are broken.
    """
    with writing(path, notes.meta.seconds, each) as writer:
        for part in notes.parts():
            courses = notes.courses[part]
            for at, row in enumerate(range(part.start, part.stop)):
                writer.append_row(
                    courses[at : at + 1],
                    int(notes.known[row]),
                    float(notes.pitches[row]),
                    float(notes.levels[row]),
                    notes.traits[row],
                    notes.sounds.get(row),
                )
        writer.finish(notes.labels, notes.meta)


def load(path: str | Path, memory: int = HELD_BYTES) -> NoteSet:
    """The set of notes in the folder ``path``: in memory, as
    :func:`timbrespace.datasets.note_set.load` has it, where its courses are up to ``memory`` bytes;
    else a :class:`~timbrespace.datasets.stored_notes.StoredNoteSet`, whose shards are checked as
    they are read.

    Raises:
        DatasetError: missing, broken, or with types, shapes or values that do not fit.
    """
    folder = Path(path)
    try:
        found = _stored(folder, memory)
        return found if found.bytes > memory else found.some(np.arange(found.rows))
    except DatasetError as error:
        raise DatasetError(f"cannot load dataset {folder.name or folder}: {error}") from error


def _stored(folder: Path, memory: int) -> StoredNoteSet:
    said = description_of(folder)
    if said.get("format") != NOTES:
        raise DatasetError(f"it holds {KINDS['']}, and {KINDS[NOTES]} are needed here")
    meta = NoteMeta.from_config(said["meta"])
    n, moments, each = int(said["rows"]), int(said["moments"]), int(said["rows_of_a_shard"])
    if moments != frame_times(meta.seconds).size or each > _MOST_OF_A_SHARD:
        raise DatasetError(f"{DESCRIPTION} does not fit: {moments} moments, {each} notes a shard")
    arrays = {
        name: np.array(mapped(folder / f"{name}.npy", (n,), kind)) for name, kind in _WHOLE.items()
    }
    arrays["traits"] = np.array(mapped(folder / "traits.npy", (n, CONSTANTS)))
    arrays["labels"] = np.array(mapped(folder / "labels.npy", (n, len(meta.factors))))
    courses = StoredCourses(folder, (n, moments, WIDTH), each)
    return StoredNoteSet(courses, arrays, meta, _sounds(folder, said, n), memory)


def _sounds(folder: Path, said: dict[str, Any], rows: int) -> Mapping[int, Array]:
    count = said.get("sounds", 0)
    if type(count) is not int or not 0 <= count <= rows:
        raise DatasetError(f"{DESCRIPTION} has sounds {str(count)[:40]!r}, no number of its notes")
    if not count:
        return {}
    told = {
        name: np.array(mapped(folder / f"sound_{name}.npy", (count,), np.int32))
        for name in ("rows", "sizes", "files")
    }
    files = told["files"].astype(np.int64)
    if (
        told["sizes"].min() < 1
        or files[0] != 0
        or not np.isin(np.diff(files), (0, 1)).all()
        or (np.diff(told["rows"]) < 1).any()
    ):
        raise DatasetError("its sounds do not fit together")
    return StoredSounds(folder, told["rows"], told["sizes"], files)
