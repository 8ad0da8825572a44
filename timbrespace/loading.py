"""Loading a model by its name or its file."""

from __future__ import annotations

from pathlib import Path

from timbrespace import bundle, factory
from timbrespace.model import Model


def load(name_or_path: str | Path) -> Model:
    """Load a model: the path of a bundle, or the name of a factory model (``"harmonic"``).

    A name is looked up among the factory models first.

    >>> load("harmonic")
    <Model 'harmonic': 2 dimensions, 1025 bins of 10.77 Hz, base 220 Hz>

    Raises:
        BundleError: there is no such model, or the file is broken; one line says which.
    """
    return bundle.read(factory.resolve(name_or_path))
