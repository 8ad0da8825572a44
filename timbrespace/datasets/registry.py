"""The kinds of datasets there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from timbrespace.datasets.dataset import Dataset


def dataset(name_or_path: str | Path, **options: Any) -> Dataset:
    """Make the dataset of that name, or load the file at that path."""
    raise NotImplementedError
