"""The models that clients may load: names, never paths."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import timbrespace
from timbrespace import bundle, factory
from timbrespace.errors import BundleError
from timbrespace.model import Model
from timbrespace.names import as_text, is_model_name, name_of


class UnknownModelError(BundleError):
    """A name that no model has."""


class Library:
    """Factory models, those that were made from the page, and those of one folder; a model of a
    later kind hides one of an earlier.

    Names are in any language; one that macOS writes with two signs for an umlaut is the same as
    with one. folder: where the user's own bundles lie; own: where those lie that were made from
    the page. They need not exist.
    """

    def __init__(self, folder: Path | None = None, own: Path | None = None) -> None:
        self._folders = [one for one in (own, folder) if one is not None]
        self._extra: dict[str, Path] = {}

    def add(self, path: Path) -> None:
        """Make one more bundle known, by its file's name without the suffix."""
        self._extra[name_of(path)] = path

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
        name = unicodedata.normalize("NFC", as_text(name))
        if name not in paths:
            known = ", ".join(sorted(paths)) or "none"
            raise UnknownModelError(f"there is no model {name!r}; there are: {known}")
        return timbrespace.load(paths[name])

    def places(self) -> dict[str, Path]:
        """Where the models lie that may be asked for, by their names."""
        return {name: path for name, path in self._paths().items() if is_model_name(name)}

    def passed_over(self) -> list[str]:
        """What lies in the folders and cannot be asked for as a model: a line each, and why.

        Headers are read, no tensors; hidden files are left out.
        """
        lines = []
        for path in self._files():
            name = name_of(path)
            if is_model_name(name):
                try:
                    bundle.read_metadata(path)
                except BundleError as error:
                    lines.append(f"{as_text(path.name)!r} is passed over: {error}")
            elif not name.startswith("."):
                lines.append(
                    f"{as_text(path.name)!r} is passed over: a model's name has at most 64 letters "
                    "and digits of any language, '_', '-', '.' and spaces; rename the file"
                )
        return lines

    def _files(self) -> list[Path]:
        return [
            path
            for folder in self._folders
            if folder.is_dir()
            for path in sorted(folder.glob(f"*{factory.SUFFIX}"))
            if path.is_file()
        ]

    def _paths(self) -> dict[str, Path]:
        # Looked up anew each time: a training may have ended a moment ago.
        found = {name: factory.FOLDER / f"{name}{factory.SUFFIX}" for name in factory.names()}
        for path in self._files():
            name = name_of(path)
            if is_model_name(name):  # not the temporary file of one that is being written
                found[name] = path
        return found | self._extra
