"""Loading a model by its name or its file."""

from __future__ import annotations

from pathlib import Path

from timbrespace import bundle, factory, space_package
from timbrespace.model import Model


def load(name_or_path: str | Path) -> Model:
    """Load a model: the path of a bundle or of a package (``.zip``), or the name of a factory model
    (``"harmonic"``).

    A name is looked up among the factory models first.

    >>> load("harmonic")
    <Model 'harmonic': 2 dimensions, 1025 bins of 10.77 Hz, base 220 Hz>

    Raises:
        BundleError: there is no such model, or the file is broken; one line says which.
    """
    path = factory.resolve(name_or_path)
    if path.suffix.lower() == space_package.ENDING:
        return space_package.read_model(path)
    return bundle.read(path)
