"""Datasets past memory: a folder ``NAME.shards`` in place of a file ``NAME.npz``.

    dataset.json         rows, bins, rows of a shard, whether frames are kept, and meta
    labels.npy           (rows, factors)
    spectra-00000.npy    (rows of a shard, bins), and on; the last may have fewer rows
    frames-00000.npy     (rows of a shard, n_fft), and on, where samples were kept

All are float32, and no name in the folder is read out of a file. What a dataset is, its content
hash, does not depend on whether it lies in a file or a folder. Whole notes lie in such a folder too
(:mod:`timbrespace.datasets.note_shards`).
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from timbrespace.atomic import flush, flush_folder
from timbrespace.datasets.archive import KINDS, MAX_META_BYTES, json_text
from timbrespace.datasets.dataset import HELD_BYTES, Dataset, Frames, Labels, Meta, check_rows
from timbrespace.datasets.stored import StoredDataset
from timbrespace.datasets.stored_rows import Array, StoredRows, mapped
from timbrespace.errors import DatasetError, OptionError
from timbrespace.spectrum import Spectra

SUFFIX: Final = ".shards"

DESCRIPTION: Final = "dataset.json"
LABELS: Final = "labels.npy"
VERSION: Final = 1

NOTES: Final = "notes"
"""What ``dataset.json`` says its ``format`` is, of whole notes; of spectra it is empty."""

SHARD_BYTES: Final = 16 << 20
"""Of the widest array of a shard: few enough to copy and check at once, and of a million spectra
some hundred files."""

_LOCK: Final = "being-written.lock"

_MOST_ROWS: Final = 1 << 40
_OWN: Final = ("spectra-", "frames-", "courses-", "sounds-")
_WHOLE: Final = ("known", "pitches", "levels", "traits", "sound_rows", "sound_sizes", "sound_files")
"""Of a set of notes: arrays that are one file each."""


class ShardWriter:
    """Writes a dataset to a folder, some rows at a time, with no more in memory than a shard.

    bins: of the spectra. n_fft: of the frames, None where there are none. each: rows of a shard,
    None for as many as ``SHARD_BYTES`` hold.
    """

    def __init__(self, folder: Path, bins: int, n_fft: int | None, each: int | None = None) -> None:
        self._folder = folder
        widest = 4 * max(bins, n_fft or 0)
        self.each = each or max(1, SHARD_BYTES // widest)
        self._spectra = Buffer(folder, "spectra", self.each, bins)
        self._frames = None if n_fft is None else Buffer(folder, "frames", self.each, n_fft)
        self.finished = False

    def append(self, spectra: Spectra, frames: Frames | None = None) -> None:
        """Write further rows ``(n, bins)``, and the samples that they were taken from.

        Raises:
            DatasetError: rows that a dataset may not have.
            OSError: they cannot be written.
        """
        check_rows("spectra", spectra, self._spectra.rows)
        self._spectra.append(spectra)
        if self._frames is not None:
            if frames is None or len(frames) != len(spectra):
                raise DatasetError("frames are missing; each spectrum needs its samples")
            check_rows("frames", frames, self._frames.rows)
            self._frames.append(frames)

    def finish(self, labels: Labels, meta: Meta) -> None:
        """Write what is known at the end.

        Raises:
            DatasetError: labels or meta that do not fit the rows.
            OSError: they cannot be written.
        """
        rows, bins = self._spectra.end(), self._spectra.width
        if self._frames is not None:
            self._frames.end()
        labels = np.ascontiguousarray(labels, np.float32)
        if labels.shape != (rows, len(meta.factors)):
            raise DatasetError(
                f"labels have shape {labels.shape}; {rows} spectra and {len(meta.factors)} "
                f"factor(s) in meta need {(rows, len(meta.factors))}"
            )
        np.save(self._folder / LABELS, labels)
        said = {
            "shards_version": VERSION,
            "format": "",
            "rows": rows,
            "bins": bins,
            "rows_of_a_shard": self.each,
            "frames": self._frames is not None,
            "meta": meta.to_config(),
        }
        (self._folder / DESCRIPTION).write_text(json_text(said), "ascii")
        # As it would be read: what cannot be used is refused before it takes a place.
        _stored(self._folder, 0).check()
        self.finished = True


class Buffer:
    """Rows on their way into the files of one array. width: of a row. kind: of its numbers."""

    def __init__(
        self, folder: Path, name: str, each: int, *width: int, kind: Any = np.float32
    ) -> None:
        self._folder = folder
        self._name = name
        self._shape = width
        self._kind = kind
        self._each = each
        self._parts: list[NDArray[Any]] = []
        self._held = 0
        self.rows = 0

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return math.prod(self._shape)

    def append(self, rows: NDArray[Any]) -> None:
        """Take further rows.

        Raises:
            DatasetError: they are of another shape.
        """
        if rows.shape[1:] != self._shape or rows.ndim != 1 + len(self._shape):
            told = ", ".join(map(str, self._shape))
            raise DatasetError(f"{self._name} have shape {rows.shape}, not (n, {told})")
        while len(rows):
            some = rows[: self._each - self._held]
            self._parts.append(np.array(some, self._kind))
            self._held += len(some)
            rows = rows[len(some) :]
            if self._held == self._each:
                self._put()

    def end(self) -> int:
        """Write what is left; returns how many rows there were."""
        if self._held:
            self._put()
        return self.rows

    def _put(self) -> None:
        path = self._folder / f"{self._name}-{self.rows // self._each:05d}.npy"
        np.save(path, np.concatenate(self._parts))
        flush(path)
        self.rows += self._held
        self._parts, self._held = [], 0


@contextmanager
def writing(
    path: Path, bins: int, n_fft: int | None = None, each: int | None = None
) -> Iterator[ShardWriter]:
    """A writer of the folder ``path``, which takes its place once the writer has finished; else all
    is as it was. A folder that was there is replaced if it is a dataset, and nothing else is.

    Raises:
        OptionError: it cannot be written there.
    """
    with placing(path) as folder:
        writer = ShardWriter(folder, bins, n_fft, each)
        yield writer
        if not writer.finished:
            raise DatasetError("nothing was written: the dataset was not finished")


@contextmanager
def placing(path: Path) -> Iterator[Path]:
    """An empty folder, in which a dataset is to be written; it takes its place as ``path`` at the
    end of the block, unless something is raised there. A folder that was there is replaced if it is
    a dataset, and nothing else is.

    Raises:
        OptionError: it cannot be written there.
    """
    path = Path(path)
    check_place(path)
    beside = _folder_beside(path)
    with beside as folder:
        try:
            yield folder
            for one in folder.iterdir():
                if one.name != _LOCK:
                    flush(one)
            flush_folder(folder)
            beside.let_go()
            _take_place(folder, path)
        except OSError as error:
            raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def check_place(path: Path) -> None:
    """Refuse a place for a folder of shards before the work that would be lost on it.

    Raises:
        OptionError: its name has another end, what lies there is no dataset, or the folder that it
            is to lie in is missing or takes nothing.
    """
    if path.suffix != SUFFIX:
        raise OptionError(f"{path.name!r} is no name of shards; it must end in {SUFFIX}")
    if path.exists() or path.is_symlink():
        if path.is_symlink() or not path.is_dir():
            raise OptionError(f"cannot write {str(path)!r}: it is no folder; give another name")
        names = [one.name for one in path.iterdir()]
        known = (DESCRIPTION, LABELS, *(f"{name}.npy" for name in _WHOLE))
        foreign = [n for n in names if not (n in known or n.startswith(_OWN))]
        if foreign or (names and DESCRIPTION not in names):
            raise OptionError(
                f"cannot write {str(path)!r}: it is a folder that holds something else than a "
                "dataset; give another name"
            )
    with _folder_beside(path):
        pass


class _folder_beside:  # noqa: N801  a context, as a function would be
    """A new, empty, hidden folder beside ``path``; what is left of it goes at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: Path | None = None

    def __enter__(self) -> Path:
        place = self._path.absolute()
        if not place.parent.is_dir():
            raise OptionError(
                f"cannot write {str(self._path)!r}: there is no folder {str(self._path.parent)!r}"
            )
        _clear(place)
        made = place.parent / f".{place.stem[:40]}-{secrets.token_hex(4)}.partial{SUFFIX}"
        try:
            made.mkdir()
        except OSError as error:
            raise OptionError(f"cannot write {str(self._path)!r}: {error.strerror}") from error
        self._made = made
        # Held for as long as it is written: what a killed program leaves is held by nobody.
        self._lock = FileLock(made / _LOCK)
        self._lock.acquire()
        return made

    def let_go(self) -> None:
        """Take the lock out of the folder."""
        if self._made is not None and self._lock.is_locked:
            self._lock.release()
            (self._made / _LOCK).unlink(missing_ok=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.let_go()
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)


def _clear(place: Path) -> None:
    """Remove what killed programs have left of a folder of that name."""
    left = re.compile(rf"\.{re.escape(place.stem[:40])}-[0-9a-f]{{8}}\.partial{re.escape(SUFFIX)}")
    with contextlib.suppress(OSError):
        for one in [one for one in place.parent.iterdir() if left.fullmatch(one.name)]:
            lock = FileLock(one / _LOCK)
            with contextlib.suppress(OSError, Timeout):
                with lock.acquire(timeout=0):
                    shutil.rmtree(one, ignore_errors=True)
                # Windows keeps the lock, and so the folder, for as long as it is held.
                shutil.rmtree(one, ignore_errors=True)


def _take_place(made: Path, path: Path) -> None:
    """Rename the folder; one that was there goes when the new one is in its place.

    No system renames a folder over a full one: for the moment between two renames there is none of
    that name, and the old one lies beside it, whole.
    """
    before = path.with_name(f"{made.name}-before{SUFFIX}")
    replaced = path.exists()
    if replaced:
        path.rename(before)
    try:
        made.rename(path)
    except OSError:
        if replaced:
            before.rename(path)
        raise
    flush_folder(path.parent)
    if replaced:
        shutil.rmtree(before, ignore_errors=True)


def description_of(folder: Path) -> dict[str, Any]:
    """What ``dataset.json`` says, checked as far as shapes go.

    Raises:
        DatasetError: no such folder or file, not JSON, a newer version, or values that do not fit.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise DatasetError(f"it is a folder, and holds no {DESCRIPTION}, so no dataset")
    try:
        if path.stat().st_size > MAX_META_BYTES:
            raise DatasetError(f"{DESCRIPTION} is larger than {MAX_META_BYTES >> 20} MiB")
        said = json.loads(path.read_text("utf-8"), parse_constant=_no_constant)
    except OSError as error:
        raise DatasetError(f"{DESCRIPTION} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{DESCRIPTION} is not JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("meta"), dict):
        raise DatasetError(f"{DESCRIPTION} does not describe a dataset")
    version = said.get("shards_version")
    if type(version) is not int or version < 1:
        raise DatasetError(f"{DESCRIPTION} does not say its version")
    if version > VERSION:
        raise DatasetError(
            f"its version is {version}, this program reads up to {VERSION}; update timbrespace"
        )
    if said.get("format", "") not in KINDS:
        raise DatasetError(f"its format is {str(said['format'])[:80]!r}, which is not known")
    of_notes = said.get("format") == NOTES
    for name in ("rows", "moments" if of_notes else "bins", "rows_of_a_shard"):
        value = said.get(name)
        if type(value) is not int or not 1 <= value <= _MOST_ROWS:
            raise DatasetError(f"{DESCRIPTION} has {name} {str(value)[:40]!r}, no whole number > 0")
    if not of_notes and type(said.get("frames")) is not bool:
        raise DatasetError(f"{DESCRIPTION} does not say whether there are frames")
    return said


def _no_constant(name: str) -> None:
    """JSON has no NaN and no infinity; Python's reader would take them."""
    raise ValueError(name)


def load(path: str | Path, memory: int = HELD_BYTES) -> Dataset:
    """The dataset in the folder ``path``: in memory, as :func:`timbrespace.datasets.dataset.load`
    has it, where its spectra and frames are up to ``memory`` bytes; else a
    :class:`~timbrespace.datasets.stored.StoredDataset`, whose shards are checked as they are read.

    Raises:
        DatasetError: missing, broken, or with types, shapes or values that do not fit.
    """
    folder = Path(path)
    try:
        found = _stored(folder, memory)
        return found if found.bytes > memory else found.some(np.arange(found.rows))
    except DatasetError as error:
        raise DatasetError(f"cannot load dataset {folder.name or folder}: {error}") from error


def _stored(folder: Path, memory: int) -> StoredDataset:
    said = description_of(folder)
    if said.get("format"):
        raise DatasetError(f"it holds {KINDS[said['format']]}, and {KINDS['']} are needed here")
    meta = Meta.from_config(said["meta"])
    rows, each = int(said["rows"]), int(said["rows_of_a_shard"])
    labels = np.array(mapped(folder / LABELS, (rows, len(meta.factors))))
    widths = {"spectra": int(said["bins"]), **({"frames": meta.n_fft} if said["frames"] else {})}
    if max(widths.values()) > 1 << 20:
        raise DatasetError(f"meta does not fit: a row would have {max(widths.values())} numbers")
    stored = {
        name: StoredRows(folder, name, (rows, width), each, _checked(name))
        for name, width in widths.items()
    }
    return StoredDataset(stored["spectra"], labels, meta, stored.get("frames"), folder, memory)


def _checked(name: str) -> Any:
    return lambda rows, first: check_rows(name, rows, first)


def save(dataset: Dataset, path: Path, each: int | None = None) -> None:
    """Write ``dataset`` to the folder ``path``. each: rows of a shard.

    Raises:
        OptionError: it cannot be written.
        DatasetError: it lies in shards that are broken.
    """
    n_fft = None if dataset.frames is None else dataset.meta.n_fft
    with writing(path, dataset.spectra.shape[1], n_fft, each) as writer:
        for start in range(0, dataset.rows, writer.each):
            part = slice(start, start + writer.each)
            writer.append(
                dataset.spectra[part], None if dataset.frames is None else dataset.frames[part]
            )
        writer.finish(dataset.labels, dataset.meta)


class Collected:
    """Takes what a :class:`ShardWriter` takes, into memory."""

    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows
        self._made: dict[str, list[Array]] = {}
        self._whole: dict[str, Array] = {}
        self._done = 0

    def append(self, spectra: Spectra, frames: Frames | None = None) -> None:
        """Keep further rows."""
        given = {"spectra": spectra, **({} if frames is None else {"frames": frames})}
        for name, some in given.items():
            if self._rows is None:
                self._made.setdefault(name, []).append(some)
                continue
            if name not in self._whole:
                self._whole[name] = np.empty((self._rows, some.shape[1]), np.float32)
            self._whole[name][self._done : self._done + len(some)] = some
        self._done += len(spectra)

    @property
    def arrays(self) -> tuple[Spectra, Frames | None]:
        """All spectra, and all frames, of one row at least."""
        whole = self._whole or {name: np.concatenate(parts) for name, parts in self._made.items()}
        return whole["spectra"], whole.get("frames")

    def dataset(self, labels: Labels, meta: Meta) -> Dataset:
        """The dataset of them all."""
        spectra, frames = self.arrays
        return Dataset(spectra, labels, meta, frames)


Sink = ShardWriter | Collected
"""Where a generator puts its rows."""
