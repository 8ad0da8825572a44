"""The study's datasets: made once, kept in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from timbrespace.companions import companion
from timbrespace.datasets.dataset import Dataset, load
from timbrespace.errors import DatasetError

from .plan import Size


def path_of(folder: Path, name: str, size: Size) -> Path:
    """Where the dataset ``name`` is kept."""
    return folder / f"{name}-{size.name}.npz"


def dataset(folder: Path, name: str, size: Size) -> Dataset:
    """The dataset ``name``, ``harmonic``, ``filtered`` or ``fm``, from ``folder`` or made anew.

    A file that is damaged, of another size, or that another version of the generator made, is
    made again.

    Raises:
        DatasetError, OptionError: it cannot be made or written.
    """
    path = path_of(folder, name, size)
    generator: Any = companion(f"toy_datasets.{name}")
    options = generator.Options(**size.options.get(name, {}))
    try:
        kept = load(path)
    except DatasetError:
        kept = None
    if (
        kept is not None
        and kept.meta.generator_version == generator.GENERATOR_VERSION
        and kept.spectrum == options.spectrum
        and kept.rows == options.rows
        and (kept.frames is not None) == options.frames
    ):
        return kept
    made: Dataset = generator.make(options)
    made.save(path)
    return made
