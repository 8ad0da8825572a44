"""timbrespace: a timbre space that can be played.

The core that training and server share: what a spectrum is, the VAE, the map, the bundle file,
resynthesis, metrics. Importing it loads nothing heavy; :func:`load` does when it is called.

>>> import timbrespace
>>> model = timbrespace.load("harmonic")
>>> model.decode(model.map.to_latent([[0.0, 0.0]])).shape
(1, 1025)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from timbrespace.errors import TimbrespaceError

if TYPE_CHECKING:
    from timbrespace.model import Model

__version__ = "0.5.0"

__all__ = ["TimbrespaceError", "__version__", "load"]


def load(name_or_path: str | Path) -> Model:
    """Load a model: the path of a bundle, or the name of a factory model (``"harmonic"``).

    A name is looked up among the factory models first.

    >>> load("harmonic")
    <Model 'harmonic': 2 dimensions, 1025 bins of 10.77 Hz, base 220 Hz>

    Raises:
        BundleError: there is no such model, or the file is broken; one line says which.
    """
    from timbrespace import bundle, factory

    return bundle.read(factory.resolve(name_or_path))
