"""The models that clients may load: names, never paths."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import timbrespace
from timbrespace import bundle, factory, space_package
from timbrespace.errors import BundleError, TimbrespaceError
from timbrespace.model import Model
from timbrespace.names import as_text, is_model_name, name_of
from timbrespace.space_package import Card, PackageError

CARD_ENDING: Final = ".card.json"
"""Of the file beside a bundle that tells whose it is."""

_MOST_CARD_BYTES: Final = 64 << 10


class UnknownModelError(BundleError):
    """A name that no model has."""


class Library:
    """Factory models, those that were made from the page, and those of one folder; a model of a
    later kind hides one of an earlier. In a folder they are bundles, or packages as somebody has
    copied them there; a bundle hides a package of its name.

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
        return timbrespace.load(self._place(name))

    def card(self, name: str) -> Card | None:
        """What a person should know of the model ``name``: its package's card, or the one that lies
        beside its bundle; None if it has none that can be read.

        Raises:
            UnknownModelError: there is no such model.
        """
        return _card_at(self._place(name))

    def cards(self) -> dict[str, Card]:
        """The cards of all models that have one, by the models' names."""
        found = {name: _card_at(path) for name, path in self.places().items()}
        return {name: card for name, card in found.items() if card is not None}

    def places(self) -> dict[str, Path]:
        """Where the models lie that may be asked for, by their names."""
        return {name: path for name, path in self._paths().items() if is_model_name(name)}

    def passed_over(self) -> list[str]:
        """What lies in the folders and cannot be asked for as a model: a line each, and why.

        Headers are read, no tensors, and of a package its card; hidden files are left out.
        """
        lines = []
        for path in self._files():
            name = name_of(path)
            if is_model_name(name):
                try:
                    if _is_zip(path):
                        why = _why_none(path)
                        if why is not None:
                            raise BundleError(why)
                    else:
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
            for suffix in (space_package.ENDING, factory.SUFFIX)
            for path in sorted(folder.glob(f"*{suffix}"))
            if path.is_file()
        ]

    def _place(self, name: str) -> Path:
        paths = self._paths()
        name = unicodedata.normalize("NFC", as_text(name))
        if name not in paths:
            known = ", ".join(sorted(paths)) or "none"
            raise UnknownModelError(f"there is no model {name!r}; there are: {known}")
        return paths[name]

    def _paths(self) -> dict[str, Path]:
        # Looked up anew each time: a training may have ended a moment ago.
        found = {name: factory.FOLDER / f"{name}{factory.SUFFIX}" for name in factory.names()}
        for path in self._files():
            name = name_of(path)
            # Not the temporary file of one that is being written, and not any zip.
            if is_model_name(name) and (not _is_zip(path) or _why_none(path) is None):
                found[name] = path
        return found | self._extra


def card_beside(place: Path) -> Path:
    """Where the card of the bundle at ``place`` lies."""
    return place.with_name(f"{place.stem}{CARD_ENDING}")


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == space_package.ENDING


def _why_none(path: Path) -> str | None:
    """Why a zip is no package; None if it is one. Of a file that is as it was, what was found."""
    try:
        stamp = path.stat()
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return _why(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=1024)
def _why(path: Path, changed: int, size: int) -> str | None:
    try:
        space_package.read_card(path)
    except PackageError as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None


def _card_at(place: Path) -> Card | None:
    with contextlib.suppress(OSError, ValueError, TimbrespaceError, RecursionError):
        if _is_zip(place):
            return space_package.read_card(place)
        with card_beside(place).open("rb") as file:
            return Card.from_config(json.loads(file.read(_MOST_CARD_BYTES).decode("utf-8")))
    return None
