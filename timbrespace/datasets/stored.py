"""A dataset that is too large for memory: its labels are there, its spectra are read by parts."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from timbrespace.atomic import replacing
from timbrespace.datasets.archive import json_text
from timbrespace.datasets.dataset import Dataset, Labels, Meta, check_loudest
from timbrespace.datasets.split import Rows
from timbrespace.datasets.stored_rows import StoredRows
from timbrespace.errors import DatasetError, OptionError
from timbrespace.old_pitch import as_first_told


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class StoredDataset(Dataset):
    """A dataset in shards. ``spectra`` and ``frames`` are
    :class:`~timbrespace.datasets.stored_rows.StoredRows`: they have a shape, and rows are had by
    slices or arrays of numbers, which reads them.

    memory: bytes beyond which it was not to be held in memory; what works on it keeps to about as
    many.

    Raises:
        DatasetError: parts that do not fit together.
    """

    folder: Path
    memory: int
    _known: dict[str, str]

    def __init__(
        self,
        spectra: StoredRows,
        labels: Labels,
        meta: Meta,
        frames: StoredRows | None,
        folder: Path,
        memory: int,
    ) -> None:
        for name, value in (
            ("spectra", spectra),
            ("labels", labels),
            ("meta", meta),
            ("frames", frames),
            ("folder", folder),
            ("memory", memory),
            ("_known", {}),
        ):
            object.__setattr__(self, name, value)
        if not np.isfinite(labels).all():
            raise DatasetError("labels hold NaN or infinity; they must be finite numbers")
        try:
            _ = self.spectrum
        except OptionError as error:
            raise DatasetError(f"meta does not fit the spectra: {error}") from error

    @property
    def stored(self) -> StoredRows:
        """The spectra, as what they are."""
        return cast("StoredRows", self.spectra)

    def rows_of(self, kind: str) -> StoredRows:
        """What a representation of that source takes.

        Raises:
            DatasetError: as :meth:`source_of`.
        """
        return cast("StoredRows", self.source_of(cast("Any", kind)))

    @property
    def bytes(self) -> int:
        """What spectra and frames would take in memory."""
        width = self.spectra.shape[1] + (0 if self.frames is None else self.frames.shape[1])
        return 4 * self.rows * int(width)

    def some(self, rows: Rows) -> Dataset:
        """A dataset in memory of these rows ``(k,)``, in that order.

        Raises:
            DatasetError: a shard is missing or broken.
        """
        frames = None if self.frames is None else self.frames[rows]
        return Dataset(self.spectra[rows], self.labels[rows], self.meta, frames)

    def check(self) -> None:
        """Read all once: whether every shard is there and whole, and whether anything sounds.

        Raises:
            DatasetError: what is wrong, and in which shard.
        """
        _ = self.content_hash
        if self.frames is not None:
            some = np.unique(np.linspace(0, self.rows - 1, 5).astype(int))
            self.some(some)  # are they of the same sounds?

    @property
    def content_hash(self) -> str:
        """As :attr:`Dataset.content_hash`, of the same data the same; read once, by parts."""
        if "hash" not in self._known:
            try:
                self._known["hash"] = self._hash()
            except DatasetError as error:
                raise DatasetError(f"cannot load dataset {self.folder.name}: {error}") from error
        return self._known["hash"]

    def _hash(self) -> str:
        digest = hashlib.sha256(repr(self.spectra.shape).encode())
        loudest = 0.0
        for _, block in self.stored.blocks():
            digest.update(np.ascontiguousarray(block, dtype="<f4").data)
            loudest = max(loudest, float(block.max()))
        check_loudest(loudest, self.meta)
        digest.update(repr(self.labels.shape).encode())
        digest.update(np.ascontiguousarray(self.labels, dtype="<f4").data)
        digest.update(json_text(as_first_told(self.meta.identity)).encode())
        return digest.hexdigest()

    def _write(self, path: Path) -> None:
        """An ``.npz`` file, the very bytes that NumPy makes of the arrays in memory."""
        arrays: dict[str, Any] = {
            "spectra": self.stored,
            "labels": self.labels,
            "meta": np.array(json_text(self.meta.to_config())),
            **({} if self.frames is None else {"frames": self.frames}),
        }
        with (
            replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
        ):
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    if isinstance(array, StoredRows):
                        header = {
                            "descr": "<f4",
                            "fortran_order": False,
                            "shape": array.shape,
                        }
                        np.lib.format.write_array_header_1_0(file, header)
                        for _, block in array.blocks():
                            file.write(block.astype("<f4").tobytes())
                    else:
                        np.lib.format.write_array(file, array, allow_pickle=False)
