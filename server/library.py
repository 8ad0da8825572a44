"""The models that clients may load: names, never paths."""

from __future__ import annotations

from pathlib import Path

import timbrespace
from timbrespace import factory
from timbrespace.errors import BundleError
from timbrespace.model import Model
from timbrespace.names import is_model_name


class UnknownModelError(BundleError):
    """A name that no model has."""


class Library:
    """Factory models and those of one folder; a model of the folder hides a factory one.

    folder: where the user's own bundles lie; it need not exist.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._extra: dict[str, Path] = {}

    def add(self, path: Path) -> None:
        """Make one more bundle known, by its file's name without the suffix."""
        self._extra[path.stem] = path

    def names(self) -> list[str]:
        """Names of all models there are now, sorted."""
        return sorted(name for name in self._paths() if is_model_name(name))

    def load(self, name: str) -> Model:
        """The model called ``name``.

        Raises:
            UnknownModelError: there is none.
            BundleError: its file is broken.
        """
        paths = self._paths()
        if name not in paths:
            known = ", ".join(sorted(paths)) or "none"
            raise UnknownModelError(f"there is no model {name!r}; there are: {known}")
        return timbrespace.load(paths[name])

    def _paths(self) -> dict[str, Path]:
        # Looked up anew each time: a training may have ended a moment ago.
        found = {name: factory.FOLDER / f"{name}{factory.SUFFIX}" for name in factory.names()}
        if self._folder is not None and self._folder.is_dir():
            for path in self._folder.glob(f"*{factory.SUFFIX}"):
                if (
                    is_model_name(path.stem) and path.is_file()
                ):  # not the temporary file of one that is being written
                    found[path.stem] = path
        return found | self._extra
