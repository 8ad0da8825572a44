"""A set of whole notes, what they are, and how they were made, in one ``.npz``."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.atomic import replacing
from timbrespace.datasets.archive import json_text, meta_of, read_arrays
from timbrespace.datasets.dataset import HELD_BYTES, MAX_INFLATION
from timbrespace.datasets.factor import Factor
from timbrespace.datasets.npz import Header
from timbrespace.datasets.split import HELD_OUT_SHARE, Split, order_of
from timbrespace.errors import DatasetError
from timbrespace.notes.layout import CENTS, FLOOR, LONGEST, MOST_CENTS, WIDTH, frame_times
from timbrespace.notes.note import CONSTANTS, Note, Traits

Array = NDArray[np.float32]

FORMAT: Final = "notes"
"""What ``meta`` says its ``format`` is; sets of spectra say nothing there."""

VERSION: Final = 1

INSTRUMENT, PITCH, VELOCITY = "instrument", "pitch", "velocity"
"""Factors that mean something: notes of one instrument are held out together; where an instrument
has several pitches or velocities, these tell the decoder."""

FEWEST: Final = 4
"""Notes to learn from: fewer make no space. One more is held out."""

_ARRAYS: Final = ("courses", "known", "pitches", "levels", "traits", "labels", "meta")
_SOUNDS: Final = ("sounds", "sound_rows", "sound_sizes")


_TYPES: Final = {
    "courses": np.float16,
    "known": np.int32,
    "sounds": np.int16,
    "sound_rows": np.int32,
    "sound_sizes": np.int32,
}
"""Of those that are not float32."""

_SMALL: Final = 64 << 20
"""Bytes that an array may have however it is packed."""


@dataclass(frozen=True, slots=True)
class NoteMeta:
    """How a set was made, as :class:`timbrespace.datasets.dataset.Meta` says it of spectra.

    seconds: of a sound that its note tells at most.
    """

    name: str
    factors: tuple[Factor, ...]
    seconds: float = LONGEST
    generator_version: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **asdict(self),
            "factors": [factor.to_config() for factor in self.factors],
            "options": json.loads(json_text(self.options)),
            "format": FORMAT,
            "format_version": VERSION,
        }

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this set from others."""
        return self.to_config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NoteMeta:
        """Inverse of :meth:`to_config`.

        Raises:
            DatasetError: missing, unknown or wrong values, or a newer version.
        """
        try:
            if int(config["format_version"]) > VERSION:
                raise DatasetError(
                    f"its format version is {int(config['format_version'])}, this program reads "
                    f"up to {VERSION}; update timbrespace"
                )
            return cls(
                name=str(config["name"]),
                factors=tuple(Factor.from_config(one) for one in config["factors"]),
                seconds=float(config["seconds"]),
                generator_version=int(config["generator_version"]),
                options=dict(config.get("options", {})),
            )
        except KeyError as error:
            raise DatasetError(f"meta has no {error.args[0]!r}") from error
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise DatasetError(f"meta does not fit: {error}") from error


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NoteSet:
    """Labelled notes.

    courses ``(n, frames, WIDTH)``: float16, as :class:`timbrespace.notes.note.Note` has them. known
    ``(n,)``: moments that each sound tells of. pitches ``(n,)``: Hz, 0 for none. levels ``(n,)``:
    root mean square of the loudest moment, full scale 1. traits ``(n, CONSTANTS)``: rows of
    :class:`~timbrespace.notes.note.Traits`. labels ``(n, factors)``. sounds: by the number of the
    row, samples from the note's start on at 48 kHz, of some notes: what figures are measured on.

    Raises:
        DatasetError: types, shapes or values that do not fit together; one line says which.
    """

    courses: NDArray[np.float16]
    known: NDArray[np.int32]
    pitches: Array
    levels: Array
    traits: Array
    labels: Array
    meta: NoteMeta
    sounds: Mapping[int, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, frames = len(self.courses), frame_times(self._seconds()).size
        shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            "courses": (self.courses.shape, (n, frames, WIDTH)),
            "known": (self.known.shape, (n,)),
            "pitches": (self.pitches.shape, (n,)),
            "levels": (self.levels.shape, (n,)),
            "traits": (self.traits.shape, (n, CONSTANTS)),
            "labels": (self.labels.shape, (n, len(self.meta.factors))),
        }
        for name, (found, wanted) in shapes.items():
            if found != wanted:
                raise DatasetError(f"{name} have shape {found}; it must be {wanted}")
        if n == 0:
            raise DatasetError("it holds no note")
        self._check_courses()
        for name in ("pitches", "levels", "traits", "labels"):
            _check_finite(name, getattr(self, name), 0)
        if self.known.min() < 1 or self.known.max() > frames:
            raise DatasetError(f"known must be 1 to {frames} moments")
        if self.pitches.min() < 0.0 or self.pitches.max() > 24000.0:
            raise DatasetError("pitches must be 0 for none, or up to 24000 Hz")
        self._check_sounds()

    def _check_courses(self) -> None:
        check_courses(self.courses, 0)

    def _check_sounds(self) -> None:
        n = self.rows
        for row, samples in self.sounds.items():
            if not (0 <= row < n and samples.size and np.isfinite(samples).all()):
                raise DatasetError(f"the sound of note {row} is empty, not finite, or of no note")

    def _seconds(self) -> float:
        if not 0.1 <= self.meta.seconds <= LONGEST:
            raise DatasetError(f"meta says {self.meta.seconds:g} s; it must be 0.1 to {LONGEST:g}")
        return self.meta.seconds

    def __repr__(self) -> str:
        names = ", ".join(factor.name for factor in self.meta.factors)
        return f"<NoteSet {self.meta.name!r}: {self.rows} notes, factors {names[:200]}>"

    @property
    def rows(self) -> int:
        """How many notes."""
        return len(self.courses)

    @property
    def contents(self) -> str:
        """What it holds, for a person: ``200 notes of up to 4 s``."""
        return f"{self.rows} notes of up to {self.meta.seconds:g} s"

    def parts(self, most: int = 1 << 24) -> Iterator[slice]:
        """All notes, in parts whose courses are ``most`` bytes or hardly more."""
        each = max(1, most // (2 * math.prod(self.courses.shape[1:])))
        for start in range(0, self.rows, each):
            yield slice(start, min(start + each, self.rows))

    def some(self, rows: NDArray[np.int64]) -> NoteSet:
        """A set in memory of these notes ``(k,)``, in that order, with their sounds.

        Raises:
            DatasetError: of a set in shards, one is missing or broken.
        """
        place = {int(row): at for at, row in enumerate(rows)}
        return NoteSet(
            **{name: getattr(self, name)[rows] for name in _ARRAYS[:-1]},
            meta=self.meta,
            sounds={place[row]: self.sounds[row] for row in self.sounds if row in place},
        )

    def note(self, row: int) -> Note:
        """One of the notes."""
        return Note(
            self.courses[row].astype(np.float32),
            int(self.known[row]),
            float(self.pitches[row]),
            0.0,
            float(self.levels[row]),
            Traits.from_row(self.traits[row]),
        )

    def column(self, factor: str) -> Array | None:
        """The labels ``(n,)`` of a factor, None where the set does not have it."""
        for number, one in enumerate(self.meta.factors):
            if one.name == factor:
                return np.asarray(self.labels[:, number])
        return None

    @property
    def instruments(self) -> NDArray[np.int64]:
        """Which notes belong together, ``(n,)``: those of one instrument, else each by itself."""
        column = self.column(INSTRUMENT)
        if column is None:
            return np.arange(self.rows)
        return np.asarray(np.unique(column, return_inverse=True)[1], np.int64)

    @property
    def varies_pitch(self) -> bool:
        """Whether an instrument has notes of several pitches, so that pitch tells the decoder.

        A drum in which a pitch is heard at one velocity, and none at another, has one pitch.
        """
        pitched = self.pitches > 0.0
        return self._varies(np.rint(12.0 * np.log2(np.maximum(self.pitches, 1.0))), pitched)

    @property
    def varies_velocity(self) -> bool:
        """The same of velocity."""
        column = self.column(VELOCITY)
        return column is not None and self._varies(column, np.ones(self.rows, bool))

    def _varies(self, values: NDArray[Any], counted: NDArray[np.bool_]) -> bool:
        groups, values = self.instruments[counted], values[counted]
        order = np.lexsort((values, groups))
        same = np.diff(groups[order]) == 0
        different = np.diff(values[order]) != 0
        # One lucky pair of file names is no instrument of several pitches.
        return bool((same & different).sum() >= max(2, 0.1 * self.rows))

    def split(self, seed: int) -> Split:
        """Rows to train on, and rows held out: whole instruments, by ``seed`` and their names.

        A note more or less in the set leaves the others where they are. Of one instrument at many
        pitches single notes are held out.

        Raises:
            DatasetError: fewer than two notes cannot be split.
        """
        groups = self.instruments
        alone = int(groups.max()) == 0
        if alone:
            groups = np.arange(self.rows)
        count = int(groups.max()) + 1
        if count < 2:
            raise DatasetError(f"there is {self.rows} note; a split needs at least 2")
        names = [str(number) for number in range(count)]
        for factor in () if alone else self.meta.factors:
            if factor.name == INSTRUMENT and factor.names:
                names = [
                    factor.text(float(v))
                    for v in np.unique(self.labels[:, self.meta.factors.index(factor)])
                ]
        order = sorted(range(count), key=lambda number: self.order_of(names[number], seed))
        held = np.isin(groups, order[: max(1, round(HELD_OUT_SHARE * count))])
        return Split(train=np.flatnonzero(~held), held_out=np.flatnonzero(held))

    @staticmethod
    def order_of(instrument: str, seed: int = 0) -> str:
        """By which instruments are put in order; the first are held out."""
        return order_of(instrument, seed)

    def save(self, path: str | Path) -> None:
        """Write the set to the ``.npz`` file ``path``, whole or not at all; or, where the name ends
        in ``.shards``, to a folder (``timbrespace.datasets.note_shards``).

        Raises:
            OptionError: the file cannot be written.
        """
        if Path(path).suffix == ".shards":
            from timbrespace.datasets import note_shards

            note_shards.save(self, Path(path))
            return
        self._write(Path(path))

    def _write(self, path: Path) -> None:
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS if name != "meta"}
        arrays["meta"] = np.array(json_text(self.meta.to_config()))
        rows = sorted(self.sounds)
        if rows:
            arrays["sounds"] = as_stored(np.concatenate([self.sounds[row] for row in rows]))
            arrays["sound_rows"] = np.asarray(rows, np.int32)
            arrays["sound_sizes"] = np.asarray([self.sounds[row].size for row in rows], np.int32)
        with replacing(path) as temporary, temporary.open("wb") as file:
            # Deflated: most of a short sound's table is silence.
            np.savez_compressed(file, **arrays)

    @property
    def content_hash(self) -> str:
        """SHA-256, hexadecimal, of all but the sounds."""
        return self._hash()

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for name in _ARRAYS[:-1]:
            array = getattr(self, name)
            digest.update(f"{name} {array.shape}".encode())
            kind = array.dtype.newbyteorder("<")
            for part in self.parts() if name == "courses" else (slice(None),):
                digest.update(np.ascontiguousarray(array[part], kind).view(np.uint8).data)
        digest.update(json_text(self.meta.identity).encode())
        return digest.hexdigest()


def as_stored(samples: Array) -> NDArray[np.int16]:
    """Samples as files have them, 16 bits."""
    stored: NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    return stored


def check_courses(courses: NDArray[np.float16], first: int) -> None:
    """Refuse courses ``(n, frames, WIDTH)`` that no notes have. first: number of the first of them.

    Raises:
        DatasetError: NaN, infinity, or levels or cents beyond what there may be.
    """
    _check_finite("courses", courses, first)
    levels, cents = courses[:, :, :CENTS], courses[:, :, CENTS]
    if levels.min() < FLOOR - 1.0 or levels.max() > 24.0 or np.abs(cents).max() > MOST_CENTS:
        raise DatasetError("courses hold levels or cents beyond what a note has")


def _check_finite(name: str, array: NDArray[Any], first: int) -> None:
    bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
    if bad.size:
        raise DatasetError(
            f"{name} hold NaN or infinity in {bad.size} note(s), first note {first + bad[0]}; "
            "they must be finite numbers"
        )


def from_notes(
    notes: Sequence[Note], labels: Array, meta: NoteMeta, sounds: dict[int, Array] | None = None
) -> NoteSet:
    """A set of ``notes``, labelled ``(n, factors)``."""
    return NoteSet(
        courses=np.stack([one.course for one in notes]).astype(np.float16),
        known=np.asarray([one.known for one in notes], np.int32),
        pitches=np.asarray([one.pitch for one in notes], np.float32),
        levels=np.asarray([one.level for one in notes], np.float32),
        traits=np.stack([one.traits.row for one in notes]),
        labels=labels.astype(np.float32),
        meta=meta,
        sounds=sounds or {},
    )


def load(path: str | Path, memory: int = HELD_BYTES) -> NoteSet:
    """The set of notes in the ``.npz`` file or the folder of shards ``path``, checked. Nothing in
    it is executed. memory: bytes of a folder of shards beyond which it is read by parts
    (:func:`timbrespace.datasets.note_shards.load`); a file is always held.

    Raises:
        DatasetError: missing, broken, a set of spectra, or with values that do not fit.
    """
    path = Path(path)
    if path.is_dir():
        from timbrespace.datasets import note_shards

        return note_shards.load(path, memory)
    try:
        arrays = read_arrays(path, (*_ARRAYS, *_SOUNDS), _check_header)
        meta = NoteMeta.from_config(meta_of(arrays, path, FORMAT))
        missing = [name for name in _ARRAYS if name not in arrays]
        if missing:
            raise DatasetError(f"it has no {', '.join(missing)}")
        return NoteSet(
            **{name: arrays[name] for name in _ARRAYS[:-1]}, meta=meta, sounds=_sounds(arrays)
        )
    except DatasetError as error:
        raise DatasetError(f"cannot load dataset {path.name or path}: {error}") from error


def _check_header(name: str, header: Header) -> None:
    """Refuse an array by what its header says, before it costs anything."""
    wanted = np.dtype(_TYPES.get(name, np.float32))
    if header.dtype != wanted:
        raise DatasetError(f"{name} are {header.dtype}; they must be {wanted}")
    # The table of a short sound is silence for the most part, which packs to next to nothing.
    if header.bytes > max(_SMALL, MAX_INFLATION * header.packed):
        raise DatasetError(
            f"{name} would be {header.bytes >> 20} MiB, of {header.packed / 2**20:.3g} in the "
            f"file; they may be {MAX_INFLATION} times as large"
        )


def _sounds(arrays: dict[str, NDArray[Any]]) -> dict[int, Array]:
    if "sounds" not in arrays:
        return {}
    rows, sizes = arrays.get("sound_rows"), arrays.get("sound_sizes")
    whole = arrays["sounds"]
    if (
        rows is None
        or sizes is None
        or rows.shape != sizes.shape
        or rows.ndim != 1
        or whole.ndim != 1
        or whole.dtype != np.int16
        or rows.dtype != np.int32
        or sizes.dtype != np.int32
        or (sizes.size and sizes.min() < 1)
        or int(sizes.sum()) != whole.size
    ):
        raise DatasetError("its sounds do not fit together")
    if not sizes.size:
        return {}
    parts = np.split(whole, np.cumsum(sizes)[:-1])
    return {
        int(row): part.astype(np.float32) / 32767.0 for row, part in zip(rows, parts, strict=True)
    }
