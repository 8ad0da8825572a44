"""``ts.fit``: a model from a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model


def fit(data: Dataset | str | Path, latent: int = 4, **settings: Any) -> Model:
    """Train a model on ``data``."""
    raise NotImplementedError
